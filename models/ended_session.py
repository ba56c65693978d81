"""Sessions that were ended before their time."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class EndedSession(Base):
    """A session whose cookie counts no more, although its signature is good. See
    services/people/ended_sessions.py. Of no use after `until`, when the cookie
    has run out by itself."""

    __tablename__ = "ended_sessions"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    until: Mapped[datetime]
