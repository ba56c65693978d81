"""Sessions that were ended by signing out.

A session is a signed cookie, so a copy of it would stay valid until it expires. Ended sessions are
stored in the database and checked in the query that finds the person of the cookie: this costs no
additional query, and signing out needs no other server.
"""

import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, exists
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import EndedSession, utcnow
from settings import settings


def new_id() -> str:
    """96 random bits that identify one of a person's sessions."""
    return secrets.token_urlsafe(12)


def end(session: Session, session_id: str) -> None:
    """Ends a session: all copies of its cookie become invalid."""
    until = utcnow() + timedelta(hours=settings().session_hours)
    session.execute(delete(EndedSession).where(EndedSession.until < utcnow()))
    wanted = insert(EndedSession).values(id=session_id, until=until)
    session.execute(wanted.on_conflict_do_nothing())


def has_ended(session_id: str) -> ColumnElement[bool]:
    """Whether the session has ended, as a condition for the query that finds the person."""
    return exists().where(EndedSession.id == session_id)
