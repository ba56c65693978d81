"""How the demo's staff judge a model: by what the check found, and by their own eyes."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from demo.arrivals import Sent
from demo.catalogue import DESIGNS
from settings import Printer, lab

# Words of a reason in lab.toml, so that another lab's list works too.
_UNITS, _LARGE, _HOLES, _MESSY, _THIN, _SUPPORT, _WRONG = (
    "units", "too large", "manifold", "broken", "too thin", "support", "wrong material"
)  # fmt: skip
# What the check remarks, how often staff turn the model down for it, and the reason they give.
_REMARKS = {
    "units": (0.84, _UNITS),
    "too_large": (0.94, _LARGE),
    "flat": (1.0, _THIN),
    "open_edges": (0.62, _HOLES),
    "flipped_edges": (0.34, _MESSY),
    "inside_out": (0.2, _MESSY),
    "overshared_edges": (0.45, _MESSY),
}
_OWN_WORDS = (
    "The lettering is too small to print: make it at least 6 mm high.",
    "There are two copies of the part in the file. Please send one.",
    "Please split it: the upper half cannot be printed in one piece.",
    "This looks like the model of another student. Please come by.",
)
_OVERHANGING = ("chair", "table", "arch", "knot", "knot-long", "pavilion")
_GRAMS_PER_HOUR = (14.0, 12.5, 11.0)  # for the first, second… printer of a material
_RESIN_GRAMS_PER_HOUR = 4.0
LONGEST_H = 58.0


@dataclass(frozen=True)
class Verdict:
    """Reasons to turn it down, or none; then grams and hours on a printer that it fits on."""

    reasons: tuple[str, ...]
    printer: str = ""
    weight_g: float = 0.0
    time_hours: float = 0.0


def judge(
    sent: Sent, model: dict[str, Any], backlog: dict[str, float], rng: random.Random
) -> Verdict:
    """`model` is the check's result, `backlog` the hours that wait for each printer."""
    reasons = _reasons(sent, model, rng)
    fitting = _fitting(sent, model)
    if not reasons and not fitting:
        reasons = (_said(_WRONG),)
    grams = _grams(model, rng)
    if reasons or grams is None:
        return Verdict(reasons or (_said(_THIN),))
    printer = _printer(sent, fitting, backlog, rng)
    hours = grams / _speed(printer) * rng.uniform(0.85, 1.2) + rng.uniform(0.3, 0.8)
    return Verdict((), printer.id, grams, round(min(hours, LONGEST_H), 2))


def _reasons(sent: Sent, model: dict[str, Any], rng: random.Random) -> tuple[str, ...]:
    if model["state"] != "ok":
        return (_said(_UNITS),)
    found = []
    for warning in model["warnings"]:
        chance, word = _REMARKS.get(warning["code"], (0.0, ""))
        if rng.random() < chance:
            found.append(_said(word))
    if model["open_edges"] > 80 and rng.random() < 0.8:
        found.append(_said(_HOLES))
    found += _seen(sent, rng)
    if found and rng.random() < 0.08:
        found.append(rng.choice(_OWN_WORDS))
    return tuple(dict.fromkeys(found))


def _seen(sent: Sent, rng: random.Random) -> list[str]:
    """What no check finds, and what people are wrong about."""
    found = []
    if DESIGNS[sent.design].is_thin and rng.random() < 0.9:
        found.append(_said(_THIN))
    if rng.random() < (0.035 if sent.design in _OVERHANGING else 0.01):
        found.append(_said(_SUPPORT))
    if rng.random() < 0.008:
        found.append(rng.choice(_OWN_WORDS))
    return found


def _said(word: str) -> str:
    """The reason of the lab's list that has the word, else some in own words."""
    reasons: Sequence[str] = lab().choices.rejection_reasons
    return next((reason for reason in reasons if word in reason.lower()), _OWN_WORDS[0])


def _fitting(sent: Sent, model: dict[str, Any]) -> list[Printer]:
    fits = model.get("fits", {})
    return [
        printer
        for printer in lab().printers
        if printer.material == sent.material and fits.get(printer.id) in ("yes", "turned")
    ]


def _printer(
    sent: Sent, fitting: list[Printer], backlog: dict[str, float], rng: random.Random
) -> Printer:
    """The one that was asked for, unless the model does not fit or another one is free earlier."""
    wished = next((printer for printer in fitting if printer.id == sent.printer), None)
    quickest = min(fitting, key=lambda printer: backlog.get(printer.id, 0.0))
    if wished is None:
        return quickest
    saved = backlog.get(wished.id, 0.0) - backlog.get(quickest.id, 0.0)
    return quickest if saved > 14 and rng.random() < 0.85 else wished


def _grams(model: dict[str, Any], rng: random.Random) -> float | None:
    """What the slicer says, near the check's estimate: one place after the point."""
    if not model.get("estimate_g"):
        return None
    low, high = model["estimate_g"]
    return max(0.4, round(rng.triangular(low, high, low + 0.3 * (high - low)), 1))


def _speed(printer: Printer) -> float:
    """Grams an hour."""
    alike = [known.id for known in lab().printers if known.material == printer.material]
    if printer.material != lab().materials[0].name:
        return _RESIN_GRAMS_PER_HOUR
    return _GRAMS_PER_HOUR[min(alike.index(printer.id), 2)]
