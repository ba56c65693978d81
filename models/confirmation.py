"""A link sent to a student to confirm the price. Only the hash of its token is stored."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id, utcnow


class Confirmation(Base):
    __tablename__ = "confirmations"
    __table_args__ = (
        Index(
            "uq_confirmations_one_open",
            "job_id",
            unique=True,
            postgresql_where=text("used_at IS NULL AND replaced_at IS NULL"),
        ),
        Index("ix_confirmations_job_id", "job_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256, hex
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]  # by a newer link, or because the job no longer needs it
