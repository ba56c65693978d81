"""Edit locks: one person at a time on one job, with a lease that an open dialog keeps extending.

Source: the plan's section 5.17. The lease is measured with the database's clock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Event, Job, Role
from services import events
from services.actors import Actor, require
from services.errors import Invalid, NotLockHolder
from services.jobs import records
from settings import lab


@dataclass(frozen=True)
class Lease:
    """Who holds a job, and until when (UTC)."""

    job_id: str
    locked_by: str
    locked_until: datetime


@dataclass(frozen=True)
class HeldLock:
    short_id: str
    locked_by: str
    locked_until: datetime


def acquire(session: Session, job_id: str, *, actor: Actor) -> Lease:
    """Takes the lock, or renews the caller's own. Raises NotFound, Forbidden, LockedByOther."""
    require(actor, Role.STAFF)
    job, now = records.lock_row(session, job_id)
    records.refuse_if_locked_by_other(job, now, actor)
    return _lease(job, now, actor)


def extend(session: Session, job_id: str, *, actor: Actor) -> Lease:
    """The heartbeat of an open dialog. Raises NotFound, Forbidden, NotLockHolder."""
    require(actor, Role.STAFF)
    job, now = records.lock_row(session, job_id)
    records.require_lock(job, now, actor)
    return _lease(job, now, actor)


def resume(session: Session, job_id: str, *, since: datetime | None = None, actor: Actor) -> Lease:
    """The heartbeat of a dialog with typed text: extends the lock, or takes it again if it expired
    or was released elsewhere. Not if an administrator has released it since the dialog opened
    (`since`, UTC): the person may have left.

    Raises NotFound, Forbidden, LockedByOther, NotLockHolder.
    """
    require(actor, Role.STAFF)
    job, now = records.lock_row(session, job_id)
    records.refuse_if_locked_by_other(job, now, actor)
    if not records.holds_lock(job, now, actor) and _was_released(session, job_id, since):
        raise NotLockHolder("An administrator has released the lock for this job.")
    return _lease(job, now, actor)


def release(session: Session, job_id: str, *, actor: Actor) -> None:
    """Releases the lock. Releasing a free lock is not an error. Raises NotFound, Forbidden,
    LockedByOther."""
    require(actor, Role.STAFF)
    job, now = records.lock_row(session, job_id)
    records.refuse_if_locked_by_other(job, now, actor)
    clear(job)


def force_release(session: Session, job_id: str, reason: str, *, actor: Actor) -> None:
    """Takes the lock from whoever holds it; for admins. Raises NotFound, Forbidden, Invalid."""
    require(actor, Role.ADMIN)
    if not reason.strip():
        raise Invalid(reason="Say why you are releasing the lock.")
    job, _ = records.lock_row(session, job_id)
    events.record(
        session,
        job.id,
        "AdminAction",
        actor,
        action="force-unlock",
        override=True,
        reason=reason.strip(),
        held_by=job.locked_by_name or "nobody",
    )
    clear(job)


def list_held(session: Session, *, actor: Actor) -> list[HeldLock]:
    """The locks that are held now, the next to expire first. Raises Forbidden."""
    require(actor, Role.STAFF)
    rows = session.execute(
        select(Job.short_id, Job.locked_by_name, Job.locked_until)
        .where(Job.locked_until > func.clock_timestamp())
        .order_by(Job.locked_until)
        .limit(50)
    )
    return [HeldLock(short_id, str(name), until) for short_id, name, until in rows if until]


def clear(job: Job) -> None:
    job.locked_by_id = job.locked_by_name = job.locked_until = None


def _was_released(session: Session, job_id: str, since: datetime | None) -> bool:
    """Whether an administrator has released the lock, ever or since then."""
    found = select(Event.id).where(
        Event.job_id == job_id,
        Event.event_type == "AdminAction",
        Event.details["action"].astext == "force-unlock",
    )
    if since is not None:
        found = found.where(Event.timestamp > since)
    return session.scalar(found.limit(1)) is not None


def _lease(job: Job, now: datetime, actor: Actor) -> Lease:
    until = now + timedelta(minutes=lab().workflow.lock_minutes)
    job.locked_by_id, job.locked_by_name, job.locked_until = actor.id, actor.name, until
    return Lease(job.id, actor.name, until)
