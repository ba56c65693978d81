"""The charts of how jobs flow through the lab."""

import plotly.graph_objects as go

from components.charts import links, shapes
from components.charts.templates import ACCENT
from models import STATUS_PATH, Status
from services.reports.tables import Table

# Where the jobs of each of flow.STEPS go on from; the last row is of those that went no further.
_STATUS_OF_STEP = (*STATUS_PATH, Status.REJECTED)
# Where those of each of flow.MONEY are to be found.
_STATUS_OF_OUTCOME = (
    Status.PAIDPICKEDUP,
    Status.COMPLETED,
    Status.READYTOPRINT,
    Status.PENDING,
    Status.COMPLETED,
    Status.REJECTED,
)
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
_SHORTEST_H = 0.05  # a logarithmic axis has no zero; asked for it, Plotly counts ticks for ever
_QUANTILES = ("lowerfence", "q1", "median", "q3", "upperfence")


def submissions(table: Table) -> go.Figure:
    days, counts = table.values(0), table.values("Submissions")
    bars = go.Bar(
        name="Submissions",
        x=days,
        y=counts,
        customdata=links.filter_days(table) or None,
        hovertemplate="%{x|%-d %b %Y}: %{y:,} jobs<extra></extra>",
    )
    trend = go.Scatter(
        mode="lines",
        name="Trend",
        x=days,
        y=table.values("Trend"),
        line={"width": 3, "color": ACCENT},
        hovertemplate="Trend: %{y:,.1f} jobs<extra></extra>",
    )
    layout = go.Layout(
        xaxis=shapes.time_axis(table),
        yaxis=shapes.count_axis("Submissions", counts),
        height=shapes.HEIGHT,
    )
    return go.Figure(data=[bars, trend], layout=layout)


def steps(table: Table) -> go.Figure:
    clicks = [links.queue(status, in_period=True) for status in _STATUS_OF_STEP]
    return shapes.count_bars(table, "Jobs", "jobs", clicks)


def money(table: Table) -> go.Figure:
    return shapes.bars(
        table,
        [cents / 100 for cents in table.values("Cents")],
        axis=shapes.axis("Quoted price ($)", tickprefix="$"),
        hover="$%{x:,.2f}",
        clicks=[links.queue(status, in_period=True) for status in _STATUS_OF_OUTCOME],
    )


def status_times(table: Table) -> go.Figure:
    labels = table.values("Status")
    quantiles = {
        name: [max(hours, _SHORTEST_H) for hours in table.values(place)]
        for place, name in enumerate(_QUANTILES, start=2)
    }
    box = go.Box(
        y=labels,
        orientation="h",
        boxpoints=False,
        customdata=links.queues(labels) or None,
        xhoverformat=",.1f",
        hovertemplate="%{y}: %{x:,.1f} h<extra></extra>",
        **quantiles,
    )
    hours = shapes.axis("Time (logarithmic)", type="log")
    hours |= {"tickvals": [*_HOURS], "ticktext": [*_HOURS.values()]}
    return shapes.lying([box], names="Status", values=hours, rows=len(labels))


def waiting(table: Table) -> go.Figure:
    clicks = links.queues(table.values("Status"))
    places = range(4, len(table.columns))
    return shapes.stacked(table, places, title="Jobs", unit="jobs", clicks=clicks)


def quotes(table: Table) -> go.Figure:
    clicks = [
        links.queue(Status.PENDING, expired="1")
        if "expired" in name
        else links.queue(Status.PENDING)
        for name in table.values(0)
    ]
    return shapes.count_bars(table, "Jobs", "jobs", clicks)
