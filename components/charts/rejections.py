"""The charts of why models are rejected."""

from typing import Any

import plotly.graph_objects as go

from components.charts import links, shapes
from components.charts.templates import ACCENT
from models import Status
from services.reports.counting.rejections import OTHERS
from services.reports.tables import Table


def pareto(table: Table) -> go.Figure:
    reasons, counts = table.values("Reason"), table.values("Rejections")
    names = [shapes.shorten(name) for name in reasons]
    bars = go.Bar(
        name="Rejections",
        x=names,
        y=counts,
        customdata=[_queue_of(reason) for reason in reasons] or None,
        hovertemplate="%{x}: %{y:,} rejections<extra></extra>",
    )
    line = go.Scatter(
        name="Cumulative share",
        x=names,
        y=table.values("Cumulative share"),
        yaxis="y2",
        line={"color": ACCENT},
        hovertemplate="Cumulative share: %{y:.0%} of all reasons<extra></extra>",
    )
    share: dict[str, Any] = {"overlaying": "y", "side": "right", "showgrid": False}
    share |= {"tickformat": ".0%", "range": [0, 1.05], "tickmode": "linear", "dtick": 0.25}
    layout = go.Layout(
        xaxis=shapes.name_axis("Reason"),
        yaxis=shapes.count_axis("Rejections", counts),
        yaxis2=shapes.axis("Cumulative share (%)", automargin=True, **share),
        height=430,
    )
    return go.Figure(data=[bars, line], layout=layout)


def _queue_of(reason: str) -> str:
    view: dict[str, Any] = {} if reason == OTHERS else {"reason": reason}
    return links.queue(Status.REJECTED, **view)


def facts(table: Table) -> go.Figure:
    return shapes.bars(
        table,
        table.values("Rejection rate"),
        axis=shapes.share_axis("Rejection rate (%)"),
        hover="%{x:.0%} rejected",
    )


def by_discipline(table: Table) -> go.Figure:
    clicks = [links.filter_page("discipline", name) for name in table.values(0)]
    return _by_reason(table, clicks)


def over_time(table: Table) -> go.Figure:
    return _by_reason(table, links.filter_days(table), over_time=True)


def _by_reason(table: Table, clicks: list[str], *, over_time: bool = False) -> go.Figure:
    """The table has the reasons by frequency, with their sum in the last column."""
    places = range(1, len(table.columns) - 1)[: shapes.MOST_SERIES]
    return shapes.stacked(
        table, places, title="Rejections", unit="rejections", clicks=clicks, over_time=over_time
    )
