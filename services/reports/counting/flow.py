"""How jobs flow through the lab: when they come in, how long they stay where, how far they get."""

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from models import STATUS_PATH, Status
from services.reports.asking import periods
from services.reports.asking.question import Question
from services.reports.counting.key_figures import COLLECTED_SINCE
from services.reports.frames import OBJECT, REAL, WHOLE, frame
from settings import lab

# Where time is lost or won. Picked up, rejected and archived jobs wait for nobody.
WAITING_STATUSES = STATUS_PATH[:-1]
# Days since the submission: the first day of each class; the last is open.
AGES = (0, 1, 3, 7, 14)
AGE_LABELS = (
    "today",
    "1 to 2 days ago",
    "3 to 6 days ago",
    "7 to 13 days ago",
    "14 or more days ago",
)
# For each grain, over how many days the trend is averaged, and how many of its pieces these are.
TRENDS = {"day": (7, 7), "week": (28, 4), "month": (91, 3)}


@dataclass(frozen=True, eq=False)
class Submissions:
    """`points` has a row for each day, week or month (`day`, its first), with `count` and `trend`:
    the average of the last 7 days, 4 weeks or 3 months up to its end. The first and the last may be
    cut by the period."""

    grain: str
    points: pd.DataFrame

    @property
    def total(self) -> int:
        return int(self.points["count"].sum())


@dataclass(frozen=True, eq=False)
class Funnel:
    """`steps` says of each of STEPS how many `jobs` got so far, or further; `closed` counts those
    that were rejected or archived without a completed print; `money` has `jobs` and `cents` for
    each of MONEY."""

    steps: pd.DataFrame
    closed: int
    money: pd.DataFrame


STEPS = (
    "Submitted",
    "Approved and priced",
    "Confirmed",
    "Printing started",
    "Print completed",
    "Paid and picked up",
)
MONEY = (
    "Collected",
    "Ready, to be collected",
    "In work",
    "Waiting for confirmation",
    "Never collected",
    "Withdrawn",
)


def read_submissions(ask: Question, grain: str = "") -> Submissions:
    grain = grain or ask.period.grain
    days, pieces = TRENDS[grain]
    early = ask.period.first - timedelta(days=days - 1)
    counted = ask.frame(
        _submissions(ask), {"day": "datetime64[s]", "count": WHOLE}, early=periods.midnight(early)
    )
    every_day = pd.date_range(early, ask.period.last)
    daily = counted.set_index("day").reindex(every_day, fill_value=0)
    daily["trend"] = daily["count"].rolling(days).sum() / pieces
    shown = daily[days - 1 :]
    in_pieces = pd.DatetimeIndex(shown.index).to_period(periods.FREQUENCIES[grain])
    grouped = shown.groupby(in_pieces)
    counts, trends = grouped["count"].sum(), grouped["trend"].last().round(2)
    first_days = pd.PeriodIndex(counts.index).start_time.date
    return Submissions(grain, pd.DataFrame({"day": first_days, "count": counts, "trend": trends}))


def _submissions(ask: Question) -> str:
    return f"""
    SELECT CAST(j.created_at AT TIME ZONE :zone AS date), count(*)
    FROM jobs j WHERE j.created_at >= :early AND j.created_at < :end {ask.of_job} GROUP BY 1
    """


def read_status_times(ask: Question) -> pd.DataFrame:
    """For each `status` that jobs left in the period, how many `stays` ended, and how long they
    were: hours at percentiles, `p10` to `p90`."""
    [row] = ask(_status_times(ask))
    rows = [
        (status, row[2 * place], *(row[2 * place + 1] or [None] * 5))
        for place, status in enumerate(WAITING_STATUSES)
    ]
    hours = dict.fromkeys(("p10", "p25", "median", "p75", "p90"), REAL)
    found = frame(rows, {"status": OBJECT, "stays": WHOLE} | hours)
    return found[found["stays"] > 0].round(2)


def _status_times(ask: Question) -> str:
    """A stay lasts from one move of the job to its next. Archiving ends nobody's waiting.

    The percentiles are asked for status by status: that sorts five short lists of numbers instead
    of one long list of rows.
    """
    wanted = ",\n".join(
        f"""count(*) FILTER (WHERE moved_to = '{status}'),
        percentile_cont(ARRAY[0.1, 0.25, 0.5, 0.75, 0.9])
            WITHIN GROUP (ORDER BY hours) FILTER (WHERE moved_to = '{status}')"""
        for status in WAITING_STATUSES
    )
    is_everything = ask.filters.period == "all" and not ask.join_jobs("e")
    # Jobs whose moves were all before or after need not be looked at.
    touched = (
        ""
        if is_everything
        else f"""JOIN jobs j ON j.id = e.job_id
            AND j.created_at < :end AND j.status_changed_at >= :start {ask.of_job}"""
    )
    return f"""
    WITH stays AS (
        SELECT e.moved_to, e.timestamp AS entered_at,
            lead(e.timestamp) OVER (PARTITION BY e.job_id ORDER BY e.id) AS left_at
        FROM events e {touched}
        WHERE e.moved_to <> 'ARCHIVED'
    ), ended AS (
        SELECT moved_to, date_part('epoch', left_at - entered_at) / 3600 AS hours
        FROM stays WHERE left_at >= :start AND left_at < :end
    )
    SELECT {wanted} FROM ended
    """


