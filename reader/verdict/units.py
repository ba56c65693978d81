"""What unit a file without one may have been drawn in. A guess, always with its reason.

STL and OBJ carry bare numbers, which every slicer takes for millimetres.
"""

from collections.abc import Sequence

from reader.lab import Printer
from reader.verdict import fits

MM = {"inch": 25.4, "centimetre": 10.0, "metre": 1000.0}

# Nobody sends a lab what is smaller than this, unless the unit is another.
SMALLEST_MM = 10.0
SMALLEST_IN_METRES = 1.0
# In the unit that is guessed a model is at least this long; the second, where no unit gives that.
PRINTABLE_MM = (5.0, 1.0)


def guess(
    size: Sequence[float], printers: Sequence[Printer], fits_somewhere: bool
) -> tuple[str | None, str | None]:
    """(unit, reason) for bare numbers (x, y, z) that would be strange as millimetres, else (None,
    None). `fits_somewhere`: whether any printer takes it as it is.

    What is too small is read in the first unit of an order that makes it printable: it fits one of
    the lab's printers, and is not tiny. Below 1, metres are asked first; above, inches, or
    centimetres where the sides are round in these.
    """
    longest = max(size)
    if longest < SMALLEST_MM:
        order: tuple[str, ...] = ("metre", "inch", "centimetre")
        if longest >= SMALLEST_IN_METRES:
            is_metric = _is_round(size, 0.1) and not _is_round(size, 0.125)
            order = ("centimetre", "inch") if is_metric else ("inch", "centimetre")
        return _grow(size, printers, order)
    if not fits_somewhere and _is_round([side / MM["inch"] for side in size], 0.25):
        inches = " × ".join(f"{side / MM['inch']:g}" for side in _whole(size))
        return "inch", (
            f"Its sides are round numbers of inches ({inches} in): it may be drawn at full size in "
            "inches, and was not scaled down."
        )
    return None, None


def _grow(
    size: Sequence[float], printers: Sequence[Printer], order: Sequence[str]
) -> tuple[str | None, str | None]:
    """The first unit that makes it printable, and why."""
    for least in PRINTABLE_MM:
        for unit in order:
            grown = [side * MM[unit] for side in size]
            if max(grown) >= least and _fits_somewhere(grown, printers):
                return unit, _grown(size, unit, order[: order.index(unit)])
    return None, None


def _fits_somewhere(size: Sequence[float], printers: Sequence[Printer]) -> bool:
    return not printers or any(
        fits.fit(size, printer.build_volume_mm, may_tilt=False) != "no" for printer in printers
    )


def _grown(size: Sequence[float], unit: str, unlikely: Sequence[str]) -> str:
    """The reason; `unlikely` are the units that were asked before."""
    words = (
        f"As millimetres it is only {_times(size, 1)} mm; read as {_plural(unit)} it is "
        f"{_times(size, MM[unit])} mm."
    )
    for other in unlikely:
        how = "fit no printer" if max(size) * MM[other] >= PRINTABLE_MM[0] else "be tiny"
        words += f" As {_plural(other)} it would {how}."
    return words


def _times(size: Sequence[float], factor: float) -> str:
    return " × ".join(f"{side * factor:.3g}" for side in size)


def _plural(unit: str) -> str:
    return {"inch": "inches"}.get(unit, f"{unit}s")


def _is_round(values: Sequence[float], step: float) -> bool:
    return all(abs(value / step - round(value / step)) < 0.004 for value in values)


def _whole(size: Sequence[float]) -> list[float]:
    step = MM["inch"] / 4
    return [round(side / step) * step for side in size]
