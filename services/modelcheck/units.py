"""What unit a file without one may have been drawn in. A guess, always with its reason.

STL and OBJ carry bare numbers, which every slicer takes for millimetres.
"""

from collections.abc import Sequence

MM = {"inch": 25.4, "centimetre": 10.0, "metre": 1000.0}

# Nobody sends a lab what is smaller than this, unless the unit is another.
SMALLEST_MM = 10.0
SMALLEST_IN_METRES = 1.0


def guess(size: Sequence[float], fits_somewhere: bool) -> tuple[str | None, str | None]:
    """(unit, reason) for bare numbers (x, y, z) that would be strange as millimetres, else (None,
    None). `fits_somewhere`: whether any printer takes it as it is."""
    longest = max(size)
    if longest < SMALLEST_IN_METRES:
        return "metre", _grown(size, "metre")
    if longest < SMALLEST_MM:
        unit = "centimetre" if _is_round(size, 0.1) and not _is_round(size, 0.125) else "inch"
        return unit, _grown(size, unit)
    if not fits_somewhere and _is_round([side / MM["inch"] for side in size], 0.25):
        inches = " × ".join(f"{side / MM['inch']:g}" for side in _whole(size))
        return "inch", (
            f"Its sides are round numbers of inches ({inches} in): it may be drawn at full size in "
            "inches, and was not scaled down."
        )
    return None, None


def _grown(size: Sequence[float], unit: str) -> str:
    factor = MM[unit]
    now = " × ".join(f"{side:.3g}" for side in size)
    then = " × ".join(f"{side * factor:.3g}" for side in size)
    plural = {"inch": "inches"}.get(unit, f"{unit}s")
    return f"As millimetres it is only {now} mm; read as {plural} it is {then} mm."


def _is_round(values: Sequence[float], step: float) -> bool:
    return all(abs(value / step - round(value / step)) < 0.004 for value in values)


def _whole(size: Sequence[float]) -> list[float]:
    step = MM["inch"] / 4
    return [round(side / step) * step for side in size]
