"""The charts of what the printers did."""

from datetime import UTC, datetime, tzinfo

import plotly.graph_objects as go

from components.charts import links, shapes
from components.charts.templates import OUTCOME_COLORS
from services.reports.tables import Table
from settings import lab


def utilisation(table: Table) -> go.Figure:
    return shapes.bars(
        table,
        table.values("Utilisation"),
        axis=shapes.share_axis("% of available hours"),
        hover="%{x:.1%} of available hours",
        clicks=links.filter_printers(table.values("Printer")),
    )


def weeks(table: Table) -> go.Figure:
    rows = list(
        zip(table.values(0), table.values("Printer"), table.values("Utilisation"), strict=True)
    )
    lines = []
    for printer in dict.fromkeys(table.values("Printer")):
        own = [(week, share) for week, name, share in rows if name == printer]
        lines.append(
            go.Scatter(
                mode="lines+markers",
                name=printer,
                x=[week for week, _ in own],
                y=[share for _, share in own],
                customdata=links.filter_printers([printer]) * len(own),
                hovertemplate=f"{printer}, week from %{{x|%-d %b %Y}}: "
                "%{y:.1%} of available hours<extra></extra>",
            )
        )
    layout = go.Layout(
        xaxis=shapes.time_axis(table),
        yaxis=shapes.share_axis("Utilisation (% of available hours)"),
        height=shapes.HEIGHT,
    )
    return go.Figure(data=lines, layout=layout)


def heatmap(table: Table) -> go.Figure:
    days = list(dict.fromkeys(table.values("Weekday")))
    printing = table.values("Printers at a time")
    at = dict(zip(zip(table.values(0), table.values(1), strict=True), printing, strict=True))
    cells = go.Heatmap(
        x=list(range(24)),
        y=days,
        z=[[at.get((day, hour)) for hour in range(24)] for day in days],
        colorscale="Cividis",
        hovertemplate="%{y}, %{x}:00: %{z:.2f} printers<extra></extra>",
        colorbar={"title": {"text": "Printers"}, "thickness": 12},
    )
    layout = go.Layout(
        xaxis=shapes.axis("Hour of the day", dtick=3),
        yaxis=shapes.name_axis("Weekday", autorange="reversed"),
        height=shapes.HEIGHT,
    )
    return go.Figure(data=[cells], layout=layout)


def timeline(table: Table) -> go.Figure:
    """Each run as a bar from its start; one that still prints goes to now."""
    zone, now = lab().lab.zone, datetime.now(UTC)
    present = set(table.values("Outcome"))
    runs = []
    for outcome in (known for known in OUTCOME_COLORS if known in present):
        rows = [row for row in table.rows if row[4] == outcome]
        runs.append(
            go.Bar(
                orientation="h",
                name=outcome.capitalize(),
                marker={"color": OUTCOME_COLORS[outcome]},
                y=[row[0] for row in rows],
                base=[f"{row[2].astimezone(zone):%Y-%m-%dT%H:%M:%S}" for row in rows],
                x=[clock_ms(row[2], row[3] or now, zone) for row in rows],
                customdata=[links.job(row[1]) for row in rows],
                text=[f"{row[1]} {row[5] or ''}" for row in rows],
                textposition="none",
                hovertemplate="%{text}<br>from %{base}<extra>%{y}</extra>",
            )
        )
    layout = go.Layout(
        xaxis=shapes.axis("Time", type="date", tickformat="%-d %b\n%Y"),
        yaxis=shapes.name_axis("Printer"),
        barmode="overlay",
        height=shapes.HEIGHT,
    )
    return go.Figure(data=runs, layout=layout)


def clock_ms(start: datetime, end: datetime, zone: tzinfo) -> float:
    """From one to the other as the lab's clock shows them: where it is put forward or back between
    them, that is not what has passed."""
    first, last = (at.astimezone(zone).replace(tzinfo=None) for at in (start, end))
    return max(0.0, (last - first).total_seconds() * 1000)


def failures(table: Table) -> go.Figure:
    names, reasons, counts = (table.values(place) for place in range(3))
    printers = list(dict.fromkeys(names))
    at = dict(zip(zip(names, reasons, strict=True), counts, strict=True))
    parts = [
        go.Bar(
            orientation="h",
            name=shapes.shorten(reason),
            y=printers,
            x=[at.get((printer, reason), 0) for printer in printers],
            customdata=links.filter_printers(printers),
            hovertemplate=f"{reason}: %{{x:,}} runs<extra>%{{y}}</extra>",
        )
        for reason in list(dict.fromkeys(reasons))[: shapes.MOST_SERIES]
    ]
    totals = [sum(at.get((printer, reason), 0) for reason in reasons) for printer in printers]
    return shapes.lying(
        parts,
        names="Printer",
        values=shapes.count_axis("Failed runs", totals),
        rows=len(printers),
    )
