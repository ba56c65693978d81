"""How the lab works: one table of what may happen to a job, and one function that does it.

Read TRANSITIONS: each row says from which statuses an action leads where, who may do it, whether
the person must hold the job's lock, what is written in the history, and which mail goes out.
Buttons, API routes and tasks all come from this table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from models import STATUS_FOLDERS, STATUS_LABELS, Event, Job, MailKind, Role, Status
from services import events, work
from services.actors import Actor, require
from services.errors import Conflict, Forbidden, Invalid, NotFound
from services.files import storage
from services.jobs import effects, locks, records
from services.jobs.effects import Effect, Move
from services.jobs.records import JobView
from services.mail import outbox
from settings import lab


class Lock(Enum):
    """What an action asks of the job's lock."""

    HELD = "the person must hold it"
    NOT_ANOTHERS = "nobody else may hold it"
    NONE = "it does not matter"


@dataclass(frozen=True)
class Transition:
    """One row of the table. `target` None: the job goes; CHOSEN: the request says where to."""

    action: str
    label: str
    sources: frozenset[Status]
    target: Status | None
    role: Role | None
    lock: Lock
    event_types: tuple[str, ...]
    effect: Effect = effects.nothing
    mail: MailKind | None = None
    in_window: bool = False  # only for `revert_window_minutes` after the last change of status
    target_is_chosen: bool = False

    @property
    def deletes(self) -> bool:
        return self.target is None and not self.target_is_chosen


def _row(
    action: str,
    label: str,
    sources: tuple[Status, ...] | Status,
    target: Status | None,
    role: Role | None,
    lock: Lock,
    event_types: tuple[str, ...] | str,
    effect: Effect = effects.nothing,
    **rest: Any,
) -> Transition:
    return Transition(
        action,
        label,
        frozenset(sources if isinstance(sources, tuple) else (sources,)),
        target,
        role,
        lock,
        event_types if isinstance(event_types, tuple) else (event_types,),
        effect,
        **rest,
    )


S, R = Status, Role
_NOT_ARCHIVED = tuple(status for status in Status if status is not Status.ARCHIVED)

# fmt: off
TRANSITIONS: Mapping[str, Transition] = {row.action: row for row in (
    _row("approve", "Approve", S.UPLOADED, S.PENDING, R.STAFF, Lock.HELD,
         "StaffApproved", effects.approve, mail=MailKind.APPROVAL),
    _row("reject", "Reject", S.UPLOADED, S.REJECTED, R.STAFF, Lock.HELD,
         "StaffRejected", effects.reject, mail=MailKind.REJECTION),
    _row("confirm", "Confirm", S.PENDING, S.READYTOPRINT, None, Lock.NONE,
         "StudentConfirmed", effects.confirm),
    _row("force-confirm", "Confirm for student", S.PENDING, S.READYTOPRINT, R.STAFF,
         Lock.NOT_ANOTHERS, "AdminAction", effects.force_confirm),
    _row("mark-printing", "Mark printing", S.READYTOPRINT, S.PRINTING, R.STAFF, Lock.HELD,
         "PrintStarted", effects.start_run),
    _row("mark-complete", "Mark complete", S.PRINTING, S.COMPLETED, R.STAFF, Lock.HELD,
         "PrintCompleted", effects.complete_run, mail=MailKind.COMPLETION),
    _row("mark-picked-up", "Mark picked up", S.COMPLETED, S.PAIDPICKEDUP, R.STAFF, Lock.HELD,
         "PickedUp", effects.pick_up),
    _row("revert-completion", "Revert completion", S.COMPLETED, S.PRINTING, R.STAFF,
         Lock.NOT_ANOTHERS, "StatusReverted", effects.reopen_run, in_window=True),
    _row("revert-pickup", "Revert pickup", S.PAIDPICKEDUP, S.COMPLETED, R.STAFF, Lock.NOT_ANOTHERS,
         "StatusReverted", in_window=True),
    _row("mark-failed", "Mark failed", S.PRINTING, S.READYTOPRINT, R.STAFF, Lock.NOT_ANOTHERS,
         ("PrintFailed", "AdminAction"), effects.fail_run),
    _row("change-status", "Change status", _NOT_ARCHIVED, None, R.STAFF, Lock.NOT_ANOTHERS,
         "AdminAction", effects.change_status, target_is_chosen=True),
    _row("archive", "Archive", (S.PAIDPICKEDUP, S.REJECTED), S.ARCHIVED, R.ADMIN, Lock.NONE,
         "JobArchived"),
    _row("delete", "Delete", (S.UPLOADED, S.PENDING), None, R.STAFF, Lock.HELD,
         ()),
    _row("prune", "Delete for good", S.ARCHIVED, None, R.ADMIN, Lock.NONE,
         ()),
)}
# fmt: on


