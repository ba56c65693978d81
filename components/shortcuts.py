"""The keyboard shortcuts of the console; assets/keys.js listens to them."""

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import ids
from components.parts import icon
from models import Role
from services.actors import Actor

_EVERYBODY = (
    ("/", "Search"),
    ("j", "Next job"),
    ("k", "Job before"),
    ("Enter", "Open the job"),
    ("Esc", "Close what is open"),
    ("?", "This help"),
)
_STAFF = (
    ("a", "Approve"),
    ("r", "Reject"),
    ("n", "Notes"),
    ("o", "Open in slicer"),
    ("x", "Select for “many at once”"),
    ("d", "Debug panel"),
)


def help_dialog(actor: Actor) -> Component:
    keys = (*_EVERYBODY, *_STAFF) if actor.may(Role.STAFF) else _EVERYBODY
    rows = [part for key, does in keys for part in (html.Dt(html.Kbd(key)), html.Dd(does))]
    return dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle("Keyboard shortcuts", id="help-title")),
            dbc.ModalBody(
                [
                    html.Dl(rows, className="pd-facts pd-shortcuts"),
                    html.P(
                        "a, r, n, o and x are for the job that has the focus, else for the chosen "
                        "one. Nothing happens while you type.",
                        className="pd-muted",
                    ),
                ]
            ),
            _footer() if actor.may(Role.STAFF) else None,
        ],
        id=ids.HELP,
        is_open=False,
        fade=False,
        centered=True,
        scrollable=True,
        labelledby="help-title",
    )


def _footer() -> Component:
    """The debug panel for those without a keyboard; assets/live.js opens it, assets/keys.js closes
    the help."""
    look = "btn btn-outline-secondary"
    words = [icon("bi-bug"), " Debug panel"]
    return dbc.ModalFooter(
        html.Button(words, type="button", className=look, **{"data-pd-debug": "1"})
    )
