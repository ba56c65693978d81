"""The functions of job actions that do not change the status, and the conditions for offering
them."""

from sqlalchemy.orm import Session

from models import MailKind, Status
from services.actions import workflow
from services.actions.fields import Values
from services.actions.rows import Outcome
from services.actors import Actor
from services.checks import modelchecks
from services.files import slicerlinks
from services.jobs import editing, locks, records, resending
from services.jobs.records import JobView
from services.mail.outbox import MAIL_OF_STATUS


def edit(session: Session, job_id: str, values: Values, *, actor: Actor) -> Outcome:
    changes = editing.Changes(**values)
    return Outcome(editing.edit(session, job_id, changes, actor=actor))


def resend(session: Session, job_id: str, values: Values, *, actor: Actor) -> Outcome:
    kind = MailKind(values["email_type"])
    token = resending.resend_email(session, job_id, kind, actor=actor)
    return Outcome(records.find(session, job_id), token=token)


def force_unlock(session: Session, job_id: str, values: Values, *, actor: Actor) -> Outcome:
    locks.force_release(session, job_id, values["reason"], actor=actor)
    return Outcome(records.find(session, job_id))


def review(session: Session, job_id: str, values: Values, *, actor: Actor) -> Outcome:
    return Outcome(records.set_reviewed(session, job_id, values["reviewed"], actor=actor))


def recheck(session: Session, job_id: str, _values: Values, *, actor: Actor) -> Outcome:
    return Outcome(modelchecks.request(session, job_id, actor=actor))


def note_opened(session: Session, job_id: str, _values: Values, *, actor: Actor) -> Outcome:
    slicerlinks.note_opened(session, job_id, actor=actor)
    return Outcome(records.find(session, job_id))


def editable(job: JobView) -> frozenset[str]:
    """The fields that may still be changed: see services/jobs/editing.py."""
    return frozenset(editing.EDITABLE.get(job.status, ()))


def about_editing(job: JobView) -> str:
    if job.status is Status.PENDING:
        return (
            "If the price changes, the student gets a new e-mail, and the old link stops working."
        )
    return "The history shows what was changed."


def mail_of_status(job: JobView) -> Values:
    """The e-mail that was sent when the job entered its status."""
    return {"email_type": MAIL_OF_STATUS[job.status].value}


def is_new(job: JobView, _actor: Actor) -> bool:
    return job.is_new


def is_reviewed(job: JobView, _actor: Actor) -> bool:
    return not job.is_new


def is_checked(job: JobView, _actor: Actor) -> bool:
    return bool(job.model.get("state") != "pending")


def is_locked_by_another(job: JobView, actor: Actor) -> bool:
    return job.is_locked_by_other_than(actor)


def can_be_taken_back(job: JobView, _actor: Actor) -> bool:
    return workflow.revert_seconds_left(job.status_changed_at, job.as_of) > 0
