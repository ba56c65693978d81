"""The reports' charts: for each, its title, what it counts, and its figure from the table below it.

Figures are plain dictionaries: Plotly's Python package is large, and nothing of it is needed. The
colours are Okabe and Ito's, which people with any kind of colour vision can tell apart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from components import drawings
from components.drawings import Figure
from services.reports.tables import Table
from settings import lab

Row = tuple[Any, ...]

_LIGHT = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7a7f87", "#3d3d8f")
_DARK = ("#56b4e9", "#e98b4a", "#34c79b", "#dd9cc0", "#e6c229", "#8fb8e8", "#a3abb8", "#a9a9ee")
_LEGEND_ROW = 22  # px
_LONG_NAME = 16  # characters


@dataclass(frozen=True)
class Chart:
    """`counts` says what is counted, `count` how many `noun`, from the table's rows."""

    title: str
    counts: str
    count: Callable[[Sequence[Row]], float]
    noun: str
    draw: Callable[[Table], Figure]
    click: str = ""  # what a click on a part of it does
    wide: bool = False
    is_now: bool = False  # about this moment, whatever the period


_NARROWS, _OPENS_QUEUE = "Click to narrow the page to it.", "Click to open it in the queue."


def figure(chart: Chart, table: Table, theme: str) -> Figure:
    """The chart's figure in the page's theme."""
    drawn = chart.draw(table)
    layout = {"template": _template(theme), **_LAYOUT, **drawn.get("layout", {})}
    layout["height"] += _LEGEND_ROW * _legend_rows(
        [t["name"] for t in drawn["data"] if "name" in t]
    )
    return {"data": drawn["data"], "layout": layout}


def _legend_rows(names: Sequence[str]) -> int:
    """How many it has on a narrow screen."""
    if len(names) < 2:
        return 0
    return len(names) if max(map(len, names)) > _LONG_NAME else -(-len(names) // 2)


def is_empty(chart: Chart, table: Table) -> bool:
    """Whether it counts nothing, whatever else the table says of it."""
    return not chart.count(table.rows)


_LAYOUT: Mapping[str, Any] = {
    "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
    "legend": {
        "orientation": "h",
        "x": 0,
        "y": 1.02,
        "yanchor": "bottom",
        "maxheight": 0.9,
        "traceorder": "normal",
    },
    "height": 300,
    "barmode": "stack",
    "bargap": 0.25,
    "hoverlabel": {"align": "left"},
}


def _template(theme: str) -> Figure:
    """The house's look, light or dark. The background is that of the page: a picture that is saved
    has one too."""
    is_dark = theme == "dark"
    text, line = ("#e6ebf3", "#33415c") if is_dark else ("#1d2633", "#d9dee7")
    axis = {"gridcolor": line, "zerolinecolor": line, "linecolor": line, "automargin": True}
    # Room between a label and what it names.
    axis |= {"ticks": "outside", "ticklen": 6, "tickcolor": "rgba(0,0,0,0)"}
    return {
        "layout": {
            "colorway": list(_DARK if is_dark else _LIGHT),
            "font": {"color": text, "family": "system-ui, sans-serif", "size": 13},
            "paper_bgcolor": "#161f2d" if is_dark else "#ffffff",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"bgcolor": "#17202f" if is_dark else "#ffffff"},
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": text},
        }
    }


def _sum(place: int) -> Callable[[Sequence[Row]], float]:
    return lambda rows: sum(row[place] or 0 for row in rows)


def _first(place: int) -> Callable[[Sequence[Row]], float]:
    return lambda rows: rows[0][place] if rows else 0


