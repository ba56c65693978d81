"""The unit of work: one transaction, and what happens only if it commits or only if it does not.

    with work.unit() as session:
        workflow.move(session, job_id, "approve", actor=actor, ...)

The edge's `with` commits; services never do.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import structlog
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from services.errors import PrintdeskError
from settings import settings

log = structlog.get_logger()

TaskSender: TypeAlias = Callable[[str, tuple[Any, ...]], None]

_engine: Engine | None = None
_engine_lock = threading.Lock()
_send_task: TaskSender | None = None


def engine() -> Engine:
    """The process's engine, made at first use: a forked worker inherits no connection."""
    global _engine
    with _engine_lock:
        if _engine is None:
            url = make_url(settings().database_url).set(drivername="postgresql+psycopg")
            _engine = create_engine(
                url,
                pool_size=4,
                max_overflow=12,
                pool_timeout=10,
                pool_pre_ping=True,
                connect_args={
                    "connect_timeout": 5,
                    "options": "-c lock_timeout=15s -c statement_timeout=60s -c timezone=UTC",
                },
            )
        return _engine


def dispose() -> None:
    """Closes the pool: before a fork, and when a process ends."""
    global _engine
    with _engine_lock:
        if _engine is not None:
            _engine.dispose()
        _engine = None


def send_tasks_with(sender: TaskSender) -> None:
    """Tells how a task is sent. The sender must not raise when the broker is away: every task that
    matters has a row with a state, which beat sweeps."""
    global _send_task
    _send_task = sender


@contextmanager
def unit() -> Iterator[Session]:
    """A session whose changes are committed when the block ends well.

    After the commit, what was asked for with `after_commit` and `send_after_commit` is done. When
    the block raises, what was asked for with `on_rollback` is done instead. When the commit itself
    fails, its outcome is unknown, and neither is done: the integrity audit finds what is left.
    """
    with Session(engine(), expire_on_commit=False) as session:
        try:
            yield session
            session.flush()
        except BaseException:  # also the end of a worker: what is on disk must not stay half done
            session.rollback()
            for undo in reversed(session.info.pop("on_rollback", [])):
                _attempt(undo)
            raise
        session.commit()
        for action in session.info.pop("after_commit", []):
            _attempt(action)


def after_commit(session: Session, action: Callable[[], None]) -> None:
    session.info.setdefault("after_commit", []).append(action)


def on_rollback(session: Session, action: Callable[[], None]) -> None:
    session.info.setdefault("on_rollback", []).append(action)


def send_after_commit(session: Session, task: str, *ids: str) -> None:
    """Sends a task, by name and with ids only, if this unit of work commits."""

    def send() -> None:
        if _send_task is not None:
            _send_task(task, ids)

    after_commit(session, send)


def ping(timeout_ms: int = 3000) -> None:
    """Asks the database for an answer. Raises sqlalchemy.exc.SQLAlchemyError when there is none."""
    with engine().connect() as connection:
        connection.execute(text(f"SET LOCAL statement_timeout = {int(timeout_ms)}"))
        connection.execute(text("SELECT 1"))


def _attempt(action: Callable[[], None]) -> None:
    """What follows a commit must not undo the answer: a failure is logged, and swept later."""
    try:
        action()
    except (OSError, PrintdeskError, SQLAlchemyError):
        log.exception("after_commit_failed", action=getattr(action, "__qualname__", repr(action)))
