"""What the check of a model found, on cards and in the panel."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from components.parts import chip, icon
from services.costs import format_money
from services.jobs import JobView

_UNITS = {"inch": "inches", "centimetre": "centimetres", "metre": "metres"}
_HARMLESS = {"overshared_edges", "degenerate_triangles"}


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
    """Size, triangles, checks and estimate for the panel's list of facts."""
    model = job.model
    if model.get("state") == "pending":
        return [("Checks", "Checking…")]
    if model.get("state") == "failed":
        return [("Checks", html.Span(model.get("error"), className="pd-text-bad"))]
    if "size_mm" not in model:
        return []
    return [
        ("Size", f"{size_text(model)} – {_fit_words(job)}"),
        ("Triangles", f"{model['triangles']:,}"),
        ("Checks", _checks(model)),
        ("Estimate", _estimate(model)),
    ]


def remarks(job: JobView) -> Component | None:
    """The warnings with what to do, or None."""
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
        **{"aria-label": "What to know about the model"},
    )


def _verdicts(job: JobView) -> list[Component]:
    model = job.model
    fit = _fit(job)
    guessed = model["units"]["guessed"]
    unit = f" — {_UNITS.get(guessed, guessed)}?" if guessed else ""
    if all(way == "no" for way in model["fits"].values()):
        found = [chip(f"Too large for every printer{unit}", "bi-x-circle-fill", "bad")]
    elif fit == "no":
        found = [chip(f"Too large for {job.printer_name}{unit}", "bi-x-circle-fill", "bad")]
    elif fit == "might":
        found = [chip("Might fit when tilted", "bi-exclamation-triangle-fill", "warn")]
    elif guessed:
        found = [chip(f"Very small{unit}", "bi-exclamation-triangle-fill", "warn")]
    else:
        found = []
    if not model["watertight"]:
        holes = _count(model.get("holes") or model["open_edges"], "hole")
        found.append(chip(f"Not watertight · {holes}", "bi-exclamation-triangle-fill", "warn"))
    elif any(warning["code"] == "flat" for warning in model["warnings"]):
        found.append(chip("No thickness", "bi-x-circle-fill", "bad"))
    if found:
        return found
    words = "Fits turned · watertight" if fit == "turned" else "Fits · watertight"
    return [chip(words, "bi-check-circle-fill", "ok")]


def _fit(job: JobView) -> str:
    return str(job.model["fits"].get(job.printer, "no"))


def _fit_words(job: JobView) -> str:
    words = {
        "yes": "fits {}",
        "turned": "fits {} when turned",
        "might": "might fit {} when tilted",
        "no": "too large for {}",
    }
    return words[_fit(job)].format(job.printer_name)


def _checks(model: Mapping[str, Any]) -> Component:
    is_good = model["watertight"] and not model["flipped_edges"]
    words = (
        "Watertight" if model["watertight"] else f"{_count(model['open_edges'], 'open edge')}",
        _count(model["bodies"], "body", "bodies"),
        "normals consistent"
        if not model["flipped_edges"]
        else _count(model["flipped_edges"], "flipped edge"),
    )
    return html.Span(" · ".join(words), className=f"pd-text-{'ok' if is_good else 'warn'}")


def _estimate(model: Mapping[str, Any]) -> str | None:
    if not model.get("estimate_g") or not model.get("estimate_cents"):
        return None
    low, high = model["estimate_g"]
    price = format_money(model["estimate_cents"][0])
    return f"≈ {_grams(low)}–{_grams(high)} g · from {price}"


def _grams(weight: float) -> str:
    return f"{weight:.0f}" if weight >= 10 else f"{weight:.2g}"


def _length(side: float) -> str:
    return f"{side:.0f}" if side >= 10 else f"{side:.2g}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _failure(model: Mapping[str, Any]) -> str:
    could_not = str(model.get("error") or "").startswith("It could not be checked")
    return "Could not be checked" if could_not else "Cannot be read as a model"
