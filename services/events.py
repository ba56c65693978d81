"""The history of a job: the events written at each change, and their texts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models import STATUS_LABELS, AuditEntry, Event, Status, utcnow
from services import work
from services.actors import Actor
from services.jobs.costs import format_money
from settings import lab, settings

_SENTENCES = {
    "JobCreated": "Job submitted",
    "StaffApproved": "Approved: {weight_g:g} g, {time_hours:g} h, {cost}",
    "StaffRejected": "Rejected: {reasons}",
    "StudentConfirmed": "Student confirmed the price",
    "ConfirmationExpired": "Confirmation link expired",
    "PrintStarted": "Printing started on {printer}",
    "PrintCompleted": "Print completed",
    "PickedUp": "Paid and picked up",
    "StatusReverted": "Reverted from {old} to {new}",
    "PrintFailed": "Print failed: {reason}",
    "FileSuperseded": "File to print is now {new_file}",
    "NotesUpdated": "Staff notes changed",
    "Reviewed": "Marked as reviewed",
    "Unreviewed": "Marked as not reviewed",
    "EmailResent": "E-mail sent again ({kind})",
    "EmailSent": "E-mail sent ({kind})",
    "EmailRetried": "E-mail will be retried ({kind})",
    "EmailFailed": "E-mail could not be delivered ({kind}): {error}",
    "JobArchived": "Archived",
    "ModelChecked": "Model checked: {result}",
    "ModelCheckRequested": "New model check requested",
    "FileDeleted": "Left-over file deleted: {file}",
    "JobEdited": "Changed: {edits}",
    "OpenedInSlicer": "Opened in the slicer: {file}",
}


# The text of an AdminAction event, by the action's name.
OVERRIDES = {
    "force-confirm": "Confirmed by staff for the student",
    "change-status": "Status changed manually",
    "mark-failed": "Sent back to the print queue",
    "force-unlock": "Lock of {held_by} released by force",
}


@dataclass(frozen=True)
class EventView:
    """One entry of the history. `text` is the sentence for people."""

    id: int
    timestamp: datetime
    event_type: str
    details: dict[str, Any]
    triggered_by: str
    user_name: str
    text: str


def record(session: Session, job_id: str, event_type: str, actor: Actor, **details: Any) -> None:
    """Adds an event to the transaction that makes the change."""
    session.add(
        Event(
            job_id=job_id,
            event_type=event_type,
            details=details,
            triggered_by=actor.id,
            user_name=actor.name,
        )
    )


def audit(session: Session, action: str, actor: Actor, **details: Any) -> None:
    """Adds an entry to the audit log, and after the commit to its monthly file."""
    entry = AuditEntry(
        timestamp=utcnow(),
        action=action,
        details=details,
        triggered_by=actor.id,
        user_name=actor.name,
    )
    session.add(entry)
    work.after_commit(session, partial(_append_to_file, entry))


def _append_to_file(entry: AuditEntry) -> None:
    """Appends one JSON line to this month's file: a copy that survives the loss of the database.

    One file a month instead of rotation by size, so that several processes can write at once.
    """
    line = {
        "timestamp": entry.timestamp.isoformat(),
        "action": entry.action,
        "by": entry.triggered_by,
        "name": entry.user_name,
        "details": entry.details,
    }
    folder = settings().var_dir / "log"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"audit-{entry.timestamp:%Y-%m}.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")


def list_events(session: Session, job_id: str) -> list[EventView]:
    """A job's history, newest first."""
    rows = session.scalars(select(Event).where(Event.job_id == job_id).order_by(Event.id.desc()))
    return [
        EventView(
            row.id,
            row.timestamp,
            row.event_type,
            row.details,
            row.triggered_by,
            row.user_name,
            describe(row.event_type, row.details),
        )
        for row in rows
    ]


def describe(event_type: str, details: Mapping[str, Any]) -> str:
    """The event as a sentence. An unknown type, or one without its details, gives its bare name."""
    if event_type == "AdminAction":
        return _describe_override(details)
    words = dict(details)
    if "cost_cents" in words:
        words["cost"] = format_money(words["cost_cents"])
    if "reasons" in words:
        words["reasons"] = "; ".join(words["reasons"])
    if "printer" in words:
        words["printer"] = lab().printer_name(words["printer"])
    if "changes" in words:
        words["edits"] = "; ".join(_edit(*change) for change in words["changes"].items())
    for end in ("old", "new"):
        if f"{end}_status" in words:
            words[end] = STATUS_LABELS[Status(words[f"{end}_status"])]
    try:
        return _SENTENCES.get(event_type, event_type).format_map(words)
    except KeyError:
        return event_type


_FIELDS: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "printer": ("printer", lambda printer: lab().printer_name(printer)),
    "material": ("material", str),
    "color": ("colour", str),
    "weight_g": ("weight", lambda grams: f"{grams:g} g"),
    "time_hours": ("time", lambda hours: f"{hours:g} h"),
    "cost_cents": ("price", format_money),
}


def _edit(field: str, values: Any) -> str:
    """ "weight from 10 g to 12 g", without "from" if there was no value before."""
    name, words = _FIELDS.get(field, (field, str))
    before, after = values
    start = f" from {words(before)}" if before is not None else ""
    return f"{name}{start} to {words(after)}"


def allow_deletion(session: Session) -> None:
    """Lets this transaction delete events: for the deletion of their job, and for retention."""
    session.execute(text("SET LOCAL printdesk.allow_event_deletion = 'on'"))


def _describe_override(details: Mapping[str, Any]) -> str:
    action = str(details.get("action", ""))
    sentence = OVERRIDES.get(action, f"Override: {action}").replace(
        "{held_by}", str(details.get("held_by", "somebody"))
    )
    reason = details.get("reason")
    return f"{sentence}: {reason}" if reason else sentence
