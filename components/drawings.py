"""The figures of the reports' charts, each drawn from its table, and what a click in it does.

A part of a chart carries its link as JSON in `customdata`, read by assets/reports.js: `set` changes
filters of the page, `queue` is a view of the queue (components/queueview.py), `go` an address.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from models import STATUS_LABELS, Status
from services.reports.asking import periods
from services.reports.asking.periods import CUSTOM
from services.reports.counting.rejections import OTHERS
from services.reports.tables import PIECES, Table
from settings import lab

Figure = dict[str, Any]

_MOST_SERIES = 7
_MOST_BARS = 15
_MOST_TICKS = 10
_DAY_MS = 86_400_000
_HOURS = {
    0.1: "6 min",
    1: "1 h",
    6: "6 h",
    24: "1 day",
    72: "3 days",
    168: "1 week",
    720: "30 days",
    4380: "6 months",
}
# On a white page as on a dark one.
_OUTCOME_COLORS = {
    "completed": "#3a9bd9",
    "failed": "#d55e00",
    "cancelled": "#8a8f98",
    "printing": "#009e73",
}
_SHORTEST_H = 0.05  # a logarithmic axis has no zero; asked for it, Plotly counts ticks for ever
_STATUS_OF = {label: status for status, label in STATUS_LABELS.items()}
# Where the jobs of each of flow.STEPS go on from, and those of each of flow.MONEY are to be found.
_STATUS_OF_STEP = (
    Status.UPLOADED,
    Status.PENDING,
    Status.READYTOPRINT,
    Status.PRINTING,
    Status.COMPLETED,
    Status.PAIDPICKEDUP,
)
_STATUS_OF_OUTCOME = (
    Status.PAIDPICKEDUP,
    Status.COMPLETED,
    Status.READYTOPRINT,
    Status.PENDING,
    Status.COMPLETED,
    Status.REJECTED,
)


# ---- What a click does: narrow the page, or open the queue ----


def _narrow(name: str, value: str | None) -> str:
    return json.dumps({"set": {name: value}}) if value else ""


def _narrow_to_pieces(table: Table) -> list[str]:
    """For each day, week or month of a table: the page, narrowed to it."""
    grain = _grain(table)
    links = []
    for first in _column(table, 0):
        last = periods.after(first, grain) - timedelta(days=1)
        links.append(json.dumps({"set": {"period": CUSTOM, "from": f"{first}", "to": f"{last}"}}))
    return links


def _queue(status: Status, *, in_period: bool = False, **view: Any) -> str:
    """The queue, narrowed as the page is: to jobs of this status, and of the page's days when they
    are what the chart counts."""
    return json.dumps({"queue": {"status": status.value, **view}, "in_period": in_period})


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
    layout = _count_axis("xaxis" if across else "yaxis", values)
    return {"data": [trace], "layout": layout | (_upright(len(names)) if across else {})}


def _count_axis(axis: str, values: Sequence[Any]) -> Figure:
    """Of a few things there is no half: left alone, Plotly would write 0.5 jobs."""
    are_few = all(isinstance(value, int) for value in values) and 0 < max(values, default=0) <= 5
    return {axis: {"dtick": 1}} if are_few else {}


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
    totals = [sum(row[place] for _, place in series) for row in table.rows]
    layout = _count_axis("xaxis" if across else "yaxis", totals)
    return {"data": traces, "layout": layout | (_upright(len(names)) if across else {})}


def _short(name: str) -> str:
    return name if len(name) <= 32 else f"{name[:31]}…"


def _grain(table: Table) -> str:
    return next(grain for grain, name in PIECES.items() if name == table.columns[0].name)


def _time_axis(table: Table) -> Figure:
    """Days, weeks or months, each named by its first day; on a narrow chart Plotly shows fewer."""
    days = sorted(set(_column(table, 0)))
    step = max(1, -(-len(days) // _MOST_TICKS))
    grain = _grain(table)
    length = f"M{step}" if grain == "month" else step * (7 if grain == "week" else 1) * _DAY_MS
    words = "%b\n%Y" if grain == "month" else "%-d %b\n%Y"
    start = {"tick0": f"{days[0]}"} if days else {}
    return {"xaxis": {"type": "date", "dtick": length, "tickformat": words, **start}}


def _share_axis(axis: str = "yaxis") -> Figure:
    return {axis: {"tickformat": ".0%", "rangemode": "tozero"}}


# ---- One for each chart ----


def submissions(table: Table) -> Figure:
    days = _column(table, 0)
    links = _narrow_to_pieces(table)
    drawn = _bars(table, 1, links, across=False)
    bars = drawn["data"][0] | {"name": "Submissions", "x": days}
    trend = {
        "type": "scatter",
        "mode": "lines",
        "name": "Trend",
        "x": days,
        "y": _column(table, 2),
        "line": {"width": 3, "color": "#d55e00"},
        "hovertemplate": "Trend: %{y:.1f}<extra></extra>",
    }
    return {"data": [bars, trend], "layout": drawn["layout"] | _time_axis(table)}


def steps(table: Table) -> Figure:
    """The last row is of those that went no further."""
    statuses = (*_STATUS_OF_STEP, Status.REJECTED)
    return _bars(table, 1, [_queue(status, in_period=True) for status in statuses])


def money(table: Table) -> Figure:
    links = [_queue(status, in_period=True) for status in _STATUS_OF_OUTCOME]
    drawn = _bars(table, 2, links)
    drawn["data"][0]["x"] = [cents / 100 for cents in _column(table, 2)]
    drawn["data"][0]["hovertemplate"] = "%{y}: $%{x:,.2f}<extra></extra>"
    drawn["layout"]["xaxis"] = {"tickprefix": "$"}
    return drawn


def status_times(table: Table) -> Figure:
    names = ("lowerfence", "q1", "median", "q3", "upperfence")
    quantiles = {
        name: [max(hours, _SHORTEST_H) for hours in _column(table, place)]
        for place, name in enumerate(names, start=2)
    }
    links = [_queue(_STATUS_OF[label]) for label in _column(table, 0)]
    box = {"type": "box", "y": _column(table, 0), "orientation": "h", "boxpoints": False}
    box |= {"customdata": links}
    return {
        "data": [box | quantiles],
        "layout": _upright(len(table.rows))
        | {"xaxis": {"type": "log", "tickvals": [*_HOURS], "ticktext": [*_HOURS.values()]}},
    }


def waiting(table: Table) -> Figure:
    series = [(column.name, place) for place, column in enumerate(table.columns) if place > 3]
    links = [_queue(_STATUS_OF[label]) for label in _column(table, 0)]
    return _stacked(table, series, across=True, links=links)


def quotes(table: Table) -> Figure:
    links = [
        _queue(Status.PENDING, expired="1") if "expired" in name else _queue(Status.PENDING)
        for name in _column(table, 0)
    ]
    return _bars(table, 1, links)


def printers(table: Table) -> Figure:
    links = [_narrow("printer", _printer_id(name)) for name in _column(table, 0)]
    drawn = _bars(table, 3, links)
    drawn["data"][0]["hovertemplate"] = "%{y}: %{x:.1%}<extra></extra>"
    drawn["layout"] |= _share_axis("xaxis")
    return drawn


def weeks(table: Table) -> Figure:
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
    return {"data": traces, "layout": _share_axis() | _time_axis(table)}


def heatmap(table: Table) -> Figure:
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


def timeline(table: Table) -> Figure:
    """Each run as a bar from its start; one that still prints goes to now."""
    zone, now = lab().lab.zone, datetime.now(UTC)
    traces = []
    present = set(_column(table, 4))
    for outcome in (known for known in _OUTCOME_COLORS if known in present):
        rows = [row for row in table.rows if row[4] == outcome]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": outcome.capitalize(),
                "marker": {"color": _OUTCOME_COLORS[outcome]},
                "y": [row[0] for row in rows],
                "base": [f"{row[2].astimezone(zone):%Y-%m-%dT%H:%M:%S}" for row in rows],
                "x": [_clock_ms(row[2], row[3] or now, zone) for row in rows],
                "customdata": [json.dumps({"go": f"/job/{row[1]}"}) for row in rows],
                "text": [f"{row[1]} {row[5] or ''}" for row in rows],
                "textposition": "none",
                "hovertemplate": "%{text}<br>from %{base}<extra>%{y}</extra>",
            }
        )
    return {
        "data": traces,
        "layout": {
            "xaxis": {"type": "date", "tickformat": "%-d %b\n%Y"},
            "barmode": "overlay",
            "yaxis": {"type": "category"},
        },
    }


def _clock_ms(start: datetime, end: datetime, zone: tzinfo) -> float:
    """From one to the other as the lab's clock shows them: where it is put forward or back between
    them, that is not what has passed."""
    first, last = (at.astimezone(zone).replace(tzinfo=None) for at in (start, end))
    return max(0.0, (last - first).total_seconds() * 1000)


def failures(table: Table) -> Figure:
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


def pareto(table: Table) -> Figure:
    names = [_short(name) for name in _column(table, 0)]
    links = [
        _queue(Status.REJECTED, **({} if name == OTHERS else {"reason": name}))
        for name in _column(table, 0)
    ]
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
    second = {"overlaying": "y", "side": "right", "showgrid": False}
    second |= {"tickformat": ".0%", "range": [0, 1.05], "tickmode": "linear", "dtick": 0.25}
    return {
        "data": [bars, line],
        "layout": {
            **_count_axis("yaxis", _column(table, 1)),
            "yaxis2": second,
            "height": 400,
        },
    }


def _reasons(table: Table) -> list[tuple[str, int]]:
    """The table has them by frequency, with their sum in the last column."""
    places = range(1, len(table.columns) - 1)
    return [(table.columns[place].name, place) for place in places][:_MOST_SERIES]


def _over_time(table: Table, series: Sequence[tuple[str, int]]) -> Figure:
    drawn = _stacked(table, series, across=False, links=_narrow_to_pieces(table))
    return drawn | {"layout": drawn["layout"] | _time_axis(table)}


def by_discipline(table: Table) -> Figure:
    links = [_narrow("discipline", name) for name in _column(table, 0)]
    return _stacked(table, _reasons(table), across=True, links=links)


def facts(table: Table) -> Figure:
    drawn = _bars(table, 3)
    drawn["data"][0]["hovertemplate"] = "%{y}: %{x:.0%} rejected<extra></extra>"
    drawn["layout"] |= _share_axis("xaxis")
    return drawn


def reasons_over_time(table: Table) -> Figure:
    return _over_time(table, _reasons(table))


def disciplines(table: Table) -> Figure:
    return _bars(table, 1, [_narrow("discipline", name) for name in _column(table, 0)])


def classes(table: Table) -> Figure:
    most = Table(table.columns, table.rows[:_MOST_BARS])
    links = [_queue(Status.UPLOADED, in_period=True, search=name) for name in _column(most, 0)]
    return _bars(most, 1, links)


def staff(table: Table) -> Figure:
    return _stacked(
        table, [("Decisions", 1), ("Prints started", 5), ("Handed over", 6)], across=True
    )


def colors(table: Table) -> Figure:
    named = Table(
        table.columns, [(f"{row[1]} ({row[0]})", *row[1:]) for row in table.rows[:_MOST_BARS]]
    )
    links = [_narrow("material", row[0]) for row in table.rows[:_MOST_BARS]]
    drawn = _bars(named, 2, links, unit=" g")
    swatches = [lab().swatches.get(row[1], "#8a8f98") for row in table.rows[:_MOST_BARS]]
    drawn["data"][0]["marker"] = {"color": swatches, "line": {"color": "#7a7f87", "width": 1}}
    return drawn


def grams_over_time(table: Table) -> Figure:
    places = range(1, len(table.columns))
    series = [(table.columns[place].name, place) for place in places]
    return _over_time(table, series)
