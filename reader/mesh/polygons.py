"""Polygons cut into triangles. For the sandboxed child: it loads numpy.

A fan around a corner is right where that corner sees the whole polygon: of every convex one, and of
most others around one corner or another. Only what no fan covers is cut ear by ear.
"""

import numpy as np
from numpy.typing import NDArray

from reader.errors import Unreadable
from reader.mesh.loading import Points

Indices = NDArray[np.int64]
Place = tuple[float, float]

FAN_TRIES = 8  # corners that a fan is tried around: all that a polygon of up to 8 has
MAX_STEPS = 30_000_000  # of cutting ears, for all polygons of a file together: some seconds
_CHUNK = 65_536  # polygons that are looked at a time
# A fan's triangle that lies the wrong way is none when it is this small a part of the polygon:
# points that should lie on a line do not quite, as written in a file.
_TOLERANCE = 1e-7
_EPS = 1e-14  # of a polygon's size, squared: less is a straight line


def cut(points: Points, corners: Indices, lengths: Indices) -> Indices:
    """The triangles (n, 3) of polygons; one of n corners becomes n - 2 without new points.

    `corners` are indices of `points`, one polygon after another, and `lengths` says how many each
    has: at least 3. A polygon that crosses itself has no right cut, and gets a fan. Raises
    Unreadable when cutting would take too long.
    """
    if (lengths == 3).all():
        return corners.reshape(-1, 3)
    starts, slots = np.cumsum(lengths) - lengths, np.cumsum(lengths - 2) - (lengths - 2)
    triangles = np.empty((int((lengths - 2).sum()), 3), np.int64)
    whole = lengths == 3
    triangles[slots[whole]] = corners[starts[whole, None] + np.arange(3)]
    larger = np.flatnonzero(~whole)
    intricate = [
        _fan(points, corners, triangles, *(each[some] for each in (starts, lengths, slots)))
        for some in np.array_split(larger, -(-len(larger) // _CHUNK))
    ]
    steps = _Steps(MAX_STEPS)
    for start, length, slot in np.concatenate(intricate).tolist():
        polygon = corners[start : start + length]
        ears = _cut_ears(_flattened(points[polygon]), steps)
        triangles[slot : slot + length - 2] = polygon[ears]
    return triangles


def _fan(
    points: Points,
    corners: Indices,
    triangles: Indices,
    starts: Indices,
    lengths: Indices,
    slots: Indices,
) -> Indices:
    """Writes a fan of each polygon into its slots: around the first corner from which it covers the
    polygon. Those without one get the last that was tried; returns their rows of start, length and
    slot."""
    for turn in range(FAN_TRIES):
        fans = lengths - 2
        first = np.cumsum(fans) - fans
        step = np.arange(int(fans.sum())) - np.repeat(first, fans)
        start, length = np.repeat(starts, fans), np.repeat(lengths, fans)
        places = [start + (turn + at) % length for at in (0 * step, step + 1, step + 2)]
        made = np.stack([corners[place] for place in places], axis=1)
        triangles[np.repeat(slots, fans) + step] = made
        wrong = ~_is_covered(points, made, first, fans)
        if not wrong.any():
            return np.empty((0, 3), np.int64)
        starts, lengths, slots = starts[wrong], lengths[wrong], slots[wrong]
    return np.stack((starts, lengths, slots), axis=1)


def _is_covered(points: Points, fan: Indices, first: Indices, fans: Indices) -> NDArray[np.bool_]:
    """Whether all triangles of each polygon's fan lie the way of the polygon, whose direction
    (Newell's) is their sum. Where coordinates are not numbers the answer is yes."""
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = (points[fan[:, at]].T for at in range(3))
    with np.errstate(over="ignore", invalid="ignore"):
        ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
        normals = (uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)
        sums = [np.add.reduceat(part, first) for part in normals]
        along = sum(
            part * np.repeat(total, fans) for part, total in zip(normals, sums, strict=True)
        )
        limit = -_TOLERANCE * sum(total * total for total in sums)
        return ~(np.minimum.reduceat(np.asarray(along), first) < limit)


def _flattened(corners: Points) -> list[Place]:
    """A polygon in its best plane, of a size of about 1, counter-clockwise."""
    corners = corners - corners[0]
    corners = corners / max(float(np.abs(corners).max()), 1e-300)
    normal = np.cross(corners, np.roll(corners, -1, axis=0)).sum(axis=0)
    normal /= max(float(np.linalg.norm(normal)), 1e-300)
    right = np.cross(np.eye(3)[np.argmin(np.abs(normal))], normal)
    right /= max(float(np.linalg.norm(right)), 1e-300)
    # Column by column: a matrix product may round the same point differently in two rows.
    flat = [
        corners[:, 0] * axis[0] + corners[:, 1] * axis[1] + corners[:, 2] * axis[2]
        for axis in (right, np.cross(normal, right))
    ]
    return list(zip(flat[0].tolist(), flat[1].tolist(), strict=True))


class _Steps:
    """How much work is left."""

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise Unreadable(
                "The model has faces with so many corners that cutting them into triangles would "
                "take too long. Have its faces triangulated, and export it again."
            )


def _cut_ears(places: list[Place], steps: _Steps) -> list[tuple[int, int, int]]:
    """The triangles of a polygon, as numbers of its corners: always two fewer than it has."""
    ears: list[tuple[int, int, int]] = []
    polygon = _Polygon(places, steps)
    misses, ease, at = 0, 0, 0
    while len(ears) < len(places) - 3 and ease < 3:
        if polygon.is_ear(at, ease):
            ears.append(polygon.clip(at))
            # Going on after the next corner keeps the triangles from becoming slivers.
            misses, ease, at = 0, 0, polygon.after[polygon.after[at]]
            continue
        misses, at = misses + 1, polygon.after[at]
        if misses > len(places) - len(ears):
            misses, ease = 0, ease + 1
    rest = polygon.list_rest(at)
    return ears + [(rest[0], rest[i], rest[i + 1]) for i in range(1, len(rest) - 1)]


class _Polygon:
    """What is left of a polygon. Only corners that do not stick out can be in the way of an ear."""

    def __init__(self, places: list[Place], steps: _Steps) -> None:
        count = len(places)
        self.after = [*range(1, count), 0]
        self._before = [count - 1, *range(count - 1)]
        self._places = places
        self._steps = steps
        self._inner = _Grid(places, [at for at in range(count) if self._bend(at) <= _EPS])

    def is_ear(self, at: int, ease: int) -> bool:
        """Whether a corner can be cut off. `ease` 0: no other corner is in or on the ear; 1: none
        is in it; 2: corners that are no corners, on a straight line, go too."""
        bend = self._bend(at)
        if bend <= _EPS:
            self._steps.take(1)
            return ease == 2 and bend >= -_EPS
        (ax, ay), (bx, by), (cx, cy) = corners = self._around(at)
        others = self._inner.list_near(corners)
        self._steps.take(len(others) + 10)
        edge = -_EPS if ease == 0 else _EPS
        for other in others:
            x, y = self._places[other]
            if (
                (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= edge
                and (cx - bx) * (y - by) - (cy - by) * (x - bx) >= edge
                and (ax - cx) * (y - cy) - (ay - cy) * (x - cx) >= edge
                and (x, y) not in corners  # a hole is cut out along a seam, with corners twice
            ):
                return False
        return True

    def clip(self, at: int) -> tuple[int, int, int]:
        """Takes a corner away, and returns the triangle."""
        a, c = self._before[at], self.after[at]
        self._inner.drop(at)
        self.after[a], self._before[c] = c, a
        for near in (a, c):
            if self._bend(near) > _EPS:
                self._inner.drop(near)
            else:
                self._inner.add(near)
        return a, at, c

    def list_rest(self, at: int) -> list[int]:
        """The corners that are left, in their order."""
        found = [at]
        while (at := self.after[at]) != found[0]:
            found.append(at)
        return found

    def _around(self, at: int) -> tuple[Place, Place, Place]:
        return self._places[self._before[at]], self._places[at], self._places[self.after[at]]

    def _bend(self, at: int) -> float:
        """More than 0 where a corner sticks out, and less than 0 where it goes in."""
        (ax, ay), (bx, by), (cx, cy) = self._around(at)
        return (bx - ax) * (cy - by) - (by - ay) * (cx - bx)


class _Grid:
    """Some of the places, found by where they are: about one to a cell."""

    def __init__(self, places: list[Place], chosen: list[int]) -> None:
        xs, ys = zip(*places, strict=True)
        self._left, self._low = min(xs), min(ys)
        width, height = max(xs) - self._left, max(ys) - self._low
        self._side = max((width * height / len(places)) ** 0.5, (width + height) / len(places))
        self._side = max(self._side, 1e-9)
        self._places = places
        self._all: set[int] = set()
        self._cells: dict[tuple[int, int], set[int]] = {}
        for at in chosen:
            self.add(at)

    def add(self, at: int) -> None:
        self._all.add(at)
        self._cells.setdefault(self._cell(*self._places[at]), set()).add(at)

    def drop(self, at: int) -> None:
        self._all.discard(at)
        self._cells.get(self._cell(*self._places[at]), set()).discard(at)

    def list_near(self, corners: tuple[Place, Place, Place]) -> list[int]:
        """All that lie in the box around these corners, and some more."""
        if len(self._all) <= 10:
            return list(self._all)
        xs, ys = zip(*corners, strict=True)
        first, low = self._cell(min(xs) - _EPS, min(ys) - _EPS)
        last, high = self._cell(max(xs) + _EPS, max(ys) + _EPS)
        if (last - first + 1) * (high - low + 1) > len(self._all):
            return list(self._all)
        empty: set[int] = set()
        return [
            at
            for column in range(first, last + 1)
            for row in range(low, high + 1)
            for at in self._cells.get((column, row), empty)
        ]

    def _cell(self, x: float, y: float) -> tuple[int, int]:
        return int((x - self._left) // self._side), int((y - self._low) // self._side)
