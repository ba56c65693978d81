"""The list on the people page. Its actions are in callbacks/dialog.py."""

from typing import Any

from dash import Input, Output, State
from flask import g

from callbacks.redrawing import changed
from components import ids, people
from components.roles import role_callback
from models import Role
from services import work
from services.people import staff_list


@role_callback(
    Role.ADMIN,
    output={
        "people": Output(ids.PEOPLE_LIST, "children"),
        "shown": Output(ids.PEOPLE_SHOWN, "data"),
    },
    inputs={"refresh": Input(ids.REFRESH, "data")},
    state={"shown": State(ids.PEOPLE_SHOWN, "data")},
)
def show_people(refresh: Any, shown: Any) -> dict[str, Any]:
    with work.unit() as session:
        listed = staff_list.list_people(session, actor=g.actor)
    return changed(shown, people=people.listed(listed, g.actor))
