"""The people page: the list, and its dialog."""

import time
from typing import Any

from dash import ALL, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate
from flask import g
from sqlalchemy.orm import Session

from components import answers, dialogs, ids, people, toasts
from components.roles import role_callback
from models import Role
from services import work
from services.errors import Invalid, Malformed, NotFound, PrintdeskError
from services.people import staff_list
from settings import settings

_DONE = {
    "add": "Added. They can sign in now.",
    "role": "The role is changed.",
    "deactivate": "Deactivated.",
    "reactivate": "Reactivated.",
    "forget": "The sign-in is reset.",
}


@role_callback(Role.ADMIN, Output(ids.PEOPLE_LIST, "children"), Input(ids.PEOPLE_CHANGED, "data"))
def show_people(_changed: Any) -> Any:
    with work.unit() as session:
        listed = staff_list.list_people(session, actor=g.actor)
    return people.listed(listed, settings().auth_mode == "oidc")


@role_callback(
    Role.ADMIN,
    Output(ids.PEOPLE_DIALOG, "is_open"),
    Output(ids.PEOPLE_TITLE, "children"),
    Output(ids.PEOPLE_BODY, "children"),
    Output(ids.PEOPLE_ERROR, "children"),
    Output(ids.PEOPLE_SUBMIT, "children"),
    Output(ids.PEOPLE_SUBMIT, "color"),
    Output(ids.PEOPLE_SUBMIT, "style"),
    Output(ids.PEOPLE_CANCEL, "children"),
    Output(ids.PEOPLE_ABOUT, "data"),
    Output(ids.PEOPLE_CHANGED, "data", allow_duplicate=True),
    Input(ids.PEOPLE_PRESSED, "data"),
    prevent_initial_call=True,
)
def begin(pressed: Any) -> tuple[Any, ...]:
    """A button was pressed: opens the dialog for its action."""
    if not pressed:
        raise PreventUpdate
    action, person_id = _read(pressed)
    try:
        with work.unit() as session:
            person = staff_list.get(session, person_id, actor=g.actor) if action != "add" else None
    except NotFound as refused:
        toasts.show("bad", refused.message)
        return (*[no_update] * 9, time.time())
    return (
        *(True, people.title(action), people.body(action, person), ""),
        *(people.submit_label(action), "danger" if action in people.DANGEROUS else "primary"),
        *({}, "Cancel", {"action": action, "person": person_id}, no_update),
    )


@role_callback(
    Role.ADMIN,
    Output(ids.PEOPLE_DIALOG, "is_open", allow_duplicate=True),
    Output(ids.PEOPLE_BODY, "children", allow_duplicate=True),
    Output(ids.PEOPLE_ERROR, "children", allow_duplicate=True),
    Output(ids.PEOPLE_SUBMIT, "style", allow_duplicate=True),
    Output(ids.PEOPLE_CANCEL, "children", allow_duplicate=True),
    Output(ids.PEOPLE_ABOUT, "data", allow_duplicate=True),
    Output(ids.PEOPLE_CHANGED, "data", allow_duplicate=True),
    Input(ids.PEOPLE_SUBMIT, "n_clicks"),
    Input(ids.person_field(ALL), "n_submit"),
    State(ids.PEOPLE_ABOUT, "data"),
    State(ids.person_field(ALL), "value"),
    State(ids.person_field(ALL), "id"),
    running=[(Output(ids.PEOPLE_SUBMIT, "disabled"), True, False)],
    prevent_initial_call=True,
)
def submit(
    _clicks: Any, _enters: Any, about: Any, values: list[Any], names: list[Any]
) -> tuple[Any, ...]:
    """Does what the dialog asks. Wrong input keeps it open, and so does a password that was made:
    it is shown there, once."""
    if not ctx.triggered[0]["value"] or not about:
        raise PreventUpdate
    action, person_id = _read(about)
    fields = answers.read_fields(names, values)
    try:
        with work.unit() as session:
            password = _perform(session, action, person_id, fields)
            who = _name(session, person_id, fields) if password else ""
    except Malformed:
        raise
    except Invalid as refused:
        return (True, no_update, dialogs.refusal(refused), *[no_update] * 4)
    except PrintdeskError as refused:
        toasts.show("bad", refused.message)
        return (False, *[no_update] * 5, time.time())
    if password:
        shown_once = people.made_password(who, password)
        return True, shown_once, "", {"display": "none"}, "Close", None, time.time()
    toasts.show("ok", _DONE[action])
    return (False, *[no_update] * 5, time.time())


@role_callback(
    Role.MANAGER,
    Output(ids.PEOPLE_DIALOG, "is_open", allow_duplicate=True),
    Input(ids.PEOPLE_CANCEL, "n_clicks"),
    prevent_initial_call=True,
)
def cancel(clicks: Any) -> bool:
    if not clicks:
        raise PreventUpdate
    return False


@role_callback(
    Role.MANAGER,
    Output(ids.PEOPLE_BODY, "children", allow_duplicate=True),
    Output(ids.PEOPLE_ABOUT, "data", allow_duplicate=True),
    Input(ids.PEOPLE_DIALOG, "is_open"),
    prevent_initial_call=True,
)
def clear(is_open: bool) -> tuple[Any, ...]:
    """However the dialog was closed, nothing of it stays: it may have held a password."""
    if is_open:
        raise PreventUpdate
    return "", None


def _read(pressed: Any) -> tuple[str, str]:
    """Action and person of a press. Raises Malformed: the browser may send anything."""
    action, person_id = (
        (pressed.get("action"), pressed.get("person", "")) if isinstance(pressed, dict) else (0, 0)
    )
    if not (isinstance(action, str) and people.is_known(action) and isinstance(person_id, str)):
        raise Malformed("There is no such action.")
    return action, person_id


def _perform(session: Session, action: str, person_id: str, fields: dict[str, Any]) -> str | None:
    """Returns the password, if one was made."""
    actor = g.actor
    if action == "add":
        asked = {name: answers.text(fields, name) for name in ("email", "name", "role")}
        return staff_list.add(session, **asked, actor=actor)
    if action == "password":
        return staff_list.reset_password(session, person_id, actor=actor)
    if action == "role":
        staff_list.change_role(session, person_id, answers.text(fields, "role"), actor=actor)
    else:
        simple = {
            "deactivate": staff_list.deactivate,
            "reactivate": staff_list.reactivate,
            "forget": staff_list.forget_sign_in,
        }
        simple[action](session, person_id, actor=actor)
    return None


def _name(session: Session, person_id: str, fields: dict[str, Any]) -> str:
    if "name" in fields:
        return answers.text(fields, "name").strip()
    return staff_list.get(session, person_id, actor=g.actor).name
