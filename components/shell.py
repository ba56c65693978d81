"""The frame of every console page: header, messages, main landmark."""

import json
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import debug, ids, shortcuts, toasts
from components.parts import icon
from models import Role
from services.actors import Actor
from settings import settings

# How soon a new job is counted and heard; the rest waits for REFRESH_SECONDS.
_NEWS_SECONDS = 15
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
            *_clocks(),
        ],
        **{
            "data-pd-console": here,
            "data-pd-keys": _keys(actor),
            "data-pd-news-ms": str(_news_ms()),
        },
    )


def _clocks() -> list[Component]:
    """When assets/live.js asks what is new, and when it has the page drawn anew."""
    return [
        dcc.Interval(id=ids.NEWS_CLOCK, interval=_news_ms()),
        dcc.Interval(id=ids.REFRESH_CLOCK, interval=settings().refresh_seconds * 1000),
    ]


def _news_ms() -> int:
    return min(_NEWS_SECONDS, settings().refresh_seconds) * 1000


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
        [_updated(), _sound(), _help(), _theme(), _account(actor), _sign_out()],
        className="pd-header-side",
    )


def _updated() -> Component:
    """When the page was last brought up to date; assets/live.js fills it in."""
    return html.Span(
        [
            icon("bi-arrow-repeat"),
            html.Span("Updated", className="pd-wide-only"),
            html.Time(id=ids.SHELL_UPDATED),
        ],
        className="pd-updated",
        hidden=True,
    )


def _sound() -> Component:
    switch = html.Button(
        [icon("bi-volume-up"), _hidden("Sound")],
        id=ids.SOUND_BUTTON,
        type="button",
        className="pd-icon-button",
        **{"aria-expanded": "false", "aria-controls": ids.SOUND_PANEL},
    )
    panel = html.Div(id=ids.SOUND_PANEL, className="pd-popover", hidden=True)
    return html.Div([switch, panel], className="pd-sound")


def _help() -> Component:
    return html.Button(
        [icon("bi-question-circle"), _hidden("Keyboard shortcuts and help")],
        type="button",
        className="pd-icon-button",
        **{"data-pd-help": "1"},
    )


def _theme() -> Component:
    to_dark = [icon("bi-moon-stars"), _hidden("Dark theme")]
    to_light = [icon("bi-sun"), _hidden("Light theme")]
    return html.Button(
        [
            html.Span(to_dark, className="pd-theme-dark"),
            html.Span(to_light, className="pd-theme-light"),
        ],
        type="button",
        className="pd-icon-button",
        **{"data-pd-theme-toggle": "1"},
    )


def _account(actor: Actor) -> Component:
    return html.A(
        [icon("bi-person-circle"), html.Span(actor.name, className="pd-wide-only")],
        href="/account",
        className="pd-user",
        **{"aria-label": f"{actor.name}: your account"},
    )


def _sign_out() -> Component:
    press = html.Button(
        [icon("bi-box-arrow-right"), html.Span("Sign out")],
        type="submit",
        className="pd-nav-link pd-sign-out",
    )
    return html.Form(press, action="/logout", method="post")


def _hidden(words: str) -> Component:
    return html.Span(words, className="visually-hidden")
