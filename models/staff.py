"""People who may sign in."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id, utcnow
from models.enums import Role


class Staff(Base):
    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint("role IN ('manager', 'staff', 'admin')", name="role"),
        CheckConstraint("email = lower(email)", name="email_lower"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject: Mapped[str | None] = mapped_column(unique=True)  # the OpenID Connect `sub`
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(String(20))
    password_hash: Mapped[str | None]  # argon2; none for people who sign in elsewhere
    active: Mapped[bool] = mapped_column(default=True)
    sessions_ended: Mapped[int] = mapped_column(default=0)  # how often: part of the session stamp
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
