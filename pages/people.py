"""/people: the staff list, for administrators."""

import dash
from dash import dcc, html
from dash.development.base_component import Component
from flask import g

from components import actionbuttons, dialogs, ids
from components.parts import empty
from components.roles import role_page
from components.shell import shell
from models import Role
from settings import settings

dash.register_page(__name__, path="/people", title="People · Printdesk")

_NOTES = {
    "local": "People sign in with a password, which they can change on their account page.",
    "oidc": "People sign in with your organisation's account. Anybody not on this list is refused.",
}


def _for_administrators_only() -> Component:
    words = "Administrators manage the staff list. Ask one of them if something should change."
    return shell(g.actor, "/people", empty("bi-lock", "This page is for administrators", words))


@role_page(Role.ADMIN, instead=_for_administrators_only)
def layout(**_query: str) -> Component:
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
