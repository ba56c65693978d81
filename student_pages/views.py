"""Submit a model, see the success page, track a job, confirm its price."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import STATUS_LABELS, STATUS_PATH
from services import work
from services.errors import Duplicate, Invalid, LinkGone, NotFound, TooSoon
from services.jobs import records
from services.jobs.costs import format_money
from services.jobs.records import JobView
from services.students import tracking
from services.students.tracking import Step
from settings import lab
from web import limits
from web.receiving import receive_submission

bp = Blueprint("public", __name__, template_folder="templates")
bp.add_app_template_filter(format_money, "money")


@bp.app_context_processor
def _lab_facts() -> dict[str, Any]:
    return {"lab": lab()}


@bp.get("/submit")
def show_submit() -> str:
    return _submit_page()


@bp.post("/submit")
@limits.submissions
@limits.submission_tries
def send_submit() -> ResponseReturnValue:
    """The form without JavaScript: the same rules; the page comes back with the errors."""
    try:
        job = receive_submission()
    except Invalid as refused:
        return _submit_page(refused.fields), 400
    except Duplicate as refused:
        return _submit_page({"form": refused.message}), 409
    return redirect(url_for("public.show_success", job=job.id), code=303)


@bp.get("/submit/success")
def show_success() -> str:
    with work.unit() as session:
        job = records.find(session, _clean(request.args.get("job", "")))
    return render_template(
        "success.html",
        title="Submitted",
        job=_for_template(job),
        track_url=url_for("public.show_job", job_id=job.id),
    )


@bp.get("/track")
def show_track_form() -> str:
    return _track_form(job_id=request.args.get("job", ""))


@bp.post("/track")
@limits.look_ups
def find_job() -> ResponseReturnValue:
    email, job_id = request.form.get("email", ""), request.form.get("job_id", "")
    try:
        with work.unit() as session:
            full_id = tracking.find_by_short_id(session, _clean(email), _clean(job_id))
    except NotFound as refused:
        return _track_form(email=email, job_id=job_id, error=refused.message), 404
    return redirect(url_for("public.show_job", job_id=full_id), code=303)


@bp.get("/track/<job_id>")
def show_job(job_id: str) -> str:
    with work.unit() as session:
        job, been = tracking.track(session, job_id)
        resend = tracking.resend_facts(session, job)
    return render_template(
        "track.html",
        title=f"Job {job.short_id}",
        job=_for_template(job),
        steps=_steps(job, been),
        form={},
        **resend,
    )


@bp.get("/confirm/<token>")
def show_confirm(token: str) -> ResponseReturnValue:
    """The job and its price. Opening the link changes nothing: mail scanners open links too."""
    try:
        with work.unit() as session:
            link, job = tracking.read_link(session, token)
    except NotFound as missing:
        return _gone_page(missing.details.get("reason", "gone")), 404
    if link.state != "open":
        return _gone_page(link.state, link.job_id), 410
    return _confirm_page(job, token)


@bp.post("/confirm/<token>")
def send_confirm(token: str) -> ResponseReturnValue:
    try:
        with work.unit() as session:
            job = tracking.confirm(session, token)
    except NotFound as missing:
        return _gone_page(missing.details.get("reason", "gone")), 404
    except LinkGone as gone:
        return _gone_page(gone.details["reason"], gone.details["job_id"]), 410
    return _confirm_page(job, token, confirmed=True)


@bp.get("/confirm/expired")
def show_expired() -> ResponseReturnValue:
    """What the student can do about a job's confirmation link, whatever its state."""
    return _gone_page("", _clean(request.args.get("job_id", ""))), 200


@bp.post("/confirm/resend")
def send_resend() -> ResponseReturnValue:
    job_id = _clean(request.form.get("job_id", ""))
    try:
        with work.unit() as session:
            tracking.resend(session, job_id)
    except TooSoon:
        return _gone_page("", job_id), 429
    except NotFound:  # the job has changed since the button was shown, or no longer exists
        return _gone_page("", job_id), 404
    return _gone_page("", job_id, resent=True)


@bp.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    return redirect("/assets/favicon.svg", code=301)


def _submit_page(errors: dict[str, str] | None = None) -> str:
    return render_template(
        "submit.html",
        title="Submit a model for printing",
        max_mb=lab().upload.max_mb,
        errors=errors or {},
        values=request.form if errors else {},
    )


def _track_form(**form: str) -> str:
    return render_template("track.html", title="Track a job", job=None, steps=[], form=form)


def _confirm_page(job: JobView, token: str, confirmed: bool = False) -> str:
    return render_template(
        "confirm.html",
        title="Confirmed" if confirmed else "Confirm your print",
        job=_for_template(job),
        token=token,
        confirmed=confirmed,
    )


def _gone_page(reason: str, job_id: str = "", resent: bool = False) -> str:
    """The page about a link that cannot be used now. Without a reason, it describes the job's
    newest link. Raises NotFound for an unknown job id."""
    job, resend = None, {}
    if job_id:
        with work.unit() as session:
            job = records.find(session, job_id)
            resend = tracking.resend_facts(session, job)
    return render_template(
        "confirm_gone.html",
        title="Confirmation link",
        reason=reason or resend.get("newest_link", "expired"),
        job=_for_template(job) if job else None,
        resent=resent,
        **resend,
    )


def _for_template(job: JobView) -> dict[str, Any]:
    values = {
        name: _utc(value) if isinstance(value, datetime) else value
        for name, value in asdict(job).items()
    }
    return values | {"printer_name": job.printer_name}


def _steps(job: JobView, been: list[Step]) -> list[dict[str, Any]]:
    """The progress of a job. A rejected or archived job shows the statuses it reached and its
    last."""
    at = {step.status: _utc(step.at) for step in been}
    path = list(STATUS_PATH)
    if job.status not in path:
        path = [status for status in STATUS_PATH if status in at] + [job.status]
    current = path.index(job.status)
    return [
        {
            "label": STATUS_LABELS[status],
            "state": "done" if place < current else "current" if place == current else "todo",
            "at": at.get(status) if place <= current else None,
        }
        for place, status in enumerate(path)
    ]


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _clean(text: str) -> str:
    return text.replace("\x00", "")[:200]
