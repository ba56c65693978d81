"""/mail: the outbox, for staff. With no SMTP server set, this is where mails are read."""

import dash
from dash import dcc, html
from dash.development.base_component import Component
from flask import g

from components import ids
from components.shell import shell
from settings import settings

dash.register_page(__name__, path="/mail", title="Mail · Printdesk")


def layout(**_query: str) -> Component:
    note = (
        "Mails go out by themselves; what failed is tried again."
        if settings().smtp_url
        else "No mail server is set: mails are kept here and not sent. Set SMTP_URL to send them."
    )
    return shell(
        g.actor,
        "/mail",
        html.Div(
            [
                html.H1("Mail"),
                html.P(note, className="pd-muted"),
                dcc.Interval(id=ids.MAIL_POLL, interval=settings().refresh_seconds * 1000),
                dcc.Store(id=ids.MAIL_PRESSED),
                html.Div(id=ids.MAIL_LIST),
            ],
            className="pd-page",
        ),
    )
