"""Opening and closing the 3D preview."""

from typing import Any

from dash import ClientsideFunction, Input, Output, clientside_callback, ctx
from flask import g

from components import ids, preview
from components.roles import role_callback
from models import Role
from services import work
from services.checks import previews
from services.errors import NotFound

_CLOSED: dict[str, Any] = {"view": [], "look": preview.CLASS, "about": None}


@role_callback(
    Role.MANAGER,
    output={
        "view": Output(ids.PREVIEW_VIEW, "children"),
        "look": Output(ids.PREVIEW, "className"),
        "about": Output(ids.PREVIEW_ABOUT, "data"),
    },
    inputs={
        "pressed": Input(ids.PREVIEW_OPEN, "data"),
        "chosen": Input(ids.QUEUE_SELECTED, "data"),
    },
    prevent_initial_call=True,
)
def show_preview(pressed: Any, chosen: str | None) -> dict[str, Any]:
    """Opens the preview for the chosen job when its button is pressed; choosing another job closes
    it."""
    wanted = pressed.get("job") if isinstance(pressed, dict) else None
    if ctx.triggered_id != ids.PREVIEW_OPEN or not wanted or wanted != chosen:
        return _CLOSED
    try:
        with work.unit() as session:
            job = previews.find_job(session, str(wanted), actor=g.actor)
    except NotFound:
        return _CLOSED
    return {"view": preview.opened(), "look": preview.CLASS_OPEN, "about": preview.about(job)}


clientside_callback(
    ClientsideFunction("printdesk", "showPreview"),
    Output(ids.PREVIEW_STATE, "children"),
    Input(ids.PREVIEW_ABOUT, "data"),
)
