"""Performs actions that change a job's status; no other module writes `Job.status`.

The table of actions is in services/actions/job_actions.py.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from models import STATUS_FOLDERS, STATUS_LABELS, Event, Job, Status
from services import events, work
from services.actions.effects import Move
from services.actions.fields import Values, check_all
from services.actions.rows import ROLE_OF_STATUS, Action, Lock, Transition
from services.actors import Actor, require
from services.errors import Conflict, Forbidden, Invalid
from services.files import storage
from services.jobs import locks, records
from services.jobs.records import JobView
from services.mail import outbox
from settings import lab


def move(
    session: Session, job_id: str, action: Action, values: Values, *, actor: Actor
) -> JobView | None:
    """Performs a row that has a transition, on one job. `values` are those of the row's fields.

    Returns the job afterwards, or None if it was deleted. Raises NotFound; Forbidden,
    NotLockHolder; Conflict, LockedByOther; Invalid; StorageUnavailable, StorageFull. When it
    raises, nothing has changed.
    """
    transition = action.transition
    assert transition is not None
    job, now = records.lock_row(session, job_id)
    _check_status(session, action, transition, job, now)
    _check_lock(action, job, now, actor)
    checked = check_all(action.fields, values)
    if transition.deletes:
        _delete(session, action, job, actor)
        return None
    target = _target(transition, job, checked)
    _check_role(Status(job.status), target, actor)
    change = Move(session, job, Status(job.status), target, now, actor, checked)
    details = transition.effect(change)
    _carry_out(change)
    for event_type in transition.event_types:
        about = _event_details(action, change, event_type) | details
        events.record(session, job.id, event_type, actor, **about)
    if transition.mail is not None:
        outbox.queue(session, job, transition.mail, confirmation=change.confirmation)
    session.flush()
    return records.view(job, now)


def moved_on(session: Session, job_id: str) -> Conflict:
    """The refusal for somebody whose page is out of date: it names the job's current status, and
    who was first. Raises NotFound."""
    job, now = records.lock_row(session, job_id)
    message, details = _who_was_first(session, job, Status(job.status), now)
    return Conflict(message, **details)


def revert_until(changed_at: datetime) -> datetime:
    """Until when a change of status can be reverted."""
    return changed_at + timedelta(minutes=lab().workflow.revert_window_minutes)


def revert_seconds_left(changed_at: datetime, now: datetime) -> int:
    """How long the last change of status can still be reverted, in whole seconds."""
    return max(0, int((revert_until(changed_at) - now).total_seconds()))


def _target(transition: Transition, job: Job, values: Values) -> Status:
    chosen = values.get("new_status") if transition.target_is_chosen else transition.target
    if chosen is None or chosen == job.status:
        raise Invalid(new_status="Choose a status that differs from the present one.")
    return Status(chosen)


def _check_role(source: Status, target: Status, actor: Actor) -> None:
    """Raises Forbidden if the person's role is not sufficient for the target or source status."""
    for status in (source, target):
        if status in ROLE_OF_STATUS:
            require(actor, ROLE_OF_STATUS[status])


def _check_status(
    session: Session, action: Action, transition: Transition, job: Job, now: datetime
) -> None:
    status = Status(job.status)
    if status not in action.sources:
        message, details = _who_was_first(session, job, status, now)
        if transition.deletes:
            raise Forbidden(
                f"Only jobs that are {_labels(action.sources)} can be deleted. {message}",
                **details,
            )
        raise Conflict(message, **details)
    if transition.in_window and not revert_seconds_left(job.status_changed_at, now):
        minutes = f"{lab().workflow.revert_window_minutes:g}"
        raise Conflict(
            f"This can only be undone within {minutes} minutes. Use “Change status” instead.",
            status=status,
        )


def _who_was_first(
    session: Session, job: Job, status: Status, now: datetime
) -> tuple[str, dict[str, Any]]:
    """The message for whoever was too late, and the same facts as data."""
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
    """The elapsed time as text, which needs no time zone."""
    minutes = int(past.total_seconds() // 60)
    for number, unit in ((minutes // 1440, "day"), (minutes // 60, "hour"), (minutes, "minute")):
        if number > 0:
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "a moment ago"


def _check_lock(action: Action, job: Job, now: datetime, actor: Actor) -> None:
    if action.lock is Lock.HELD:
        records.require_lock(job, now, actor)
    elif action.lock is Lock.NOT_ANOTHERS:
        records.refuse_if_locked_by_other(job, now, actor)


def _carry_out(change: Move) -> None:
    """Copies the files, then changes the row; the old folder is removed after the commit."""
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
        raise Conflict("Somebody else changed this job at the same time. Check it again.")
    session.refresh(job)
    discard = partial(storage.discard, copied)
    work.after_commit(session, partial(_clear_unless_there, job.id, copied.source, discard))


def _clear_unless_there(job_id: str, folder: str, clear: Callable[[], None]) -> None:
    """Removes the old folder after a move, unless the job has moved back into it.

    The move has released the row's lock, so others may have moved the job since. The lock is taken
    again, so that nobody does while the folder is removed.
    """
    with work.unit() as session:
        job = session.get(Job, job_id, with_for_update={"key_share": True})
        if job is None or job.folder != folder:
            clear()


def _event_details(action: Action, change: Move, event_type: str) -> dict[str, Any]:
    details: dict[str, Any] = {"old_status": change.source, "new_status": change.target}
    if event_type == "AdminAction":
        details |= {"action": action.name, "override": True}
    return details


def _delete(session: Session, action: Action, job: Job, actor: Actor) -> None:
    """Deletes the row, its history and its e-mails with the commit, and the files after it."""
    events.audit(
        session,
        "JobDeleted",
        actor,
        by_action=action.name,
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
