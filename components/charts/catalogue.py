"""Every chart of the reports: its title, what it counts, and the figure drawn from its table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from components.charts import demand, flow, printers, rejections
from components.charts.templates import THEMES
from services.reports.tables import Table

_LEGEND_ROW = 22  # px
_LONG_NAME = 16  # characters


@dataclass(frozen=True)
class Chart:
    """`counts` says what is counted, `count` how many `noun`, from the table."""

    title: str
    counts: str
    count: Callable[[Table], float]
    noun: str
    draw: Callable[[Table], go.Figure]
    click: str = ""  # what a click on a part of it does
    wide: bool = False
    is_now: bool = False  # about this moment, whatever the period


_FILTERS, _SHOWS_JOBS = "Click to filter.", "Click to see these jobs."


def figure(chart: Chart, table: Table, theme: str) -> go.Figure:
    """The chart's figure in the page's theme."""
    drawn = chart.draw(table)
    named = [trace.name for trace in drawn.data if trace.name is not None]
    height = drawn.layout.height + _LEGEND_ROW * _legend_rows(named)
    return drawn.update_layout(template=THEMES[theme], height=height)


def _legend_rows(names: Sequence[str]) -> int:
    """How many it has on a narrow screen."""
    if len(names) < 2:
        return 0
    return len(names) if max(map(len, names)) > _LONG_NAME else -(-len(names) // 2)


def is_empty(chart: Chart, table: Table) -> bool:
    """Whether it counts nothing, whatever else the table says of it."""
    return not chart.count(table)


def _sum(*columns: str | int) -> Callable[[Table], float]:
    return lambda table: sum(value or 0 for column in columns for value in table.values(column))


def _first(column: str) -> Callable[[Table], float]:
    return lambda table: next(iter(table.values(column)), 0)


def _printed(table: Table) -> float:
    hours, jobs = table.values("Hours printed"), table.values("Jobs")
    return sum(bool(each) for each in map(any, zip(hours, jobs, strict=True)))


def _all_grams(table: Table) -> float:
    return sum(sum(table.values(place)) for place in range(1, len(table.columns)))


CHARTS: Mapping[str, Chart] = {
    "submissions": Chart(
        "Submissions",
        "Jobs by the day they were submitted.",
        _sum("Submissions"),
        "jobs",
        flow.submissions,
        click=_FILTERS,
        wide=True,
    ),
    "funnel": Chart(
        "From submitted to picked up",
        "How many of the jobs submitted in the period have reached each step by now.",
        _first("Jobs"),
        "jobs",
        flow.steps,
        click=_SHOWS_JOBS,
    ),
    "money": Chart(
        "Quoted prices by outcome",
        "Prices quoted for the jobs submitted in the period.",
        _sum("Jobs"),
        "jobs",
        flow.money,
        click=_SHOWS_JOBS,
    ),
    "status-times": Chart(
        "Time spent in each status",
        "Stays that ended in the period. Box: 25th to 75th percentile; whiskers: 10th to 90th.",
        _sum("Stays"),
        "stays",
        flow.status_times,
        click=_SHOWS_JOBS,
    ),
    "waiting": Chart(
        "Where jobs wait now",
        "All open jobs at this moment, by how long ago they were submitted.",
        _sum("Jobs"),
        "jobs",
        flow.waiting,
        click=_SHOWS_JOBS,
        is_now=True,
    ),
    "quotes": Chart(
        "Unconfirmed quotes",
        "Jobs that wait for the student's confirmation at this moment.",
        _sum("Jobs"),
        "jobs",
        flow.quotes,
        click=_SHOWS_JOBS,
        is_now=True,
        wide=True,
    ),
    "printers": Chart(
        "Printer utilisation",
        "Hours printed as a share of the hours in which the printer was available.",
        _printed,
        "printers that printed",
        printers.utilisation,
        click=_FILTERS,
    ),
    "utilisation": Chart(
        "Utilisation by week",
        "Hours printed as a share of the hours available, by printer.",
        _sum("Hours printed"),
        "hours printed",
        printers.weeks,
        click=_FILTERS,
    ),
    "heatmap": Chart(
        "Printer activity by hour",
        "Average number of printers at work, by weekday and hour in the lab's time zone.",
        _sum("Hours printed"),
        "hours printed",
        printers.heatmap,
    ),
    "timeline": Chart(
        "Print runs",
        "Each print run by printer, for the last days of the period.",
        lambda table: len(table.rows),
        "runs",
        printers.timeline,
        click="Click to open the job.",
        wide=True,
    ),
    "failures": Chart(
        "Print failures",
        "Failed runs that ended in the period.",
        _sum("Failed runs"),
        "runs",
        printers.failures,
        click=_FILTERS,
    ),
    "reasons": Chart(
        "Why models are rejected",
        "Reasons given in the period, the most frequent first; a rejection may give several.",
        _sum("Rejections"),
        "reasons",
        rejections.pareto,
        click=_SHOWS_JOBS,
        wide=True,
    ),
    "reasons-by-discipline": Chart(
        "Rejections by discipline",
        "The most frequent reasons for each discipline.",
        _sum(-1),
        "reasons",
        rejections.by_discipline,
        click=_FILTERS,
    ),
    "reasons-over-time": Chart(
        "Rejections over time",
        "The most frequent reasons, by the date of the rejection.",
        _sum(-1),
        "reasons",
        rejections.over_time,
        click=_FILTERS,
        wide=True,
    ),
    "model-facts": Chart(
        "Rejections by finding of the model check",
        "The share of the models submitted in the period with this finding that were rejected.",
        _sum("Submitted"),
        "findings",
        rejections.facts,
    ),
    "disciplines": Chart(
        "Demand by discipline",
        "Jobs submitted in the period.",
        _sum("Jobs"),
        "jobs",
        demand.disciplines,
        click=_FILTERS,
    ),
    "classes": Chart(
        "Demand by class",
        "The classes with the most jobs submitted in the period.",
        _sum("Jobs"),
        "jobs",
        demand.classes,
        click=_SHOWS_JOBS,
        wide=True,
    ),
    "staff": Chart(
        "Staff activity",
        "Actions in the period. Only administrators see the activity of others.",
        _sum("All actions"),
        "actions",
        demand.staff,
    ),
    "materials": Chart(
        "Material by colour",
        "Grams of the print runs completed in the period.",
        _sum("Print runs"),
        "runs",
        demand.colors,
        click=_FILTERS,
    ),
    "materials-over-time": Chart(
        "Material over time",
        "Grams of completed print runs, by material.",
        _all_grams,
        "grams",
        demand.grams_over_time,
        click=_FILTERS,
    ),
}

# The page's sections, each fetched by itself: its name, and its charts.
SECTIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "flow": ("Flow", ("submissions", "funnel", "money", "status-times", "waiting", "quotes")),
    "printers": (
        "Printers",
        ("printers", "utilisation", "heatmap", "failures", "timeline"),
    ),
    "rejections": (
        "Rejections",
        ("reasons", "model-facts", "reasons-by-discipline", "reasons-over-time"),
    ),
    "people": ("People", ("disciplines", "staff", "classes")),
    "materials": ("Materials", ("materials", "materials-over-time")),
}
