"""Sessions that were ended before their time."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class EndedSession(Base):
    """A session whose cookie is no longer accepted although its signature is valid. See
    services/people/ended_sessions.py. The row is not needed after `until`, when the cookie has
    expired anyway."""

    __tablename__ = "ended_sessions"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    until: Mapped[datetime]
