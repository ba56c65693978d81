"""/job/<id>: one job on its own page, for links."""

import dash
from dash import dcc, html
from dash.development.base_component import Component
from flask import g

from components import dialogs, ids
from components.jobpanel import panel
from components.parts import icon
from components.roles import role_page
from components.shell import shell
from models import Role
from services import work
from services.errors import NotFound
from services.jobs import records

dash.register_page(__name__, path_template="/job/<job_id>", title="Job · Printdesk")


@role_page(Role.MANAGER)
def layout(job_id: str = "", **_query: str) -> Component:
    """The page of one job; `job_id` may be its short id."""
    try:
        with work.unit() as session:
            found = records.resolve(session, job_id, actor=g.actor)
    except NotFound:
        found = job_id  # the panel says that there is no such job
    return shell(
        g.actor,
        "/job",
        html.Div(
            [
                html.H1(f"Job {found[:8]}", className="visually-hidden"),
                html.P(dcc.Link([icon("bi-arrow-left"), " Queue"], href="/dashboard")),
                dcc.Store(id=ids.QUEUE_SELECTED, data=found),
                panel(g.actor, alone=True),
                *dialogs.dialog(),
            ],
            className="pd-page pd-job-page",
        ),
    )
