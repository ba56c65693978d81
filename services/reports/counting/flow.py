"""How jobs flow through the lab: when they come in, how long they stay where, how far they get."""

from dataclasses import dataclass
from datetime import date, timedelta

from models import Status
from services.reports.asking import periods
from services.reports.asking.question import Question
from services.reports.counting.key_figures import COLLECTED_SINCE
from settings import lab

# Where time is lost or won. Picked up, rejected and archived jobs wait for nobody.
WAITING_STATUSES = (
    Status.UPLOADED,
    Status.PENDING,
    Status.READYTOPRINT,
    Status.PRINTING,
    Status.COMPLETED,
)
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


@dataclass(frozen=True)
class Point:
    """`trend` is the average of the last 7 days, 4 weeks or 3 months up to the piece's end."""

    day: date
    count: int
    trend: float


@dataclass(frozen=True)
class Submissions:
    """One point for each day, week or month; the first and the last may be cut by the period."""

    grain: str
    total: int
    points: list[Point]


@dataclass(frozen=True)
class StatusTime:
    """How long jobs stayed in a status, in hours at percentiles: the stays that ended in the
    period."""

    status: Status
    stays: int
    p10: float
    p25: float
    median: float
    p75: float
    p90: float


@dataclass(frozen=True)
class Waiting:
    """The jobs that are in a status now. `by_age` counts them by the AGES since submission; the
    hours are those in this status."""

    status: Status
    jobs: int
    median_hours: float | None
    longest_hours: float | None
    by_age: tuple[int, ...]


@dataclass(frozen=True)
class Quotes:
    """Prices that wait for their student now, in cents; `expired`: the link has run out."""

    expired: bool
    jobs: int
    cents: int
    longest_hours: float | None


@dataclass(frozen=True)
class Step:
    """How many of the jobs submitted in the period got so far, or further."""

    name: str
    jobs: int


@dataclass(frozen=True)
class Money:
    """What became of a price that was quoted: see MONEY."""

    outcome: str
    jobs: int
    cents: int


@dataclass(frozen=True)
class Funnel:
    """`closed` counts the jobs that were rejected or archived without a completed print."""

    steps: list[Step]
    closed: int
    money: list[Money]


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
    rows = ask(
        _submissions(ask),
        grain=grain,
        first=ask.period.first,
        last=ask.period.last,
        early=ask.period.first - timedelta(days=days - 1),
        early_start=periods.midnight(ask.period.first - timedelta(days=days - 1)),
        trail=days - 1,
    )
    points = [Point(day, int(count), round(float(sum_) / pieces, 2)) for day, count, sum_ in rows]
    return Submissions(grain, sum(point.count for point in points), points)


def _submissions(ask: Question) -> str:
    return f"""
    WITH counted AS (
        SELECT CAST(j.created_at AT TIME ZONE :zone AS date) AS day, count(*) AS number
        FROM jobs j
        WHERE j.created_at >= :early_start AND j.created_at < :end {ask.of_job}
        GROUP BY 1
    ), days AS (
        SELECT CAST(each AS date) AS day, coalesce(number, 0) AS number,
            sum(coalesce(number, 0)) OVER (
                ORDER BY each ROWS BETWEEN CAST(:trail AS integer) PRECEDING AND CURRENT ROW
            ) AS recent
        FROM generate_series(
            CAST(:early AS date), CAST(:last AS date), CAST('1 day' AS interval)
        ) AS each
        LEFT JOIN counted ON counted.day = CAST(each AS date)
    )
    SELECT CAST(date_trunc(:grain, day) AS date), sum(number),
        (array_agg(recent ORDER BY day DESC))[1]
    FROM days WHERE day >= :first GROUP BY 1 ORDER BY 1
    """


def read_status_times(ask: Question) -> list[StatusTime]:
    """One for each status that jobs left in the period."""
    [row] = ask(_status_times(ask))
    found = []
    for place, status in enumerate(WAITING_STATUSES):
        stays, hours = row[2 * place : 2 * place + 2]
        if stays:
            found.append(StatusTime(status, stays, *(round(each, 2) for each in hours)))
    return found


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


def read_waiting(ask: Question) -> list[Waiting]:
    """One for each status that jobs wait in now, whenever they were submitted."""
    ages = [
        f"count(*) FILTER (WHERE age >= {low}" + (f" AND age < {high})" if high else ")")
        for low, high in zip(AGES, (*AGES[1:], None), strict=True)
    ]
    rows = ask(
        f"""
        WITH open AS (
            SELECT j.status, date_part('epoch', :now - j.status_changed_at) / 3600 AS hours,
                CAST(:today AS date) - CAST(j.created_at AT TIME ZONE :zone AS date) AS age
            FROM jobs j
            WHERE j.status IN ('UPLOADED', 'PENDING', 'READYTOPRINT', 'PRINTING', 'COMPLETED')
            {ask.of_job}
        )
        SELECT status, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY hours), max(hours),
            {", ".join(ages)}
        FROM open GROUP BY 1
        """,
        today=ask.today,
    )
    found = {
        row[0]: Waiting(Status(row[0]), row[1], round(row[2], 1), round(row[3], 1), tuple(row[4:]))
        for row in rows
    }
    nobody = (0,) * len(AGES)
    return [
        found.get(status, Waiting(status, 0, None, None, nobody)) for status in WAITING_STATUSES
    ]


def read_quotes(ask: Question) -> list[Quotes]:
    """The prices that wait for a student now: those with a link that works, and those without."""
    rows = ask(
        f"""
        SELECT j.is_confirmation_expired, count(*), coalesce(sum(j.cost_cents), 0),
            max(date_part('epoch', :now - j.status_changed_at) / 3600)
        FROM jobs j WHERE j.status = 'PENDING' {ask.of_job} GROUP BY 1
        """
    )
    found = {row[0]: Quotes(row[0], row[1], int(row[2]), round(row[3], 1)) for row in rows}
    return [found.get(expired, Quotes(expired, 0, 0, None)) for expired in (False, True)]


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
    rows = ask(_funnel(ask), long_ago=ask.now - timedelta(days=days))
    reached, closed = [0] * len(STEPS), 0
    money = {outcome: Money(outcome, 0, 0) for outcome in MONEY}
    for stage, outcome, is_closed, jobs, cents in rows:
        for step in range(stage + 1):
            reached[step] += jobs
        closed += jobs if is_closed else 0
        if outcome is not None:
            known = money[MONEY[outcome]]
            money[MONEY[outcome]] = Money(known.outcome, known.jobs + jobs, known.cents + cents)
    steps = [Step(name, jobs) for name, jobs in zip(STEPS, reached, strict=True)]
    return Funnel(steps, closed, list(money.values()))


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
