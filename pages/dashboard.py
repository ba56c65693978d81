"""/dashboard: the live queue."""

import dash
from dash import dcc, html
from dash.development.base_component import Component
from flask import g

from components import dialogs, ids, queueview, toolbar
from components.jobpanel import panel
from components.roles import role_page
from components.shell import shell
from models import Role
from settings import lab

dash.register_page(__name__, path="/dashboard", title="Queue · Printdesk")


@role_page(Role.MANAGER)
def layout(job: str = "", **query: str) -> Component:
    """The page, with the view given in the address: see components/queueview.py."""
    view = queueview.parts(query)
    return shell(
        g.actor,
        "/dashboard",
        [
            html.H1("Queue", className="visually-hidden"),
            dcc.Store(id=ids.QUEUE_VIEW, data=view),
            dcc.Store(id=ids.QUEUE_GO),
            dcc.Store(id=ids.QUEUE_ADDRESS),
            dcc.Store(id=ids.QUEUE_SELECTED, data=job),
            dcc.Store(id=ids.QUEUE_SHOWN),
            html.Ul(
                id=ids.QUEUE_TABS, className="pd-tabs", role="tablist", **{"aria-label": "Status"}
            ),
            html.Div(
                [
                    html.Section(
                        [
                            toolbar.toolbar(view),
                            toolbar.marked_bar(g.actor),
                            html.Div(
                                toolbar.loading(),
                                id=ids.QUEUE_LIST,
                                tabIndex="-1",
                                **{"aria-live": "off"},
                            ),
                        ],
                        **{"aria-label": "Jobs"},
                    ),
                    panel(g.actor),
                ],
                className="pd-main",
                **{"data-pd-lab-zone": lab().lab.timezone},
            ),
            *dialogs.dialog(),
        ],
    )
