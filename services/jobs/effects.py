"""What each action does to the job's own data, besides the change of status.

An effect checks what the person asked for, changes the row, and returns the details for the event.
It runs before the files are copied; whatever it raises leaves everything as it was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Confirmation, Job, MailKind, PrintRun, RunOutcome, Status
from reader.verdict import estimates
from services import events
from services.actors import Actor
from services.errors import Conflict, Forbidden, Invalid
from services.files import siblings, storage
from services.jobs.costs import cost_cents, round_up_hours
from services.mail import outbox
from services.students import confirmations
from settings import lab

if TYPE_CHECKING:
    from services.jobs.workflow import Request

MIN_WEIGHT_G, MAX_WEIGHT_G = 0.1, 20_000
MIN_HOURS, MAX_HOURS = 0.01, 1_000  # half a minute; what is charged for is rounded up anyway
MAX_REASON = 1_000
OTHER_REASON = "Other"  # of lab.toml's rejection reasons: it stands for words of one's own
# What a mail says is no longer true when the job is taken out of the status by hand.
_MAILS = {
    Status.PENDING: MailKind.APPROVAL,
    Status.REJECTED: MailKind.REJECTION,
    Status.COMPLETED: MailKind.COMPLETION,
}


@dataclass(frozen=True)
class PrintPlan:
    """What staff settle when they approve: grams, hours, and where it is printed. None keeps what
    the student asked for."""

    weight_g: float
    time_hours: float
    material: str | None = None
    printer: str | None = None
    color: str | None = None


@dataclass
class Move:
    """One change of status under way, with the job's row locked. `now` is the database's clock."""

    session: Session
    job: Job
    source: Status
    target: Status
    now: datetime
    actor: Actor
    request: Request
    confirmation: Confirmation | None = None


Effect: TypeAlias = Callable[[Move], dict[str, Any]]


def nothing(_: Move) -> dict[str, Any]:
    return {}


def approve(move: Move) -> dict[str, Any]:
    """Weight, time and price; the file to print (the plan's 3.4.2); the student's link."""
    plan, job = move.request.plan, move.job
    if plan is None:
        raise Invalid(weight_g="Enter the weight in grams.", time_hours="Enter the time in hours.")
    check_amounts(plan)
    choose_printer(job, plan)
    material = lab().find_material(job.material)
    assert material is not None  # choose_printer has looked it up
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
    reasons = [reason.strip() for reason in move.request.reasons if reason.strip()]
    if not reasons:
        raise Invalid(reasons="Choose a reason or write your own, so that the student knows.")
    if len(reasons) > 20 or any(len(reason) > MAX_REASON for reason in reasons):
        raise Invalid(reasons=f"Give at most 20 reasons of at most {MAX_REASON} characters.")
    if OTHER_REASON in reasons:  # it would be all that the student reads
        raise Invalid(
            custom_reason=f"Write in your own words what “{OTHER_REASON}” is, so that the student "
            "knows."
        )
    move.job.reject_reasons = reasons
    move.job.staff_viewed_at = move.job.staff_viewed_at or move.now
    return {"reasons": reasons}


def confirm(move: Move) -> dict[str, Any]:
    if move.request.confirmation_id is None:  # services/students reads it from the token
        raise Forbidden("Only the link in the student's e-mail does this.")
    confirmations.use(move.session, move.request.confirmation_id, move.now)
    _set_confirmed(move.job, move.now)
    return {}


def force_confirm(move: Move) -> dict[str, Any]:
    require_price(move.job)
    reason = _required_reason(move, "Say how the student confirmed.")
    confirmations.void(move.session, move.job.id, move.now)
    outbox.cancel_queued(move.session, move.job.id, MailKind.APPROVAL)
    _set_confirmed(move.job, move.now)
    return {"reason": reason}


def start_run(move: Move) -> dict[str, Any]:
    _open_run(move)
    return {"printer": move.job.printer}


def complete_run(move: Move) -> dict[str, Any]:
    _close_run(move, RunOutcome.COMPLETED)
    return {"printer": move.job.printer}


def fail_run(move: Move) -> dict[str, Any]:
    reason = _required_reason(move, "Say why the print failed.")
    _close_run(move, RunOutcome.FAILED, reason)
    return {"reason": reason, "printer": move.job.printer}


def pick_up(move: Move) -> dict[str, Any]:
    """Nobody is told that a print waits for them after they have taken it."""
    outbox.cancel_queued(move.session, move.job.id, MailKind.COMPLETION)
    return {}


def reopen_run(move: Move) -> dict[str, Any]:
    """Taking a completion back takes back the end of its run, and the mail if it has not gone."""
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
    """The override: any status, with a reason. What hangs on the status is put in order with it."""
    reason = _required_reason(move, "Say why the status is changed by hand.")
    if move.source is Status.PRINTING:
        finished = move.target is Status.COMPLETED
        _close_run(move, RunOutcome.COMPLETED if finished else RunOutcome.CANCELLED, reason)
    if move.target is Status.PRINTING:
        _open_run(move)
    if move.source in _MAILS:
        outbox.cancel_queued(move.session, move.job.id, _MAILS[move.source])
    if move.source is Status.PENDING:
        confirmations.void(move.session, move.job.id, move.now)
        move.job.is_confirmation_expired = False
    if move.target in (Status.UPLOADED, Status.PENDING):
        move.job.student_confirmed, move.job.student_confirmed_at = False, None
        # No link is open then: the flag asks staff to send a new one.
        move.job.is_confirmation_expired = move.target is Status.PENDING
    return {"reason": reason}


def require_price(job: Job) -> None:
    """A job that was made Pending by hand may have no price. Raises Conflict."""
    if job.cost_cents is None:
        raise Conflict("This job has no price yet. Change it back to Uploaded and approve it.")


def _set_confirmed(job: Job, now: datetime) -> None:
    job.student_confirmed, job.student_confirmed_at = True, now
    job.is_confirmation_expired = False


def _required_reason(move: Move, message: str) -> str:
    reason = move.request.reason.strip()
    if not reason:
        raise Invalid(reason=message)
    if len(reason) > MAX_REASON:
        raise Invalid(reason=f"Use at most {MAX_REASON} characters.")
    return reason


def check_amounts(plan: PrintPlan) -> None:
    """Raises Invalid with each amount that no print has."""
    wrong = {
        "weight_g": find_fault_of_weight(plan.weight_g),
        "time_hours": find_fault_of_hours(plan.time_hours),
    }
    if any(wrong.values()):
        raise Invalid(**{name: words for name, words in wrong.items() if words})


def find_fault_of_weight(grams: float) -> str | None:
    """What is wrong with a print's weight, in words."""
    if math.isfinite(grams) and MIN_WEIGHT_G <= grams <= MAX_WEIGHT_G:
        return None
    return f"Enter the weight in grams: at least {MIN_WEIGHT_G}, at most {MAX_WEIGHT_G:,}."


def find_fault_of_hours(hours: float) -> str | None:
    """What is wrong with a print's time, in words."""
    if math.isfinite(hours) and MIN_HOURS <= hours <= MAX_HOURS:
        return None
    return f"Enter the time in hours: at least {MIN_HOURS}, at most {MAX_HOURS:,}."


def choose_printer(
    job: Job, plan: PrintPlan, asked: Collection[str] = ("printer", "color")
) -> None:
    """Sets material, printer and colour, when they go together. Another material has another
    estimate. What is not in `asked` is left as it is, even if the lab no longer has it."""
    material = lab().find_material(plan.material or job.material)
    if material is None:
        names = ", ".join(known.name for known in lab().materials)
        raise Invalid(material=f"Choose one of: {names}.")
    printer = lab().find_printer(plan.printer or job.printer)
    fitting = [known for known in lab().printers if known.material == material.name]
    color, wrong = plan.color or job.color, {}
    if "printer" in asked and (printer is None or printer not in fitting):
        names = ", ".join(known.name for known in fitting)
        wrong["printer"] = f"Choose a printer that prints {material.name}: {names}."
    if "color" in asked and color not in material.colors:
        wrong["color"] = f"{color} is not a {material.name} colour. Choose another one."
    if wrong:
        raise Invalid(**wrong)
    if material.name != job.material:
        job.model = estimates.renewed(job.model, material, lab())
    job.material, job.printer, job.color = material.name, plan.printer or job.printer, color


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
