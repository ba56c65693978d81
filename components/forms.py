"""Labelled fields of a dialog. Their values come back by name: see ids.field."""

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import ids


def labelled(label: str, control: Component) -> Component:
    # A label names its control by standing around it: a dict id is no HTML id to point at.
    return html.Label([html.Span(label, className="form-label"), control], className="pd-field")


def number(name: str, label: str, value: float | None) -> Component:
    control = dbc.Input(
        id=ids.field(name),
        type="number",
        min=0,
        step="any",
        value=value,
        inputmode="decimal",
        autofocus=name == "weight_g",
    )
    return labelled(label, control)


def text(name: str, label: str) -> Component:
    return labelled(label, dbc.Input(id=ids.field(name), autocomplete="off"))


def area(name: str, label: str, value: str = "", rows: int = 3) -> Component:
    return labelled(label, dbc.Textarea(id=ids.field(name), value=value, rows=rows))


def select(name: str, label: str, options: list[dict[str, str]], value: str | None) -> Component:
    control = dbc.Select(id=ids.field(name), options=options, value=value, className="w-100")
    return labelled(label, control)
