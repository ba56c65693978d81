"""The frame of the detail panel: parts that a refresh redraws, and between them parts that it
keeps."""

from dash import dcc, html
from dash.development.base_component import Component

from components import ids, notes, preview
from components.parts import button, empty, icon
from services.actors import Actor


def panel(actor: Actor, *, alone: bool = False) -> Component:
    """The panel beside the queue, or the whole content of a job's own page (`alone`)."""
    kind = html.Div if alone else html.Aside
    return kind(
        [
            html.Div(
                html.P("Loading…", className="pd-muted") if alone else nothing_chosen(),
                id=ids.DETAIL,
                className="pd-detail",
            ),
            preview.section(),
            notes.section(actor),
            html.Div(id=ids.DETAIL_MORE, className="pd-detail"),
            dcc.Store(id=ids.DETAIL_SHOWN),
            slicer_help(),
        ],
        id=ids.QUEUE_PANEL,
        tabIndex="-1",
        className="pd-section pd-panel pd-panel-alone" if alone else "pd-section pd-panel",
        **{"aria-label": "Chosen job"} if not alone else {},
    )


def nothing_chosen() -> Component:
    return empty("bi-hand-index", "No job chosen", "Choose a job to see its details here.")


def not_there() -> Component:
    return empty(
        "bi-question-circle",
        "There is no such job",
        "It may have been deleted. Check the ID, or look for it in the queue.",
    )


def slicer_help() -> Component:
    """Help for when “Open in slicer” opens nothing; assets/console.js shows it."""
    return html.Div(
        [
            html.Strong("Nothing opened?"),
            html.P(
                "The slicer opener must be installed on this computer: ask whoever manages "
                "it. Until "
                "then, copy the path and open the file from your slicer."
            ),
            html.Code(className="pd-slicer-path"),
            html.Div(
                [
                    html.Button(
                        [icon("bi-clipboard"), " Copy path"],
                        type="button",
                        className="btn btn-primary",
                        **{"data-pd-copy": "slicer-path"},
                    ),
                    html.Button(
                        "Close",
                        type="button",
                        className="btn btn-outline-secondary",
                        **{"data-pd-close": ids.SLICER_HELP},
                    ),
                ],
                className="pd-popover-actions",
            ),
        ],
        id=ids.SLICER_HELP,
        className="pd-popover pd-slicer-help",
        hidden=True,
        role="dialog",
        tabIndex="-1",
        **{"aria-label": "Open in slicer"},
    )


def close_button() -> Component:
    return button(
        [icon("bi-arrow-left"), " Back"],
        ids.QUEUE_SELECTED,
        "",
        className="btn btn-outline-secondary pd-panel-close",
    )
