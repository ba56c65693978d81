"""The reports' charts: for each, its title, what it counts, and its figure from the table below it.

Figures are plain dictionaries: Plotly's Python package is large, and nothing of it is needed. The
colours are Okabe and Ito's, which people with any kind of colour vision can tell apart.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from models import STATUS_LABELS, Status
from services.reports.tables import Kind, Table
from settings import lab

Figure = dict[str, Any]
Row = tuple[Any, ...]

_LIGHT = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7a7f87", "#3d3d8f")
_DARK = ("#56b4e9", "#e98b4a", "#34c79b", "#dd9cc0", "#e6c229", "#8fb8e8", "#a3abb8", "#a9a9ee")
_MOST_SERIES = 7
_LEGEND_ROW = 22  # px
_SHORTEST_H = 0.05  # a logarithmic axis has no zero; asked for it, Plotly counts ticks for ever
_STATUS_OF = {label: status for status, label in STATUS_LABELS.items()}


@dataclass(frozen=True)
class Chart:
    """`counts` says what is counted; `number` how many, from the table's rows."""

    title: str
    counts: str
    number: Callable[[Sequence[Row]], str]
    draw: Callable[[Table], Figure]
    wide: bool = False
    is_now: bool = False  # about this moment, whatever the period


def figure(chart: Chart, table: Table, theme: str) -> Figure:
    """The chart's figure in the page's theme."""
    drawn = chart.draw(table)
    layout = {"template": _template(theme), **_LAYOUT, **drawn.get("layout", {})}
    entries = sum("name" in trace for trace in drawn["data"])
    layout["height"] += _LEGEND_ROW * -(-entries // 2) if entries > 1 else 0
    return {"data": drawn["data"], "layout": layout}


def is_empty(table: Table) -> bool:
    """Whether there is nothing to draw: no rows, or nothing but zeros in them."""
    if all(column.kind in (Kind.TEXT, Kind.DAY, Kind.TIME) for column in table.columns):
        return not table.rows
    return not any(value for row in table.rows for value in row if isinstance(value, int | float))


_LAYOUT: Mapping[str, Any] = {
    "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
    "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    "height": 300,
    "barmode": "stack",
    "bargap": 0.25,
    "hoverlabel": {"align": "left"},
}


def _template(theme: str) -> Figure:
    """The house's look, light or dark; the page's own background shines through."""
    is_dark = theme == "dark"
    text, line = ("#e6ebf3", "#33415c") if is_dark else ("#1d2633", "#d9dee7")
    axis = {"gridcolor": line, "zerolinecolor": line, "linecolor": line, "automargin": True}
    return {
        "layout": {
            "colorway": list(_DARK if is_dark else _LIGHT),
            "font": {"color": text, "family": "system-ui, sans-serif", "size": 13},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"bgcolor": "#17202f" if is_dark else "#ffffff"},
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": text},
        }
    }


# ---- What a click does: narrow the page, or open the queue ----


def _narrow(name: str, value: str | None) -> str:
    return json.dumps({"set": {name: value}}) if value else ""


def _queue(**view: Any) -> str:
    return json.dumps({"go": f"/dashboard?{urlencode(view)}"})


def _printer_id(name: str) -> str | None:
    return next((each.id for each in lab().printers if each.name == name), None)


# ---- Shapes ----


def _column(table: Table, place: int) -> list[Any]:
    return [row[place] for row in table.rows]


def _bars(
    table: Table, place: int, links: Sequence[str] = (), *, unit: str = "", across: bool = True
) -> Figure:
    """One bar for each row, named by its first column; horizontal, the first row on top."""
    names, values = [str(name) for name in _column(table, 0)], _column(table, place)
    ends = {"x": values, "y": names} if across else {"x": names, "y": values}
    trace = {
        "type": "bar",
        **ends,
        "orientation": "h" if across else "v",
        "customdata": list(links) or None,
        "hovertemplate": ("%{y}: %{x:,}" if across else "%{x}: %{y:,}") + f"{unit}<extra></extra>",
    }
    return {"data": [trace], "layout": _upright(len(names)) if across else {}}


def _upright(rows: int) -> Figure:
    return {
        "yaxis": {"autorange": "reversed", "type": "category"},
        "height": max(160, 60 + 28 * rows),
    }


