"""What the caller knows and a file does not: the lab's printers, and what a material weighs and
costs."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Printer:
    """`build_volume_mm` is x, y, z."""

    id: str
    name: str
    build_volume_mm: tuple[float, float, float]


@dataclass(frozen=True)
class WeightRange:
    """How a print's weight is estimated: a shell of this thickness in mm around an infill, and how
    far around that weight the range goes."""

    shell_mm: float = 0.9
    low: float = 0.8
    high: float = 1.45


@dataclass(frozen=True)
class Lab:
    printers: tuple[Printer, ...]
    weight_range: WeightRange = WeightRange()


@dataclass(frozen=True)
class Material:
    """`infill` is a share of 1; `price` turns grams into cents."""

    density_g_cm3: float
    infill: float
    price: Callable[[float], int]
