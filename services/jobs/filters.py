"""Filters and orders of the queue.

A search matches jobs that contain every word somewhere in the searched columns, ignoring case. If
there are many jobs to search, an index first finds those that contain all trigrams of a word
(`search_grams`, migration 0007); only those are compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from math import inf
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, String, bindparam, func, literal_column, or_, text
from sqlalchemy.orm import Session

from models import Job, Status
from models.job import SEARCHED
from services.errors import Invalid
from settings import lab

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])

SORTS = ("oldest", "newest", "updated", "name")
MAX_WORDS = 10
# Searching this many jobs takes a few milliseconds, with or without an index.
FEW = 2_000

_TEXTS = tuple(getattr(Job, name) for name in SEARCHED)
# A literal in the statement, so that PostgreSQL uses the partial index of new jobs.
_UPLOADED = bindparam(None, Status.UPLOADED, String, literal_execute=True)
IS_NEW: ColumnElement[bool] = (Job.status == _UPLOADED) & Job.staff_viewed_at.is_(None)


@dataclass(frozen=True)
class Filters:
    """The filters of the queue. Every field is optional."""

    status: Status | None = None
    search: str = ""
    printer: str = ""
    discipline: str = ""
    material: str = ""
    submitted_from: date | None = None
    submitted_to: date | None = None
    confirmation_expired: bool | None = None
    unreviewed: bool | None = None
    reason: str = ""  # of its rejection, word for word

    @property
    def words(self) -> list[str]:
        return self.search.split()[:MAX_WORDS]


NO_FILTERS = Filters()


def narrow(query: Query, wanted: Filters, *, by_index: Sequence[str] = ()) -> Query:
    """Adds the filters to a query. `by_index` are words to look up in the trigram index."""
    conditions = [*_same(wanted), *_within_days(wanted), *_marked(wanted)]
    for word in wanted.words:
        conditions.append(or_(*(column.icontains(word, autoescape=True) for column in _TEXTS)))
    for word in by_index:
        longest = func.least(3, func.char_length(func.lower(word)))
        wanted_grams = func.search_grams(longest, word)
        conditions.append(func.search_grams(literal_column("1"), *_TEXTS).op("@>")(wanted_grams))
    return query.where(*conditions)


def order(sort: str) -> tuple[ColumnElement[Any], ...]:
    """The columns to sort by; each order is that of an index, forwards or backwards. Raises
    Invalid."""
    orders: dict[str, tuple[ColumnElement[Any], ...]] = {
        "oldest": (Job.created_at.asc(), Job.id.asc()),
        "newest": (Job.created_at.desc(), Job.id.desc()),
        "updated": (Job.updated_at.desc(), Job.id.desc()),
        "name": (func.lower(Job.student_name).asc(), Job.id.asc()),
    }
    if sort not in orders:
        raise Invalid(sort=f"Sort by one of: {', '.join(SORTS)}.")
    return orders[sort]


def find_rare_words(session: Session, wanted: Filters) -> list[str]:
    """The words of the search for which the index pays off: not those in a quarter of all jobs, of
    which scanning finds enough matches quickly."""
    if not wanted.words:
        return []
    common = _read_common_grams(session)
    return [word for word in wanted.words if _grams(word) - common]


# The frequencies of trigrams are among the statistics of ANALYZE.
_COMMON_GRAMS = text(
    """
    SELECT gram
    FROM pg_stats,
        unnest(most_common_elems::text::bigint[], most_common_elem_freqs) AS known(gram, share)
    WHERE schemaname = current_schema() AND tablename = 'ix_jobs_search' AND share >= 0.25
    """
)
_COMMON_FOR_S = 300
_common: tuple[float, frozenset[int]] = (-inf, frozenset())


def _read_common_grams(session: Session) -> frozenset[int]:
    """The trigrams in a quarter of all jobs. Only a hint, which may be outdated: the result of a
    search does not depend on it."""
    global _common
    read_at, grams = _common
    if monotonic() - read_at > _COMMON_FOR_S:
        grams = frozenset(session.scalars(_COMMON_GRAMS))
        _common = (monotonic(), grams)
    return grams


def _grams(word: str) -> set[int]:
    """Like search_grams in the database; if the two lower-case a letter differently, only the hint
    is wrong."""
    codes = [ord(letter) for letter in word.lower()]
    size = min(3, len(codes))
    runs = [codes[at : at + size] for at in range(len(codes) - size + 1)]
    return {reduce(lambda gram, code: gram << 21 | code, run) for run in runs}


def _same(wanted: Filters) -> list[ColumnElement[bool]]:
    pairs = (
        (Job.status, wanted.status),
        (Job.printer, wanted.printer),
        (Job.discipline, wanted.discipline),
        (Job.material, wanted.material),
    )
    return [column == value for column, value in pairs if value]


def _within_days(wanted: Filters) -> list[ColumnElement[bool]]:
    """Days in the lab's time zone."""
    zone, conditions = lab().lab.zone, []
    if wanted.submitted_from:
        start = datetime.combine(wanted.submitted_from, time.min, zone)
        conditions.append(Job.created_at >= start.astimezone(UTC))
    if wanted.submitted_to:
        end = datetime.combine(wanted.submitted_to + timedelta(days=1), time.min, zone)
        conditions.append(Job.created_at < end.astimezone(UTC))
    return conditions


def _marked(wanted: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.confirmation_expired is not None:
        conditions.append(Job.is_confirmation_expired == wanted.confirmation_expired)
    if wanted.unreviewed is not None:
        conditions.append(IS_NEW if wanted.unreviewed else ~IS_NEW)
    if wanted.reason:
        conditions.append(Job.reject_reasons.contains([wanted.reason]))
    return conditions
