"""What the lab has done, counted by the database. Days are days of the lab, money is in cents.

Source: the plan's sections 5.6 and 6. Nothing is estimated: what has no row is not counted.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from models import Role, Status, utcnow
from services import jobs, usage
from services.actors import Actor, require
from services.errors import Invalid
from settings import lab, settings

MAX_DAYS = 3660


@dataclass(frozen=True)
class Overview:
    """`storage_usage_mb` is None until it has been measured."""

    counts: dict[Status, int]
    storage_usage_mb: float | None
    storage_limit_mb: int


@dataclass(frozen=True)
class Period:
    """Whole days of the lab, today included. `start` is the first one's midnight, in UTC."""

    days: int
    first: date
    last: date
    start: datetime
    timezone: str


@dataclass(frozen=True)
class PrinterStats:
    """Print hours are those within the period, of runs that have ended; grams those of completed
    runs."""

    printer: str
    name: str
    jobs: int
    print_hours: float
    weight_g: float
    completed: int
    failed: int
    cancelled: int


@dataclass(frozen=True)
class FailureStats:
    printer: str
    reason: str
    count: int


@dataclass(frozen=True)
class Turnaround:
    """Hours from submission to the completed print; None when nothing was completed."""

    jobs: int
    median_hours: float | None
    p90_hours: float | None


@dataclass(frozen=True)
class StaffActivity:
    """`actions` maps event types to how often the person caused them."""

    staff_id: str
    name: str
    total: int
    actions: dict[str, int]


@dataclass(frozen=True)
class Report:
    period: Period
    printer: str
    discipline: str
    submissions: dict[date, int]
    by_status: dict[Status, int]
    by_printer: list[PrinterStats]
    rejection_reasons: dict[str, int]
    print_failures: list[FailureStats]
    revenue_cents: int
    turnaround: Turnaround
    staff_activity: list[StaffActivity]


def read_overview(session: Session, *, actor: Actor) -> Overview:
    """How many jobs are where, and how full the storage is. Raises Forbidden."""
    counts = jobs.count_by_status(session, actor=actor)
    return Overview(counts, storage_usage_mb(), settings().storage_limit_mb)


def storage_usage_mb() -> float | None:
    measured = usage.read()
    return None if measured is None else round(measured.size / 1024**2, 1)


def today() -> date:
    """The lab's own day."""
    return utcnow().astimezone(lab().lab.zone).date()


def read_report(
    session: Session,
    days: int = 30,
    *,
    printer: str = "all",
    discipline: str = "all",
    actor: Actor,
) -> Report:
    """The lab's numbers for the last `days` days. Staff activity is everybody's for admins, and
    one's own for others. Raises Forbidden, Invalid."""
    require(actor, Role.MANAGER)
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(days=f"Choose 1 to {MAX_DAYS:,} days.")
    period = _period(days)
    ask = _Question(session, period, printer, discipline)
    return Report(
        period=period,
        printer=printer,
        discipline=discipline,
        submissions=dict(ask(_SUBMISSIONS)),
        by_status={Status(status): count for status, count in ask(_BY_STATUS)},
        by_printer=[_printer_stats(row) for row in ask(_BY_PRINTER)],
        rejection_reasons=dict(ask(_REJECTIONS)),
        print_failures=[FailureStats(*row) for row in ask(_FAILURES)],
        revenue_cents=int(ask(_REVENUE)[0][0]),
        turnaround=Turnaround(*ask(_TURNAROUND)[0]),
        staff_activity=_activity(ask, actor),
    )


def _period(days: int) -> Period:
    zone, last = lab().lab.zone, today()
    first = last - timedelta(days=days - 1)
    start = datetime.combine(first, time.min, zone).astimezone(UTC)
    return Period(days, first, last, start, lab().lab.timezone)


class _Question:
    """Asks the database about one period; "all" stands for no filter."""

    def __init__(self, session: Session, period: Period, printer: str, discipline: str) -> None:
        self._session = session
        self._values = {
            "start": period.start,
            "first": period.first,
            "last": period.last,
            "zone": period.timezone,
            "printer": None if printer == "all" else printer,
            "discipline": None if discipline == "all" else discipline,
        }

    def __call__(self, question: TextClause, **more: Any) -> list[Any]:
        rows = self._session.execute(question, self._values | more)
        return [tuple(row) for row in rows]


def _printer_stats(row: tuple[Any, ...]) -> PrinterStats:
    printer, job_count, hours, grams, completed, failed, cancelled = row
    return PrinterStats(
        printer,
        lab().printer_name(printer),
        job_count,
        round(float(hours), 2),
        round(float(grams), 1),
        completed,
        failed,
        cancelled,
    )


