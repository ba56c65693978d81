"""The toolbar above the list of jobs: search, filters, order, and batch actions."""

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import actionbuttons, ids, queueview
from components.parts import ALL, icon
from services.actors import Actor
from settings import lab

_SORTS = {
    "oldest": "Oldest first",
    "newest": "Newest first",
    "updated": "Last changed",
    "name": "By name",
}


def toolbar(view: Mapping[str, Any]) -> Component:
    """The controls with the view's values. assets/queue.js copies changes into the view."""
    return html.Div(
        [
            _search(view["search"]),
            *_choice("printer", "Printer", _printers(), view),
            *_choice("discipline", "Discipline", _disciplines(), view),
            *_choice("sort", "Order", _SORTS.items(), view),
            html.Details(
                [
                    html.Summary(
                        [
                            icon("bi-sliders"),
                            " More filters",
                            html.Span(className="pd-count", hidden=True),
                        ],
                        className="btn btn-outline-secondary",
                    ),
                    _more(view),
                ],
                className="pd-more",
            ),
            html.Button(
                [icon("bi-x-lg"), html.Span("Clear", className="visually-hidden")],
                type="button",
                title="Clear the search and the filters",
                className="btn btn-outline-secondary",
                hidden=True,
                **{"data-pd-clear-filters": "1"},
            ),
        ],
        className="pd-toolbar",
        role="search",
        **{"aria-label": "Find jobs"},
    )


def marked_bar(actor: Actor) -> Component:
    """The batch actions for the selected jobs; hidden while none is selected. assets/queue.js fills
    it."""
    return html.Div(
        [
            html.Span(className="pd-marked-count", role="status"),
            html.Button(
                "Select all on this page",
                type="button",
                className="btn btn-outline-secondary",
                **{"data-pd-mark-all": "1"},
            ),
            html.Button(
                "Clear selection",
                type="button",
                className="btn btn-outline-secondary",
                **{"data-pd-mark-none": "1"},
            ),
            *actionbuttons.for_selection(actor),
        ],
        id=ids.QUEUE_MARKED,
        className="pd-marked",
        role="group",
        hidden=True,
        **{"aria-label": "Selected jobs"},
    )


def loading() -> Component:
    """Placeholder cards until the first answer arrives."""
    card = html.Div(className="pd-skeleton", **{"aria-hidden": "true"})
    return html.Div([html.Span("Loading the jobs…", className="visually-hidden"), card, card, card])


def _search(value: str) -> Component:
    return dbc.InputGroup(
        [
            dbc.InputGroupText(icon("bi-search")),
            html.Label("Search", htmlFor=ids.queue("search"), className="visually-hidden"),
            dbc.Input(
                id=ids.queue("search"),
                type="search",
                value=value,
                debounce=300,
                maxlength=queueview.MAX_SEARCH,
                placeholder="Student, class, ID… ( / )",
            ),
        ]
    )


def _more(view: Mapping[str, Any]) -> Component:
    return html.Div(
        [
            _labelled("Material", "material", _select("material", _materials(), view)),
            _labelled("Rejection reason", "reason", _select("reason", _reasons(view), view)),
            _labelled("Submitted from", "from", _date("from", view)),
            _labelled("Submitted to", "to", _date("to", view)),
            dbc.Checkbox(
                id=ids.queue("unreviewed"), label="Not reviewed yet", value=view["unreviewed"]
            ),
            dbc.Checkbox(
                id=ids.queue("expired"), label="Confirmation expired", value=view["expired"]
            ),
        ],
        className="pd-more-body",
    )


def _printers() -> list[tuple[str, str]]:
    return [(ALL, "All printers"), *((printer.id, printer.name) for printer in lab().printers)]


def _disciplines() -> list[tuple[str, str]]:
    return [(ALL, "All disciplines"), *((name, name) for name in lab().choices.disciplines)]


def _materials() -> list[tuple[str, str]]:
    return [(ALL, "All materials"), *((known.name, known.name) for known in lab().materials)]


def _reasons(view: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The lab's reasons, and the one in the view, because staff can enter their own."""
    known = dict.fromkeys((ALL, *lab().choices.rejection_reasons, view["reason"]))
    return [(reason, "Any reason" if reason == ALL else reason) for reason in known]


def _choice(name: str, label: str, choices: Any, view: Mapping[str, Any]) -> tuple[Component, ...]:
    return (
        html.Label(label, htmlFor=ids.queue(name), className="visually-hidden"),
        _select(name, choices, view),
    )


def _select(name: str, choices: Any, view: Mapping[str, Any]) -> Component:
    options = [{"label": label, "value": value} for value, label in choices]
    return dbc.Select(id=ids.queue(name), options=options, value=view[name])


def _date(name: str, view: Mapping[str, Any]) -> Component:
    return dbc.Input(id=ids.queue(name), type="date", value=view[name])


def _labelled(label: str, name: str, control: Component) -> Component:
    return html.Div(
        [html.Label(label, htmlFor=ids.queue(name), className="form-label"), control],
        className="pd-more-field",
    )
