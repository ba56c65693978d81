"""Every chart as a table: what stands below it on the page, and what is exported."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import pandas as pd

from models import STATUS_LABELS
from services.reports import frames, words
from services.reports.asking.question import Question
from services.reports.counting import flow, materials, printers, rejections, utilisation
from services.reports.counting.activity import read_activity, read_first_reviews
from services.reports.counting.demand import Demands, read_demand
from services.reports.counting.flow import Funnel, Submissions
from services.reports.counting.key_figures import KeyFigures, read_key_figures
from services.reports.counting.materials import MaterialUse
from services.reports.counting.printers import Printers, Timeline
from services.reports.counting.rejections import FACTS, Rejections
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


@dataclass(frozen=True, eq=False)
class Table:
    """`frame` has a column for each of `columns`, in their order and by their names: text, numbers,
    dates, UTC times, or none."""

    columns: tuple[Column, ...]
    frame: pd.DataFrame

    @cached_property
    def rows(self) -> list[tuple[Any, ...]]:
        """In plain values of Python; None where there is none."""
        return list(zip(*(self.values(place) for place in range(len(self.columns))), strict=True))

    def values(self, column: str | int) -> list[Any]:
        """Those of a column, by its name or its place."""
        names = [each.name for each in self.columns]
        place = names.index(column) if isinstance(column, str) else column
        return frames.values(self.frame.iloc[:, place])

    def head(self, rows: int) -> "Table":
        return Table(self.columns, self.frame[:rows])


def _table(columns: Mapping[str, Kind], frame: pd.DataFrame) -> Table:
    """A name and a kind for each column of the frame."""
    named = frame.set_axis(list(columns), axis=1)
    return Table(tuple(Column(name, kind) for name, kind in columns.items()), named)


T, N, D, S, C = Kind.TEXT, Kind.NUMBER, Kind.DECIMAL, Kind.SHARE, Kind.CENTS
_ACTIONS = ("StaffApproved", "StaffRejected", "Reviewed", "PrintStarted", "PickedUp")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# The first column of what is counted over time, by grain.
PIECES = {"day": "Day", "week": "Week from", "month": "Month from"}


def key_figures(found: KeyFigures) -> Table:
    columns = {"Figure": T, "Value": T, "Period before": T, "Change": T, "Counts": T}
    rows = [(r.name, r.value, r.before, r.change, r.counts) for r in words.key_rows(found)]
    return _table(columns, frames.frame(rows, dict.fromkeys(columns, frames.OBJECT)))


def submissions(found: Submissions) -> Table:
    return _table({PIECES[found.grain]: Kind.DAY, "Submissions": N, "Trend": D}, found.points)


def status_times(found: pd.DataFrame) -> Table:
    hours = {"10th percentile (h)": D, "25th percentile (h)": D, "Median (h)": D}
    hours |= {"75th percentile (h)": D, "90th percentile (h)": D}
    return _table({"Status": T, "Stays": N} | hours, _labelled(found))


def waiting(found: pd.DataFrame) -> Table:
    ages = {f"Submitted {label}": N for label in flow.AGE_LABELS}
    columns = {"Status": T, "Jobs": N, "Median wait (h)": D, "Longest wait (h)": D} | ages
    ordered = found[["status", "jobs", "median_hours", "longest_hours", *flow.AGE_LABELS]]
    return _table(columns, _labelled(ordered))


def quotes(found: pd.DataFrame) -> Table:
    links = found["expired"].map({True: "Link expired", False: "Link works"})
    rows = found.assign(link=links)[["link", "jobs", "cents", "longest_hours"]]
    return _table({"Quote": T, "Jobs": N, "Cents": C, "Longest wait (h)": D}, rows)


def funnel(found: Funnel) -> Table:
    closed = pd.DataFrame({"name": ["Closed without a print"], "jobs": [found.closed]})
    rows = pd.concat([found.steps, closed], ignore_index=True)
    shares = frames.share(rows["jobs"], rows["jobs"].iloc[0])
    return _table({"Step": T, "Jobs": N, "Share of all submitted": S}, rows.assign(share=shares))


def money(found: Funnel) -> Table:
    shares = frames.share(found.money["cents"], found.money["cents"].sum())
    columns = {"Outcome": T, "Jobs": N, "Cents": C, "Share of all quoted": S}
    return _table(columns, found.money.assign(share=shares))


def printer_uses(found: Printers) -> Table:
    columns = {"Printer": T, "Hours printed": D, "Hours available": D, "Utilisation": S}
    columns |= {"Jobs": N, "Completed runs": N, "Failed runs": N, "Cancelled runs": N, "Grams": D}
    use = ["name", "printed_hours", "available_hours", "share", "jobs"]
    use += ["completed", "failed", "cancelled", "grams"]
    uses = found.uses.assign(printed_hours=found.uses["printed_hours"].round(2))
    return _table(columns, uses[use])


def weeks(found: Utilisation) -> Table:
    columns = {"Week from": Kind.DAY, "Printer": T, "Hours printed": D}
    columns |= {"Hours available": D, "Utilisation": S}
    ordered = found.weeks.sort_values(["week", "name"], kind="stable")
    return _table(columns, ordered[["week", "name", "hours", "available_hours", "share"]])


def cells(found: Utilisation) -> Table:
    columns = {"Weekday": T, "Hour from": N, "Hours printed": D, "Printers at a time": D}
    days = found.cells["weekday"].map(dict(enumerate(_WEEKDAYS)))
    return _table(columns, found.cells.assign(day=days)[["day", "hour", "hours", "printing"]])


def timeline(found: Timeline) -> Table:
    columns = {"Printer": T, "Job": T, "Started": Kind.TIME, "Ended": Kind.TIME, "Outcome": T}
    columns |= {"Reason": T, "Operator": T}
    runs = found.runs.assign(
        name=found.runs["printer"].map(lab().printer_name),
        outcome=found.runs["outcome"].fillna("printing"),
    )
    run = ["name", "short_id", "started_at", "ended_at", "outcome", "reason", "operator_name"]
    return _table(columns, runs[run])


def failures(found: pd.DataFrame) -> Table:
    rows = found.assign(
        printer=found["printer"].map(lab().printer_name),
        reason=found["reason"].replace("", "no reason given"),
    )
    return _table({"Printer": T, "Reason": T, "Failed runs": N}, rows)


def reasons(found: Rejections) -> Table:
    columns = {"Reason": T, "Rejections": N, "Cumulative share": S}
    return _table(columns | dict.fromkeys(FACTS.values(), N), found.reasons)


def reasons_by_discipline(found: Rejections) -> Table:
    return _with_sum({"Discipline": T}, found.by_discipline)


def reasons_over_time(found: Rejections) -> Table:
    return _with_sum({PIECES[found.grain]: Kind.DAY}, found.over_time)


def facts(found: pd.DataFrame) -> Table:
    columns = {"Finding": T, "Submitted": N, "Rejected": N, "Rejection rate": S}
    return _table(columns, found.assign(fact=found["fact"].map(FACTS)))


def disciplines(found: Demands) -> Table:
    return _demands("Discipline", found.disciplines)


def classes(found: Demands) -> Table:
    return _demands("Class", pd.concat([found.classes, found.other_classes]))


def staff(activity: pd.DataFrame, first: pd.DataFrame) -> Table:
    columns = {"Person": T, "Decisions": N, "Approved": N, "Rejected": N, "Marked as reviewed": N}
    columns |= {"Prints started": N, "Handed over": N, "All actions": N}
    columns |= {"First reviews": N, "Median wait (h)": D, "90th percentile (h)": D}
    counts = activity.reindex(columns=list(_ACTIONS), fill_value=0)
    counts.insert(0, "decisions", counts["StaffApproved"] + counts["StaffRejected"])
    counts["total"] = activity.sum(axis=1)
    rows = counts.reset_index("name").join(first.set_index("staff_id").drop(columns="name"))
    return _table(columns, rows.assign(jobs=rows["jobs"].fillna(0).astype(frames.WHOLE)))


def colors(found: MaterialUse) -> Table:
    columns = {"Material": T, "Colour": T, "Grams": D, "Print runs": N}
    columns |= {f"{found.grain.capitalize()}s in use": N, "Grams in each": D}
    in_each = (found.colors["grams"] / found.colors["pieces"]).round(1)
    return _table(columns, found.colors.assign(in_each=in_each))


def grams_over_time(found: MaterialUse) -> Table:
    materials = dict.fromkeys((f"{name} (g)" for name in found.over_time), D)
    return _table({PIECES[found.grain]: Kind.DAY} | materials, found.over_time.reset_index())


def _demands(first: str, found: pd.DataFrame) -> Table:
    shares = frames.share(found["jobs"], found["jobs"].sum())
    columns = {first: T, "Jobs": N, "Share": S, "Grams quoted": D, "Cents quoted": C}
    return _table(columns, found.assign(share=shares)[["name", "jobs", "share", "grams", "cents"]])


def _with_sum(first: Mapping[str, Kind], found: pd.DataFrame) -> Table:
    """A row for each key, a column for each reason, and their sum. A reason may be called as any
    other column is."""
    names = [Column(name, kind) for name, kind in first.items()]
    names += [Column(str(name), N) for name in found] + [Column("All reasons", N)]
    rows = pd.concat([found, found.sum(axis=1)], axis=1).reset_index()
    return Table(tuple(names), rows.set_axis([each.name for each in names], axis=1))


def _labelled(found: pd.DataFrame) -> pd.DataFrame:
    return found.assign(status=found["status"].map(STATUS_LABELS))


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
