"""The results of a model check, on cards and in the panel."""

from collections.abc import Iterable, Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from components.parts import chip, icon
from reader.verdict import fits
from services.jobs.costs import format_money
from services.jobs.records import JobView
from settings import Printer, lab

_UNITS = {
    **{"micron": "microns", "millimetre": "millimetres", "millimeter": "millimetres"},
    **{"centimetre": "centimetres", "centimeter": "centimetres", "inch": "inches"},
    **{"foot": "feet", "metre": "metres", "meter": "metres"},
}
_HARMLESS = {"overshared_edges", "degenerate_triangles", "read_once"}


def size_text(model: Mapping[str, Any]) -> str:
    """ "120 × 84 × 40 mm": whole millimetres from 10 on, finer below."""
    return " × ".join(_length(side) for side in model["size_mm"]) + " mm"


def chips(job: JobView) -> list[Component]:
    """Size and verdict for a card."""
    model = job.model
    if model.get("state") == "pending":
        return [chip("Checking…", "bi-hourglass-split")]
    if model.get("state") == "failed":
        return [chip(_failure(model), "bi-x-circle-fill", "bad")]
    if "size_mm" not in model:
        return []
    return [chip(size_text(model), "bi-rulers"), *_verdicts(job)]


def rows(job: JobView) -> list[tuple[str, Any]]:
    """All results and measurements, for the panel's list of facts."""
    model = job.model
    if model.get("state") == "pending":
        return [("Checks", "Checking…")]
    if model.get("state") == "failed":
        return [("Checks", html.Span(model.get("error"), className="pd-text-bad"))]
    if "size_mm" not in model:
        return []
    return [
        ("Size", size_text(model)),
        ("Fits", _fits(job)),
        ("Unit", _unit(model["units"])),
        ("Volume / surface", _amounts(model)),
        ("Triangles", _triangles(model)),
        ("Checks", _checks(model)),
        ("Estimate", _estimate(model)),
    ]


def remarks(job: JobView) -> Component | None:
    """The warnings with advice, or None."""
    warnings = job.model.get("warnings") or []
    if not warnings:
        return None
    return html.Ul(
        [
            html.Li(
                [
                    icon(
                        "bi-info-circle"
                        if warning["code"] in _HARMLESS
                        else "bi-exclamation-triangle-fill"
                    ),
                    f" {warning['text']}",
                ]
            )
            for warning in warnings
        ],
        className="pd-remarks",
        **{"aria-label": "Model warnings"},
    )


def _verdicts(job: JobView) -> list[Component]:
    model = job.model
    fit = _fit(job)
    codes = {warning["code"] for warning in model["warnings"]}
    guessed = model["units"]["guessed"]
    unit = f" — {_UNITS.get(guessed, guessed)}?" if guessed else ""
    if all(way == "no" for way in model["fits"].values()):
        found = [chip(f"Too large for every printer{unit}", "bi-x-circle-fill", "bad")]
    elif fit == "no":
        found = [chip(f"Too large for {job.printer_name}{unit}", "bi-x-circle-fill", "bad")]
    elif fit == "might":
        found = [chip("Might fit when tilted", "bi-exclamation-triangle-fill", "warn")]
    elif guessed or "tiny" in codes:
        found = [chip(f"Very small{unit}", "bi-exclamation-triangle-fill", "warn")]
    else:
        found = []
    if not model["watertight"]:
        holes = _count(model.get("holes") or model["open_edges"], "hole")
        found.append(chip(f"Not watertight · {holes}", "bi-exclamation-triangle-fill", "warn"))
    elif "flat" in codes:
        found.append(chip("No thickness", "bi-x-circle-fill", "bad"))
    if found:
        return found
    words = {"yes": "Fits · watertight", "turned": "Fits turned · watertight"}
    return [chip(words.get(fit, "Watertight"), "bi-check-circle-fill", "ok")]


