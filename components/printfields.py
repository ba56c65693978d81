"""How a job is printed, as fields of a dialog: for approving it, and for editing it later."""

from dataclasses import dataclass
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from components import forms, ids, modelfacts
from components.parts import breakable, icon
from reader.sliced.facts import Plate
from services.checks.sliced_offers import SlicedOffer
from services.jobs.costs import format_money
from services.jobs.editing import EDITABLE
from services.jobs.records import JobView
from settings import Printer, lab


@dataclass(frozen=True)
class PlanFacts:
    """What is known of a print before it is approved: what a sliced file says, and which file
    becomes the one to print (None: it stays as it is)."""

    offer: SlicedOffer | None
    superseding: str | None


def approve(job: JobView, plan: PlanFacts) -> list[Any]:
    offer = plan.offer
    weight, hours = job.weight_g, job.time_hours
    if offer is not None:
        weight, hours = offer.weight_g or weight, offer.time_hours or hours
    return [
        html.Div(modelfacts.chips(job), className="pd-chips mb-3"),
        modelfacts.remarks(job),
        _file_to_print(job, plan.superseding),
        _offered(offer) if offer is not None else None,
        *_price_inputs(weight, hours),
        *_how(job, ("material", "printer", "color")),
        _live_cost(),
        html.P(
            f"Hours are rounded up to the next half hour. The least that is charged is "
            f"{format_money(lab().pricing.minimum_cents)}.",
            className="pd-muted",
        ),
    ]


def edit(job: JobView) -> list[Any]:
    """The fields that may still be changed; the price, if it may."""
    names = EDITABLE.get(job.status, ())
    numbers = []
    if "weight_g" in names:
        numbers.append(dbc.Col(forms.number("weight_g", "Weight (g)", job.weight_g), xs=6))
    if "time_hours" in names:
        numbers.append(dbc.Col(forms.number("time_hours", "Time (hours)", job.time_hours), xs=6))
    has_price = "weight_g" in names and job.cost_cents is not None
    return [
        *_how(job, names),
        dbc.Row(numbers, className="g-3") if numbers else None,
        *([_prices(), _live_cost()] if has_price else []),
    ]


def _price_inputs(weight: float | None, hours: float | None) -> list[Any]:
    return [
        _prices(),
        dbc.Row(
            [
                dbc.Col(forms.number("weight_g", "Weight (g)", weight), xs=6),
                dbc.Col(forms.number("time_hours", "Time (hours)", hours), xs=6),
            ],
            className="g-3",
        ),
    ]


def _how(job: JobView, names: tuple[str, ...]) -> list[Any]:
    """Material, printer and colour: those of them that are asked for."""
    wide = {"material": _materials(), "printer": _printers(job.material)}
    labels = {"material": "Material", "printer": "Printer"}
    columns = [
        dbc.Col(forms.select(name, labels[name], wide[name], getattr(job, name)), sm=6)
        for name in wide
        if name in names
    ]
    color = forms.select("color", "Colour", _colors(job.material), job.color)
    return [
        dbc.Row(columns, className="g-3") if columns else None,
        color if "color" in names else None,
    ]


def _prices() -> Component:
    """What the live price is worked out from, in the browser."""
    return dcc.Store(
        id=ids.DIALOG_PRICES,
        data={
            "minimum_cents": lab().pricing.minimum_cents,
            "cents_per_gram": {m.name: float(m.cents_per_gram) for m in lab().materials},
        },
    )


def _live_cost() -> Component:
    return html.P(id=ids.DIALOG_COST, className="pd-price-line", **{"aria-live": "polite"})


def _file_to_print(job: JobView, superseding: str | None) -> Component:
    """Which file is printed when the job is approved, and why that one."""
    if superseding is not None:
        name, why = superseding, "what your slicer saved last beside the model."
    elif job.display_name == job.original_name:
        name, why = job.display_name, "the student's model. No sliced file lies beside it."
    else:
        name, why = job.display_name, "no newer sliced file lies beside it."
    return html.P(
        [
            icon("bi-file-earmark-check"),
            " File to print: ",
            html.Strong(breakable(name)),
            f" – {why}",
        ],
        className="pd-file-to-print",
    )


def _offered(offer: SlicedOffer) -> Component:
    """Where the figures in the fields come from, and what of it does not fit the job."""
    facts = offer.facts
    slicer = f" ({facts.slicer})" if facts.slicer else ""
    made_of = f", {' and '.join(facts.filament_types)}" if facts.filament_types else ""
    printer = f"for the {offer.printer_name}" if offer.printer_name else "printer not stated"
    figures = f"{_amounts(facts.weight_g, facts.time_hours)}{made_of}, {printer}"
    plates = [html.Li(_plate(plate)) for plate in facts.plates] if len(facts.plates) > 1 else []
    return html.Div(
        [
            html.P(["From ", html.Strong(offer.file_name), f"{slicer}: {figures}."]),
            html.Ul(plates) if plates else None,
            *(html.P([icon("bi-exclamation-triangle-fill"), f" {hint}"]) for hint in offer.hints),
            _use_printer(offer.other_printer) if offer.other_printer else None,
        ],
        className="pd-offer",
    )


def _use_printer(printer: Printer) -> Component:
    """Puts the printer of the sliced file into the field; assets/offer.js does it, and says so."""
    return html.Div(
        [
            html.Button(
                [icon("bi-printer"), f" Use the {printer.name}"],
                type="button",
                className="btn btn-outline-primary",
                **{"data-pd-printer": printer.id, "data-pd-name": printer.name},
            ),
            html.Span(className="pd-offer-said", role="status"),
        ],
        className="d-flex flex-wrap align-items-center gap-2",
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
