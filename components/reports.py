"""The reports page: filters, key figures, and the charts with their tables."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from components import ids
from components.charts import catalogue
from components.parts import ALL, icon
from services.reports.asking import periods
from services.reports.asking.periods import CUSTOM, PRESETS, Period
from services.reports.asking.report_filters import CONFIRMATION_LABELS, DEFAULT_PERIOD, Filters
from services.reports.tables import Table
from services.reports.words import KeyRow
from settings import lab

_GRAPH: Mapping[str, Any] = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtons": [["toImage"]],
}
_TONES = {"ok": "bi-check-circle", "bad": "bi-exclamation-circle"}
_MOST_ROWS = 400  # of a table on the page; its export has them all


def toolbar(filters: Filters) -> Component:
    """The filters, as the address has them. assets/reports.js leads their values into the view."""
    presets = [*PRESETS.items(), (CUSTOM, "Chosen days…")]
    printers = [(printer.id, printer.name) for printer in lab().printers]
    materials = [(material.name, material.name) for material in lab().materials]
    disciplines = [(name, name) for name in lab().choices.disciplines]
    confirmations = [(state.value, label) for state, label in CONFIRMATION_LABELS.items()]
    return html.Div(
        [
            _select("period", "Period", presets, filters.period),
            _date("from", "From", filters.first),
            _date("to", "To", filters.last),
            _select("printer", "Printer", [(ALL, "All printers"), *printers], filters.printer),
            _select("material", "Material", [(ALL, "All materials"), *materials], filters.material),
            _select(
                "discipline",
                "Discipline",
                [(ALL, "All disciplines"), *disciplines],
                filters.discipline,
            ),
            _select(
                "confirmation",
                "Confirmation",
                [(ALL, "Any"), *confirmations],
                filters.confirmation or "",
            ),
        ],
        className="pd-report-filters",
        role="search",
        **{"aria-label": "Filter the report"},
    )


def head(period: Period, filters: Filters) -> list[Any]:
    """What the report is about, and its exports."""
    compared = period.before
    before = f", compared with {_days(compared)}" if compared is not None else ""
    query = urlencode(filters.to_query())
    last_month = periods.month(period.last).first
    narrowed = " · ".join(_narrowed(filters))
    return [
        html.P(
            f"{period.label}: {_days(period)}{before}. Times are in the lab's time zone."
            + (f" Only: {narrowed}." if narrowed else ""),
            **{"data-pd-report-days": f"{period.first} {period.last}"},
        ),
        html.Div(
            [
                _download("Jobs", "jobs", query),
                _download("All tables", "everything", query, kinds=("xlsx",)),
                _download(
                    f"Transactions of {last_month:%B %Y}",
                    "transactions",
                    urlencode({"month": f"{last_month:%Y-%m}"}),
                ),
                html.Button(
                    [icon("bi-printer"), " Print"],
                    type="button",
                    className="btn btn-outline-secondary",
                    **{"data-pd-print": "1"},
                ),
            ],
            className="pd-report-exports",
        ),
    ]


def _narrowed(filters: Filters) -> list[str]:
    """What the report is narrowed to, in words: the filters are not printed."""
    given = [
        lab().printer_name(filters.printer) if filters.printer else "",
        filters.material,
        filters.discipline,
        CONFIRMATION_LABELS[filters.confirmation] if filters.confirmation else "",
    ]
    return [each for each in given if each]


def tiles(rows: list[KeyRow]) -> Component:
    return html.Dl([_tile(row) for row in rows], className="pd-tiles pd-report-tiles")


def loading_tiles() -> Component:
    """As much room as the key figures will take: what stands below does not move."""
    tiles = [html.Div(className="pd-skeleton pd-tile", **{"aria-hidden": "true"}) for _ in range(8)]
    return html.Div(tiles, className="pd-tiles pd-report-tiles")


def section(
    name: str, tables: Mapping[str, Table], period: Period, filters: Filters, theme: str
) -> list[Component]:
    """A section's charts."""
    title, names = catalogue.SECTIONS[name]
    cards = [_card(each, tables[each], period, filters, theme) for each in names]
    return [html.H2(title), html.Div(cards, className="pd-report-charts")]


def loading(name: str) -> list[Component]:
    """The section before its first answer."""
    title, names = catalogue.SECTIONS[name]
    skeletons = [html.Div(className="pd-skeleton", **{"aria-hidden": "true"}) for _ in names[:2]]
    return [html.H2(title), html.P("Counting…", className="pd-muted"), *skeletons]


