"""The effect of each action on the job's data, besides the change of status.

An effect checks the values, changes the row, and returns the details for the event. It runs before
the files are copied; if it raises, nothing has changed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Confirmation, Job, MailKind, PrintRun, RunOutcome, Status
from services import events
from services.actions.fields import Values
from services.actors import Actor
from services.errors import Forbidden, Invalid
from services.files import siblings, storage
from services.jobs import plans
from services.jobs.costs import cost_cents, round_up_hours
from services.jobs.plans import PrintPlan
from services.mail import outbox
from services.mail.outbox import MAIL_OF_STATUS
from services.students import confirmations
from settings import lab

OTHER_REASON = "Other"  # the rejection reason in lab.toml that requires an explanation


@dataclass
class Move:
    """A change of status in progress, with the job's row locked. `now` is the database's time."""

    session: Session
    job: Job
    source: Status
    target: Status
    now: datetime
    actor: Actor
    values: Values
    confirmation: Confirmation | None = None


def nothing(_: Move) -> dict[str, Any]:
    return {}


def approve(move: Move) -> dict[str, Any]:
    """Weight, time and price; the file to print (the plan's 3.4.2); the student's link."""
    plan, job = PrintPlan(**move.values), move.job
    plans.choose_printer(job, plan)
    material = lab().find_material(job.material)
    assert material is not None  # plans.choose_printer has looked it up
    job.weight_g, job.time_hours = plan.weight_g, round_up_hours(plan.time_hours)
    job.cost_cents = cost_cents(plan.weight_g, material.cents_per_gram, lab().pricing.minimum_cents)
    job.reject_reasons = None
    job.staff_viewed_at = job.staff_viewed_at or move.now
    with storage.translated():
        storage.require_folder(job.folder)
    superseding = siblings.find_superseding(job)
    if superseding is not None:
        events.record(
            move.session,
            job.id,
            "FileSuperseded",
            move.actor,
            old_file=job.display_name,
            new_file=superseding,
        )
        job.display_name = superseding
    move.confirmation = confirmations.issue(move.session, job, move.now)
    return {
        "weight_g": job.weight_g,
        "time_hours": job.time_hours,
        "cost_cents": job.cost_cents,
        "material": job.material,
        "printer": job.printer,
        "color": job.color,
        "file": job.display_name,
    }


def reject(move: Move) -> dict[str, Any]:
    """The reasons as the student reads them: “Other” is replaced by its explanation."""
    own = move.values.get("custom_reason")
    named = [reason for reason in move.values.get("reasons", ()) if not (own and _is_other(reason))]
    reasons = [*named, own] if own else named
    if not reasons:
        raise Invalid(reasons="Choose a reason or write your own, so that the student knows why.")
    if any(map(_is_other, reasons)):  # the student would read no other explanation
        raise Invalid(
            custom_reason=f"Explain in your own words what “{OTHER_REASON}” means, so that "
            "the student knows."
        )
    move.job.reject_reasons = reasons
    move.job.staff_viewed_at = move.job.staff_viewed_at or move.now
    return {"reasons": reasons}


def confirm(move: Move) -> dict[str, Any]:
    link = move.values.get("confirmation_id")  # set by services/students, from the token
    if link is None:
        raise Forbidden("Only the link in the student's e-mail can do this.")
    confirmations.use(move.session, link, move.now)
    _set_confirmed(move.job, move.now)
    return {}


def force_confirm(move: Move) -> dict[str, Any]:
    plans.require_price(move.job)
    confirmations.void(move.session, move.job.id, move.now)
    outbox.cancel_queued(move.session, move.job.id, MailKind.APPROVAL)
    _set_confirmed(move.job, move.now)
    return {"reason": move.values["reason"]}


def start_run(move: Move) -> dict[str, Any]:
    _open_run(move)
    return {"printer": move.job.printer}


def complete_run(move: Move) -> dict[str, Any]:
    _close_run(move, RunOutcome.COMPLETED)
    return {"printer": move.job.printer}


def fail_run(move: Move) -> dict[str, Any]:
    reason = move.values["reason"]
    _close_run(move, RunOutcome.FAILED, reason)
    return {"reason": reason, "printer": move.job.printer}


def pick_up(move: Move) -> dict[str, Any]:
    """Cancels a queued completion e-mail: the print has been picked up."""
    outbox.cancel_queued(move.session, move.job.id, MailKind.COMPLETION)
    return {}


def reopen_run(move: Move) -> dict[str, Any]:
    """Reverting a completion reopens its print run, and cancels the e-mail if it is still
    queued."""
    outbox.cancel_queued(move.session, move.job.id, MailKind.COMPLETION)
    last = move.session.scalars(
        select(PrintRun).where(PrintRun.job_id == move.job.id).order_by(PrintRun.id.desc()).limit(1)
    ).one_or_none()
    if last is None or last.outcome != RunOutcome.COMPLETED:
        _open_run(move)
    else:
        last.ended_at = last.outcome = last.reason = None
    return {}


def change_status(move: Move) -> dict[str, Any]:
    """The override: any status, with a reason. Everything that depends on the status is updated."""
    reason = move.values["reason"]
    if move.source is Status.PRINTING:
        finished = move.target is Status.COMPLETED
        _close_run(move, RunOutcome.COMPLETED if finished else RunOutcome.CANCELLED, reason)
    if move.target is Status.PRINTING:
        _open_run(move)
    if move.source in MAIL_OF_STATUS:  # the queued e-mail no longer applies
        outbox.cancel_queued(move.session, move.job.id, MAIL_OF_STATUS[move.source])
    if move.source is Status.PENDING:
        confirmations.void(move.session, move.job.id, move.now)
        move.job.is_confirmation_expired = False
    if move.target in (Status.UPLOADED, Status.PENDING):
        move.job.student_confirmed, move.job.student_confirmed_at = False, None
        # There is no open link: the flag asks staff to send a new one.
        move.job.is_confirmation_expired = move.target is Status.PENDING
    return {"reason": reason}


def _set_confirmed(job: Job, now: datetime) -> None:
    job.student_confirmed, job.student_confirmed_at = True, now
    job.is_confirmation_expired = False


def _is_other(reason: str) -> bool:
    return reason == OTHER_REASON


def _open_run(move: Move) -> None:
    move.session.add(
        PrintRun(
            job_id=move.job.id,
            printer=move.job.printer,
            started_at=move.now,
            operator_id=move.actor.id,
            operator_name=move.actor.name,
        )
    )


def _close_run(move: Move, outcome: RunOutcome, reason: str | None = None) -> None:
    run = move.session.scalars(
        select(PrintRun).where(PrintRun.job_id == move.job.id, PrintRun.ended_at.is_(None))
    ).one_or_none()
    if run is not None:
        run.ended_at, run.outcome, run.reason = move.now, outcome, reason
