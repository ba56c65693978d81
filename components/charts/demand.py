"""The charts of who asks for prints, who makes them, and of what material."""

import plotly.graph_objects as go

from components.charts import links, shapes
from components.charts.templates import NEUTRAL, OUTLINE
from models import Status
from services.reports.tables import Table
from settings import lab


def disciplines(table: Table) -> go.Figure:
    clicks = [links.filter_page("discipline", name) for name in table.values(0)]
    return shapes.count_bars(table, "Jobs", "jobs", clicks)


def classes(table: Table) -> go.Figure:
    most = table.head(shapes.MOST_BARS)
    clicks = [links.queue(Status.UPLOADED, in_period=True, search=name) for name in most.values(0)]
    return shapes.count_bars(most, "Jobs", "jobs", clicks)


def staff(table: Table) -> go.Figure:
    names = [column.name for column in table.columns]
    places = [names.index(name) for name in ("Decisions", "Prints started", "Handed over")]
    return shapes.stacked(table, places, title="Actions", unit="actions")


def colors(table: Table) -> go.Figure:
    most = table.head(shapes.MOST_BARS)
    materials, shades, grams = (most.values(name) for name in ("Material", "Colour", "Grams"))
    swatches = [lab().swatches.get(shade, NEUTRAL) for shade in shades]
    bar = go.Bar(
        x=grams,
        y=[f"{shade} ({material})" for material, shade in zip(materials, shades, strict=True)],
        orientation="h",
        marker={"color": swatches, "line": {"color": OUTLINE, "width": 1}},
        customdata=[links.filter_page("material", material) for material in materials] or None,
        hovertemplate="%{y}: %{x:,.1f} g<extra></extra>",
    )
    grams_axis = shapes.axis("Material printed (g)", tickformat=",")
    return shapes.lying([bar], names="Colour (material)", values=grams_axis, rows=len(grams))


def grams_over_time(table: Table) -> go.Figure:
    return shapes.stacked(
        table,
        range(1, len(table.columns)),
        title="Material printed (g)",
        unit="g",
        clicks=links.filter_days(table),
        over_time=True,
    )
