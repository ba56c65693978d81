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


@role_callback(
    Role.MANAGER,
    Output(ids.PREVIEW_VIEW, "children"),
    Output(ids.PREVIEW, "className"),
    Output(ids.PREVIEW_ABOUT, "data"),
    Input(ids.PREVIEW_OPEN, "data"),
    Input(ids.QUEUE_SELECTED, "data"),
    prevent_initial_call=True,
)
def show_preview(pressed: Any, chosen: str | None) -> tuple[Any, str, Any]:
    """Opens it for the chosen job when its button is pressed; another choice closes it."""
    wanted = pressed.get("job") if isinstance(pressed, dict) else None
    if ctx.triggered_id != ids.PREVIEW_OPEN or not wanted or wanted != chosen:
        return [], preview.CLASS, None
    try:
        with work.unit() as session:
            job = previews.find_job(session, str(wanted), actor=g.actor)
    except NotFound:
        return [], preview.CLASS, None
    return preview.opened(), preview.CLASS_OPEN, preview.about(job)


clientside_callback(
    ClientsideFunction("printdesk", "showPreview"),
    Output(ids.PREVIEW_STATE, "children"),
    Input(ids.PREVIEW_ABOUT, "data"),
)