def _stacked(
    table: Table, series: Sequence[tuple[str, int]], *, across: bool, links: Sequence[str] = ()
) -> Figure:
    """A bar for each row, made of the columns of `series` (name, place)."""
    names = _column(table, 0)
    traces = []
    for name, place in series:
        values = _column(table, place)
        ends = {"x": values, "y": names} if across else {"x": names, "y": values}
        traces.append(
            {
                "type": "bar",
                "name": _short(name),
                "orientation": "h" if across else "v",
                "customdata": list(links) or None,
                "hovertemplate": f"{name}: " + ("%{x:,}" if across else "%{y:,}"),
                **ends,
            }
        )
    return {"data": traces, "layout": _upright(len(names)) if across else {}}


def _short(name: str) -> str:
    return name if len(name) <= 32 else f"{name[:31]}…"


def _share_axis(axis: str = "yaxis") -> Figure:
    return {axis: {"tickformat": ".0%", "rangemode": "tozero"}}


# ---- One for each chart ----


def _submissions(table: Table) -> Figure:
    days = _column(table, 0)
    length = (days[1] - days[0]).days if len(days) > 1 else 1
    links = [_queue(**{"from": day, "to": day + timedelta(days=length - 1)}) for day in days]
    bars = _bars(table, 1, links, across=False)["data"][0] | {"name": "Submissions", "x": days}
    trend = {
        "type": "scatter",
        "mode": "lines",
        "name": "Trend",
        "x": days,
        "y": _column(table, 2),
        "line": {"width": 3, "color": "#d55e00"},
        "hovertemplate": "Trend: %{y:.1f}<extra></extra>",
    }
    return {"data": [bars, trend]}


def _money(table: Table) -> Figure:
    drawn = _bars(table, 2)
    drawn["data"][0]["x"] = [cents / 100 for cents in _column(table, 2)]
    drawn["data"][0]["hovertemplate"] = "%{y}: $%{x:,.2f}<extra></extra>"
    drawn["layout"]["xaxis"] = {"tickprefix": "$"}
    return drawn


def _status_times(table: Table) -> Figure:
    names = ("lowerfence", "q1", "median", "q3", "upperfence")
    quantiles = {
        name: [max(hours, _SHORTEST_H) for hours in _column(table, place)]
        for place, name in enumerate(names, start=2)
    }
    box = {"type": "box", "y": _column(table, 0), "orientation": "h", "boxpoints": False}
    return {
        "data": [box | quantiles],
        "layout": _upright(len(table.rows))
        | {"xaxis": {"title": {"text": "hours"}, "type": "log"}},
    }


def _waiting(table: Table) -> Figure:
    series = [(column.name, place) for place, column in enumerate(table.columns) if place > 3]
    links = [_queue(status=_STATUS_OF[label].value) for label in _column(table, 0)]
    return _stacked(table, series, across=True, links=links)


def _quotes(table: Table) -> Figure:
    pending = Status.PENDING.value
    links = [
        _queue(status=pending, expired=1) if "expired" in row[0] else _queue(status=pending)
        for row in table.rows
    ]
    return _bars(table, 1, links)


def _printers(table: Table) -> Figure:
    links = [_narrow("printer", _printer_id(name)) for name in _column(table, 0)]
    drawn = _bars(table, 3, links)
    drawn["data"][0]["hovertemplate"] = "%{y}: %{x:.1%}<extra></extra>"
    drawn["layout"] |= _share_axis("xaxis")
    return drawn


def _weeks(table: Table) -> Figure:
    traces = []
    for printer in dict.fromkeys(_column(table, 1)):
        rows = [row for row in table.rows if row[1] == printer]
        link = _narrow("printer", _printer_id(printer))
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": printer,
                "x": [row[0] for row in rows],
                "y": [row[4] for row in rows],
                "customdata": [link] * len(rows),
                "hovertemplate": f"{printer}: " + "%{y:.1%}<extra></extra>",
            }
        )
    return {"data": traces, "layout": _share_axis()}


def _heatmap(table: Table) -> Figure:
    days = list(dict.fromkeys(_column(table, 0)))
    at = {(row[0], row[1]): row[3] for row in table.rows}
    return {
        "data": [
            {
                "type": "heatmap",
                "x": list(range(24)),
                "y": days,
                "z": [[at.get((day, hour)) for hour in range(24)] for day in days],
                "colorscale": "Cividis",
                "hovertemplate": "%{y}, %{x}:00: %{z:.2f} printers<extra></extra>",
                "colorbar": {"title": {"text": "printers"}, "thickness": 12},
            }
        ],
        "layout": {
            "yaxis": {"autorange": "reversed"},
            "xaxis": {"title": {"text": "hour of the day"}, "dtick": 3},
        },
    }


