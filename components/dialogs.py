"""What the one dialog asks, for each action."""

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from components import ids
from components.parts import icon
from models import STATUS_LABELS, MailKind, Status
from services.costs import format_money
from services.jobs import JobView
from services.sliced import Plate, SlicedOffer
from settings import lab

_TITLES = {
    "approve": "Approve this job",
    "reject": "Reject this job",
    "mark-printing": "Start printing",
    "mark-complete": "Complete this print",
    "mark-picked-up": "Hand over this print",
    "mark-failed": "Mark this print as failed",
    "revert-completion": "Back to Printing",
    "revert-pickup": "Back to Completed",
    "force-confirm": "Confirm for the student",
    "change-status": "Change the status by hand",
    "archive": "Archive this job",
    "delete": "Delete this job",
    "prune": "Delete this job for good",
    "notes": "Staff notes",
    "resend": "Send the e-mail again",
    "force-unlock": "Release the lock",
}
_LABELS = {"notes": "Save notes", "resend": "Send", "force-unlock": "Release"}
_WORDS = {
    "approve": "The student gets an e-mail with the price and a link to confirm it.",
    "reject": "The student gets an e-mail with your reasons.",
    "mark-printing": "The print run is counted from now, on the printer below.",
    "mark-complete": "The student gets an e-mail that the print is ready to collect.",
    "mark-picked-up": "The student has paid and has the print.",
    "mark-failed": "The job goes back to “Ready to print”. The student need not confirm again.",
    "revert-completion": "The print run goes on as if it had not been completed.",
    "revert-pickup": "The print waits to be collected again.",
    "force-confirm": "Use this when the student confirmed in another way.",
    "change-status": "For repairs: no e-mail is sent. The history shows who did it and why.",
    "archive": "The job and its files go to the archive.",
    "delete": "The job, its files and its history are deleted for good. This cannot be undone.",
    "prune": "The job, its files and its history are deleted for good. This cannot be undone.",
    "notes": "Only staff see notes.",
    "resend": "An approval is sent with a new link; the old link stops working.",
    "force-unlock": "Whoever is editing the job loses what they have not saved.",
}
_REASONS = {
    "mark-failed": "Why did the print fail?",
    "force-confirm": "How did the student confirm?",
    "change-status": "Why is the status changed by hand?",
    "force-unlock": "Why is the lock released?",
}
DANGEROUS = ("reject", "delete", "prune", "mark-failed", "force-unlock")


def modal() -> Component:
    """The dialog itself, empty; callbacks/dialog.py fills it."""
    return dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle(id=ids.DIALOG_TITLE), close_button=True),
            dbc.ModalBody(
                [
                    html.Div(id=ids.DIALOG_BODY),
                    html.Div(id=ids.DIALOG_ERROR, role="alert", **{"aria-live": "assertive"}),
                ]
            ),
            dbc.ModalFooter(
                [
                    dbc.Button("Cancel", id=ids.DIALOG_CANCEL, color="outline-secondary"),
                    dbc.Button(id=ids.DIALOG_SUBMIT, color="primary"),
                ]
            ),
            dcc.Store(id=ids.DIALOG_ABOUT),
            dcc.Interval(id=ids.DIALOG_BEAT, interval=60_000, disabled=True),
        ],
        id=ids.DIALOG,
        is_open=False,
        centered=True,
        scrollable=True,
        fullscreen="sm-down",
        labelledby=ids.DIALOG_TITLE,
    )


def is_known(action: str) -> bool:
    return action in _TITLES


def title(action: str) -> str:
    return _TITLES[action]


def submit_label(action: str, label: str) -> str:
    return _LABELS.get(action, label)


def body(action: str, job: JobView, offer: SlicedOffer | None = None) -> list[Any]:
    """The dialog's content for an action on a job; `offer` is what a sliced file says of it."""
    return [
        html.P(
            [html.Strong(job.display_name), html.Br(), f"{job.student_name} · {job.student_email}"]
        ),
        html.P(_WORDS[action]),
        *_fields(action, job, offer),
        html.Span(**{"data-pd-locked-job": job.id}),
    ]


def _fields(action: str, job: JobView, offer: SlicedOffer | None) -> list[Any]:
    if action == "approve":
        return _approve_fields(job, offer)
    if action == "reject":
        return _reject_fields()
    if action == "mark-printing":
        return [html.P(["Printer: ", html.Strong(job.printer_name)])]
    if action == "mark-picked-up":
        price = format_money(job.cost_cents) if job.cost_cents is not None else "not set"
        return [html.P(["Price: ", html.Strong(price)], className="pd-price-line")]
    if action == "notes":
        return [_area("notes", "Notes", job.notes or "", rows=6)]
    fields: list[Any] = []
    if action == "change-status":
        fields.append(_status_field(job))
    if action in ("delete", "prune"):
        fields.append(_text("short_id", f"Type {job.short_id} to delete it"))
    if action in _REASONS:
        fields.append(_area("reason", _REASONS[action]))
    return fields


