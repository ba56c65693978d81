"""Why models are rejected, by whom they were made, when, and what the file itself said."""

from dataclasses import dataclass

import pandas as pd

from services.reports import frames
from services.reports.asking import periods
from services.reports.asking.question import Question
from services.reports.frames import OBJECT, REAL, WHOLE

OTHERS = "All other reasons"  # those beyond the SHOWN most frequent: staff may write their own
SHOWN = 50
FACTS = {
    "too_large": "Too large for every printer",
    "open_edges": "Not watertight",
    "units": "Unit may be wrong",
    "unreadable": "Could not be read",
    "none": "None of these",
}
_TYPES = (
    dict.fromkeys(("what", "reason", "discipline", "piece"), OBJECT)
    | {"count": WHOLE, "rejections": WHOLE, "jobs": REAL}
    | dict.fromkeys(FACTS, WHOLE)
)


@dataclass(frozen=True, eq=False)
class Rejections:
    """`number` counts rejections, of `jobs` jobs; all else counts the reasons they gave: one may
    give several.

    `reasons` has each `reason` with its `count`, the most frequent first; `share` is that of this
    reason and all more frequent ones, and a column for each of FACTS counts what the check had said
    of the rejected models. `by_discipline` and `over_time` have a row for each discipline, and for
    each day, week or month, and a column for each reason.
    """

    number: int
    jobs: int
    grain: str
    reasons: pd.DataFrame
    by_discipline: pd.DataFrame
    over_time: pd.DataFrame


def read_rejections(ask: Question) -> Rejections:
    grain = ask.period.grain
    found = ask.frame(_rejections(ask), _TYPES, grain=grain, shown=SHOWN, others=OTHERS)
    found["reason"] = found["reason"].fillna(OTHERS)
    parts = {str(what): rows for what, rows in found.groupby("what")}
    total, nothing = parts["all"], found.iloc[:0]
    reasons = _by_frequency(parts.get("reason", nothing))
    names = reasons["reason"].tolist()
    by_discipline = frames.crossed(
        parts.get("discipline", nothing), "discipline", "reason", "count", names
    )
    over_time = frames.crossed(parts.get("piece", nothing), "piece", "reason", "count", names)
    pieces = pd.Index(periods.cut(ask.period, grain), dtype=OBJECT)
    most = -by_discipline.sum(axis=1)
    return Rejections(
        number=int(total["rejections"].iloc[0]),
        jobs=int(total["jobs"].iloc[0]),
        grain=grain,
        reasons=reasons,
        by_discipline=by_discipline.loc[most.sort_values(kind="stable").index],
        over_time=over_time.reindex(pieces, fill_value=0),
    )


def _by_frequency(found: pd.DataFrame) -> pd.DataFrame:
    """The most frequent first, and those that are not listed one by one at the end."""
    found = found.assign(is_other=found["reason"] == OTHERS)
    ordered = found.sort_values(["is_other", "count", "reason"], ascending=[True, False, True])
    share = frames.share(ordered["count"].cumsum(), ordered["count"].sum())
    return ordered.assign(share=share)[["reason", "count", "share", *FACTS]]


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
        SELECT reason AS listed FROM given WHERE reason <> :others
        GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT :shown
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


def read_facts(ask: Question) -> pd.DataFrame:
    """For each `fact`, of how many models `submitted` in the period the check said it, how many of
    these were `rejected`, and the `rate`. A model may have several of the facts."""
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
    rows = [(fact, row[2 * place], row[2 * place + 1]) for place, fact in enumerate(FACTS)]
    found = frames.frame(rows, {"fact": OBJECT, "submitted": WHOLE, "rejected": WHOLE})
    return found.assign(rate=frames.share(found["rejected"], found["submitted"]))


def _counts() -> str:
    return ", ".join(
        f"count(*) FILTER (WHERE {fact}), count(*) FILTER (WHERE {fact} AND rejected)"
        for fact in FACTS
    )
