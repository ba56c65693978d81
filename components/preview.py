"""The 3D preview in the detail panel: its container, and its content when it is open.

The figure is built in the browser (assets/preview.js): no callback transfers the mesh, and Plotly's
script is loaded with the first dcc.Graph.
"""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import ids
from components.parts import button, icon
from services.jobs.records import JobView
from settings import lab

CLASS = "pd-preview"
CLASS_OPEN = "pd-preview pd-preview-open"


def section() -> Component:
    """The empty container. It is separate from the panel's content, which every refresh redraws."""
    return html.Section(
        [
            html.Div(id=ids.PREVIEW_VIEW),
            html.P(id=ids.PREVIEW_STATE, className="pd-preview-state", role="status"),
            dcc.Store(id=ids.PREVIEW_OPEN),
            dcc.Store(id=ids.PREVIEW_ABOUT),
        ],
        id=ids.PREVIEW,
        className=CLASS,
        **{"aria-label": "3D preview"},
    )


def open_button(job: JobView) -> Component:
    return button([icon("bi-badge-3d"), " Show in 3D"], ids.PREVIEW_OPEN, {"job": job.id})


def opened() -> list[Any]:
    """The graph, invisible until it is drawn, and its buttons."""
    return [
        html.Div(
            dcc.Graph(
                id=ids.PREVIEW_GRAPH,
                figure={"data": [], "layout": {}},
                config={"displayModeBar": False, "scrollZoom": True, "responsive": True},
                className="pd-preview-graph",
            ),
            className="pd-preview-frame",
            role="img",
            **{"aria-labelledby": ids.PREVIEW_STATE},
        ),
        html.Div(
            [
                _tool("model", "bi-zoom-in", "Model"),
                _tool("bed", "bi-bounding-box", "Build volume"),
                _tool("wireframe", "bi-grid-3x3", "Wireframe", pressed=False),
                _tool("edges", "bi-exclamation-triangle", "Open edges", pressed=True),
                button("Close 3D", ids.PREVIEW_OPEN, None),
            ],
            className="pd-preview-tools",
            role="group",
            **{"aria-label": "3D preview"},
        ),
    ]


def about(job: JobView) -> dict[str, Any]:
    """The data with which the browser fetches the model and draws the build volume around it
    (mm)."""
    printer = lab().find_printer(job.printer)
    return {
        "url": f"/api/v1/jobs/{job.id}/preview",
        "graph": ids.PREVIEW_GRAPH,
        "printer": job.printer_name,
        "bed": list(printer.build_volume_mm) if printer else None,
    }


def _tool(name: str, icon_name: str, label: str, pressed: bool | None = None) -> Component:
    """A button that assets/preview.js handles; with `pressed`, a toggle."""
    attributes: dict[str, Any] = {"data-pd-preview": name}
    if pressed is not None:
        attributes["aria-pressed"] = "true" if pressed else "false"
    return html.Button(
        [icon(icon_name), f" {label}"],
        type="button",
        className="btn btn-outline-secondary",
        **attributes,
    )
