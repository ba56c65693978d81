"""Jobs as the rest of the product sees them: one job, the queue, notes and review marks."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from models import Job, PrintRun, Role, RunOutcome, Status, utcnow
from services import counts, events, storage
from services.actors import Actor, require
from services.errors import (
    Invalid,
    LockedByOther,
    NotFound,
    NotLockHolder,
    PrintdeskError,
)
from services.filters import FEW, IS_NEW, NO_FILTERS, find_rare_words, narrow, order
from services.filters import SORTS as SORTS  # whoever asks for jobs needs these two as well
from services.filters import Filters as Filters
from settings import lab

log = structlog.get_logger()

MAX_PAGE_SIZE = 200
MAX_NOTES = 20_000
SHORT_ID_LENGTH = 8
_NOT_THERE = "There is no such job. It may have been deleted."


@dataclass(frozen=True)
class JobView:
    """A job as read at one moment (`as_of`, the database's clock). Times are UTC, money cents."""

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
        """Waiting for somebody to look at it."""
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


@dataclass(frozen=True)
class News:
    unreviewed: int
    latest_submission: datetime | None


@dataclass(frozen=True)
class JobPage:
    """`total` counts all jobs, `filtered` those that match. Where counting was bounded, a number
    above the bound stands for more."""

    jobs: list[JobView]
    total: int
    filtered: int
    page: int
    limit: int

    @property
    def pages(self) -> int:
        return max(1, math.ceil(self.filtered / self.limit))


def view(job: Job, as_of: datetime) -> JobView:
    """The row as plain data. A lock that has run out is shown as no lock."""
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
    """All that is needed to rebuild the job's row from its folder; written to metadata.json."""
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
    is_id = given.isascii() and given.isalnum()  # PostgreSQL cannot be asked for every string
    found = session.scalar(select(Job.id).where(column == given.lower())) if is_id else None
    if found is None:
        raise NotFound(_NOT_THERE)
    return found


def find(session: Session, job_id: str) -> JobView:
    """One job, whoever asks: for the student's own pages, which show a part. Raises NotFound."""
    row = session.execute(select(Job, func.clock_timestamp()).where(Job.id == job_id)).one_or_none()
    return view(*_found(row))


def lock_row(session: Session, job_id: str) -> tuple[Job, datetime]:
    """The job's row, held until the end of the transaction, and the database's time.

    Held against other changes, not against rows that only refer to it (`key_share`): a mail that is
    being sent writes its event meanwhile.
    """
    row = session.execute(
        select(Job, func.clock_timestamp())
        .where(Job.id == job_id)
        .with_for_update(of=Job, key_share=True)
    ).one_or_none()
    return _found(row)


def list_jobs(
    session: Session,
    filters: Filters,
    *,
    actor: Actor,
    sort: str = "oldest",
    page: int = 1,
    limit: int = 50,
    counted: Mapping[Status, int] | None = None,
) -> JobPage:
    """One page of the queue. `sort` is one of SORTS; `limit` is at most MAX_PAGE_SIZE.

    `counted` is what `count_by_status` gave for the same filters, so that they are not counted
    twice. Raises Forbidden, Invalid.
    """
    require(actor, Role.MANAGER)
    held = counts.read(session)
    first = (page - 1) * limit
    rows = _read_page(session, filters, sort, first, limit, held)
    if counted is not None:
        filtered = _sum(filters, counted)
    elif 0 < len(rows) < limit or not (rows or first):  # a page that is not full says it by itself
        filtered = first + len(rows)
    else:
        filtered = _sum(filters, counts.read_matching(session, filters, held))
    return JobPage([view(job, now) for job, now in rows], sum(held.values()), filtered, page, limit)


def list_by_id(session: Session, job_ids: Sequence[str], *, actor: Actor) -> list[JobView]:
    """Those of the jobs that there are, oldest first."""
    require(actor, Role.MANAGER)
    rows = session.execute(
        select(Job, func.clock_timestamp()).where(Job.id.in_(job_ids)).order_by(*order("oldest"))
    )
    return [view(job, now) for job, now in rows]


def count_by_status(
    session: Session, *, actor: Actor, filters: Filters = NO_FILTERS, at_most: int | None = None
) -> dict[Status, int]:
    """How many jobs that match each status holds; every status is present. With `at_most`, a
    number above it stands for more, and a word that thousands have costs no more than others."""
    require(actor, Role.MANAGER)
    return counts.read_matching(session, filters, counts.read(session), at_most)


def count_new(session: Session, *, actor: Actor) -> int:
    """How many uploaded jobs nobody has looked at."""
    require(actor, Role.MANAGER)
    return session.scalar(select(func.count()).select_from(Job).where(IS_NEW)) or 0


def read_news(session: Session, *, actor: Actor) -> News:
    """How many jobs wait to be looked at, and when the newest one came. Raises Forbidden."""
    require(actor, Role.MANAGER)
    unreviewed = select(func.count()).select_from(Job).where(IS_NEW).scalar_subquery()
    latest = select(func.max(Job.created_at)).scalar_subquery()
    return News(*session.execute(select(unreviewed, latest)).one())


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
    """Marks a job as looked at, or not. Asking for what already is changes nothing.

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
            notes=f"Notes can have at most {MAX_NOTES:,} characters; this has {len(notes):,}."
        )


def put_notes(session: Session, job: Job, notes: str, actor: Actor) -> None:
    """Writes the notes and their event, unless nothing changes."""
    if (job.notes or "") != notes:
        events.record(session, job.id, "NotesUpdated", actor, before=job.notes or "", after=notes)
        job.notes = notes or None
        touch(session, job, actor)


def touch(session: Session, job: Job, actor: Actor) -> None:
    """Notes who changed the job last, and writes metadata.json anew.

    The change does not fail when the storage is away: metadata.json is a safety copy, and the next
    move writes it again.
    """
    job.last_updated_by = actor.id
    job.updated_at = utcnow()
    session.flush()
    write_metadata(job)


def write_metadata(job: Job) -> None:
    """Writes metadata.json as the row is now; the caller holds the row's lock."""
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
        raise NotFound(_NOT_THERE)
    return row[0], row[1]


def _read_page(
    session: Session,
    filters: Filters,
    sort: str,
    first: int,
    limit: int,
    held: Mapping[Status, int],
) -> Sequence[Row[Job, datetime]]:
    """The ids first, which an index alone gives, so that only the page's jobs are read."""
    by_index = find_rare_words(session, filters) if _sum(filters, held) > FEW else []
    matching = narrow(select(Job.id), filters, by_index=by_index)
    page = matching.order_by(*order(sort)).limit(limit).offset(first).subquery()
    reading = select(Job, func.clock_timestamp()).join(page, page.c.id == Job.id)
    return session.execute(reading.order_by(*order(sort))).all()


def _sum(filters: Filters, counted: Mapping[Status, int]) -> int:
    return counted[filters.status] if filters.status else sum(counted.values())
