"""The debug panel: the current state in this browser and on the server. For staff.

assets/debug.js fills the browser's section, callbacks/shell.py the server's.
"""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import ids
from components.parts import facts, icon, moment
from models import Role
from services.actors import Actor
from services.jobs.locks import HeldLock


def panel(actor: Actor) -> list[Component]:
    """The panel, closed."""
    if not actor.may(Role.STAFF):
        return []
    closing = html.Button(
        [icon("bi-x-lg"), html.Span("Close the debug panel", className="visually-hidden")],
        type="button",
        className="pd-icon-button",
        **{"data-pd-debug": "1"},
    )
    return [
        dcc.Store(id=ids.DEBUG_OPEN, data=False),
        dcc.Interval(id=ids.DEBUG_CLOCK, interval=1000, disabled=True),
        html.Aside(
            [
                html.Div([html.H2("Debug"), closing], className="pd-panel-head"),
                html.H3("This browser"),
                html.Dl(className="pd-facts", **{"data-pd-debug-facts": "1"}),
                html.H3("Server"),
                html.Div(id=ids.DEBUG_SERVER),
            ],
            id=ids.DEBUG_PANEL,
            className="pd-section pd-debug",
            hidden=True,
            **{"aria-label": "Debug panel"},
        ),
    ]


def server(
    components: Mapping[str, str], held: list[HeldLock], versions: Mapping[str, str]
) -> list[Any]:
    """The server's section: health of each component, held locks, versions."""
    locks = [
        html.Li([f"{lock.short_id} · {lock.locked_by} until ", moment(lock.locked_until, "time")])
        for lock in held
    ]
    return [
        facts([(name.capitalize(), state) for name, state in components.items()]),
        html.H3("Locks held"),
        html.Ul(locks, className="pd-history") if locks else html.P("None.", className="pd-muted"),
        html.H3("Versions"),
        facts(list(versions.items())),
    ]