@dataclass(frozen=True)
class Request:
    """What an action needs to know, beyond the job; services/jobs/effects.py reads it."""

    plan: effects.PrintPlan | None = None
    reasons: tuple[str, ...] = ()
    reason: str = ""
    new_status: Status | None = None
    confirmation_id: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def move(
    session: Session,
    job_id: str,
    action: str,
    *,
    actor: Actor,
    request: Request | None = None,
) -> JobView | None:
    """Performs one action on one job: the only door to `Job.status`.

    Returns the job as it is then, or None when it is deleted. Raises NotFound; Forbidden,
    NotLockHolder; Conflict, LockedByOther; Invalid; StorageUnavailable, StorageFull. When it
    raises, nothing has changed.
    """
    if action not in TRANSITIONS:
        raise NotFound(f"There is no action “{action}”.")
    transition, request = TRANSITIONS[action], request or Request()
    if transition.role is not None:
        require(actor, transition.role)
    job, now = records.lock_row(session, job_id)
    _check_status(session, transition, job, now)
    _check_lock(transition, job, now, actor)
    if transition.deletes:
        _delete(session, transition, job, actor)
        return None
    target = request.new_status if transition.target_is_chosen else transition.target
    if target is None or target == job.status:
        raise Invalid(new_status="Choose a status that differs from the present one.")
    change = Move(session, job, Status(job.status), target, now, actor, request)
    details = transition.effect(change)
    _carry_out(change)
    for event_type in transition.event_types:
        about = _event_details(transition, change, event_type) | details | dict(request.details)
        events.record(session, job.id, event_type, actor, **about)
    if transition.mail is not None:
        outbox.queue(session, job, transition.mail, confirmation=change.confirmation)
    session.flush()
    return records.view(job, now)


def list_actions(job: JobView, actor: Actor) -> list[Transition]:
    """The actions that the person may take on the job as it is, in the table's order.

    The lock is left out of account: a held lock is shown, and taken when the action begins.
    """
    return [
        row
        for row in TRANSITIONS.values()
        if row.role is not None
        and actor.may(row.role)
        and job.status in row.sources
        and (not row.in_window or revert_seconds_left(job.status_changed_at, job.as_of) > 0)
    ]


def moved_on(session: Session, job_id: str) -> Conflict:
    """The refusal for somebody whose screen is behind: it says what the job is now, and who was
    first. Raises NotFound."""
    job, now = records.lock_row(session, job_id)
    message, details = _who_was_first(session, job, Status(job.status), now)
    return Conflict(message, **details)


def revert_until(changed_at: datetime) -> datetime:
    """Until when a change of status can be taken back."""
    return changed_at + timedelta(minutes=lab().workflow.revert_window_minutes)


def revert_seconds_left(changed_at: datetime, now: datetime) -> int:
    """How long the last change of status can still be taken back, in whole seconds."""
    return max(0, int((revert_until(changed_at) - now).total_seconds()))


def _check_status(session: Session, transition: Transition, job: Job, now: datetime) -> None:
    status = Status(job.status)
    if status not in transition.sources:
        message, details = _who_was_first(session, job, status, now)
        if transition.deletes:
            raise Forbidden(
                f"Only jobs that are {_labels(transition.sources)} can be deleted. {message}",
                **details,
            )
        raise Conflict(message, **details)
    if transition.in_window and not revert_seconds_left(job.status_changed_at, now):
        minutes = f"{lab().workflow.revert_window_minutes:g}"
        raise Conflict(
            f"This can be taken back for {minutes} minutes only. Use “Change status” instead.",
            status=status,
        )


