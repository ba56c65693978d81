"""Routes for students' browsers: submit, confirm, expired links, a new link. Public."""

from apiflask import APIBlueprint

from api import answers, requests
from models import Status
from services import work
from services.jobs import records
from services.jobs.records import JobView
from services.students import tracking
from web.limits import submission_tries, submissions
from web.receiving import receive_submission

bp = APIBlueprint("student", __name__, tag="Students")


@bp.post("/submit")
@submissions
@submission_tries
@bp.output(answers.StudentJobOut, status_code=201)
@bp.doc(responses=[400, 409, 413, 429, 503])
def submit() -> answers.StudentJobOut:
    """Submits a model as multipart/form-data."""
    return answers.student_job_out(receive_submission())


@bp.post("/confirm/<token>")
@bp.output(answers.StudentJobOut)
@bp.doc(responses=[404, 409, 410])
def confirm(token: str) -> answers.StudentJobOut:
    """Confirms the price of the token's job."""
    with work.unit() as session:
        return answers.student_job_out(tracking.confirm(session, token))


@bp.get("/confirm/expired")
@bp.input(requests.JobIdQuery, location="query")
@bp.output(answers.ExpiredOut)
@bp.doc(responses=[404])
def read_expired(query_data: requests.JobIdQuery) -> answers.ExpiredOut:
    """The state of a job's confirmation link, and what the student can do."""
    with work.unit() as session:
        job = records.find(session, query_data.job_id)
        wait = tracking.seconds_until_resend(session, job.id)
    return answers.ExpiredOut(
        job_id=job.id,
        short_id=job.short_id,
        display_name=job.display_name,
        status=job.status,
        is_confirmation_expired=job.is_confirmation_expired,
        confirmation_expires_at=job.confirmation_expires_at,
        can_resend=tracking.may_resend(job) and wait == 0,
        retry_after_s=wait,
        message=_advice(job),
    )


@bp.post("/submit/resend-confirmation")
@bp.input(requests.JobIdIn)
@bp.output(answers.MessageOut)
@bp.doc(responses=[404, 409, 429])
def resend(json_data: requests.JobIdIn) -> answers.MessageOut:
    """Sends the student a new confirmation link."""
    with work.unit() as session:
        tracking.resend(session, json_data.job_id)
    return answers.MessageOut(message="A new confirmation email has been sent.")


def _advice(job: JobView) -> str:
    if job.status is not Status.PENDING:
        return "This job is not waiting for a confirmation."
    if not tracking.may_resend(job):
        return (
            "The lab has not set a price for this job yet. There is nothing to confirm until then."
        )
    return {
        "open": "Your confirmation link still works. Open it from the newest e-mail about the job.",
        "expired": "Your confirmation link has expired. Request a new one; it is sent to your "
        "e-mail.",
    }.get(
        tracking.newest_link(job),
        "Your confirmation link no longer works. Request a new one; it is sent to your e-mail.",
    )
