"""Which triangle each pixel sees, by a depth buffer in numpy.

Each triangle is cut into rows of pixels, and the nearest triangle of each pixel is kept. The work
is that of the pixels that are covered, also for a fan of long, thin triangles. It is done in pieces
that stay in the processor's cache, and column by column: rows of three numbers are slow in numpy.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reader.pictures.camera import Floats, Points, View

CHUNK = 100_000  # rows or pixels that are worked on at a time
_FAR = np.iinfo(np.uint64).max
_STEPS = 2**31 - 1  # of depth

Counts = NDArray[np.int64]


def find_visible(view: View, faces: NDArray[np.int32]) -> NDArray[np.int32]:
    """A square of face numbers, -1 where there is none."""
    points, size = view.points, view.size
    near, far = float(points[:, 2].min()), float(points[:, 2].max())
    # One number for each pixel: the depth above the face number, so that one minimum settles both.
    nearest = np.full(size * size, _FAR, np.uint64)
    to_depth = _STEPS / max(far - near, 1e-6)
    for chosen in _in_chunks(_count_rows(points, faces, size)):
        for pixels, depths, numbers in _pixels(points, faces, chosen, size):
            depth = np.clip((depths - near) * to_depth, 0, _STEPS).astype(np.uint64)
            np.minimum.at(nearest, pixels, (depth << np.uint64(32)) | numbers.astype(np.uint64))
    seen = (nearest & np.uint64(0xFFFFFFFF)).astype(np.int64)
    seen[nearest == _FAR] = -1
    return seen.astype(np.int32).reshape(size, size)


def count_work(view: View, faces: NDArray[np.int32]) -> tuple[float, float]:
    """About how many pixels and how many rows of pixels all faces cover, each face by itself."""
    x, y = view.points[:, 0], view.points[:, 1]
    (ax, bx, cx), (ay, by, cy) = ([line[faces[:, at]] for at in range(3)] for line in (x, y))
    areas = np.abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay))
    heights = np.maximum(np.maximum(ay, by), cy) - np.minimum(np.minimum(ay, by), cy)
    return float(areas.sum(dtype=np.float64)) / 2, float(heights.sum(dtype=np.float64))


@dataclass(frozen=True)
class _Triangles:
    """What a row of pixels asks of a triangle, as one number for each triangle; the corners go from
    the top down. A side is a line: where it is at height 0, and how far it goes right per row."""

    middle: Points  # the height of the second corner
    top: Points
    rows: Counts
    long: tuple[Points, Points]  # the side from the first corner to the last
    short: tuple[Points, Points]  # the upper of the other two for all triangles, then the lower
    depth: Points  # of the plane, at the picture's corner
    right: Points  # how much deeper the plane is for each pixel to the right, and down
    down: Points
    near: Points
    far: Points


def _count_rows(points: Floats, faces: NDArray[np.int32], size: int) -> Counts:
    """How many pixel rows each face may touch."""
    heights = np.clip(points[:, 1], 0, size)
    a, b, c = (heights[faces[:, corner]] for corner in range(3))
    first = np.ceil(np.minimum(np.minimum(a, b), c) - 0.5)
    last = np.floor(np.maximum(np.maximum(a, b), c) - 0.5)
    rows: Counts = np.maximum(last - first + 1, 0).astype(np.int64)
    return rows


def _in_chunks(counts: Counts) -> Iterator[Counts]:
    """Groups of indices whose counts add up to a chunk; those without any are left out."""
    wanted = np.nonzero(counts)[0]
    if len(wanted):
        edges = np.nonzero(np.diff(np.cumsum(counts[wanted]) // CHUNK))[0] + 1
        yield from np.split(wanted, edges)


def _pixels(
    points: Floats, faces: NDArray[np.int32], chosen: Counts, size: int
) -> Iterator[tuple[Counts, Points, Counts]]:
    """(pixel, depth, face) for all that the chosen faces cover."""
    all_of = _prepare(points[faces[chosen]].astype(np.float64), size)
    owner = np.repeat(np.arange(len(chosen)), all_of.rows)
    row = all_of.top[owner] + _positions(all_of.rows)
    first, widths = _spans(all_of, owner, row + 0.5, size)
    covered = np.nonzero(widths)[0]
    owner, row, first, widths = owner[covered], row[covered], first[covered], widths[covered]
    # A row begins at a pixel and at a depth; the rest is steps to the right.
    begins = row.astype(np.int64) * size + first.astype(np.int64)
    depths = all_of.depth[owner] + all_of.down[owner] * (row + 0.5)
    depths += all_of.right[owner] * (first + 0.5)
    for spans in _in_chunks(widths):
        each = np.repeat(spans, widths[spans])
        step = _positions(widths[spans])
        face = owner[each]
        depth = depths[each] + all_of.right[face] * step
        # A sliver seen from its edge has no plane to speak of: it stays within its corners.
        depth = np.clip(depth, all_of.near[face], all_of.far[face])
        yield begins[each] + step, depth, chosen[face]


def _prepare(corners: Points, size: int) -> _Triangles:
    columns = np.ascontiguousarray(corners.transpose(1, 2, 0))
    first, second, third = _from_top(*columns)
    top = np.ceil(np.clip(first[1], 0, size) - 0.5)
    bottom = np.floor(np.clip(third[1], 0, size) - 0.5)
    upper, lower = _side(first, second), _side(second, third)
    one, two = second - first, third - first
    area = one[0] * two[1] - two[0] * one[1]
    flat = np.where(np.abs(area) < 1e-12, np.inf, area)
    right = (one[2] * two[1] - two[2] * one[1]) / flat
    down = (two[2] * one[0] - one[2] * two[0]) / flat
    return _Triangles(
        middle=second[1],
        top=top,
        rows=np.maximum(bottom - top + 1, 0).astype(np.int64),
        long=_side(first, third),
        short=(np.concatenate([upper[0], lower[0]]), np.concatenate([upper[1], lower[1]])),
        depth=first[2] - right * first[0] - down * first[1],
        right=right,
        down=down,
        near=np.minimum(np.minimum(first[2], second[2]), third[2]),
        far=np.maximum(np.maximum(first[2], second[2]), third[2]),
    )


def _from_top(a: Points, b: Points, c: Points) -> tuple[Points, Points, Points]:
    """Each triangle's corners by height."""
    a, b = _ordered(a, b)
    b, c = _ordered(b, c)
    a, b = _ordered(a, b)
    return a, b, c


