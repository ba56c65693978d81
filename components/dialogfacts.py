"""Information that a dialog shows besides its fields: model, file to print, printer, price."""

from dataclasses import dataclass
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import ids, modelfacts
from components.parts import breakable, icon
from reader.sliced.facts import Plate
from services.actions.rows import Action, Show
from services.checks.sliced_offers import SlicedOffer
from services.jobs.costs import format_money
from services.jobs.records import JobView
from settings import Printer, lab


@dataclass(frozen=True)
class PlanFacts:
    """Facts about a print before its approval: the figures of a sliced file, and the file that will
    replace the file to print (None: it stays the same)."""

    offer: SlicedOffer | None
    superseding: str | None


def above(row: Action, view: Any, plan: PlanFacts | None) -> list[Component | None]:
    """The components above the fields."""
    shown: list[Component | None] = []
    if Show.MODEL in row.shows:
        shown += [html.Div(modelfacts.chips(view), className="pd-chips mb-3")]
        shown += [modelfacts.remarks(view)]
    if Show.FILE in row.shows and plan is not None:
        shown += [_file_to_print(view, plan.superseding)]
        shown += [_offered(plan.offer) if plan.offer is not None else None]
    if Show.PRINTER in row.shows:
        shown += [html.P(["Printer: ", html.Strong(view.printer_name)])]
    if Show.PRICE in row.shows:
        price = format_money(view.cost_cents) if view.cost_cents is not None else "not set"
        shown += [html.P(["Price: ", html.Strong(price)], className="pd-price-line")]
    return shown


def below(row: Action, view: Any) -> list[Component | None]:
    """The components below the fields: the live price, if the action has one."""
    if Show.NEW_PRICE in row.shows:
        has_price = view.cost_cents is not None and "weight_g" in _names(row, view)
        return [_prices(), _live_cost()] if has_price else []
    if Show.LIVE_PRICE not in row.shows:
        return []
    return [
        _prices(),
        _live_cost(),
        html.P(
            f"Hours are rounded up to the next half hour. The minimum charge is "
            f"{format_money(lab().pricing.minimum_cents)}.",
            className="pd-muted",
        ),
    ]


def _names(row: Action, view: Any) -> set[str]:
    return {field.name for field in row.fields_for(view)}


def _prices() -> Component:
    """The prices from which assets/costs.js computes the live price."""
    return dcc.Store(
        id=ids.DIALOG_PRICES,
        data={
            "minimum_cents": lab().pricing.minimum_cents,
            "cents_per_gram": {m.name: str(m.cents_per_gram) for m in lab().materials},
        },
    )


def _live_cost() -> Component:
    return html.P(id=ids.DIALOG_COST, className="pd-price-line", **{"aria-live": "polite"})


def _file_to_print(job: JobView, superseding: str | None) -> Component:
    """Which file is printed when the job is approved, and why that one."""
    if superseding is not None:
        name, why = superseding, "the newest sliced file in the job's folder."
    elif job.display_name == job.original_name:
        name, why = (
            job.display_name,
            "the student's model. There is no sliced file in the job's folder.",
        )
    else:
        name, why = job.display_name, "there is no newer sliced file in the job's folder."
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
    """Which sliced file the figures in the fields come from, and how it differs from the job."""
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
    """A button that selects the sliced file's printer in the field, by assets/offer.js."""
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
