"""The staff list, and what its one dialog asks for each action."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from components import ids
from components.parts import button, chip
from models import Role
from services.people.staff_list import PersonView

ROLES = {
    Role.MANAGER: "Manager: reads reports and the queue",
    Role.STAFF: "Staff: works on the queue",
    Role.ADMIN: "Administrator: everything, with people and system",
}
ROLE_NAMES = {Role.MANAGER: "Manager", Role.STAFF: "Staff", Role.ADMIN: "Administrator"}
_ROLE_ICONS = {
    Role.MANAGER: "bi-bar-chart",
    Role.STAFF: "bi-person",
    Role.ADMIN: "bi-shield-check",
}
_TITLES = {
    "add": "Add a person",
    "role": "Change the role",
    "deactivate": "Deactivate",
    "reactivate": "Reactivate",
    "password": "Reset the password",
    "forget": "Reset the sign-in",
}
_SUBMITS = {"add": "Add", "role": "Save role"}
_WORDS = {
    "role": "The new role counts from the person's next step on.",
    "deactivate": "The person is signed out at once and cannot sign in. Jobs they hold are "
    "released. What they did stays in the history.",
    "reactivate": "The person may sign in again, in the role and with the password they had.",
    "password": "A new password is made and shown to you once. The old one stops working, and the "
    "person is signed out everywhere.",
    "forget": "The next account with this person's verified e-mail becomes theirs. Use this when "
    "they got a new account at your sign-in provider.",
}
DANGEROUS = ("deactivate", "password", "forget")


def listed(people: Sequence[PersonView], is_oidc: bool) -> Component:
    return html.Ul([_item(person, is_oidc) for person in people], className="pd-people")


def _item(person: PersonView, is_oidc: bool) -> Component:
    return html.Li(
        [
            html.Div(
                [
                    html.H2([person.name, " (you)" if person.is_self else ""]),
                    html.Div(person.email, className="pd-muted"),
                ],
                className="pd-person-who",
            ),
            html.Div(_chips(person), className="pd-chips"),
            html.Div(_buttons(person, is_oidc), className="pd-person-actions"),
        ],
        className=f"pd-person{'' if person.active else ' pd-person-inactive'}",
    )


def _chips(person: PersonView) -> list[Component]:
    chips = [chip(ROLE_NAMES[person.role], _ROLE_ICONS[person.role])]
    if not person.active:
        chips.append(chip("Deactivated", "bi-slash-circle", "bad"))
    elif person.signs_in == "not yet":
        chips.append(chip("Has not signed in yet", "bi-hourglass-split", "warn"))
    return chips


def _buttons(person: PersonView, is_oidc: bool) -> list[Component]:
    if not person.active:
        return [_button(person, "reactivate", "Reactivate")]
    buttons = [_button(person, "role", "Change role")]
    if not is_oidc and not person.is_self:
        buttons.append(_button(person, "password", "Reset password"))
    elif person.signs_in == "provider":
        buttons.append(_button(person, "forget", "Reset sign-in"))
    if not person.is_self:
        buttons.append(_button(person, "deactivate", "Deactivate", "outline-danger"))
    return buttons


def _button(
    person: PersonView, action: str, label: str, look: str = "outline-secondary"
) -> Component:
    value = {"action": action, "person": person.id}
    words = {"aria-label": f"{label}: {person.name}"}
    return button(label, ids.PEOPLE_PRESSED, value, look, **words)


def modal() -> Component:
    """The dialog itself, empty; callbacks/people.py fills it."""
    return dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle(id=ids.PEOPLE_TITLE), close_button=True),
            dbc.ModalBody(
                [
                    html.Div(id=ids.PEOPLE_BODY),
                    html.Div(id=ids.PEOPLE_ERROR, role="alert", **{"aria-live": "assertive"}),
                ]
            ),
            dbc.ModalFooter(
                [
                    dbc.Button("Cancel", id=ids.PEOPLE_CANCEL, color="outline-secondary"),
                    dbc.Button("Save", id=ids.PEOPLE_SUBMIT, color="primary"),
                ]
            ),
            dcc.Store(id=ids.PEOPLE_ABOUT),
        ],
        id=ids.PEOPLE_DIALOG,
        is_open=False,
        fade=False,
        centered=True,
        scrollable=True,
        fullscreen="sm-down",
        labelledby=ids.PEOPLE_TITLE,
    )


def is_known(action: str) -> bool:
    return action in _TITLES


def title(action: str) -> str:
    return _TITLES[action]


def submit_label(action: str) -> str:
    return _SUBMITS.get(action, _TITLES[action])


def body(action: str, person: PersonView | None) -> list[Any]:
    """The dialog's content for an action; without a person, for adding one."""
    if person is None:
        return [
            _text("name", "Name", "off"),
            _text("email", "E-mail", "off", type="email"),
            _role_field(Role.STAFF),
        ]
    who = html.P([html.Strong(person.name), html.Br(), person.email])
    fields = [_role_field(person.role)] if action == "role" else []
    return [who, html.P(_WORDS[action]), *fields]


def made_password(who: str, password: str) -> list[Any]:
    """What is shown once, and cannot be shown again."""
    return [
        html.P(["Give this password to ", html.Strong(who), ". It is shown only now."]),
        html.P(html.Code(password, className="pd-secret")),
        html.P("They sign in with it and can change it under their name.", className="pd-muted"),
    ]


def _role_field(chosen: Role) -> Component:
    options = [{"label": label, "value": role.value} for role, label in ROLES.items()]
    control = dbc.Select(
        id=ids.person_field("role"), options=options, value=chosen.value, className="w-100"
    )
    return _labelled("Role", control)


def _text(name: str, label: str, autocomplete: str, **more: Any) -> Component:
    control = dbc.Input(
        id=ids.person_field(name), autocomplete=autocomplete, autofocus=name == "name", **more
    )
    return _labelled(label, control)


def _labelled(label: str, control: Component) -> Component:
    return html.Label([html.Span(label, className="form-label"), control], className="pd-field")