def _fit(job: JobView) -> str:
    """How it fits the job's printer; "" if the lab did not have that printer at the check."""
    return str(job.model["fits"].get(job.printer, ""))


def _fits(job: JobView) -> Component:
    """One line for each printer: the job's first, then those of the lab, in its order."""
    listed = sorted(lab().printers, key=lambda printer: printer.id != job.printer)
    lines = [
        html.Li([_printer(job, printer), " – ", _fit_words(job.model, printer)])
        for printer in listed
        if printer.id in job.model["fits"]
    ]
    return html.Ul(lines, className="list-unstyled mb-0")


def _printer(job: JobView, printer: Printer) -> Any:
    if printer.id == job.printer:
        return html.Strong(printer.name)
    other = f" ({printer.material})" if printer.material != job.material else ""
    return f"{printer.name}{other}"


def _fit_words(model: Mapping[str, Any], printer: Printer) -> str:
    """How it fits. A rotation about z is distinguished, because it needs no different supports."""
    way = model["fits"][printer.id]
    if way == "turned":
        wide, deep, high = model["size_mm"]
        flat = fits.fit((deep, wide, high), printer.build_volume_mm, False)
        return "turned about z" if flat == "yes" else "laid on another side"
    return {"yes": "as it stands", "might": "might, when tilted"}.get(way, "too large")


def _unit(units: Mapping[str, Any]) -> str:
    declared, guessed = units["declared"], units["guessed"]
    if declared:
        return f"{_UNITS.get(declared, declared).capitalize()}, as stated in the file"
    if guessed:
        return (
            f"Assumed to be millimetres; perhaps {_UNITS.get(guessed, guessed)}. {units['reason']}"
        )
    return "Assumed to be millimetres: the file does not state a unit"


def _amounts(model: Mapping[str, Any]) -> str | None:
    if "volume_cm3" not in model or "surface_cm2" not in model:
        return None
    return f"{_rounded(model['volume_cm3'])} cm³ / {_rounded(model['surface_cm2'])} cm²"


def _triangles(model: Mapping[str, Any]) -> str:
    flat = model.get("degenerate_triangles")
    return f"{model['triangles']:,} · {f'{flat:,}' if flat else 'none'} without an area"


def _checks(model: Mapping[str, Any]) -> Component:
    is_good = model["watertight"] and not model["flipped_edges"]
    words = (
        "Watertight" if model["watertight"] else _openings(model),
        _count(model["bodies"], "body", "bodies"),
        "normals consistent"
        if not model["flipped_edges"]
        else _count(model["flipped_edges"], "flipped edge"),
        _count(model["overshared_edges"], "over-shared edge")
        if model.get("overshared_edges")
        else "no over-shared edges",
    )
    return html.Span(" · ".join(words), className=f"pd-text-{'ok' if is_good else 'warn'}")


def _estimate(model: Mapping[str, Any]) -> str | None:
    if not model.get("estimate_g") or not model.get("estimate_cents"):
        return None
    weights = _band(map(_rounded, model["estimate_g"]))
    return f"≈ {weights} g · {_band(map(format_money, model['estimate_cents']))}"


def _openings(model: Mapping[str, Any]) -> str:
    edges = _count(model["open_edges"], "open edge")
    return f"{edges}, {_count(model['holes'], 'hole')}" if model.get("holes") else edges


def _band(ends: Iterable[str]) -> str:
    """ "25–46", or "25" when both ends read the same."""
    low, high = ends
    return low if low == high else f"{low}–{high}"


def _rounded(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 10 else f"{max(amount, 0.0001):.2g}" if amount else "0"


def _length(side: float) -> str:
    return f"{side:.0f}" if side >= 10 else f"{side:.2g}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _failure(model: Mapping[str, Any]) -> str:
    could_not = str(model.get("error") or "").startswith("It could not be checked")
    return "Could not be checked" if could_not else "Cannot be read as a model"
