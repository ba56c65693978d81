"""The unit of work: one transaction, with actions after its commit or its rollback.

    with work.unit() as session:
        workflow.move(session, job_id, "approve", actor=actor, ...)

The edge's `with` commits; services never do.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import structlog
from psycopg2.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError, TimeoutError
from sqlalchemy.orm import ORMExecuteState, Session

from models import AuditEntry, Job
from services import database
from services.errors import Conflict, PrintdeskError
from settings import settings

log = structlog.get_logger()

LOCK_TIMEOUT = "15s"  # how long a unit of work waits for a row that another one holds
STATEMENT_TIMEOUT_S = 60
_BUSY = (LockNotAvailable, DeadlockDetected)
# Errors that mean an unavailable database, and all database errors.
DATABASE_AWAY = (OperationalError, InterfaceError, TimeoutError)
DATABASE_ERRORS = (SQLAlchemyError,)


@dataclass(frozen=True)
class Outcome:
    """The result of a unit of work: a refusal, or a change and the jobs it affected."""

    job_ids: frozenset[str] = frozenset()
    refusal: PrintdeskError | None = None


TaskSender: TypeAlias = Callable[[str, tuple[Any, ...]], None]
Watcher: TypeAlias = Callable[[Outcome], None]

_engine: Engine | None = None
_engine_lock = threading.Lock()
_send_task: TaskSender | None = None
_report_outcome: Watcher | None = None


def engine() -> Engine:
    """The process's engine, created at first use, so that a forked worker inherits no
    connection."""
    global _engine
    with _engine_lock:
        if _engine is None:
            _engine = create_engine(
                "postgresql+psycopg2://",
                creator=_connect,
                pool_size=3,
                max_overflow=13,
                pool_timeout=10,
                pool_pre_ping=True,
                use_native_hstore=False,  # otherwise each new connection would look for it
                hide_parameters=True,  # errors are logged, and parameters contain password hashes
            )
        return _engine


def _connect() -> database.Connection:
    return database.connect(
        settings().database_url,
        longest_s=STATEMENT_TIMEOUT_S
        + 5,  # the server's own timeout applies first, unless it hangs
        options=f"-c lock_timeout={LOCK_TIMEOUT} -c statement_timeout={STATEMENT_TIMEOUT_S}s"
        " -c timezone=UTC",
    )


def dispose() -> None:
    """Closes the pool: before a fork, and when a process ends."""
    global _engine
    with _engine_lock:
        if _engine is not None:
            _engine.dispose()
        _engine = None


def send_tasks_with(sender: TaskSender) -> None:
    """Sets the function that sends tasks. It must not raise if the broker is unavailable: every
    important task has a row with a state, which beat sweeps."""
    global _send_task
    _send_task = sender


def report_outcomes_to(watcher: Watcher) -> None:
    """Sets the function that is called, in the same thread, for every unit of work of this process
    that changed something or was refused; not for those that only read."""
    global _report_outcome
    _report_outcome = watcher


class _TrackingSession(Session):
    """Records in `info["changed"]` whether it has written anything, and to which jobs."""


@event.listens_for(_TrackingSession, "after_flush")
def _note_flush(session: Session, _context: Any) -> None:
    changed = [one for one in session.dirty if session.is_modified(one)]
    for one in (*session.new, *session.deleted, *changed):
        session.info.setdefault("changed", set()).update({_job_of(one)} - {None})


def _job_of(row: Any) -> str | None:
    """The id of the job that a row belongs to, also for an audit entry about a deleted job."""
    if isinstance(row, Job):
        return row.id
    if isinstance(row, AuditEntry):
        return row.details.get("job_id")
    return getattr(row, "job_id", None)


@event.listens_for(_TrackingSession, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        state.session.info.setdefault("changed", set())


@contextmanager
def unit() -> Iterator[Session]:
    """A session whose changes are committed when the block ends without an error.

    After the commit, the actions of `after_commit` and `send_after_commit` run. If the block
    raises, those of `on_rollback` run instead. If the commit itself fails, its outcome is unknown
    and neither run: the integrity audit finds what is left.

    Raises Conflict if another unit of work holds a row for LOCK_TIMEOUT, or in a deadlock.
    """
    with _TrackingSession(engine(), expire_on_commit=False) as session:
        try:
            yield session
            session.flush()
        except (
            BaseException
        ) as error:  # also the end of a worker: nothing on disk may stay half done
            session.rollback()
            for undo in reversed(session.info.pop("on_rollback", [])):
                _attempt(undo)
            refusal = _refusal_of(error)
            if refusal is not None and _report_outcome is not None:
                _report_outcome(Outcome(refusal=refusal))
            if refusal is None or refusal is error:
                raise
            raise refusal from error
        session.commit()
        for action in session.info.pop("after_commit", []):
            _attempt(action)
        if "changed" in session.info and _report_outcome is not None:
            _report_outcome(Outcome(frozenset(session.info["changed"])))


def _refusal_of(error: BaseException) -> PrintdeskError | None:
    """The error as a refusal with a message for people; None if it is not a refusal."""
    if isinstance(error, OperationalError) and isinstance(error.orig, _BUSY):
        return Conflict("Somebody is working on this job right now. Try again in a moment.")
    return error if isinstance(error, PrintdeskError) else None


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
    """Checks that the database answers. Raises sqlalchemy.exc.SQLAlchemyError if it does not."""
    with engine().connect() as connection:
        connection.execute(text(f"SET LOCAL statement_timeout = {int(timeout_ms)}"))
        connection.execute(text("SELECT 1"))


def _attempt(action: Callable[[], None]) -> None:
    """Runs an action after a commit. A failure must not change the answer: it is logged, and a
    sweep does the work later."""
    try:
        action()
    except (OSError, PrintdeskError, SQLAlchemyError):
        log.exception("after_commit_failed", action=getattr(action, "__qualname__", repr(action)))