def _approve_fields(job: JobView, offer: SlicedOffer | None) -> list[Any]:
    weight, hours = job.weight_g, job.time_hours
    if offer is not None:
        weight, hours = offer.weight_g or weight, offer.time_hours or hours
    prices = {
        "minimum_cents": lab().pricing.minimum_cents,
        "cents_per_gram": {m.name: float(m.cents_per_gram) for m in lab().materials},
    }
    return [
        dcc.Store(id=ids.DIALOG_PRICES, data=prices),
        _offered(offer) if offer is not None else None,
        dbc.Row(
            [
                dbc.Col(_number("weight_g", "Weight (g)", weight), xs=6),
                dbc.Col(_number("time_hours", "Time (hours)", hours), xs=6),
            ],
            className="g-3",
        ),
        dbc.Row(
            [
                dbc.Col(_select("material", "Material", _materials(), job.material), sm=6),
                dbc.Col(_select("printer", "Printer", _printers(job.material), job.printer), sm=6),
            ],
            className="g-3",
        ),
        _select("color", "Colour", _colors(job.material), job.color),
        html.P(id=ids.DIALOG_COST, className="pd-price-line", **{"aria-live": "polite"}),
        html.P(
            "Hours are rounded up to the next half hour. What your slicer saved beside the model "
            "under the same name becomes the file to print.",
            className="pd-muted",
        ),
    ]


def _offered(offer: SlicedOffer) -> Component:
    """Where the figures in the fields come from, and what of it does not fit the job."""
    facts = offer.facts
    slicer = f" ({facts.slicer})" if facts.slicer else ""
    made_of = f", {' and '.join(facts.filament_types)}" if facts.filament_types else ""
    figures = f"{_amounts(facts.weight_g, facts.time_hours)}{made_of}"
    plates = [html.Li(_plate(plate)) for plate in facts.plates] if len(facts.plates) > 1 else []
    return html.Div(
        [
            html.P(["From ", html.Strong(offer.file_name), f"{slicer}: {figures}."]),
            html.Ul(plates) if plates else None,
            *(html.P([icon("bi-exclamation-triangle-fill"), f" {hint}"]) for hint in offer.hints),
        ],
        className="pd-offer",
    )


def _plate(plate: Plate) -> str:
    made_of = f", {' and '.join(plate.filament_types)}" if plate.filament_types else ""
    return f"Plate {plate.name}: {_amounts(plate.weight_g, plate.time_hours)}{made_of}"


def _amounts(weight_g: float | None, hours: float | None) -> str:
    weight = f"{weight_g:.2f} g" if weight_g is not None else "weight not stated"
    return f"{weight}, {_duration(hours) if hours is not None else 'time not stated'}"


def _duration(hours: float) -> str:
    """Hours as slicers show them: 2 h 5 min."""
    minutes = max(1, round(hours * 60))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _reject_fields() -> list[Any]:
    reasons = lab().choices.rejection_reasons
    return [
        html.Fieldset(
            [
                html.Legend("Reasons", className="form-label"),
                dbc.Checklist(
                    options=[{"label": reason, "value": reason} for reason in reasons],
                    value=[],
                    id=ids.field("reasons"),
                ),
            ],
            className="pd-choices",
        ),
        _area("custom_reason", "In your own words (optional)"),
    ]


def _status_field(job: JobView) -> Component:
    options = [
        {"label": STATUS_LABELS[status], "value": status.value}
        for status in Status
        if status is not job.status
    ]
    return _select("new_status", "New status", options, None)


def _materials() -> list[dict[str, str]]:
    return [{"label": material.name, "value": material.name} for material in lab().materials]


def _printers(material: str) -> list[dict[str, str]]:
    """Printers, those for the material first; the service refuses what does not go together."""
    ordered = sorted(lab().printers, key=lambda printer: printer.material != material)
    return [{"label": f"{p.name} ({p.material})", "value": p.id} for p in ordered]


def _colors(material: str) -> list[dict[str, str]]:
    own = lab().find_material(material)
    first = own.colors if own else ()
    others = [color for m in lab().materials for color in m.colors if color not in first]
    return [{"label": color, "value": color} for color in (*first, *others)]


def _labelled(label: str, control: Component) -> Component:
    # A label names its control by standing around it: a dict id is no HTML id to point at.
    return html.Label([html.Span(label, className="form-label"), control], className="pd-field")


def _number(name: str, label: str, value: float | None) -> Component:
    control = dbc.Input(
        id=ids.field(name),
        type="number",
        min=0,
        step="any",
        value=value,
        inputmode="decimal",
        autofocus=name == "weight_g",
    )
    return _labelled(label, control)


def _text(name: str, label: str) -> Component:
    return _labelled(label, dbc.Input(id=ids.field(name), autocomplete="off"))


def _area(name: str, label: str, value: str = "", rows: int = 3) -> Component:
    return _labelled(label, dbc.Textarea(id=ids.field(name), value=value, rows=rows))


def _select(name: str, label: str, options: list[dict[str, str]], value: str | None) -> Component:
    control = dbc.Select(id=ids.field(name), options=options, value=value, className="w-100")
    return _labelled(label, control)


MAIL_OF_STATUS = {
    Status.PENDING: MailKind.APPROVAL,
    Status.REJECTED: MailKind.REJECTION,
    Status.COMPLETED: MailKind.COMPLETION,
}