def _ordered(a: Points, b: Points) -> tuple[Points, Points]:
    is_below = a[1] > b[1]
    return np.where(is_below, b, a), np.where(is_below, a, b)


def _side(start: Points, end: Points) -> tuple[Points, Points]:
    height = end[1] - start[1]
    slope = (end[0] - start[0]) / np.where(height > 0, height, np.inf)
    return start[0] - slope * start[1], slope


def _spans(all_of: _Triangles, owner: Counts, height: Points, size: int) -> tuple[Points, Counts]:
    """The first pixel of each row within its triangle, and how many there are."""
    one = all_of.long[0][owner] + all_of.long[1][owner] * height
    short = owner + len(all_of.middle) * (height >= all_of.middle[owner])
    other = all_of.short[0][short] + all_of.short[1][short] * height
    first = np.ceil(np.clip(np.minimum(one, other), 0, size) - 0.5)
    last = np.minimum(np.floor(np.clip(np.maximum(one, other), -1, size) - 0.5), size - 1)
    return first, np.maximum(last - first + 1, 0).astype(np.int64)


def _positions(counts: Counts) -> Counts:
    """0, 1, 2... within each of the groups."""
    ends = np.cumsum(counts)
    places: Counts = np.arange(ends[-1] if len(ends) else 0)
    return places - np.repeat(ends - counts, counts)
