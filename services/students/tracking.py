"""What a student can do without an account: track a job, confirm its price, ask for a new link."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Event, Job, MailKind, Status
from services import actors
from services.actions import registry
from services.errors import LinkGone, NotFound
from services.jobs import records
from services.jobs.records import JobView
from services.mail import outbox
from services.students import confirmations
from services.students.confirmations import Link, LinkState

_GONE = {
    "expired": "Confirmation link expired",
    "used": "This job has already been confirmed. There is nothing more to do.",
    "replaced": "This link is no longer in use. Open the newest e-mail about the job.",
    "settled": "This link no longer works: the job has moved on since it was sent.",
}


@dataclass(frozen=True)
class Step:
    """A status that the job has reached, and when it first did (UTC)."""

    status: Status
    at: datetime


def read_link(session: Session, token: str) -> tuple[Link, JobView]:
    """The link and its job; the link stays unused. Raises NotFound with `reason` forged or gone."""
    link = confirmations.read(session, token)
    return link, records.find(session, link.job_id)


def confirm(session: Session, token: str) -> JobView:
    """Confirms the price. Raises NotFound with `reason` forged or gone, and LinkGone with `reason`
    expired, used, replaced or settled; of several at once one succeeds and the rest find the link
    used."""
    link = confirmations.read(session, token)
    job, _ = records.lock_row(session, link.job_id)
    link = confirmations.read(session, token)  # again, now that nobody else can change it
    if link.state != "open":
        raise LinkGone(_GONE[link.state], reason=link.state, job_id=link.job_id)
    values = {"confirmation_id": link.confirmation_id}
    actor = actors.student(job.student_name)
    confirmed: JobView = registry.perform(session, "confirm", job.id, values, actor=actor).view
    return confirmed


def newest_link(job: JobView) -> LinkState:
    """The state of a job's newest link, read from the job alone: open, expired or settled."""
    expires_at = job.confirmation_expires_at
    if job.status is not Status.PENDING or expires_at is None:
        return "settled"
    if expires_at <= job.as_of:
        return "expired"
    # An administrator set the status to Pending: the flag asks for a new link, though the last one
    # has not expired.
    return "settled" if job.is_confirmation_expired else "open"


def may_resend(job: JobView) -> bool:
    """Whether a new link can be sent: the job waits for confirmation and has a price."""
    return job.status is Status.PENDING and job.cost_cents is not None


def resend(session: Session, job_id: str) -> None:
    """Sends a new link to the student's own address, at most once in RATE_LIMIT_RESEND.

    Raises NotFound when the job is not waiting for a confirmation, or has no price; TooSoon.
    """
    try:
        job, now = records.lock_row(session, job_id)
    except NotFound:
        raise NotFound(_NOT_WAITING) from None
    if job.status != Status.PENDING or job.cost_cents is None:
        raise NotFound(_NOT_WAITING)
    outbox.refuse_if_resent_lately(session, job.id, MailKind.APPROVAL)
    outbox.resend(session, job, MailKind.APPROVAL, now, actor=actors.student(job.student_name))


def seconds_until_resend(session: Session, job_id: str) -> int:
    return outbox.seconds_until_resend(session, job_id, MailKind.APPROVAL)


def track(session: Session, job_id: str) -> tuple[JobView, list[Step]]:
    """A job by its full id, which only the student and the staff know, and its steps so far."""
    job = records.find(session, job_id)
    status = Event.details["new_status"].astext
    rows = session.execute(
        select(status, func.max(Event.timestamp))
        .where(Event.job_id == job_id, status.is_not(None))
        .group_by(status)
    )
    return job, [Step(Status(name), at) for name, at in rows]


def find_by_short_id(session: Session, email: str, job_id: str) -> str:
    """The full id for a long or short job id, if the e-mail address is the job's.

    Raises NotFound, in the same words whichever of the two is wrong.
    """
    wanted = job_id.strip().lower()
    found = session.scalar(
        select(Job.id).where(
            (Job.short_id == wanted[:8]) & (Job.id.startswith(wanted, autoescape=True)),
            func.lower(Job.student_email) == email.strip().lower(),
        )
    )
    if found is None or len(wanted) < 8:
        raise NotFound("No job with this e-mail and job ID. Check both; the ID is in your e-mail.")
    return found


_NOT_WAITING = "This job is not waiting for a confirmation."


def resend_facts(session: Session, job: JobView) -> dict[str, Any]:
    """Whether and when the student may ask for a new link, and the state of the newest one."""
    return {
        "newest_link": newest_link(job),
        "may_resend": may_resend(job),
        "resend_after_s": seconds_until_resend(session, job.id),
    }
