"""Short messages at the edge of the screen."""

from typing import Literal

import dash
import dash_bootstrap_components as dbc
from dash import html

from components import ids

Tone = Literal["ok", "bad"]


def container() -> html.Div:
    return html.Div(id=ids.TOASTS, className="pd-toasts", role="status", **{"aria-live": "polite"})


def show(tone: Tone, text: str) -> None:
    """Shows a message; to be called inside a callback."""
    icon = "bi-check-circle-fill" if tone == "ok" else "bi-exclamation-triangle-fill"
    toast = dbc.Toast(
        html.Span([html.I(className=f"bi {icon} me-2", **{"aria-hidden": "true"}), text]),
        is_open=True,
        dismissable=True,
        duration=6000 if tone == "ok" else 15000,
        header="Done" if tone == "ok" else "Not done",
        className=f"pd-toast pd-toast-{tone}",
    )
    dash.set_props(ids.TOASTS, {"children": toast})