CHARTS: Mapping[str, Chart] = {
    "submissions": Chart(
        "Submissions",
        "Jobs by when they came in.",
        _sum(1),
        "jobs",
        drawings.submissions,
        click=_NARROWS,
        wide=True,
    ),
    "funnel": Chart(
        "From submitted to picked up",
        "The jobs submitted in the period, and how far they have come by now.",
        _first(1),
        "jobs",
        drawings.steps,
        click=_OPENS_QUEUE,
    ),
    "money": Chart(
        "What became of the prices",
        "Prices quoted for the jobs submitted in the period.",
        _sum(1),
        "jobs",
        drawings.money,
        click=_OPENS_QUEUE,
    ),
    "status-times": Chart(
        "Time spent in each status",
        "Stays that ended in the period. The box holds the middle half, the line nine of ten.",
        _sum(1),
        "stays",
        drawings.status_times,
        click=_OPENS_QUEUE,
    ),
    "waiting": Chart(
        "Where jobs wait now",
        "All jobs that are under way at this moment, by when they came in.",
        _sum(1),
        "jobs",
        drawings.waiting,
        click=_OPENS_QUEUE,
        is_now=True,
    ),
    "quotes": Chart(
        "Unconfirmed quotes",
        "Jobs that wait for their student's confirmation at this moment.",
        _sum(1),
        "jobs",
        drawings.quotes,
        click=_OPENS_QUEUE,
        is_now=True,
        wide=True,
    ),
    "printers": Chart(
        "Printer utilisation",
        "Hours printed over the hours in which the printer could have printed.",
        lambda rows: sum(bool(row[1] or row[4]) for row in rows),
        "printers that printed",
        drawings.printers,
        click=_NARROWS,
    ),
    "utilisation": Chart(
        "Utilisation by week",
        "Hours printed over hours available, for each printer.",
        _sum(2),
        "hours printed",
        drawings.weeks,
        click=_NARROWS,
    ),
    "heatmap": Chart(
        "When printers print",
        "How many printers print on average, by hour and weekday of the lab.",
        _sum(2),
        "hours printed",
        drawings.heatmap,
    ),
    "timeline": Chart(
        "Print runs",
        "Each run on its printer, for the last days of the period.",
        len,
        "runs",
        drawings.timeline,
        click="Click to open the job.",
        wide=True,
    ),
    "failures": Chart(
        "Print failures",
        "Failed runs that ended in the period.",
        _sum(2),
        "runs",
        drawings.failures,
        click=_NARROWS,
    ),
    "reasons": Chart(
        "Why models are rejected",
        "Reasons of the rejections in the period, the most frequent first; one may give several.",
        _sum(1),
        "reasons",
        drawings.pareto,
        click=_OPENS_QUEUE,
        wide=True,
    ),
    "reasons-by-discipline": Chart(
        "Rejections by discipline",
        "The most frequent reasons for each discipline.",
        _sum(-1),
        "reasons",
        drawings.by_discipline,
        click=_NARROWS,
    ),
    "reasons-over-time": Chart(
        "Rejections over time",
        "The most frequent reasons, by when the models were rejected.",
        _sum(-1),
        "reasons",
        drawings.reasons_over_time,
        click=_NARROWS,
        wide=True,
    ),
    "model-facts": Chart(
        "What the check of the model said",
        "Of the models submitted in the period with this finding, how many were rejected.",
        _sum(1),
        "findings",
        drawings.facts,
    ),
    "disciplines": Chart(
        "Demand by discipline",
        "Jobs submitted in the period.",
        _sum(1),
        "jobs",
        drawings.disciplines,
        click=_NARROWS,
    ),
    "classes": Chart(
        "Demand by class",
        "The classes with most jobs, submitted in the period.",
        _sum(1),
        "jobs",
        drawings.classes,
        click=_OPENS_QUEUE,
        wide=True,
    ),
    "staff": Chart(
        "Staff activity",
        "What people did in the period. Others than administrators see themselves only.",
        _sum(7),
        "actions",
        drawings.staff,
    ),
    "materials": Chart(
        "Material by colour",
        "Grams of the completed print runs of the period.",
        _sum(3),
        "runs",
        drawings.colors,
        click=_NARROWS,
    ),
    "materials-over-time": Chart(
        "Material over time",
        "Grams of completed print runs.",
        lambda rows: sum(sum(row[1:]) for row in rows),
        "grams",
        drawings.grams_over_time,
        click=_NARROWS,
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


def as_text(value: Any, kind: str) -> str:
    """A value of a table as people read it."""
    if value is None:
        return "–"
    if kind == "share":
        return f"{value:.1%}"
    if kind == "cents":
        return f"${value / 100:,.2f}"
    if isinstance(value, datetime):
        return f"{value.astimezone(lab().lab.zone):%d %b %Y, %H:%M}"
    if isinstance(value, date):
        return f"{value:%d %b %Y}"
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
