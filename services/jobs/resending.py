"""Resends notifications at the request of staff."""

from sqlalchemy.orm import Session

from models import MailKind, Role, Status
from services.actors import Actor, require
from services.errors import Conflict
from services.jobs import plans, records
from services.mail import outbox
from services.mail.outbox import MAIL_OF_STATUS


def resend_email(session: Session, job_id: str, kind: MailKind, *, actor: Actor) -> str | None:
    """Sends a notification again. Returns the new token for an approval.

    Raises NotFound, Forbidden, LockedByOther, TooSoon; Conflict if the e-mail does not apply to the
    job's status.
    """
    require(actor, Role.STAFF)
    job, now = records.lock_row(session, job_id)
    records.refuse_if_locked_by_other(job, now, actor)
    if MAIL_OF_STATUS.get(Status(job.status)) is not kind:
        raise Conflict(
            f"There is no {kind} e-mail for a job that is {job.status}.",
            status=job.status,
        )
    if kind is MailKind.APPROVAL:
        plans.require_price(job)
    outbox.refuse_if_resent_lately(session, job.id, kind)
    return outbox.resend(session, job, kind, now, actor=actor)
