"""What the lab has done, as the API tells it: the numbers of the reports, over the last days.

Source: the plan's sections 5.6 and 6. Nothing is estimated: what has no row is not counted.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
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
class FailureCount:
    printer: str
    reason: str
    count: int


@dataclass(frozen=True)
class Activity:
    """`actions` maps event types to how often the person caused them in the period."""

    staff_id: str
    name: str
    total: int
    actions: dict[str, int]

    @property
    def reviews(self) -> int:
        """Decisions: approvals and rejections."""
        return self.actions.get("StaffApproved", 0) + self.actions.get("StaffRejected", 0)


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
        submissions=_pairs(flow.read_submissions(ask, "day").points, "day", "count"),
        by_status=flow.count_by_status(ask),
        by_printer=_printers(printers.read_printers(ask).uses),
        rejection_reasons=_reasons(rejections.read_rejections(ask).reasons),
        print_failures=[
            FailureCount(*row) for row in printers.read_failures(ask).itertuples(index=False)
        ],
        revenue_cents=key.revenue_cents,
        turnaround=Turnaround(key.ready, key.median_hours, key.p90_hours),
        staff_activity=_activity(activity.read_activity(ask)),
    )


def _chosen(value: str) -> str:
    return "" if value == "all" else value


def _pairs(found: pd.DataFrame, name: str, counted: str) -> dict[Any, int]:
    return dict(zip(found[name].tolist(), found[counted].tolist(), strict=True))


def _reasons(found: pd.DataFrame) -> dict[str, int]:
    return _pairs(found[found["reason"] != rejections.OTHERS], "reason", "count")


def _printers(uses: pd.DataFrame) -> list[PrinterStats]:
    """Those that ended a job in the period."""
    names = ["printer", "name", "jobs", "hours", "grams", "completed", "failed", "cancelled"]
    return [PrinterStats(*row) for row in uses.loc[uses["jobs"] > 0, names].itertuples(index=False)]


def _activity(found: pd.DataFrame) -> list[Activity]:
    people = []
    for staff_id, name, *counts in found.reset_index().itertuples(index=False, name=None):
        actions = {str(action): count for action, count in zip(found, counts, strict=True) if count}
        people.append(Activity(staff_id, name, sum(actions.values()), actions))
    return people
