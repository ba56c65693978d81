"""/mail: the outbox, for staff. With no SMTP server set, e-mails can be read here."""

import dash
from dash import dcc, html
from dash.development.base_component import Component
from flask import g

from components import ids
from components.parts import empty
from components.roles import role_page
from components.shell import shell
from models import Role
from settings import settings

dash.register_page(__name__, path="/mail", title="Mail · Printdesk")


def _for_staff_only() -> Component:
    words = "Only people who work on the queue can read e-mails to students."
    return shell(g.actor, "/mail", empty("bi-lock", "This page is for staff", words))


@role_page(Role.STAFF, instead=_for_staff_only)
def layout(**_query: str) -> Component:
    note = (
        "E-mails are sent automatically; failed ones are retried."
        if settings().smtp_url
        else "No mail server is set: e-mails are kept here and not sent. Set SMTP_URL to send them."
    )
    return shell(
        g.actor,
        "/mail",
        html.Div(
            [
                html.H1("Mail"),
                html.P(note, className="pd-muted"),
                dcc.Store(id=ids.MAIL_PRESSED),
                html.Div(id=ids.MAIL_LIST),
            ],
            className="pd-page",
        ),
    )
