"""Which triangle each pixel sees, with numpy alone: for systems without an Embree wheel.

Each triangle is cut into rows of pixels, and the nearest triangle of each pixel is kept. The work
is that of the pixels that are covered, also for a fan of long, thin triangles.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from services.pictures.camera import Floats, View

CHUNK = 1_000_000  # rows or pixels that are worked on at a time
_FAR = np.iinfo(np.uint64).max


def find_visible(view: View, faces: NDArray[np.int32]) -> NDArray[np.int32]:
    """A square of face numbers, -1 where there is none."""
    points, size = view.points, view.size
    near, far = float(points[:, 2].min()), float(points[:, 2].max())
    # One number for each pixel: the depth above the face number, so that one minimum settles both.
    nearest = np.full(size * size, _FAR, np.uint64)
    to_depth = (2**31 - 1) / max(far - near, 1e-6)
    for chosen in _in_chunks(_count_rows(points, faces, size)):
        for pixels, depths, numbers in _pixels(points, faces, chosen, size):
            depth = np.clip((depths - near) * to_depth, 0, 2**31 - 1).astype(np.uint64)
            np.minimum.at(nearest, pixels, (depth << np.uint64(32)) | numbers.astype(np.uint64))
    seen = (nearest & np.uint64(0xFFFFFFFF)).astype(np.int64)
    seen[nearest == _FAR] = -1
    return seen.astype(np.int32).reshape(size, size)


def _count_rows(points: Floats, faces: NDArray[np.int32], size: int) -> NDArray[np.int64]:
    """How many pixel rows each face may touch."""
    heights = points[:, 1][faces]
    first = np.ceil(np.clip(heights.min(axis=1), 0, size) - 0.5)
    last = np.floor(np.clip(heights.max(axis=1), 0, size) - 0.5)
    rows: NDArray[np.int64] = np.maximum(last - first + 1, 0).astype(np.int64)
    return rows


def _in_chunks(counts: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Groups of indices whose counts add up to a chunk; those without any are left out."""
    wanted = np.nonzero(counts)[0]
    if len(wanted):
        edges = np.nonzero(np.diff(np.cumsum(counts[wanted]) // CHUNK))[0] + 1
        yield from np.split(wanted, edges)


def _pixels(
    points: Floats, faces: NDArray[np.int32], chosen: NDArray[np.int64], size: int
) -> Iterator[tuple[NDArray[np.int64], Floats, NDArray[np.int64]]]:
    """(pixel, depth, face) for all that the chosen faces cover."""
    corners = points[faces[chosen]].astype(np.float64)
    counts = _count_rows(points, faces[chosen], size)
    owner = np.repeat(np.arange(len(chosen)), counts)
    top = np.ceil(np.clip(corners[:, :, 1].min(axis=1), 0, size) - 0.5)
    row = top[owner] + _positions(counts)
    left, right = _span(corners, owner, row + 0.5)
    first = np.ceil(np.clip(left, 0, size) - 0.5)
    last = np.minimum(np.floor(np.clip(right, -1, size) - 0.5), size - 1)
    widths = np.maximum(last - first + 1, 0).astype(np.int64)
    slopes, base = _planes(corners)
    for spans in _in_chunks(widths):
        each = np.repeat(spans, widths[spans])
        column = first[each] + _positions(widths[spans])
        face = owner[each]
        depth = base[face] + slopes[face, 0] * (column + 0.5) + slopes[face, 1] * (row[each] + 0.5)
        # A sliver seen from its edge has no plane to speak of: it stays within its corners.
        depth = np.clip(depth, corners[face, :, 2].min(axis=1), corners[face, :, 2].max(axis=1))
        yield (row[each] * size + column).astype(np.int64), depth.astype(np.float32), chosen[face]


def _positions(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2... within each of the groups."""
    ends = np.cumsum(counts)
    places: NDArray[np.int64] = np.arange(ends[-1] if len(ends) else 0)
    return places - np.repeat(ends - counts, counts)


def _span(
    corners: NDArray[np.float64], owner: NDArray[np.int64], height: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """From where to where each row lies within its triangle: between the edges that cross it."""
    left = np.full(len(owner), np.inf)
    right = np.full(len(owner), -np.inf)
    for start, end in ((0, 1), (1, 2), (2, 0)):
        x0, y0 = corners[owner, start, 0], corners[owner, start, 1]
        x1, y1 = corners[owner, end, 0], corners[owner, end, 1]
        crosses = (np.minimum(y0, y1) <= height) & (height <= np.maximum(y0, y1)) & (y0 != y1)
        with np.errstate(divide="ignore", invalid="ignore"):
            x = x0 + (height - y0) * (x1 - x0) / (y1 - y0)
        left = np.where(crosses, np.minimum(left, x), left)
        right = np.where(crosses, np.maximum(right, x), right)
    return left, right


def _planes(corners: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The depth of each triangle as a plane: its slopes to the right and down, and its base."""
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = one[:, 0] * two[:, 1] - two[:, 0] * one[:, 1]
    flat = np.where(np.abs(area) < 1e-12, np.inf, area)
    right = (one[:, 2] * two[:, 1] - two[:, 2] * one[:, 1]) / flat
    down = (two[:, 2] * one[:, 0] - one[:, 2] * two[:, 0]) / flat
    base = corners[:, 0, 2] - right * corners[:, 0, 0] - down * corners[:, 0, 1]
    return np.stack([right, down], axis=1), base
