"""The queue: pages of jobs, counts, and news."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from models import Job, Role, Status
from services.actors import Actor, require
from services.jobs import counts
from services.jobs.filters import FEW, IS_NEW, NO_FILTERS, find_rare_words, narrow, order
from services.jobs.filters import SORTS as SORTS  # re-exported for callers that list jobs
from services.jobs.filters import Filters as Filters
from services.jobs.records import JobView, view

MAX_PAGE_SIZE = 200


@dataclass(frozen=True)
class News:
    unreviewed: int
    latest_submission: datetime | None


@dataclass(frozen=True)
class JobPage:
    """`total` counts all jobs, `filtered` those that match. If counting was limited, a number above
    the limit means "more than the limit"."""

    jobs: list[JobView]
    total: int
    filtered: int
    page: int
    limit: int

    @property
    def pages(self) -> int:
        return max(1, math.ceil(self.filtered / self.limit))


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

    `counted` is the result of `count_by_status` for the same filters, so that jobs are not counted
    twice. Raises Forbidden, Invalid.
    """
    require(actor, Role.MANAGER)
    held = counts.read(session)
    first = (page - 1) * limit
    rows = _read_page(session, filters, sort, first, limit, held)
    if counted is not None:
        filtered = _sum(filters, counted)
    elif 0 < len(rows) < limit or not (rows or first):  # a page that is not full shows the total
        filtered = first + len(rows)
    else:
        filtered = _sum(filters, counts.read_matching(session, filters, held))
    return JobPage([view(job, now) for job, now in rows], sum(held.values()), filtered, page, limit)


def list_by_id(session: Session, job_ids: Sequence[str], *, actor: Actor) -> list[JobView]:
    """The jobs that still exist, oldest first."""
    require(actor, Role.MANAGER)
    rows = session.execute(
        select(Job, func.clock_timestamp()).where(Job.id.in_(job_ids)).order_by(*order("oldest"))
    )
    return [view(job, now) for job, now in rows]


def count_by_status(
    session: Session, *, actor: Actor, filters: Filters = NO_FILTERS, at_most: int | None = None
) -> dict[Status, int]:
    """How many jobs in each status match; every status is present. With `at_most`, counting stops
    just above it, so that a word that occurs in thousands of jobs costs no more than others."""
    require(actor, Role.MANAGER)
    return counts.read_matching(session, filters, counts.read(session), at_most)


def count_new(session: Session, *, actor: Actor) -> int:
    """How many uploaded jobs are not reviewed."""
    require(actor, Role.MANAGER)
    return session.scalar(select(func.count()).select_from(Job).where(IS_NEW)) or 0


def read_news(session: Session, *, actor: Actor) -> News:
    """How many jobs are not reviewed, and when the newest was submitted. Raises Forbidden."""
    require(actor, Role.MANAGER)
    unreviewed = select(func.count()).select_from(Job).where(IS_NEW).scalar_subquery()
    latest = select(func.max(Job.created_at)).scalar_subquery()
    return News(*session.execute(select(unreviewed, latest)).one())


def _read_page(
    session: Session,
    filters: Filters,
    sort: str,
    first: int,
    limit: int,
    held: Mapping[Status, int],
) -> Sequence[Row[Job, datetime]]:
    """Reads the ids first, by an index-only scan, so that only the page's jobs are read."""
    by_index = find_rare_words(session, filters) if _sum(filters, held) > FEW else []
    matching = narrow(select(Job.id), filters, by_index=by_index)
    page = matching.order_by(*order(sort)).limit(limit).offset(first).subquery()
    reading = select(Job, func.clock_timestamp()).join(page, page.c.id == Job.id)
    return session.execute(reading.order_by(*order(sort))).all()


def _sum(filters: Filters, counted: Mapping[Status, int]) -> int:
    return counted[filters.status] if filters.status else sum(counted.values())
