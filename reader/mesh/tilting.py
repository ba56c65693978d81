"""Whether a model would fit when it is tilted. For the sandboxed child: it loads numpy and scipy.

A sample of rotations is tried, so the answer is "might": a rotation found shows the way, and a
margin makes up for those between the samples.
"""

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reader.mesh.loading import Points

DIRECTIONS = 400
TURNS = 36
MARGIN = 1.02

Frames = NDArray[np.float64]


def could_fit(points: Points, beds: list[list[float]]) -> list[bool]:
    """For each build volume (x, y, z in mm): whether some rotation of the model fits into it."""
    outline = _outline(points)
    spans = np.ptp(outline @ _directions(DIRECTIONS).T, axis=0)
    # What is longer than the diagonal, or thicker everywhere than the shortest side, cannot fit.
    return [
        bool(spans.max() <= np.linalg.norm(bed) and spans.min() <= MARGIN * min(bed))
        and any(_fits(outline, frames, bed) for frames in _frames(outline, bed))
        for bed in beds
    ]


def _fits(outline: Points, frames: Frames, bed: list[float]) -> bool:
    """Frames are (n, 3, 3): the bed's axes in the model's coordinates."""
    spans = np.ptp(np.tensordot(frames, outline.T, axes=1), axis=2)
    return bool((spans <= MARGIN * np.array(bed)).all(axis=1).any())


def _outline(points: Points) -> Points:
    """The corners of the convex hull: nothing else decides."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        return np.asarray(points[ConvexHull(points).vertices])
    except QhullError:  # flat: its hull is no body
        ends = points @ _directions(200).T
        extremes = np.unique(np.concatenate((ends.argmin(axis=0), ends.argmax(axis=0))))
        return np.asarray(points[extremes])


def _frames(outline: Points, bed: list[float]) -> Iterator[Frames]:
    """First the model's long axes along the diagonals of the bed, then directions all around."""
    axes = np.linalg.svd(outline - outline.mean(axis=0), full_matrices=False)[2]
    spin = _spins()
    for axis, used in itertools.product(axes, ((1, 1, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1))):
        diagonal = np.array(bed) * used
        onto = _basis(axis).T @ spin @ _basis(diagonal / np.linalg.norm(diagonal))
        yield np.transpose(onto, (0, 2, 1))
    for up in _directions(DIRECTIONS):
        base = _basis(up)
        # The bed's z is `up`: rows x, y, z.
        yield (spin @ base)[:, [1, 2, 0], :]


def _spins() -> Frames:
    """Turns about the first axis. Half a turn is as good as none."""
    angles = np.arange(TURNS) * np.pi / TURNS
    cos, sin, zero = np.cos(angles), np.sin(angles), np.zeros(TURNS)
    rows = (np.ones(TURNS), zero, zero, zero, cos, -sin, zero, sin, cos)
    return np.stack(rows, axis=1).reshape(-1, 3, 3)


def _basis(first: NDArray[np.float64]) -> NDArray[np.float64]:
    """Three unit vectors at right angles as rows, beginning with this one."""
    helper = np.eye(3)[np.argmin(np.abs(first))]
    second = np.cross(first, helper)
    second /= np.linalg.norm(second)
    return np.stack((first, second, np.cross(first, second)))


def _directions(count: int) -> NDArray[np.float64]:
    """Unit vectors spread evenly over half a sphere: a Fibonacci spiral."""
    steps = np.arange(count) + 0.5
    z = steps / count
    angle = np.pi * (1 + 5**0.5) * steps
    flat = np.sqrt(1 - z * z)
    return np.stack((flat * np.cos(angle), flat * np.sin(angle), z), axis=1)
