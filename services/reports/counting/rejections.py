"""Why models are rejected, by whom they were made, when, and what the file itself said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any

from services.reports.asking import periods
from services.reports.asking.question import Question

OTHERS = "All other reasons"  # those beyond the SHOWN most frequent: staff may write their own
SHOWN = 50
FACTS = {
    "too_large": "Too large for every printer",
    "open_edges": "Not watertight",
    "units": "Unit may be wrong",
    "unreadable": "Could not be read",
    "none": "None of these",
}


@dataclass(frozen=True)
class Reason:
    """How many rejections gave this reason; one may give several. `share` is that of this reason
    and all more frequent ones; `facts` counts what the check had said of the rejected models."""

    reason: str
    count: int
    share: float
    facts: dict[str, int]


@dataclass(frozen=True)
class Fact:
    """How many of the models submitted in the period the check said this of, and how many of these
    were rejected. A model may have several of the facts."""

    fact: str
    submitted: int
    rejected: int

    @property
    def rate(self) -> float | None:
        return self.rejected / self.submitted if self.submitted else None


@dataclass(frozen=True)
class Rejections:
    """`number` counts rejections, of `jobs` jobs; all else counts the reasons they gave."""

    number: int
    jobs: int
    grain: str
    reasons: list[Reason]
    by_discipline: dict[str, dict[str, int]]
    over_time: dict[date, dict[str, int]]


def read_rejections(ask: Question) -> Rejections:
    grain = ask.period.grain
    rows = ask(_rejections(ask), grain=grain, shown=SHOWN)
    [total] = [row for row in rows if row.what == "all"]
    by_discipline: dict[str, dict[str, int]] = {}
    over_time: dict[date, dict[str, int]] = {day: {} for day in periods.cut(ask.period, grain)}
    for row in rows:
        if row.what == "discipline":
            by_discipline.setdefault(row.discipline, {})[row.reason or OTHERS] = row.given
        elif row.what == "piece":
            over_time.setdefault(row.piece, {})[row.reason or OTHERS] = row.given
    return Rejections(
        number=total.rejections,
        jobs=total.jobs,
        grain=grain,
        reasons=_pareto(row for row in rows if row.what == "reason"),
        by_discipline=dict(sorted(by_discipline.items(), key=_most)),
        over_time=over_time,
    )


def _most(each: tuple[str, dict[str, int]]) -> tuple[int, str]:
    return -sum(each[1].values()), each[0]


def _pareto(rows: Iterable[Any]) -> list[Reason]:
    """The most frequent first, and those that are not listed one by one at the end."""
    ordered = sorted(rows, key=lambda row: (row.reason is None, -row.given, row.reason))
    total = sum(row.given for row in ordered)
    return [
        Reason(
            row.reason or OTHERS,
            row.given,
            so_far / total,
            {fact: getattr(row, fact) for fact in FACTS},
        )
        for row, so_far in zip(ordered, accumulate(row.given for row in ordered), strict=True)
    ]


def _says(fact: str) -> str:
    """Whether the check of a job's model gave this warning."""
    return f"""j.model @> '{{"warnings": [{{"code": "{fact}"}}]}}'"""


# What the check says of a job's model, each as a column. One that waits for its check has none.
_FACTS = f"""
    {_says("too_large")} AS too_large, {_says("open_edges")} AS open_edges,
    {_says("units")} AS units, j.model @> '{{"state": "failed"}}' AS unreadable,
    j.model @> '{{"state": "pending"}}' AS unchecked
"""
_NONE = "NOT (too_large OR open_edges OR units OR unreadable OR unchecked)"


def _rejections(ask: Question) -> str:
    return f"""
    WITH given AS (
        SELECT e.job_id, reason, place, j.discipline,
            CAST(date_trunc(:grain, e.timestamp AT TIME ZONE :zone) AS date) AS piece,
            {_FACTS}
        FROM events e JOIN jobs j ON j.id = e.job_id,
            jsonb_array_elements_text(e.details -> 'reasons')
                WITH ORDINALITY AS list (reason, place)
        WHERE e.event_type = 'StaffRejected'
        AND e.timestamp >= :start AND e.timestamp < :end {ask.of_job}
    ), frequent AS (
        SELECT reason AS listed FROM given GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT :shown
    )
    SELECT CASE GROUPING(listed, discipline, piece)
            WHEN 7 THEN 'all' WHEN 3 THEN 'reason' WHEN 1 THEN 'discipline' ELSE 'piece'
        END AS what,
        listed AS reason, discipline, piece, count(*) AS given,
        count(*) FILTER (WHERE place = 1) AS rejections,
        CASE GROUPING(listed, discipline, piece)
            WHEN 7 THEN (SELECT count(DISTINCT job_id) FROM given)
        END AS jobs,
        count(*) FILTER (WHERE too_large) AS too_large,
        count(*) FILTER (WHERE open_edges) AS open_edges,
        count(*) FILTER (WHERE units) AS units,
        count(*) FILTER (WHERE unreadable) AS unreadable,
        count(*) FILTER (WHERE {_NONE}) AS none
    FROM given LEFT JOIN frequent ON listed = reason
    GROUP BY GROUPING SETS ((), (listed), (discipline, listed), (piece, listed))
    """


def read_facts(ask: Question) -> list[Fact]:
    """What the check says of the models submitted in the period, and how these fared."""
    [row] = ask(
        f"""
        WITH checked AS MATERIALIZED (
            SELECT j.reject_reasons IS NOT NULL AS rejected, {_FACTS}
            FROM jobs j
            WHERE j.created_at >= :start AND j.created_at < :end {ask.of_job}
        ), judged AS (
            SELECT *, {_NONE} AS none FROM checked
        )
        SELECT {_counts()} FROM judged
        """
    )
    return [Fact(fact, row[2 * place], row[2 * place + 1]) for place, fact in enumerate(FACTS)]


def _counts() -> str:
    return ", ".join(
        f"count(*) FILTER (WHERE {fact}), count(*) FILTER (WHERE {fact} AND rejected)"
        for fact in FACTS
    )
