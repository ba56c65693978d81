"""Every chart as a table: what stands below it on the page, and what is exported."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models import STATUS_LABELS, Status
from services.reports import words
from services.reports.asking.question import Question
from services.reports.counting import flow, materials, printers, rejections, utilisation
from services.reports.counting.activity import (
    Activity,
    FirstReview,
    read_activity,
    read_first_reviews,
)
from services.reports.counting.demand import Demand, Demands, read_demand
from services.reports.counting.flow import Funnel, Quotes, StatusTime, Submissions, Waiting
from services.reports.counting.key_figures import KeyFigures, read_key_figures
from services.reports.counting.materials import MaterialUse
from services.reports.counting.printers import FailureCount, Printers, Timeline
from services.reports.counting.rejections import FACTS, Fact, Rejections
from services.reports.counting.utilisation import Utilisation
from settings import lab


class Kind(StrEnum):
    """What a column holds: how it is written, and that numbers stay numbers in a spreadsheet."""

    TEXT = "text"
    NUMBER = "number"
    DECIMAL = "decimal"
    SHARE = "share"
    CENTS = "cents"
    DAY = "day"
    TIME = "time"


@dataclass(frozen=True)
class Column:
    name: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Table:
    """`rows` have a value for each column: text, numbers, dates, UTC times, or None."""

    columns: tuple[Column, ...]
    rows: Sequence[tuple[Any, ...]]

    def values(self, column: str | int) -> list[Any]:
        """Those of a column, by its name or its place."""
        names = [each.name for each in self.columns]
        place = names.index(column) if isinstance(column, str) else column
        return [row[place] for row in self.rows]

    def head(self, rows: int) -> "Table":
        return Table(self.columns, self.rows[:rows])


def _table(columns: Mapping[str, Kind], rows: Iterable[tuple[Any, ...]]) -> Table:
    return Table(tuple(Column(name, kind) for name, kind in columns.items()), list(rows))


T, N, D, S, C = Kind.TEXT, Kind.NUMBER, Kind.DECIMAL, Kind.SHARE, Kind.CENTS
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# The first column of what is counted over time, by grain.
PIECES = {"day": "Day", "week": "Week from", "month": "Month from"}


def key_figures(found: KeyFigures) -> Table:
    columns = {"Figure": T, "Value": T, "Period before": T, "Change": T, "Counts": T}
    rows = words.key_rows(found)
    return _table(columns, ((r.name, r.value, r.before, r.change, r.counts) for r in rows))


def submissions(found: Submissions) -> Table:
    columns = {PIECES[found.grain]: Kind.DAY, "Submissions": N, "Trend": D}
    return _table(columns, ((point.day, point.count, point.trend) for point in found.points))


def status_times(found: list[StatusTime]) -> Table:
    hours = {"10th percentile (h)": D, "25th percentile (h)": D, "Median (h)": D}
    hours |= {"75th percentile (h)": D, "90th percentile (h)": D}
    return _table(
        {"Status": T, "Stays": N} | hours,
        ((_label(e.status), e.stays, e.p10, e.p25, e.median, e.p75, e.p90) for e in found),
    )


def waiting(found: list[Waiting]) -> Table:
    ages = {f"Submitted {label}": N for label in flow.AGE_LABELS}
    return _table(
        {"Status": T, "Jobs": N, "Median wait (h)": D, "Longest wait (h)": D} | ages,
        ((_label(e.status), e.jobs, e.median_hours, e.longest_hours, *e.by_age) for e in found),
    )


def quotes(found: list[Quotes]) -> Table:
    return _table(
        {"Quote": T, "Jobs": N, "Cents": C, "Longest wait (h)": D},
        (
            ("Link expired" if e.expired else "Link works", e.jobs, e.cents, e.longest_hours)
            for e in found
        ),
    )


def funnel(found: Funnel) -> Table:
    submitted = found.steps[0].jobs
    rows = [(each.name, each.jobs, _part(each.jobs, submitted)) for each in found.steps]
    rows.append(("Closed without a print", found.closed, _part(found.closed, submitted)))
    return _table({"Step": T, "Jobs": N, "Share of all submitted": S}, rows)


def money(found: Funnel) -> Table:
    total = sum(each.cents for each in found.money)
    return _table(
        {"Outcome": T, "Jobs": N, "Cents": C, "Share of all quoted": S},
        ((each.outcome, each.jobs, each.cents, _part(each.cents, total)) for each in found.money),
    )


def printer_uses(found: Printers) -> Table:
    columns = {"Printer": T, "Hours printed": D, "Hours available": D, "Utilisation": S}
    columns |= {"Jobs": N, "Completed runs": N, "Failed runs": N, "Cancelled runs": N, "Grams": D}
    return _table(
        columns,
        (
            (
                *(use.name, round(use.hours + use.running_hours, 2), use.available_hours),
                *(use.share, use.jobs, use.completed, use.failed, use.cancelled, use.grams),
            )
            for use in found.uses
        ),
    )


def weeks(found: Utilisation) -> Table:
    columns = {"Week from": Kind.DAY, "Printer": T, "Hours printed": D}
    columns |= {"Hours available": D, "Utilisation": S}
    ordered = sorted(found.weeks, key=lambda each: (each.week, each.name))
    return _table(
        columns,
        (
            (e.week, e.name, e.hours, e.available_hours, _part(e.hours, e.available_hours))
            for e in ordered
        ),
    )


def cells(found: Utilisation) -> Table:
    columns = {"Weekday": T, "Hour from": N, "Hours printed": D, "Printers at a time": D}
    return _table(
        columns,
        ((_WEEKDAYS[e.weekday], e.hour, e.hours, e.printing) for e in found.cells),
    )


def timeline(found: Timeline) -> Table:
    columns = {"Printer": T, "Job": T, "Started": Kind.TIME, "Ended": Kind.TIME, "Outcome": T}
    columns |= {"Reason": T, "Operator": T}
    return _table(
        columns,
        (
            (
                *(lab().printer_name(run.printer), run.short_id, run.started_at, run.ended_at),
                *(run.outcome or "printing", run.reason, run.operator_name),
            )
            for run in found.runs
        ),
    )


def failures(found: list[FailureCount]) -> Table:
    return _table(
        {"Printer": T, "Reason": T, "Failed runs": N},
        ((lab().printer_name(e.printer), e.reason or "no reason given", e.count) for e in found),
    )


def reasons(found: Rejections) -> Table:
    columns = {"Reason": T, "Rejections": N, "Cumulative share": S}
    columns |= dict.fromkeys(FACTS.values(), N)
    return _table(columns, ((e.reason, e.count, e.share, *e.facts.values()) for e in found.reasons))


def reasons_by_discipline(found: Rejections) -> Table:
    return _crossed("Discipline", T, found.by_discipline, [e.reason for e in found.reasons])


def reasons_over_time(found: Rejections) -> Table:
    first = PIECES[found.grain]
    return _crossed(first, Kind.DAY, found.over_time, [e.reason for e in found.reasons])


def facts(found: list[Fact]) -> Table:
    columns = {"Finding": T, "Submitted": N, "Rejected": N, "Rejection rate": S}
    return _table(columns, ((FACTS[e.fact], e.submitted, e.rejected, e.rate) for e in found))


def disciplines(found: Demands) -> Table:
    return _demands("Discipline", found.disciplines)


def classes(found: Demands) -> Table:
    others = [found.other_classes] if found.other_classes else []
    return _demands("Class", [*found.classes, *others])


def staff(activity: list[Activity], first: list[FirstReview]) -> Table:
    columns = {"Person": T, "Decisions": N, "Approved": N, "Rejected": N, "Marked as reviewed": N}
    columns |= {"Prints started": N, "Handed over": N, "All actions": N}
    columns |= {"First reviews": N, "Median wait (h)": D, "90th percentile (h)": D}
    reviewed = {each.staff_id: each for each in first}
    return _table(columns, (_person(each, reviewed.get(each.staff_id)) for each in activity))


def _person(each: Activity, first: FirstReview | None) -> tuple[Any, ...]:
    actions = ("StaffApproved", "StaffRejected", "Reviewed", "PrintStarted", "PickedUp")
    waited = (first.jobs, first.median_hours, first.p90_hours) if first else (0, None, None)
    counts = (each.actions.get(action, 0) for action in actions)
    return (each.name, each.reviews, *counts, each.total, *waited)


def colors(found: MaterialUse) -> Table:
    columns = {"Material": T, "Colour": T, "Grams": D, "Print runs": N, _used(found): N}
    columns |= {"Grams in each": D}
    return _table(
        columns,
        (
            (e.material, e.color, e.grams, e.runs, e.pieces, round(e.grams / e.pieces, 1))
            for e in found.colors
        ),
    )


def grams_over_time(found: MaterialUse) -> Table:
    names = sorted({use.material for use in found.colors})
    columns = {PIECES[found.grain]: Kind.DAY} | dict.fromkeys((f"{n} (g)" for n in names), D)
    rows = found.over_time.items()
    return _table(columns, ((day, *(each.get(n, 0.0) for n in names)) for day, each in rows))


def _used(found: MaterialUse) -> str:
    return f"{found.grain.capitalize()}s in use"


def _demands(first: str, found: list[Demand]) -> Table:
    total = sum(each.jobs for each in found)
    return _table(
        {first: T, "Jobs": N, "Share": S, "Grams quoted": D, "Cents quoted": C},
        ((e.name, e.jobs, _part(e.jobs, total), e.grams, e.cents) for e in found),
    )


def _crossed(
    first: str, kind: Kind, found: Mapping[Any, Mapping[str, int]], across: list[str]
) -> Table:
    """A row for each key, a column for each reason, and their sum."""
    columns = {first: kind} | dict.fromkeys(across, N) | {"All reasons": N}
    return _table(
        columns,
        (
            (key, *(each.get(name, 0) for name in across), sum(each.values()))
            for key, each in found.items()
        ),
    )


def _label(status: Status) -> str:
    return STATUS_LABELS[status]


def _part(number: float, of: float) -> float | None:
    return number / of if of else None


def read_staff(ask: Question) -> Table:
    return staff(ask.once(read_activity), ask.once(read_first_reviews))


# Every chart's table by the chart's name, as the addresses of the exports have it.
TABLES: Mapping[str, Callable[[Question], Table]] = {
    "key-figures": lambda ask: key_figures(ask.once(read_key_figures)),
    "submissions": lambda ask: submissions(ask.once(flow.read_submissions)),
    "funnel": lambda ask: funnel(ask.once(flow.read_funnel)),
    "money": lambda ask: money(ask.once(flow.read_funnel)),
    "status-times": lambda ask: status_times(ask.once(flow.read_status_times)),
    "waiting": lambda ask: waiting(ask.once(flow.read_waiting)),
    "quotes": lambda ask: quotes(ask.once(flow.read_quotes)),
    "printers": lambda ask: printer_uses(ask.once(printers.read_printers)),
    "utilisation": lambda ask: weeks(ask.once(utilisation.read_utilisation)),
    "heatmap": lambda ask: cells(ask.once(utilisation.read_utilisation)),
    "timeline": lambda ask: timeline(ask.once(printers.read_timeline)),
    "failures": lambda ask: failures(ask.once(printers.read_failures)),
    "reasons": lambda ask: reasons(ask.once(rejections.read_rejections)),
    "reasons-by-discipline": lambda ask: reasons_by_discipline(
        ask.once(rejections.read_rejections)
    ),
    "reasons-over-time": lambda ask: reasons_over_time(ask.once(rejections.read_rejections)),
    "model-facts": lambda ask: facts(ask.once(rejections.read_facts)),
    "disciplines": lambda ask: disciplines(ask.once(read_demand)),
    "classes": lambda ask: classes(ask.once(read_demand)),
    "staff": read_staff,
    "materials": lambda ask: colors(ask.once(materials.read_materials)),
    "materials-over-time": lambda ask: grams_over_time(ask.once(materials.read_materials)),
}