def _timeline(table: Table) -> Figure:
    """Each run as a bar from its start; one that still prints goes to now."""
    zone, now = lab().lab.zone, datetime.now(UTC)
    traces = []
    for outcome in dict.fromkeys(_column(table, 4)):
        rows = [row for row in table.rows if row[4] == outcome]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": str(outcome).capitalize(),
                "y": [row[0] for row in rows],
                "base": [f"{row[2].astimezone(zone):%Y-%m-%dT%H:%M:%S}" for row in rows],
                "x": [((row[3] or now) - row[2]).total_seconds() * 1000 for row in rows],
                "customdata": [json.dumps({"go": f"/job/{row[1]}"}) for row in rows],
                "text": [f"{row[1]} {row[5] or ''}" for row in rows],
                "textposition": "none",
                "hovertemplate": "%{text}<br>from %{base}<extra>%{y}</extra>",
            }
        )
    return {
        "data": traces,
        "layout": {"xaxis": {"type": "date"}, "barmode": "overlay", "yaxis": {"type": "category"}},
    }


def _failures(table: Table) -> Figure:
    reasons = list(dict.fromkeys(_column(table, 1)))[:_MOST_SERIES]
    printers = list(dict.fromkeys(_column(table, 0)))
    at = {(row[0], row[1]): row[2] for row in table.rows}
    links = [_narrow("printer", _printer_id(printer)) for printer in printers]
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": _short(reason),
            "y": printers,
            "x": [at.get((printer, reason), 0) for printer in printers],
            "customdata": links,
            "hovertemplate": f"{reason}: " + "%{x}<extra>%{y}</extra>",
        }
        for reason in reasons
    ]
    return {"data": traces, "layout": _upright(len(printers))}


def _pareto(table: Table) -> Figure:
    names = [_short(name) for name in _column(table, 0)]
    links = [_queue(status=Status.REJECTED.value)] * len(names)
    bars = {
        "type": "bar",
        "name": "Rejections",
        "x": names,
        "y": _column(table, 1),
        "customdata": links,
        "hovertemplate": "%{x}: %{y}<extra></extra>",
    }
    line = {
        "type": "scatter",
        "name": "With all before it",
        "x": names,
        "y": _column(table, 2),
        "yaxis": "y2",
        "line": {"color": "#d55e00"},
        "hovertemplate": "%{y:.0%}<extra></extra>",
    }
    second = {"overlaying": "y", "side": "right", "tickformat": ".0%", "range": [0, 1.05]}
    return {"data": [bars, line], "layout": {"yaxis2": second | {"showgrid": False}}}


def _crossed(table: Table, *, across: bool, links: Sequence[str] = ()) -> Figure:
    """Reasons stacked; the table has them by frequency, with their sum in the last column."""
    places = range(1, len(table.columns) - 1)
    series = [(table.columns[place].name, place) for place in places][:_MOST_SERIES]
    return _stacked(table, series, across=across, links=links)


def _by_discipline(table: Table) -> Figure:
    links = [_narrow("discipline", name) for name in _column(table, 0)]
    return _crossed(table, across=True, links=links)


def _facts(table: Table) -> Figure:
    drawn = _bars(table, 3)
    drawn["data"][0]["hovertemplate"] = "%{y}: %{x:.0%} rejected<extra></extra>"
    drawn["layout"] |= _share_axis("xaxis")
    return drawn


def _disciplines(table: Table) -> Figure:
    return _bars(table, 1, [_narrow("discipline", name) for name in _column(table, 0)])


def _classes(table: Table) -> Figure:
    return _bars(table, 1, [_queue(search=name) for name in _column(table, 0)])


def _staff(table: Table) -> Figure:
    return _stacked(
        table, [("Decisions", 1), ("Prints started", 5), ("Handed over", 6)], across=True
    )


def _colors(table: Table) -> Figure:
    named = Table(table.columns, [(f"{row[1]} ({row[0]})", *row[1:]) for row in table.rows[:20]])
    links = [_narrow("material", row[0]) for row in table.rows[:20]]
    drawn = _bars(named, 2, links, unit=" g")
    swatches = [lab().swatches.get(row[1], "#8a8f98") for row in table.rows[:20]]
    drawn["data"][0]["marker"] = {"color": swatches, "line": {"color": "#7a7f87", "width": 1}}
    return drawn


def _grams_over_time(table: Table) -> Figure:
    places = range(1, len(table.columns))
    series = [(table.columns[place].name, place) for place in places]
    return _stacked(table, series, across=False)


def _sum(place: int, noun: str) -> Callable[[Sequence[Row]], str]:
    return lambda rows: _counted(sum(row[place] or 0 for row in rows), noun)


