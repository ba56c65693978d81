"""The number of jobs in each status, without counting them one by one.

`job_counts` stores every change of these numbers as its own row (migration 0007), so reading them
is a short sum, and no change of a job waits for another. From time to time the rows are replaced by
one for each status.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from sqlalchemy import Select, func, literal, select, text, union_all
from sqlalchemy.orm import Session

from models import Job, JobCount, Status
from services.jobs.filters import FEW, NO_FILTERS, Filters, find_rare_words, narrow

Counting: TypeAlias = Select[Any, int]

RECOUNT_ABOVE = 200  # rows; summing fewer is fast enough
_RECOUNT_LOCK = 0x636F756E74  # any number that nothing else uses


def read(session: Session) -> dict[Status, int]:
    """The number of jobs in each status; every status is present."""
    summed = select(JobCount.status, func.sum(JobCount.change)).group_by(JobCount.status)
    return _by_status(session, summed)


def read_matching(
    session: Session, wanted: Filters, held: Mapping[Status, int], at_most: int | None = None
) -> dict[Status, int]:
    """How many jobs of each status match, given the total of each.

    With `at_most`, counting stops just above that number, because counting thousands of matches
    takes as long as reading them.
    """
    asked = [wanted.status] if wanted.status else list(Status)
    if replace(wanted, status=None) == NO_FILTERS:
        return {status: held[status] if status in asked else 0 for status in Status}
    few = [status for status in asked if held[status] <= FEW]
    many = [status for status in asked if held[status] > FEW]
    by_index = find_rare_words(session, wanted) if many else []
    parts: list[Counting] = [_count_few(wanted, few, by_index)] if few else []
    for status in many:
        each = narrow(select(literal(1)).where(Job.status == status), wanted, by_index=by_index)
        limited = each.limit(None if at_most is None else at_most + 1).subquery()
        parts.append(select(literal(status.value), func.count()).select_from(limited))
    return _by_status(session, union_all(*parts))


def recount(session: Session) -> bool:
    """Replaces the changes by the current numbers of jobs, if there are many changes.

    One statement reads both, and so at one moment: later commits stay separate changes. The lock
    prevents two recounts at once, which would both add the numbers.
    """
    changes = session.scalar(select(func.count(JobCount.id))) or 0
    if changes <= RECOUNT_ABOVE:
        return False
    session.execute(select(func.pg_advisory_xact_lock(_RECOUNT_LOCK)))
    session.execute(
        text(
            "WITH gone AS (DELETE FROM job_counts) INSERT INTO job_counts (status, change) "
            "SELECT status, count(*) FROM jobs GROUP BY status"
        )
    )
    return True


def _count_few(wanted: Filters, statuses: list[Status], by_index: list[str]) -> Counting:
    counting: Counting = select(Job.status, func.count()).where(Job.status.in_(statuses))
    return narrow(counting, wanted, by_index=by_index).group_by(Job.status)


def _by_status(session: Session, counting: Any) -> dict[Status, int]:
    counted = {Status(status): int(count) for status, count in session.execute(counting)}
    return {status: counted.get(status, 0) for status in Status}
