"""What the lab has done, as the API tells it: the numbers of the reports, over the last days.

Source: the plan's sections 5.6 and 6. Nothing is estimated: what has no row is not counted.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from models import Status, utcnow
from services.actors import Actor
from services.errors import Invalid
from services.files import usage
from services.jobs import queue
from services.reports.asking import periods
from services.reports.asking.question import Question
from services.reports.asking.report_filters import Filters
from services.reports.counting import activity, flow, key_figures, printers, rejections
from services.reports.counting.activity import Activity
from services.reports.counting.printers import FailureCount, PrinterUse
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
    """Whole days of the lab, today included."""

    days: int
    first: date
    last: date
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
class Turnaround:
    """Hours from submission to the completed print; None when nothing was completed."""

    jobs: int
    median_hours: float | None
    p90_hours: float | None


@dataclass(frozen=True)
class Report:
    period: Period
    printer: str
    discipline: str
    submissions: dict[date, int]
    by_status: dict[Status, int]
    by_printer: list[PrinterStats]
    rejection_reasons: dict[str, int]
    print_failures: list[FailureCount]
    revenue_cents: int
    turnaround: Turnaround
    staff_activity: list[Activity]


def read_overview(session: Session, *, actor: Actor) -> Overview:
    """How many jobs are where, and how full the storage is. Raises Forbidden."""
    counts = queue.count_by_status(session, actor=actor)
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
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(days=f"Choose 1 to {MAX_DAYS:,} days.")
    period = periods.last_days(days, today())
    narrowed = Filters(printer=_chosen(printer), discipline=_chosen(discipline))
    ask = Question(session, narrowed, actor=actor, period=period)
    key = key_figures.read_figures(ask, period)
    return Report(
        period=Period(days, period.first, period.last, lab().lab.timezone),
        printer=printer,
        discipline=discipline,
        submissions={point.day: point.count for point in flow.read_submissions(ask, "day").points},
        by_status=flow.count_by_status(ask),
        by_printer=[_printer(use) for use in printers.read_printers(ask).uses if use.jobs],
        rejection_reasons={
            each.reason: each.count
            for each in rejections.read_rejections(ask).reasons
            if each.reason != rejections.OTHERS
        },
        print_failures=printers.read_failures(ask),
        revenue_cents=key.revenue_cents,
        turnaround=Turnaround(key.ready, key.median_hours, key.p90_hours),
        staff_activity=activity.read_activity(ask),
    )


def _chosen(value: str) -> str:
    return "" if value == "all" else value


def _printer(use: PrinterUse) -> PrinterStats:
    return PrinterStats(
        printer=use.printer,
        name=use.name,
        jobs=use.jobs,
        print_hours=use.hours,
        weight_g=use.grams,
        completed=use.completed,
        failed=use.failed,
        cancelled=use.cancelled,
    )