def _rows(noun: str) -> Callable[[Sequence[Row]], str]:
    return lambda rows: _counted(len(rows), noun)


def _counted(number: float, noun: str) -> str:
    return f"{number:,.0f} {noun}"


def _first(place: int, noun: str) -> Callable[[Sequence[Row]], str]:
    return lambda rows: _counted(rows[0][place] if rows else 0, noun)


def _last_column(noun: str) -> Callable[[Sequence[Row]], str]:
    return lambda rows: _counted(sum(row[-1] or 0 for row in rows), noun)


CHARTS: Mapping[str, Chart] = {
    "submissions": Chart(
        "Submissions", "Jobs by when they came in.", _sum(1, "jobs"), _submissions, wide=True
    ),
    "funnel": Chart(
        "From submitted to picked up",
        "The jobs submitted in the period, and how far they have come by now.",
        _first(1, "jobs"),
        lambda table: _bars(table, 1),
    ),
    "money": Chart(
        "What became of the prices",
        "Prices quoted for the jobs submitted in the period.",
        _sum(1, "jobs"),
        _money,
    ),
    "status-times": Chart(
        "Time spent in each status",
        "Stays that ended in the period. The box holds the middle half, the line nine of ten.",
        _sum(1, "stays"),
        _status_times,
    ),
    "waiting": Chart(
        "Where jobs wait now",
        "All jobs that are under way at this moment, by when they came in.",
        _sum(1, "jobs"),
        _waiting,
        is_now=True,
    ),
    "quotes": Chart(
        "Unconfirmed quotes",
        "Jobs that wait for their student's confirmation at this moment.",
        _sum(1, "jobs"),
        _quotes,
        is_now=True,
    ),
    "printers": Chart(
        "Printer utilisation",
        "Hours printed over the hours in which the printer could have printed.",
        _sum(4, "jobs"),
        _printers,
    ),
    "utilisation": Chart(
        "Utilisation by week",
        "Hours printed over hours available, for each printer.",
        _sum(2, "hours printed"),
        _weeks,
    ),
    "heatmap": Chart(
        "When printers print",
        "How many printers print on average, by hour and weekday of the lab.",
        _sum(2, "hours printed"),
        _heatmap,
    ),
    "timeline": Chart(
        "Print runs",
        "Each run on its printer, for the last days of the period. A click opens the job.",
        _rows("runs"),
        _timeline,
        wide=True,
    ),
    "failures": Chart(
        "Print failures", "Failed runs that ended in the period.", _sum(2, "runs"), _failures
    ),
    "reasons": Chart(
        "Why models are rejected",
        "Reasons of the rejections in the period, the most frequent first; one may give several.",
        _sum(1, "reasons"),
        _pareto,
        wide=True,
    ),
    "reasons-by-discipline": Chart(
        "Rejections by discipline",
        "The most frequent reasons for each discipline.",
        _last_column("reasons"),
        _by_discipline,
    ),
    "reasons-over-time": Chart(
        "Rejections over time",
        "The most frequent reasons, by when the models were rejected.",
        _last_column("reasons"),
        lambda table: _crossed(table, across=False),
    ),
    "model-facts": Chart(
        "What the check of the model said",
        "Of the models submitted in the period with this finding, how many were rejected.",
        _sum(1, "findings"),
        _facts,
    ),
    "disciplines": Chart(
        "Demand by discipline", "Jobs submitted in the period.", _sum(1, "jobs"), _disciplines
    ),
    "classes": Chart(
        "Demand by class", "The classes with most jobs in the period.", _sum(1, "jobs"), _classes
    ),
    "staff": Chart(
        "Staff activity",
        "What people did in the period. Others than administrators see themselves only.",
        _sum(7, "actions"),
        _staff,
    ),
    "materials": Chart(
        "Material by colour",
        "Grams of the completed print runs of the period.",
        _sum(3, "runs"),
        _colors,
    ),
    "materials-over-time": Chart(
        "Material over time",
        "Grams of completed print runs.",
        lambda rows: _counted(sum(sum(row[1:]) for row in rows), "grams"),
        _grams_over_time,
    ),
}

# The page's sections, each fetched by itself: its name, and its charts.
SECTIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "flow": ("Flow", ("submissions", "funnel", "status-times", "waiting", "quotes", "money")),
    "printers": (
        "Printers",
        ("printers", "utilisation", "heatmap", "failures", "timeline"),
    ),
    "rejections": (
        "Rejections",
        ("reasons", "model-facts", "reasons-by-discipline", "reasons-over-time"),
    ),
    "people": ("People", ("disciplines", "classes", "staff")),
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
