"""The fields of a dialog, built from an action's row. Their values are sent back by name."""

import json
from collections.abc import Callable
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import ids
from components.dialogfacts import PlanFacts
from services.actions import fields
from services.actions.rows import Action
from services.actors import Actor
from settings import lab


def draw(row: Action, view: Any, actor: Actor, plan: PlanFacts | None) -> list[Component | None]:
    """The fields in the row's order; adjacent half-width fields are placed side by side."""
    drawn: list[Component | None] = []
    pair: list[Component] = []
    asked = row.fields_for(view)
    for place, field in enumerate(asked):
        value = _begin_with(field, view, plan)
        control = KINDS[type(field)](field, view, actor, value, place == 0)
        if field.is_half:
            pair.append(dbc.Col(control, xs=6 if isinstance(field, fields.Number) else 12, sm=6))
            if len(pair) == 2 or not _has_half_neighbour(asked, place):
                drawn.append(dbc.Row(pair, className="g-3"))
                pair = []
        else:
            drawn.append(control)
    names = {field.name for field in asked}
    return [*drawn, _choices() if {"printer", "color"} & names else None]


def _has_half_neighbour(asked: tuple[fields.Field, ...], place: int) -> bool:
    return place + 1 < len(asked) and asked[place + 1].is_half


def _begin_with(field: fields.Field, view: Any, plan: PlanFacts | None) -> Any:
    """The field's initial value: from a sliced file, otherwise from the subject."""
    if view is None:
        return field.start
    if not field.keeps:
        return None
    offered = getattr(plan.offer, field.name, None) if plan and plan.offer else None
    return offered or getattr(view, field.name, None)


def _labelled(label: str, control: Component) -> Component:
    # The label wraps its control, because a Dash dict id cannot be used in an HTML `for`.
    return html.Label([html.Span(label, className="form-label"), control], className="pd-field")


def _text(field: fields.Text, _view: Any, _actor: Actor, value: Any, is_first: bool) -> Component:
    control: Component
    if field.is_long:
        control = dbc.Textarea(id=ids.field(field.name), value="", rows=3)
    else:
        kind = "email" if field.format == "email" else "text"
        control = dbc.Input(
            id=ids.field(field.name), type=kind, value=value, autocomplete="off", autofocus=is_first
        )
    return _labelled(field.label, control)


def _number(
    field: fields.Number, _view: Any, _actor: Actor, value: Any, is_first: bool
) -> Component:
    control = dbc.Input(
        id=ids.field(field.name),
        type="number",
        min=0,
        step="any",
        value=value,
        inputmode="decimal",
        autofocus=is_first,
    )
    return _labelled(field.label, control)


def _choice(
    field: fields.Choice, view: Any, actor: Actor, value: Any, _is_first: bool
) -> Component:
    options = [{"label": one.label, "value": one.value} for one in field.options(view, actor)]
    control = dbc.Select(id=ids.field(field.name), options=options, value=value, className="w-100")
    return _labelled(field.label, control)


def _several(
    field: fields.Several, view: Any, actor: Actor, _value: Any, _is_first: bool
) -> Component:
    options = [{"label": one.label, "value": one.value} for one in field.options(view, actor)]
    return html.Fieldset(
        [
            html.Legend(field.label, className="form-label"),
            dbc.Checklist(options=options, value=[], id=ids.field(field.name)),
        ],
        className="pd-choices",
    )


def _typed_id(
    field: fields.TypedId, view: Any, _actor: Actor, _value: Any, _is_first: bool
) -> Component:
    label = field.label.format(short_id=view.short_id)
    return _labelled(label, dbc.Input(id=ids.field(field.name), autocomplete="off"))


KINDS: dict[type[fields.Field], Callable[..., Component]] = {
    fields.Text: _text,
    fields.Number: _number,
    fields.Choice: _choice,
    fields.Several: _several,
    fields.TypedId: _typed_id,
}


def _choices() -> Component:
    """The printers and colours of each material, for assets/console.js."""
    choices = {
        material.name: {
            "printer": [
                {"label": f"{printer.name} ({printer.material})", "value": printer.id}
                for printer in lab().printers
                if printer.material == material.name
            ],
            "color": [{"label": color, "value": color} for color in material.colors],
        }
        for material in lab().materials
    }
    return html.Span(**{"data-pd-choices": json.dumps(choices)})
