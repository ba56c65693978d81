"""/dashboard: the live queue."""

import dash
import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component
from flask import g

from components import dialogs, ids, panel, preview
from components.parts import ALL
from components.shell import shell
from models import Status
from settings import lab, settings

dash.register_page(__name__, path="/dashboard", title="Queue · Printdesk")


def layout(status: str = "", job: str = "", search: str = "", **_query: str) -> Component:
    """The page; `status`, `job` and `search` of the address are where it begins."""
    begin = Status(status) if str(status) in Status.__members__ else Status.UPLOADED
    return shell(
        g.actor,
        "/dashboard",
        [
            html.H1("Queue", className="visually-hidden"),
            dcc.Interval(id=ids.QUEUE_POLL, interval=settings().refresh_seconds * 1000),
            dcc.Store(id=ids.QUEUE_VIEW, data={"status": begin.value, "page": 1}),
            dcc.Store(id=ids.QUEUE_SELECTED, data=job),
            dcc.Store(id=ids.QUEUE_CHANGED, data=0),
            dcc.Store(id=ids.QUEUE_PRESSED),
            html.Ul(
                id=ids.QUEUE_TABS, className="pd-tabs", role="tablist", **{"aria-label": "Status"}
            ),
            html.Div(
                [
                    html.Section(
                        [_toolbar(search), html.Div(id=ids.QUEUE_LIST)], **{"aria-label": "Jobs"}
                    ),
                    html.Aside(
                        [
                            html.Div(
                                panel.nothing_chosen(), id=ids.QUEUE_DETAIL, className="pd-detail"
                            ),
                            preview.section(),
                        ],
                        id=ids.QUEUE_PANEL,
                        className="pd-section pd-panel",
                        **{"aria-label": "Chosen job"},
                    ),
                ],
                className="pd-main",
            ),
            dialogs.modal(),
        ],
    )


def _toolbar(search: str) -> Component:
    printers = [{"label": "All printers", "value": ALL}]
    printers += [{"label": printer.name, "value": printer.id} for printer in lab().printers]
    disciplines = [{"label": "All disciplines", "value": ALL}]
    disciplines += [{"label": name, "value": name} for name in lab().choices.disciplines]
    sorts = [
        {"label": "Oldest first", "value": "oldest"},
        {"label": "Newest first", "value": "newest"},
        {"label": "Last changed", "value": "updated"},
        {"label": "By name", "value": "name"},
    ]
    return html.Div(
        [
            dbc.InputGroup(
                [
                    dbc.InputGroupText(html.I(className="bi bi-search", **{"aria-hidden": "true"})),
                    html.Label("Search", htmlFor=ids.QUEUE_SEARCH, className="visually-hidden"),
                    dbc.Input(
                        id=ids.QUEUE_SEARCH,
                        type="search",
                        value=search,
                        debounce=400,
                        placeholder="Student, e-mail, class, job ID",
                    ),
                ]
            ),
            *_choice(ids.QUEUE_PRINTER, "Printer", printers, ALL),
            *_choice(ids.QUEUE_DISCIPLINE, "Discipline", disciplines, ALL),
            *_choice(ids.QUEUE_SORT, "Order", sorts, "oldest"),
        ],
        className="pd-toolbar",
        role="search",
    )


def _choice(
    control: str, label: str, options: list[dict[str, str]], value: str
) -> tuple[Component, Component]:
    return (
        html.Label(label, htmlFor=control, className="visually-hidden"),
        dbc.Select(id=control, options=options, value=value),
    )