def _who_was_first(
    session: Session, job: Job, status: Status, now: datetime
) -> tuple[str, dict[str, Any]]:
    """The sentence for whoever comes second, and the same as data."""
    last = session.scalars(
        select(Event)
        .where(Event.job_id == job.id, Event.details.has_key("new_status"))
        .order_by(Event.id.desc())
        .limit(1)
    ).one_or_none()
    message = f"This job is now “{STATUS_LABELS[status]}”"
    details: dict[str, Any] = {"status": status}
    if last is None:
        return f"{message}.", details
    details |= {"changed_by": last.user_name, "changed_at": last.timestamp}
    return f"{message}: {last.user_name} was first, {_ago(now - last.timestamp)}.", details


def _ago(past: timedelta) -> str:
    """In words that hold in every time zone."""
    minutes = int(past.total_seconds() // 60)
    for number, unit in ((minutes // 1440, "day"), (minutes // 60, "hour"), (minutes, "minute")):
        if number > 0:
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "a moment ago"


def _check_lock(transition: Transition, job: Job, now: datetime, actor: Actor) -> None:
    if transition.lock is Lock.HELD:
        records.require_lock(job, now, actor)
    elif transition.lock is Lock.NOT_ANOTHERS:
        records.refuse_if_locked_by_other(job, now, actor)


def _carry_out(change: Move) -> None:
    """Copies the files, then changes the row; the old folder goes after the commit."""
    session, job = change.session, change.job
    if job.locked_by_id == change.actor.id:
        locks.clear(job)
    job.last_updated_by, job.updated_at = change.actor.id, change.now
    folder_name = job.folder.rpartition("/")[2]
    new = {
        "status": change.target,
        "status_changed_at": change.now,
        "folder": f"{STATUS_FOLDERS[change.target]}/{folder_name}",
    }
    metadata = records.metadata_of(job) | new | {"status_changed_at": change.now.isoformat()}
    copied = storage.copy_folder(job.folder, change.target, metadata)
    undo = partial(storage.remove_folder, copied.target)
    work.on_rollback(session, partial(_clear_unless_there, job.id, copied.target, undo))
    session.flush()
    changed = session.execute(
        update(Job).where(Job.id == job.id, Job.status == change.source).values(**new)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # a CursorResult for an UPDATE
        raise Conflict("Somebody else changed this job at the same moment. Look again.")
    session.refresh(job)
    discard = partial(storage.discard, copied)
    work.after_commit(session, partial(_clear_unless_there, job.id, copied.source, discard))


def _clear_unless_there(job_id: str, folder: str, clear: Callable[[], None]) -> None:
    """Clears the folder that a move leaves over, unless it is the job's own again.

    The move has let go of the row's lock: others may have moved the job there since then. The lock
    is taken again, so that nobody does while the folder goes.
    """
    with work.unit() as session:
        job = session.get(Job, job_id, with_for_update={"key_share": True})
        if job is None or job.folder != folder:
            clear()


def _event_details(transition: Transition, change: Move, event_type: str) -> dict[str, Any]:
    details: dict[str, Any] = {"old_status": change.source, "new_status": change.target}
    if event_type == "AdminAction":
        details |= {"action": transition.action, "override": True}
    return details


def _delete(session: Session, transition: Transition, job: Job, actor: Actor) -> None:
    """The row, its history and its mails go with the commit, and the files after it."""
    events.audit(
        session,
        "JobDeleted",
        actor,
        by_action=transition.action,
        job_id=job.id,
        status=job.status,
        student_name=job.student_name,
        student_email=job.student_email,
        display_name=job.display_name,
        original_filename=job.original_filename,
        file_hash=job.file_hash,
    )
    outbox.hold_all(session, job.id)
    events.allow_deletion(session)
    session.execute(delete(Event).where(Event.job_id == job.id))
    session.execute(delete(Job).where(Job.id == job.id))
    session.expunge(job)
    work.after_commit(session, partial(storage.remove_folder, job.folder))


def _labels(statuses: frozenset[Status]) -> str:
    return " or ".join(STATUS_LABELS[status] for status in Status if status in statuses)
