"""What staff do to a job: each route is one action of the transition table."""

from apiflask import APIBlueprint
from flask import g

from api import schemas
from models import MailKind
from services import work
from services.jobs import overrides, workflow
from services.jobs.workflow import Request

bp = APIBlueprint("actions", __name__, tag="Actions")


def _move(job_id: str, action: str, **request: object) -> schemas.JobOut:
    with work.unit() as session:
        moved = workflow.move(
            session,
            job_id,
            action,
            actor=g.actor,
            request=Request(**request),  # type: ignore[arg-type]
        )
    assert moved is not None  # none of these actions deletes
    return schemas.job_out(moved)


@bp.post("/jobs/<job_id>/approve")
@bp.input(schemas.ApproveIn)
@bp.output(schemas.JobOut)
@bp.doc(responses=[403, 404, 409])
def approve(job_id: str, json_data: schemas.ApproveIn) -> schemas.JobOut:
    """Approves a job with weight and time, and sends the student the price."""
    return _move(job_id, "approve", plan=json_data.to_plan())


@bp.post("/jobs/<job_id>/reject")
@bp.input(schemas.RejectIn)
@bp.output(schemas.JobOut)
@bp.doc(responses=[403, 404, 409])
def reject(job_id: str, json_data: schemas.RejectIn) -> schemas.JobOut:
    """Rejects a job and tells the student why."""
    return _move(job_id, "reject", reasons=json_data.to_reasons())


@bp.post("/jobs/<job_id>/mark-printing")
@bp.output(schemas.JobOut)
@bp.doc(responses=[403, 404, 409])
def mark_printing(job_id: str) -> schemas.JobOut:
    """The print has started."""
    return _move(job_id, "mark-printing")


@bp.post("/jobs/<job_id>/mark-complete")
@bp.output(schemas.JobOut)
@bp.doc(responses=[403, 404, 409])
def mark_complete(job_id: str) -> schemas.JobOut:
    """The print is done; the student is told to collect it."""
    return _move(job_id, "mark-complete")


@bp.post("/jobs/<job_id>/mark-picked-up")
@bp.output(schemas.JobOut)
@bp.doc(responses=[403, 404, 409])
def mark_picked_up(job_id: str) -> schemas.JobOut:
    """The student has paid and taken the print."""
    return _move(job_id, "mark-picked-up")


@bp.post("/jobs/<job_id>/revert-completion")
@bp.output(schemas.JobOut)
@bp.doc(responses=[404, 409])
def revert_completion(job_id: str) -> schemas.JobOut:
    """Takes “Mark complete” back, for a short time."""
    return _move(job_id, "revert-completion")


@bp.post("/jobs/<job_id>/revert-pickup")
@bp.output(schemas.JobOut)
@bp.doc(responses=[404, 409])
def revert_pickup(job_id: str) -> schemas.JobOut:
    """Takes “Mark picked up” back, for a short time."""
    return _move(job_id, "revert-pickup")


@bp.post("/jobs/<job_id>/admin/force-confirm")
@bp.input(schemas.ForceConfirmIn)
@bp.output(schemas.JobOut)
@bp.doc(responses=[404, 409])
def force_confirm(job_id: str, json_data: schemas.ForceConfirmIn) -> schemas.JobOut:
    """Confirms for the student, with a reason."""
    return _move(job_id, "force-confirm", reason=json_data.reason)


@bp.post("/jobs/<job_id>/admin/mark-failed")
@bp.input(schemas.ReasonIn)
@bp.output(schemas.JobOut)
@bp.doc(responses=[404, 409])
def mark_failed(job_id: str, json_data: schemas.ReasonIn) -> schemas.JobOut:
    """Sends a failed print back to the print queue, with a reason."""
    return _move(job_id, "mark-failed", reason=json_data.reason)


@bp.post("/jobs/<job_id>/admin/change-status")
@bp.input(schemas.ChangeStatusIn)
@bp.output(schemas.JobOut)
@bp.doc(responses=[404, 409])
def change_status(job_id: str, json_data: schemas.ChangeStatusIn) -> schemas.JobOut:
    """Sets any status by hand, with a reason."""
    return _move(job_id, "change-status", new_status=json_data.new_status, reason=json_data.reason)


@bp.delete("/jobs/<job_id>")
@bp.output({}, status_code=204)
@bp.doc(responses=[403, 404])
def delete(job_id: str) -> str:
    """Deletes an uploaded or pending job and its files for good."""
    with work.unit() as session:
        workflow.move(session, job_id, "delete", actor=g.actor)
    return ""


@bp.post("/jobs/<job_id>/admin/resend-email")
@bp.input(schemas.ResendIn)
@bp.output(schemas.ResentOut)
@bp.doc(responses=[404, 409, 429])
def resend_email(job_id: str, json_data: schemas.ResendIn) -> schemas.ResentOut:
    """Sends a notification again; an approval with a new link."""
    with work.unit() as session:
        token = overrides.resend_email(
            session, job_id, MailKind(json_data.email_type), actor=g.actor
        )
    return schemas.ResentOut(message="Email resent successfully", new_token=token)
