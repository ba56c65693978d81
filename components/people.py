"""The staff list on the people page."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from components import actionbuttons
from components.parts import chip
from models import Role
from services.actors import Actor
from services.people.staff_list import PersonView

ROLE_NAMES = {Role.MANAGER: "Manager", Role.STAFF: "Staff", Role.ADMIN: "Administrator"}
_ROLE_ICONS = {
    Role.MANAGER: "bi-bar-chart",
    Role.STAFF: "bi-person",
    Role.ADMIN: "bi-shield-check",
}


def listed(people: Sequence[PersonView], actor: Actor) -> Component:
    return html.Ul([_item(person, actor) for person in people], className="pd-people")


def _item(person: PersonView, actor: Actor) -> Component:
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
            html.Div(actionbuttons.on_person(person, actor), className="pd-person-actions"),
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
