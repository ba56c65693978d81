"""Sessions that were ended before their time, by signing out.

A session is a signed cookie, so a copy of it would count until it runs out. Which were ended is
noted in the database and asked in the query that finds the person behind the cookie: no request
costs a query more, and no other server has to be up for somebody to be signed out.
"""

import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, exists
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import EndedSession, utcnow
from settings import settings


def new_id() -> str:
    """96 random bits, to tell one session of a person from another."""
    return secrets.token_urlsafe(12)


def end(session: Session, session_id: str) -> None:
    """From now on the session counts no more, however many copies of its cookie there are."""
    until = utcnow() + timedelta(hours=settings().session_hours)
    session.execute(delete(EndedSession).where(EndedSession.until < utcnow()))
    wanted = insert(EndedSession).values(id=session_id, until=until)
    session.execute(wanted.on_conflict_do_nothing())


def has_ended(session_id: str) -> ColumnElement[bool]:
    """Whether it was, as a condition: for the query that finds the person."""
    return exists().where(EndedSession.id == session_id)