def _activity(ask: _Question, actor: Actor) -> list[StaffActivity]:
    people: dict[str, StaffActivity] = {}
    own = None if actor.may(Role.ADMIN) else actor.id
    for staff_id, name, event_type, count in ask(_ACTIVITY, person=own):
        known = people.get(staff_id) or StaffActivity(staff_id, name, 0, {})
        people[staff_id] = StaffActivity(
            staff_id, name, known.total + count, known.actions | {event_type: count}
        )
    return sorted(people.values(), key=lambda person: (-person.total, person.name))


_OF_JOB = """
    (CAST(:printer AS text) IS NULL OR j.printer = :printer)
    AND (CAST(:discipline AS text) IS NULL OR j.discipline = :discipline)
"""
_OF_RUN = """
    (CAST(:printer AS text) IS NULL OR r.printer = :printer)
    AND (CAST(:discipline AS text) IS NULL OR j.discipline = :discipline)
"""

_SUBMISSIONS = text(
    f"""
    WITH counted AS (
        SELECT (j.created_at AT TIME ZONE :zone)::date AS day, count(*) AS number
        FROM jobs j WHERE j.created_at >= :start AND {_OF_JOB} GROUP BY 1
    )
    SELECT each.day::date, coalesce(counted.number, 0)
    FROM generate_series(CAST(:first AS date), CAST(:last AS date), '1 day') AS each(day)
    LEFT JOIN counted ON counted.day = each.day::date
    ORDER BY 1
    """
)

_BY_STATUS = text(
    f"SELECT j.status, count(*) FROM jobs j WHERE j.created_at >= :start AND {_OF_JOB} GROUP BY 1"
)

_BY_PRINTER = text(
    f"""
    SELECT r.printer, count(DISTINCT r.job_id),
        sum(extract(epoch FROM r.ended_at - greatest(r.started_at, :start))) / 3600,
        coalesce(sum(j.weight_g) FILTER (WHERE r.outcome = 'completed'), 0),
        count(*) FILTER (WHERE r.outcome = 'completed'),
        count(*) FILTER (WHERE r.outcome = 'failed'),
        count(*) FILTER (WHERE r.outcome = 'cancelled')
    FROM print_runs r JOIN jobs j ON j.id = r.job_id
    WHERE r.ended_at >= :start AND {_OF_RUN}
    GROUP BY 1 ORDER BY 3 DESC, 1
    """
)

_REJECTIONS = text(
    f"""
    SELECT reason, count(*)
    FROM events e JOIN jobs j ON j.id = e.job_id,
        jsonb_array_elements_text(e.details -> 'reasons') AS reason
    WHERE e.event_type = 'StaffRejected' AND e.timestamp >= :start AND {_OF_JOB}
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 50
    """
)

_FAILURES = text(
    f"""
    SELECT r.printer, coalesce(r.reason, ''), count(*)
    FROM print_runs r JOIN jobs j ON j.id = r.job_id
    WHERE r.outcome = 'failed' AND r.ended_at >= :start AND {_OF_RUN}
    GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 200
    """
)

# A pick-up that was taken back, or put right by hand, is not counted; one that was archived is.
_REVENUE = text(
    f"""
    SELECT coalesce(sum(j.cost_cents), 0)
    FROM jobs j
    WHERE j.status IN ('PAIDPICKEDUP', 'ARCHIVED') AND {_OF_JOB}
    AND EXISTS (
        SELECT FROM events e
        WHERE e.job_id = j.id AND e.timestamp >= :start
        AND e.details ->> 'new_status' = 'PAIDPICKEDUP'
        AND NOT EXISTS (
            SELECT FROM events later
            WHERE later.job_id = j.id AND later.id > e.id
            AND later.details ->> 'new_status' <> 'ARCHIVED'
        )
    )
    """
)

_TURNAROUND = text(
    f"""
    WITH done AS (
        SELECT r.job_id, max(r.ended_at) AS at FROM print_runs r
        WHERE r.outcome = 'completed' AND r.ended_at >= :start GROUP BY 1
    ), hours AS (
        SELECT extract(epoch FROM done.at - j.created_at) / 3600 AS took
        FROM done JOIN jobs j ON j.id = done.job_id WHERE {_OF_JOB}
    )
    SELECT count(*),
        round(CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY took) AS numeric), 2)::float,
        round(CAST(percentile_cont(0.9) WITHIN GROUP (ORDER BY took) AS numeric), 2)::float
    FROM hours
    """
)

_ACTIVITY = text(
    f"""
    SELECT e.triggered_by, s.name, e.event_type, count(*)
    FROM events e JOIN jobs j ON j.id = e.job_id JOIN staff s ON s.id = e.triggered_by
    WHERE e.timestamp >= :start AND {_OF_JOB}
    AND (CAST(:person AS text) IS NULL OR e.triggered_by = :person)
    GROUP BY 1, 2, 3 ORDER BY 1, 3
    """
)
