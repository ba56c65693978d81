"""The keyboard shortcuts of the console; assets/keys.js listens to them."""

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import ids
from components.parts import icon
from models import Role
from services.actions import registry
from services.actions.rows import Action
from services.actors import Actor

_EVERYBODY = (
    ("/", "Search"),
    ("j", "Next job"),
    ("k", "Previous job"),
    ("Enter", "Open the job"),
    ("Esc", "Close the panel or dialog"),
    ("?", "This help"),
)
_STAFF = (
    ("n", "Notes"),
    ("x", "Select for a batch action"),
    ("d", "Debug panel"),
)
_OF_A_JOB = ("n", "x")  # besides the actions' keys


def list_actions(actor: Actor) -> list[Action]:
    """The actions with a key that the person may take."""
    return [row for row in registry.every() if row.shortcut and row.is_offered(None, actor)]


def map_actions(actor: Actor) -> dict[str, str]:
    """Their names by their keys."""
    return {row.shortcut: row.name for row in list_actions(actor)}


def _about_jobs(actions: dict[str, str]) -> str:
    """A sentence about the keys that need a job; empty for people without such keys."""
    if not actions:
        return ""
    first, last = ", ".join((*actions, *_OF_A_JOB[:-1])), _OF_A_JOB[-1]
    return f"{first} and {last} act on the focused job, or else on the chosen one. "


def help_dialog(actor: Actor) -> Component:
    actions = {row.shortcut: row.label for row in list_actions(actor)}
    keys = (*_EVERYBODY, *actions.items(), *(_STAFF if actor.may(Role.STAFF) else ()))
    rows = [part for key, does in keys for part in (html.Dt(html.Kbd(key)), html.Dd(does))]
    return dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle("Keyboard shortcuts", id="help-title")),
            dbc.ModalBody(
                [
                    html.Dl(rows, className="pd-facts pd-shortcuts"),
                    html.P(
                        f"{_about_jobs(actions)}Shortcuts are off while you type.",
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
    """A button for the debug panel, for people without a keyboard; assets/live.js opens the panel,
    assets/keys.js closes the help."""
    look = "btn btn-outline-secondary"
    words = [icon("bi-bug"), " Debug panel"]
    return dbc.ModalFooter(
        html.Button(words, type="button", className=look, **{"data-pd-debug": "1"})
    )
