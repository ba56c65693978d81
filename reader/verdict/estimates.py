"""How much material a model takes, before anybody slices it.

A print is a shell of even thickness around an infill. What a slicer makes of it lies around that
by the shape of the part: tests hold the range against what PrusaSlicer made of 13 real models.
"""

from collections.abc import Mapping
from typing import Any

from reader.lab import Material, WeightRange


def grams(
    volume_mm3: float, surface_mm2: float, material: Material, weight_range: WeightRange
) -> tuple[float, float] | None:
    """The least and the most to expect, in grams; None for a model without a volume."""
    if volume_mm3 <= 0 or surface_mm2 <= 0:
        return None
    shell = _shell_share(volume_mm3, surface_mm2, weight_range.shell_mm)
    filled = shell + (1 - shell) * material.infill
    middle = volume_mm3 / 1000 * filled * material.density_g_cm3
    return middle * weight_range.low, middle * weight_range.high


def renewed(
    model: Mapping[str, Any], material: Material, weight_range: WeightRange
) -> dict[str, Any]:
    """A job's `model` with the estimate for another material, from the volume and surface that
    stand in it; unchanged when there are none, as before the check."""
    if "volume_cm3" not in model or "surface_cm2" not in model:
        return dict(model)
    volume_mm3, surface_mm2 = model["volume_cm3"] * 1e3, model["surface_cm2"] * 1e2
    return {**model, **estimate(volume_mm3, surface_mm2, material, weight_range)}


def estimate(
    volume_mm3: float, surface_mm2: float, material: Material | None, weight_range: WeightRange
) -> dict[str, Any]:
    """The least and the most that a print will weigh and cost: `estimate_g` in grams and
    `estimate_cents`; None where that is not known."""
    weights = material and grams(volume_mm3, surface_mm2, material, weight_range)
    if not material or not weights:
        return {"estimate_g": None, "estimate_cents": None}
    return {
        "estimate_g": [round(weight, 2) for weight in weights],
        "estimate_cents": [material.price(weight) for weight in weights],
    }


def _shell_share(volume: float, surface: float, thickness: float) -> float:
    """The part of the volume that lies within `thickness` of the surface: exact for a sphere and a
    cube, whose radius is three volumes by their surface."""
    depth = thickness * surface / (3 * volume)
    return 1.0 - max(0.0, 1.0 - depth) ** 3
