"""Bulk archiving and pruning of jobs that were finished long ago, each in its own transaction."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from models import Job, Role, Status
from services import events, work
from services.actions import registry
from services.actors import Actor, require
from services.errors import Conflict, NotFound, StorageFull, StorageUnavailable
from settings import lab


def archive_old(retention_days: int | None, *, actor: Actor) -> int:
    """Archives jobs picked up or rejected at least that many days ago, each in its own transaction.

    Returns how many. A job that changes in the meantime is skipped.
    """
    days = lab().workflow.archive_after_days if retention_days is None else retention_days
    old = (Status.PAIDPICKEDUP, Status.REJECTED)
    return _each_old(old, days, "archive", "jobs_archived", actor)


def prune_old(retention_days: int | None, *, actor: Actor) -> int:
    """Deletes for good the jobs archived at least that many days ago. Returns how many."""
    days = lab().workflow.prune_after_days if retention_days is None else retention_days
    return _each_old((Status.ARCHIVED,), days, "prune", "jobs_deleted", actor)


def _each_old(
    statuses: tuple[Status, ...], days: int, action: str, counted: str, actor: Actor
) -> int:
    """Raises StorageUnavailable, StorageFull if the storage fails in the middle: the jobs that are
    already done stay done, and are in the audit log."""
    require(actor, Role.ADMIN)
    with work.unit() as session:
        now: datetime = session.scalar(select(func.clock_timestamp()))  # type: ignore[assignment]
        old = session.scalars(
            select(Job.id)
            .where(
                Job.status.in_(statuses),
                Job.status_changed_at <= now - timedelta(days=days),
            )
            .order_by(Job.status_changed_at)
        ).all()
    done, stopped = 0, None
    for job_id in old:
        try:
            with work.unit() as session:
                registry.perform(session, action, job_id, actor=actor)
            done += 1
        except (Conflict, NotFound):
            continue
        except (StorageUnavailable, StorageFull) as problem:
            if not done:
                raise
            stopped = problem
            break
    with work.unit() as session:
        about = {"override": action, "retention_days": days, counted: done}
        events.audit(session, "AdminAction", actor, **about)
    if stopped is not None:
        raise type(stopped)(
            f"Storage became unavailable after {done} of {len(old)} jobs. Those are done; try "
            "again for the others.",
            **{counted: done},
        ) from stopped
    return done
