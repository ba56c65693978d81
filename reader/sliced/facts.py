"""Numbers, times and lists as slicers write them."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

MAX_WEIGHT_G = 20_000.0
MAX_HOURS = 1_000.0
MAX_WORDS = 80
MAX_PLATES = 64

_NUMBER = re.compile(r"[-+]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:[eE][-+]?\d{1,3})?")
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s{0,3}(d|h|m|s)[a-z]{0,7}", re.IGNORECASE)
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


@dataclass(frozen=True)
class Plate:
    """One plate of a sliced file: grams and hours, None where it says nothing."""

    name: str
    weight_g: float | None
    time_hours: float | None
    filament_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class SlicedFacts:
    """What the file says; grams and hours of all plates together, None where it says nothing."""

    weight_g: float | None
    time_hours: float | None
    filament_types: tuple[str, ...]
    printer: str | None
    slicer: str | None
    plates: tuple[Plate, ...]


def of_plates(
    plates: Iterable[Plate], printer: str | None, slicer: str | None
) -> SlicedFacts | None:
    """The plates together. What one of them leaves open stays open: a part is no sum. None when
    neither weight nor time is known."""
    listed = tuple(plates)
    weight = as_weight(_total([plate.weight_g for plate in listed]))
    hours = as_hours(_total([plate.time_hours for plate in listed]))
    if weight is None and hours is None:
        return None
    types = dict.fromkeys(kind for plate in listed for kind in plate.filament_types)
    return SlicedFacts(weight, hours, tuple(types), words(printer), words(slicer), listed)


def _total(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) if known and len(known) == len(values) else None


def as_weight(grams: float | None) -> float | None:
    """Grams, if a print can weigh that much."""
    return round(grams, 4) if grams is not None and 0 < grams <= MAX_WEIGHT_G else None


def as_hours(hours: float | None) -> float | None:
    """Hours, if a print can take that long."""
    return hours if hours is not None and 0 < hours <= MAX_HOURS else None


def number(text: str) -> float | None:
    """The number at the beginning of a text, if it is a plain one."""
    found = _NUMBER.match(text.strip())
    if found is None:
        return None
    value = float(found.group())
    return value if math.isfinite(value) else None


def numbers(text: str) -> list[float]:
    """A list as slicers write one for each extruder: `1.5, 2`, `1.5;2`, `[1.5, 2]`. Empty when
    one of them is no number."""
    parts = [part for part in re.split(r"[,;]", text.strip().strip("[]")) if part.strip()]
    found = [value for value in map(number, parts[:64]) if value is not None]
    return found if len(found) == len(parts) else []


def hours(text: str) -> float | None:
    """A time in hours: `1d 2h 3m 4s`, `1 day 2 hours`, or plain seconds."""
    spans = _SPAN.findall(text[:200])
    if spans:
        return math.fsum(float(count) * _SECONDS[unit.lower()] for count, unit in spans) / 3600
    plain = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*", text)
    return float(plain.group(1)) / 3600 if plain else None


def kinds(text: str) -> list[str]:
    """A list of filament types: `PLA;PETG`, each as the file writes it."""
    parts = [part.strip().strip('"').strip() for part in re.split(r"[,;]", text)]
    return [part[:20] if part.isprintable() else "" for part in parts[:64]]


def words(text: str | None) -> str | None:
    """A name that may be shown: printable, short, not empty."""
    shown = " ".join((text or "").replace('"', " ").split())[:MAX_WORDS].strip()
    return shown if shown and shown.isprintable() else None
