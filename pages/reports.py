"""/reports: what the lab's own facts say, for its managers."""

import dash
from dash import dcc, html
from dash.development.base_component import Component
from flask import g

from components import ids, reports
from components.charts.catalogue import SECTIONS
from components.roles import role_page
from components.shell import shell
from models import Role
from services.errors import Invalid
from services.reports.asking import report_filters
from services.reports.asking.report_filters import Filters

dash.register_page(__name__, path="/reports", title="Reports · Printdesk")


@role_page(Role.MANAGER)
def layout(**query: str) -> Component:
    """The page; its address says what it is narrowed to (services/reports/asking)."""
    try:
        wanted = report_filters.read(query)
    except Invalid:
        wanted = Filters()
    return shell(
        g.actor,
        "/reports",
        html.Div(
            [
                html.H1("Reports"),
                dcc.Store(id=ids.REPORT_VIEW, data=wanted.to_query()),
                dcc.Store(id=ids.REPORT_THEME),
                reports.toolbar(wanted),
                html.Div(id=ids.REPORT_HEAD, className="pd-report-head"),
                html.Section(
                    reports.loading_tiles(), id=ids.REPORT_KEY, **{"aria-label": "Key figures"}
                ),
                *(
                    html.Section(reports.loading(name), id=ids.report_section(name))
                    for name in SECTIONS
                ),
            ],
            className="pd-page pd-report",
        ),
    )
