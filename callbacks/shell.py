"""Callbacks of every console page: refresh after a change, help, the debug panel."""

import platform
import tomllib
from functools import cache
from importlib.metadata import version
from typing import Any

from dash import ClientsideFunction, Input, Output, clientside_callback
from dash.exceptions import PreventUpdate
from flask import g

from components import debug, ids
from components.roles import role_callback
from models import Role
from reader.verdict import judging
from services import health, work
from services.jobs import locks
from settings import ROOT

# Checks for changes first, so that the page knows which state it shows: see assets/live.js.
clientside_callback(
    ClientsideFunction("printdesk", "afterChange"),
    Output(ids.REFRESH, "data"),
    Input(ids.CHANGED, "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("printdesk", "onNewsClock"),
    Input(ids.NEWS_CLOCK, "n_intervals"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("printdesk", "onRefreshClock"),
    Input(ids.REFRESH_CLOCK, "n_intervals"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("printdesk", "showFacts"),
    Input(ids.DEBUG_CLOCK, "n_intervals"),
    prevent_initial_call=True,
)


@role_callback(
    Role.STAFF,
    Output(ids.DEBUG_SERVER, "children"),
    Input(ids.DEBUG_OPEN, "data"),
    Input(ids.REFRESH, "data"),
    prevent_initial_call=True,
)
def show_server(is_open: Any, _refresh: Any) -> Any:
    """The server's section of the debug panel, while the panel is open."""
    if not is_open:
        raise PreventUpdate
    with work.unit() as session:
        held = locks.list_held(session, actor=g.actor)
        database = health.database_version(session)
    versions = {
        "Printdesk": _own_version(),
        "Python": platform.python_version(),
        "Dash": version("dash"),
        "PostgreSQL": database,
        "Model checks": str(judging.VERSION),
    }
    return debug.server(health.check_components(), held, versions)


@cache
def _own_version() -> str:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])