def _card(name: str, table: Table, period: Period, filters: Filters, theme: str) -> Component:
    chart = catalogue.CHARTS[name]
    when = "Now" if chart.is_now else f"{period.label}, {_days(period)}"
    about = f"{chart.counts} {when}: {chart.count(table):,.0f} {chart.noun}."
    empty = catalogue.is_empty(chart, table)
    shown = (
        html.P([icon("bi-inbox"), "Nothing to show for this period."], className="pd-report-empty")
        if empty
        else html.Div(
            dcc.Graph(
                id=ids.report_chart(name),
                figure=catalogue.figure(chart, table, theme),
                config=_config(name),
                className="pd-report-graph",
            ),
            role="group",
            **{"aria-label": f"{chart.title}. {about} The table below has the numbers."},
        )
    )
    query = urlencode(filters.to_query())
    return html.Section(
        [
            html.H3(chart.title),
            html.P(
                [about, html.Span(f" {chart.click}", className="pd-report-click")],
                className="pd-muted",
            ),
            shown,
            html.Div(
                [None if empty else _numbers(chart.title, table), _download("", name, query)],
                className="pd-report-foot",
            ),
        ],
        className="pd-section pd-report-card" + (" pd-report-wide" if chart.wide else ""),
    )


def _config(name: str) -> dict[str, Any]:
    picture = {"format": "png", "scale": 2, "filename": f"printdesk-{name}"}
    return {**_GRAPH, "toImageButtonOptions": picture}


def _numbers(title: str, table: Table) -> Component:
    """The same numbers as a table: for who cannot see the chart, and who wants to be exact.

    assets/reports.js builds it when it is opened: thousands of cells, each a component of Dash,
    would keep the browser busy for minutes.
    """
    kinds = [column.kind.value for column in table.columns]
    shown = table.rows[:_MOST_ROWS]
    content = {
        "title": title,
        "kinds": kinds,
        "head": [column.name for column in table.columns],
        "rows": [[_as_text(*cell) for cell in zip(row, kinds, strict=True)] for row in shown],
    }
    more = len(table.rows) - len(shown)
    return html.Details(
        [
            html.Summary("The numbers"),
            html.Div(
                className="pd-report-scroll",
                tabIndex="0",
                role="group",
                **{"aria-label": f"The numbers of {title}", "data-pd-table": json.dumps(content)},
            ),
            html.P(f"{more:,} more rows are in the export.") if more > 0 else None,
        ],
        className="pd-report-numbers",
    )


def _as_text(value: Any, kind: str) -> str:
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


def _tile(row: KeyRow) -> Component:
    compared = " · ".join(filter(None, [row.change, f"before: {row.before}" if row.before else ""]))
    return html.Div(
        [
            html.Dt(row.name, className="pd-tile-label"),
            html.Dd(row.value, className="pd-tile-value"),
            html.Dd(
                [icon(_TONES[row.tone]), f" {compared}"] if row.tone else compared,
                className=f"pd-tile-change pd-{row.tone}" if row.tone else "pd-tile-change",
            ),
            html.Dd(row.counts, className="pd-tile-counts"),
        ],
        className="pd-section pd-tile",
    )


def _download(label: str, name: str, query: str, kinds: tuple[str, ...] = ("csv", "xlsx")) -> Any:
    title = catalogue.CHARTS[name].title if name in catalogue.CHARTS else label
    links = [
        html.A(
            [icon("bi-download"), f" {kind.upper()}"],
            href=f"/reports/export/{name}.{kind}" + (f"?{query}" if query else ""),
            **{"aria-label": f"{title} as {kind.upper()}"},
        )
        for kind in kinds
    ]
    return html.Div(
        [html.Span(f"{label}: ") if label else None, *links], className="pd-report-download"
    )


def _days(span: Any) -> str:
    return f"{span.first:%d %b %Y} to {span.last:%d %b %Y}"


def _select(name: str, label: str, choices: Any, value: str) -> Component:
    options = [{"label": words, "value": key} for key, words in choices]
    default = DEFAULT_PERIOD if name == "period" else ALL
    if value and value not in {option["value"] for option in options}:
        options.append({"label": value, "value": value})  # what the lab no longer has
    return _labelled(
        name, label, dbc.Select(id=ids.report(name), options=options, value=value or default)
    )


def _date(name: str, label: str, value: Any) -> Component:
    shown = value.isoformat() if value else ""
    return _labelled(name, label, dbc.Input(id=ids.report(name), type="date", value=shown))


def _labelled(name: str, label: str, control: Component) -> Component:
    return html.Div(
        [html.Label(label, htmlFor=ids.report(name), className="form-label"), control],
        className="pd-report-filter",
        **{"data-pd-report-filter": name},
    )