def read_waiting(ask: Question) -> pd.DataFrame:
    """For each `status` that jobs wait in now, whenever they were submitted: how many `jobs`, the
    `median_hours` and `longest_hours` in this status, and how many of each of AGE_LABELS."""
    ages = [
        f"count(*) FILTER (WHERE age >= {low}" + (f" AND age < {high})" if high else ")")
        for low, high in zip(AGES, (*AGES[1:], None), strict=True)
    ]
    counts = dict.fromkeys(("jobs", *AGE_LABELS), WHOLE)
    found = ask.frame(
        f"""
        WITH open AS (
            SELECT j.status, date_part('epoch', :now - j.status_changed_at) / 3600 AS hours,
                CAST(:today AS date) - CAST(j.created_at AT TIME ZONE :zone AS date) AS age
            FROM jobs j
            WHERE j.status IN ('UPLOADED', 'PENDING', 'READYTOPRINT', 'PRINTING', 'COMPLETED')
            {ask.of_job}
        )
        SELECT status, percentile_cont(0.5) WITHIN GROUP (ORDER BY hours), max(hours), count(*),
            {", ".join(ages)}
        FROM open GROUP BY 1
        """,
        {"status": OBJECT, "median_hours": REAL, "longest_hours": REAL} | counts,
        today=ask.today,
    )
    every = found.set_index("status").reindex(pd.Index(WAITING_STATUSES, dtype=OBJECT)).round(1)
    return every.fillna(dict.fromkeys(counts, 0)).astype(counts).reset_index(names="status")


def read_quotes(ask: Question) -> pd.DataFrame:
    """The prices that wait for a student now: `jobs`, `cents` and `longest_hours`, of those whose
    link works, and of those whose link is `expired`."""
    found = ask.frame(
        f"""
        SELECT j.is_confirmation_expired,
            max(date_part('epoch', :now - j.status_changed_at) / 3600), count(*),
            CAST(coalesce(sum(j.cost_cents), 0) AS bigint)
        FROM jobs j WHERE j.status = 'PENDING' {ask.of_job} GROUP BY 1
        """,
        {"expired": "bool", "longest_hours": REAL, "jobs": WHOLE, "cents": WHOLE},
    )
    both = found.set_index("expired").reindex(pd.Index([False, True])).round(1)
    counts = both[["jobs", "cents"]].fillna(0).astype(WHOLE)
    return both.assign(jobs=counts["jobs"], cents=counts["cents"]).reset_index(names="expired")


def count_by_status(ask: Question) -> dict[Status, int]:
    """Where the jobs are now that were submitted in the period; only statuses that have any."""
    rows = ask(
        f"""
        SELECT j.status, count(*) FROM jobs j
        WHERE j.created_at >= :start AND j.created_at < :end {ask.of_job} GROUP BY 1
        """
    )
    return {Status(status): count for status, count in rows}


def read_funnel(ask: Question) -> Funnel:
    """What became of the jobs submitted in the period, up to now."""
    days = lab().reports.uncollected_after_days
    found = ask.frame(
        _funnel(ask),
        {"stage": WHOLE, "outcome": REAL, "is_closed": "bool", "jobs": WHOLE, "cents": WHOLE},
        long_ago=ask.now - timedelta(days=days),
    )
    ended = found.groupby("stage")["jobs"].sum().reindex(range(len(STEPS)), fill_value=0)
    money = found.groupby("outcome")[["jobs", "cents"]].sum()
    money = money.reindex(range(len(MONEY)), fill_value=0)
    return Funnel(
        steps=pd.DataFrame({"name": STEPS, "jobs": ended[::-1].cumsum()[::-1]}),
        closed=int(found.loc[found["is_closed"], "jobs"].sum()),
        money=money.assign(outcome=MONEY)[["outcome", "jobs", "cents"]],
    )


def _funnel(ask: Question) -> str:
    """Jobs by how far they got (the place in STEPS), and what became of their price (in MONEY).

    What was skipped by hand counts as done: who is completed was printed. A price is that of the
    last approval.
    """
    return f"""
    WITH collected AS ({COLLECTED_SINCE}), followed AS (
        SELECT j.status, j.cost_cents, j.status_changed_at < :long_ago AS long_ago,
            collected.job_id IS NOT NULL AS collected,
            CASE
                WHEN collected.job_id IS NOT NULL THEN 5
                WHEN j.status IN ('COMPLETED', 'PAIDPICKEDUP') THEN 4
                ELSE coalesce(
                    (SELECT max(CASE r.outcome WHEN 'completed' THEN 4 ELSE 3 END)
                        FROM print_runs r WHERE r.job_id = j.id),
                    CASE
                        WHEN j.status = 'PRINTING' THEN 3
                        WHEN j.status = 'READYTOPRINT' OR j.student_confirmed THEN 2
                        WHEN j.status = 'PENDING' OR j.cost_cents IS NOT NULL THEN 1
                        ELSE 0
                    END
                )
            END AS stage
        FROM jobs j
        LEFT JOIN collected ON collected.job_id = j.id
        WHERE j.created_at >= :start AND j.created_at < :end {ask.of_job}
    )
    SELECT stage,
        CASE
            WHEN cost_cents IS NULL THEN NULL
            WHEN collected THEN 0
            WHEN status = 'COMPLETED' AND NOT long_ago THEN 1
            WHEN status IN ('READYTOPRINT', 'PRINTING') THEN 2
            WHEN status = 'PENDING' THEN 3
            WHEN status = 'COMPLETED' OR (status = 'ARCHIVED' AND stage = 4) THEN 4
            ELSE 5
        END,
        status IN ('REJECTED', 'ARCHIVED') AND stage < 4, count(*),
        CAST(coalesce(sum(cost_cents), 0) AS bigint)
    FROM followed GROUP BY 1, 2, 3
    """
