"""The data of one job: its row, its lock, its notes, and whether it is reviewed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from models import Job, PrintRun, Role, RunOutcome, Status, utcnow
from services import events
from services.actors import Actor, require
from services.errors import Invalid, LockedByOther, NotFound, NotLockHolder, PrintdeskError
from services.files import storage
from services.jobs.filters import SORTS as SORTS  # re-exported for callers that list jobs
from services.jobs.filters import Filters as Filters
from settings import lab

log = structlog.get_logger()
MAX_NOTES = 20_000
SHORT_ID_LENGTH = 8
_NO_SUCH_JOB = "There is no such job. It may have been deleted."


@dataclass(frozen=True)
class JobView:
    """A job at one moment (`as_of`, the database's time). Times are UTC, money in cents."""

    id: str
    short_id: str
    student_name: str
    student_email: str
    discipline: str
    class_number: str
    original_filename: str
    original_name: str
    display_name: str
    folder: str
    file_path: str
    status: Status
    status_changed_at: datetime
    printer: str
    color: str
    material: str
    weight_g: float | None
    time_hours: float | None
    cost_cents: int | None
    acknowledged_minimum_charge: bool
    student_confirmed: bool
    student_confirmed_at: datetime | None
    confirmation_expires_at: datetime | None
    is_confirmation_expired: bool
    reject_reasons: list[str] | None
    staff_viewed_at: datetime | None
    last_updated_by: str | None
    notes: str | None
    file_hash: str
    file_size: int
    model: dict[str, Any]
    thumbnail: dict[str, Any]
    locked_by_id: str | None
    locked_by: str | None
    locked_until: datetime | None
    created_at: datetime
    updated_at: datetime
    as_of: datetime

    @property
    def printer_name(self) -> str:
        return lab().printer_name(self.printer)

    @property
    def is_new(self) -> bool:
        """Whether it is waiting to be reviewed."""
        return self.status is Status.UPLOADED and self.staff_viewed_at is None

    def is_locked_by_other_than(self, actor: Actor) -> bool:
        return self.locked_by_id is not None and self.locked_by_id != actor.id


@dataclass(frozen=True)
class PrintRunView:
    id: int
    printer: str
    started_at: datetime
    ended_at: datetime | None
    outcome: RunOutcome | None
    operator_name: str
    reason: str | None


def view(job: Job, as_of: datetime) -> JobView:
    """The row as plain data. An expired lock is shown as no lock."""
    locked = job.locked_until is not None and job.locked_until > as_of
    values = {name: getattr(job, name) for name in _COLUMNS}
    return JobView(
        **values,
        status=Status(job.status),
        file_path=job.file_path,
        locked_by_id=job.locked_by_id if locked else None,
        locked_by=job.locked_by_name if locked else None,
        locked_until=job.locked_until if locked else None,
        as_of=as_of,
    )


_SPECIAL = {"status", "file_path", "locked_by_id", "locked_by", "locked_until", "as_of"}
_COLUMNS = [name for name in JobView.__dataclass_fields__ if name not in _SPECIAL]


def metadata_of(job: Job) -> dict[str, Any]:
    """Everything needed to rebuild the job's row from its folder; written to metadata.json."""
    values: dict[str, Any] = {}
    for column in Job.__table__.columns:
        if not column.name.startswith("locked_"):
            value = getattr(job, column.name)
            values[column.name] = value.isoformat() if isinstance(value, datetime) else value
    return values


def get(session: Session, job_id: str, *, actor: Actor) -> JobView:
    """One job, for people of the lab. Raises NotFound, Forbidden."""
    require(actor, Role.MANAGER)
    return find(session, job_id)


def resolve(session: Session, given: str, *, actor: Actor) -> str:
    """The job's id, given that or its short id. Raises NotFound, Forbidden."""
    require(actor, Role.MANAGER)
    column = Job.short_id if len(given) == SHORT_ID_LENGTH else Job.id
    is_id = given.isascii() and given.isalnum()  # PostgreSQL does not accept every string
    found = session.scalar(select(Job.id).where(column == given.lower())) if is_id else None
    if found is None:
        raise NotFound(_NO_SUCH_JOB)
    return found


def find(session: Session, job_id: str) -> JobView:
    """One job, without a check of roles: for the student pages, which show a part. Raises
    NotFound."""
    row = session.execute(select(Job, func.clock_timestamp()).where(Job.id == job_id)).one_or_none()
    return view(*_found(row))


def lock_row(session: Session, job_id: str) -> tuple[Job, datetime]:
    """The job's row, held until the end of the transaction, and the database's time.

    The lock blocks other changes, but not inserts of rows that refer to the job (`key_share`): an
    e-mail that is being sent can still write its event.
    """
    row = session.execute(
        select(Job, func.clock_timestamp())
        .where(Job.id == job_id)
        .with_for_update(of=Job, key_share=True)
    ).one_or_none()
    return _found(row)


def list_print_runs(session: Session, job_id: str) -> list[PrintRunView]:
    """A job's print runs, oldest first."""
    rows = session.scalars(select(PrintRun).where(PrintRun.job_id == job_id).order_by(PrintRun.id))
    return [
        PrintRunView(
            run.id,
            run.printer,
            run.started_at,
            run.ended_at,
            RunOutcome(run.outcome) if run.outcome else None,
            run.operator_name,
            run.reason,
        )
        for run in rows
    ]


def set_reviewed(session: Session, job_id: str, reviewed: bool, *, actor: Actor) -> JobView:
    """Marks a job as reviewed or not reviewed. Marking it again changes nothing.

    Raises NotFound, Forbidden, LockedByOther.
    """
    require(actor, Role.STAFF)
    job, now = lock_row(session, job_id)
    refuse_if_locked_by_other(job, now, actor)
    if (job.staff_viewed_at is not None) != reviewed:
        job.staff_viewed_at = now if reviewed else None
        events.record(session, job.id, "Reviewed" if reviewed else "Unreviewed", actor)
        touch(session, job, actor)
    return view(job, now)


def set_notes(session: Session, job_id: str, notes: str, *, actor: Actor) -> JobView:
    """Replaces the staff notes. The caller must hold the lock.

    Raises NotFound, Forbidden, NotLockHolder, LockedByOther, Invalid.
    """
    require(actor, Role.STAFF)
    check_notes(notes)
    job, now = lock_row(session, job_id)
    require_lock(job, now, actor)
    put_notes(session, job, notes, actor)
    return view(job, now)


def check_notes(notes: str) -> None:
    """Raises Invalid when they are too long."""
    if len(notes) > MAX_NOTES:
        raise Invalid(
            notes=f"Notes can have at most {MAX_NOTES:,} characters; these have {len(notes):,}."
        )


def put_notes(session: Session, job: Job, notes: str, actor: Actor) -> None:
    """Writes the notes and their event, unless nothing changes."""
    if (job.notes or "") != notes:
        events.record(session, job.id, "NotesUpdated", actor, before=job.notes or "", after=notes)
        job.notes = notes or None
        touch(session, job, actor)


def touch(session: Session, job: Job, actor: Actor) -> None:
    """Records who changed the job last, and rewrites metadata.json.

    The change does not fail if the storage is unavailable: metadata.json is a backup copy, and the
    next move writes it again.
    """
    job.last_updated_by = actor.id
    job.updated_at = utcnow()
    session.flush()
    write_metadata(job)


def write_metadata(job: Job) -> None:
    """Writes metadata.json from the current row; the caller holds the row's lock."""
    try:
        storage.write_metadata(job.folder, metadata_of(job))
    except PrintdeskError as problem:
        log.warning("metadata_not_written", job_id=job.id, problem=problem.message)


def holds_lock(job: Job, now: datetime, actor: Actor) -> bool:
    return job.locked_by_id == actor.id and job.locked_until is not None and job.locked_until > now


def refuse_if_locked_by_other(job: Job, now: datetime, actor: Actor) -> None:
    if job.locked_until is not None and job.locked_until > now and job.locked_by_id != actor.id:
        raise LockedByOther(
            f"{job.locked_by_name} is editing this job.",
            locked_by=job.locked_by_name,
            locked_until=job.locked_until,
        )


def require_lock(job: Job, now: datetime, actor: Actor) -> None:
    if not holds_lock(job, now, actor):
        held = job.locked_until is not None and job.locked_until > now
        raise NotLockHolder(
            "You do not hold the lock for this job."
            + (f" {job.locked_by_name} is editing it." if held else ""),
            **({"locked_by": job.locked_by_name, "locked_until": job.locked_until} if held else {}),
        )


def _found(row: Row[Job, datetime] | None) -> tuple[Job, datetime]:
    if row is None:
        raise NotFound(_NO_SUCH_JOB)
    return row[0], row[1]
