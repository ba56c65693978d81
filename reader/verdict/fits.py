"""Which printers a model fits."""

import itertools
from collections.abc import Sequence

# What a printer's stated volume and a file's numbers are good to.
SLACK_MM = 0.01


def fit(size: Sequence[float], build_volume: Sequence[float], may_tilt: bool) -> str:
    """How a model of `size` (x, y, z in mm) fits: "yes" as it stands, "turned" about z or onto
    another side, "might" in some other rotation (`may_tilt`, a guess by sampling), or "no"."""
    if _is_inside(size, build_volume):
        return "yes"
    if any(_is_inside(way, build_volume) for way in itertools.permutations(size)):
        return "turned"
    return "might" if may_tilt else "no"


def _is_inside(size: Sequence[float], room: Sequence[float]) -> bool:
    return all(side <= limit + SLACK_MM for side, limit in zip(size, room, strict=True))
