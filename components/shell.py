"""The frame of every console page: header, messages, main landmark."""

import json
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import debug, ids, shortcuts, toasts
from components.parts import icon
from models import Role
from services.actors import Actor

_PAGES = (
    ("/dashboard", "Queue", Role.MANAGER),
    ("/reports", "Reports", Role.MANAGER),
    ("/mail", "Mail", Role.STAFF),
    ("/people", "People", Role.ADMIN),
)


def shell(actor: Actor, here: str, content: Any) -> Component:
    """A page of the console. `here` is the path of the page shown."""
    return html.Div(
        [
            html.A("Skip to the content", href="#main", className="pd-skip"),
            html.Header(
                [
                    html.A(
                        [icon("bi-box"), html.Span("Printdesk")],
                        href="/dashboard",
                        className="pd-brand",
                    ),
                    html.Nav(
                        html.Ul(
                            [
                                html.Li(_link(path, name, here))
                                for path, name, role in _PAGES
                                if actor.may(role)
                            ],
                            className="pd-nav",
                        ),
                        **{"aria-label": "Pages"},
                    ),
                    _side(actor),
                ],
                className="pd-header",
            ),
            html.Div(id=ids.SHELL_BANNER, className="pd-live-banner", hidden=True, role="status"),
            html.Main(content, id="main", tabIndex="-1"),
            toasts.container(),
            html.Div(
                id=ids.SHELL_ANNOUNCER, className="visually-hidden", **{"aria-live": "polite"}
            ),
            shortcuts.help_dialog(actor),
            *debug.panel(actor),
            dcc.Store(id=ids.CHANGED),
            dcc.Store(id=ids.REFRESH),
        ],
        **{"data-pd-console": here, "data-pd-keys": _keys(actor)},
    )


def _keys(actor: Actor) -> str:
    """The actions that have a key, for assets/keys.js."""
    return json.dumps(shortcuts.map_actions(actor))


def _link(path: str, name: str, here: str) -> Component:
    active = path == here
    label: list[Any] = [name]
    if path == "/dashboard":
        label.append(html.Span(id=ids.SHELL_NEW, className="pd-count pd-count-alert", hidden=True))
    return dcc.Link(label, href=path, className=f"pd-nav-link{' active' if active else ''}")


def _side(actor: Actor) -> Component:
    return html.Div(
        [
            html.Span(
                [
                    icon("bi-arrow-repeat"),
                    html.Span("Updated", className="pd-wide-only"),
                    html.Time(id=ids.SHELL_UPDATED),
                ],
                className="pd-updated",
                hidden=True,
            ),
            html.Div(
                [
                    html.Button(
                        [icon("bi-volume-up"), _hidden("Sound")],
                        id=ids.SOUND_BUTTON,
                        type="button",
                        className="pd-icon-button",
                        **{"aria-expanded": "false", "aria-controls": ids.SOUND_PANEL},
                    ),
                    html.Div(id=ids.SOUND_PANEL, className="pd-popover", hidden=True),
                ],
                className="pd-sound",
            ),
            html.Button(
                [icon("bi-question-circle"), _hidden("Keyboard shortcuts and help")],
                type="button",
                className="pd-icon-button",
                **{"data-pd-help": "1"},
            ),
            html.Button(
                [
                    html.Span(
                        [icon("bi-moon-stars"), _hidden("Dark theme")], className="pd-theme-dark"
                    ),
                    html.Span([icon("bi-sun"), _hidden("Light theme")], className="pd-theme-light"),
                ],
                type="button",
                className="pd-icon-button",
                **{"data-pd-theme-toggle": "1"},
            ),
            html.A(
                [icon("bi-person-circle"), html.Span(actor.name, className="pd-wide-only")],
                href="/account",
                className="pd-user",
                **{"aria-label": f"{actor.name}: your account"},
            ),
            html.Form(
                html.Button(
                    [icon("bi-box-arrow-right"), html.Span("Sign out")],
                    type="submit",
                    className="pd-nav-link pd-sign-out",
                ),
                action="/logout",
                method="post",
            ),
        ],
        className="pd-header-side",
    )


def _hidden(words: str) -> Component:
    return html.Span(words, className="visually-hidden")
