"""What the charts are made of: bars, stacked bars, and axes with their titles and units."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from components.charts import links
from services.reports.tables import Table

MOST_SERIES = 7
MOST_BARS = 15
HEIGHT = 330
_MOST_TICKS = 10
_DAY_MS = 86_400_000
_PIECES = {"day": "Day", "week": "Week", "month": "Month"}

Axis = dict[str, Any]


def axis(title: str, **settings: Any) -> Axis:
    return {"title": {"text": title}, **settings}


def count_axis(title: str, values: Sequence[Any]) -> Axis:
    """Of a few things there is no half: left alone, Plotly would write 0.5 jobs."""
    are_few = all(isinstance(value, int) for value in values) and 0 < max(values, default=0) <= 5
    return axis(title, tickformat=",", nticks=6, **({"dtick": 1} if are_few else {}))


def share_axis(title: str) -> Axis:
    return axis(title, tickformat=".0%", rangemode="tozero")


def name_axis(title: str, **settings: Any) -> Axis:
    return axis(title, type="category", **settings)


def time_axis(table: Table) -> Axis:
    """Days, weeks or months, each named by its first day; on a narrow chart Plotly shows fewer."""
    days = sorted(set(table.values(0)))
    step = max(1, -(-len(days) // _MOST_TICKS))
    grain = links.grain_of(table)
    length = f"M{step}" if grain == "month" else step * (7 if grain == "week" else 1) * _DAY_MS
    words = "%b\n%Y" if grain == "month" else "%-d %b\n%Y"
    start = {"tick0": f"{days[0]}"} if days else {}
    return axis(_PIECES[grain], type="date", dtick=length, tickformat=words, **start)


def lying(bars: Sequence[go.Bar], *, names: str, values: Axis, rows: int) -> go.Figure:
    """Horizontal bars, the first row on top."""
    return go.Figure(
        data=list(bars),
        layout=go.Layout(
            xaxis=values,
            yaxis=name_axis(names, autorange="reversed"),
            height=max(200, 95 + 28 * rows),
        ),
    )


def bars(
    table: Table, values: list[Any], *, axis: Axis, hover: str, clicks: Sequence[str] = ()
) -> go.Figure:
    """A horizontal bar for each row, named by its first column."""
    bar = go.Bar(
        x=values,
        y=[str(name) for name in table.values(0)],
        orientation="h",
        customdata=list(clicks) or None,
        hovertemplate=f"%{{y}}: {hover}<extra></extra>",
    )
    return lying([bar], names=table.columns[0].name, values=axis, rows=len(values))


def count_bars(table: Table, column: str, noun: str, clicks: Sequence[str] = ()) -> go.Figure:
    values = table.values(column)
    return bars(
        table, values, axis=count_axis(column, values), hover=f"%{{x:,}} {noun}", clicks=clicks
    )


def stacked(
    table: Table,
    places: Sequence[int],
    *,
    title: str,
    unit: str,
    clicks: Sequence[str] = (),
    over_time: bool = False,
) -> go.Figure:
    """A bar for each row, made of the columns at `places`; horizontal, or upright over time."""
    names = table.values(0)
    value, name = ("y", "x") if over_time else ("x", "y")
    parts = [
        go.Bar(
            name=shorten(table.columns[place].name),
            orientation="v" if over_time else "h",
            customdata=list(clicks) or None,
            hovertemplate=f"{table.columns[place].name}: %{{{value}:,}} {unit}"
            f"<extra>%{{{name}}}</extra>",
            **{value: table.values(place), name: names},
        )
        for place in places
    ]
    totals = [sum(each) for each in zip(*(table.values(place) for place in places), strict=True)]
    values = count_axis(title, totals)
    if over_time:
        layout = go.Layout(xaxis=time_axis(table), yaxis=values, height=HEIGHT)
        return go.Figure(data=parts, layout=layout)
    return lying(parts, names=table.columns[0].name, values=values, rows=len(names))


def shorten(name: str) -> str:
    return name if len(name) <= 32 else f"{name[:31]}…"
