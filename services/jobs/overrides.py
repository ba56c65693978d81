"""What staff do by hand around the workflow: send a mail again, archive and prune in bulk."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Job, MailKind, Role, Status
from services import events, work
from services.actors import Actor, require
from services.errors import Conflict, Invalid, NotFound, StorageFull, StorageUnavailable
from services.jobs import effects, records, workflow
from services.mail import outbox
from settings import lab

_MAIL_STATUSES = {
    MailKind.APPROVAL: (Status.PENDING,),
    MailKind.REJECTION: (Status.REJECTED,),
    MailKind.COMPLETION: (Status.COMPLETED,),
}


def resend_email(session: Session, job_id: str, kind: MailKind, *, actor: Actor) -> str | None:
    """Sends a notification again. Returns the new token for an approval.

    Raises NotFound, Forbidden, LockedByOther, Conflict when the job is not where that mail belongs,
    TooSoon, Invalid.
    """
    require(actor, Role.STAFF)
    if kind not in _MAIL_STATUSES:
        raise Invalid(email_type="Choose approval, rejection or completion.")
    job, now = records.lock_row(session, job_id)
    records.refuse_if_locked_by_other(job, now, actor)
    if job.status not in _MAIL_STATUSES[kind]:
        raise Conflict(
            f"The {kind} e-mail does not fit a job that is {job.status}.",
            status=job.status,
        )
    if kind is MailKind.APPROVAL:
        effects.require_price(job)
    outbox.refuse_if_resent_lately(session, job.id, kind)
    return outbox.resend(session, job, kind, now, actor=actor)


def archive_old(retention_days: int | None, *, actor: Actor) -> int:
    """Archives what was picked up or rejected at least so many days ago, each job on its own.

    Returns how many. A job that changes meanwhile is left where it is.
    """
    days = lab().workflow.archive_after_days if retention_days is None else retention_days
    old = (Status.PAIDPICKEDUP, Status.REJECTED)
    return _each_old(old, days, "archive", "jobs_archived", actor)


def prune_old(retention_days: int | None, *, actor: Actor) -> int:
    """Deletes for good what was archived at least so many days ago. Returns how many."""
    days = lab().workflow.prune_after_days if retention_days is None else retention_days
    return _each_old((Status.ARCHIVED,), days, "prune", "jobs_deleted", actor)


def _each_old(
    statuses: tuple[Status, ...], days: int, action: str, counted: str, actor: Actor
) -> int:
    """Raises StorageUnavailable, StorageFull when the storage gives out in the middle: what was
    done before stands, and is in the audit log."""
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
                workflow.move(session, job_id, action, actor=actor)
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
            f"The storage gave out after {done} of {len(old)} jobs. These are done; try again for "
            "the others.",
            **{counted: done},
        ) from stopped
    return done
