"""Edits of a job that do not change its status: print settings and notes.

Source: the plan's section 3.4 (editable fields, staff notes).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Event, Job, MailKind, Role, Status
from services import events
from services.actors import Actor, require
from services.errors import Conflict, Invalid
from services.jobs import plans, records
from services.jobs.costs import cost_cents, round_up_hours
from services.jobs.plans import PrintPlan
from services.jobs.records import JobView
from services.mail import outbox
from settings import lab

_ALL = ("printer", "material", "color", "weight_g", "time_hours")
# After the student has confirmed the price, nothing that affects the price may change.
EDITABLE: Mapping[Status, tuple[str, ...]] = {
    Status.UPLOADED: _ALL,
    Status.PENDING: _ALL,
    Status.READYTOPRINT: ("printer", "color", "time_hours"),
    Status.PRINTING: ("color", "time_hours"),
}
_NAMES = {
    "printer": "printer",
    "material": "material",
    "color": "colour",
    "weight_g": "weight",
    "time_hours": "time",
}


@dataclass(frozen=True)
class Changes:
    """The new values; None means no change. Grams and hours, as in PrintPlan."""

    printer: str | None = None
    material: str | None = None
    color: str | None = None
    weight_g: float | None = None
    time_hours: float | None = None


def edit(session: Session, job_id: str, changes: Changes, *, actor: Actor) -> JobView:
    """Changes the print settings of a job. The caller must hold the lock.

    Until the student has confirmed, a new price is e-mailed to them with a new link. Raises
    NotFound, Forbidden, NotLockHolder, Conflict, Invalid.
    """
    require(actor, Role.STAFF)
    job, now = records.lock_row(session, job_id)
    records.require_lock(job, now, actor)
    before = {name: getattr(job, name) for name in (*_ALL, "cost_cents")}
    wanted = {
        name: value
        for name, value in asdict(changes).items()
        if value is not None and value != before[name]
    }
    _refuse_fixed(job, wanted)
    _apply(job, wanted)
    changed = {
        name: [before[name], getattr(job, name)]
        for name in before
        if before[name] != getattr(job, name)
    }
    if not changed:
        return records.view(job, now)
    events.record(session, job.id, "JobEdited", actor, changes=changed)
    if job.status == Status.PENDING and "cost_cents" in changed:
        outbox.resend(session, job, MailKind.APPROVAL, now, actor=actor)
    records.touch(session, job, actor)
    return records.view(job, now)


def save_notes(session: Session, job_id: str, notes: str, *, base: str, actor: Actor) -> JobView:
    """Replaces the staff notes, if they have not changed since the person began (`base`).

    For automatic saving: no lock is needed, and nobody's text is lost. Raises NotFound, Forbidden,
    LockedByOther, Invalid; Conflict with the other text (`notes`), its author (`changed_by`) and
    its time (`changed_at`).
    """
    require(actor, Role.STAFF)
    records.check_notes(notes)
    job, now = records.lock_row(session, job_id)
    present = job.notes or ""
    if present == notes:
        return records.view(job, now)
    if present != base:
        raise _changed_meanwhile(session, job)
    records.refuse_if_locked_by_other(job, now, actor)
    records.put_notes(session, job, notes, actor)
    return records.view(job, now)


def _refuse_fixed(job: Job, wanted: Mapping[str, Any]) -> None:
    status = Status(job.status)
    if wanted and status not in EDITABLE:
        raise Conflict("A job that is finished or rejected can no longer be edited.", status=status)
    fixed = {
        name: f"The {_NAMES[name]} can no longer be changed: the price has been confirmed."
        if name in ("material", "weight_g")
        else f"The {_NAMES[name]} cannot be changed while the job is printing."
        for name in wanted
        if name not in EDITABLE[status]
    }
    if fixed:
        raise Invalid(**fixed)


def _apply(job: Job, wanted: Mapping[str, Any]) -> None:
    # A printer or colour that the lab no longer has does not prevent other changes; with a new
    # material, both must fit it.
    if {"printer", "material", "color"} & {*wanted}:
        asked = ("printer", "color") if "material" in wanted else wanted
        plans.choose_printer(job, _plan(job, wanted), asked)
    if "time_hours" in wanted:
        job.time_hours = round_up_hours(wanted["time_hours"])
    job.weight_g = wanted.get("weight_g", job.weight_g)
    material = lab().find_material(job.material)
    # An uploaded job has no price before it is approved.
    if (
        job.cost_cents is not None
        and job.weight_g
        and material
        and {"weight_g", "material"} & {*wanted}
    ):
        job.cost_cents = cost_cents(
            job.weight_g, material.cents_per_gram, lab().pricing.minimum_cents
        )


def _plan(job: Job, wanted: Mapping[str, Any]) -> PrintPlan:
    """The wanted values as a PrintPlan. An amount that nobody has set counts as 1, so that only the
    given values are checked."""
    return PrintPlan(
        wanted.get("weight_g", job.weight_g or 1),
        wanted.get("time_hours", job.time_hours or 1),
        wanted.get("material"),
        wanted.get("printer"),
        wanted.get("color"),
    )


def _changed_meanwhile(session: Session, job: Job) -> Conflict:
    last = session.scalars(
        select(Event)
        .where(Event.job_id == job.id, Event.event_type == "NotesUpdated")
        .order_by(Event.id.desc())
        .limit(1)
    ).one_or_none()
    who = last.user_name if last else "Somebody"
    return Conflict(
        f"{who} changed these notes in the meantime.",
        notes=job.notes or "",
        changed_by=last.user_name if last else None,
        changed_at=last.timestamp if last else None,
    )
