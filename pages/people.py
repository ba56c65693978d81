"""/people: the staff list, for administrators."""

import dash
from dash import dcc, html
from dash.development.base_component import Component
from flask import g

from components import actionbuttons, dialogs, ids
from components.parts import empty
from components.shell import shell
from models import Role
from settings import settings

dash.register_page(__name__, path="/people", title="People · Printdesk")

_NOTES = {
    "local": "People sign in with a password, which they can change under their name.",
    "oidc": "People sign in with your organisation's account. Who is not on this list is refused.",
}


def layout(**_query: str) -> Component:
    # Only to spare others an empty page: the service is what refuses.
    if not g.actor.may(Role.ADMIN):
        words = "Administrators keep the staff list. Ask one of them if something must change."
        return shell(g.actor, "/people", empty("bi-lock", "This page is for administrators", words))
    return shell(
        g.actor,
        "/people",
        html.Div(
            [
                html.Div(
                    [
                        html.H1("People"),
                        *actionbuttons.for_people(g.actor),
                    ],
                    className="pd-page-head",
                ),
                html.P(_NOTES[settings().auth_mode], className="pd-muted"),
                dcc.Store(id=ids.PEOPLE_SHOWN),
                html.Div(id=ids.PEOPLE_LIST),
                *dialogs.dialog(),
            ],
            className="pd-page",
        ),
    )
