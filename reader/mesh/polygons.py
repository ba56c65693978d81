"""Polygons cut into triangles. For the sandboxed child: it loads numpy.

A fan around a corner is right where that corner sees the whole polygon: of every convex one, and of
most others around one corner or another. Only what no fan covers is cut ear by ear, by earcut.
"""

import numpy as np
from numpy.typing import NDArray

from reader.mesh.loading import Points

Indices = NDArray[np.int64]

FAN_TRIES = 8  # corners that a fan is tried around: all that a polygon of up to 8 has
_CHUNK = 65_536  # polygons that are looked at a time
# A fan's triangle that lies the wrong way is none when it is this small a part of the polygon:
# points that should lie on a line do not quite, as written in a file.
_TOLERANCE = 1e-7


def cut(points: Points, corners: Indices, lengths: Indices) -> Indices:
    """The triangles (n, 3) of polygons; one of n corners becomes n - 2 without new points.

    `corners` are indices of `points`, one polygon after another, and `lengths` says how many each
    has: at least 3. A polygon that crosses itself has no right cut.
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
    for start, length, slot in np.concatenate(intricate).tolist():
        polygon = corners[start : start + length]
        ears = _cut_ears(_flattened(points[polygon]))
        if ears is not None:  # else it keeps its fan
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


def _flattened(corners: Points) -> Points:
    """A polygon in its best plane (n, 2), of a size of about 1, counter-clockwise."""
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
    return np.ascontiguousarray(np.stack(flat, axis=1))


def _cut_ears(places: Points) -> Indices | None:
    """The triangles of a polygon, as numbers of its corners: always two fewer than it has. None
    where they cannot be had, as of one that crosses itself."""
    import mapbox_earcut

    count = len(places)
    if not np.isfinite(places).all():
        return None
    cut = mapbox_earcut.triangulate_float64(places, np.array([count], np.uint32))
    ears: Indices = cut.reshape(-1, 3).astype(np.int64)
    whole = _with_left_out(ears, count) if len(ears) < count - 2 else ears
    return _turned(places, whole) if len(whole) == count - 2 else None


def _turned(places: Points, ears: Indices) -> Indices:
    """All of them the way of the polygon, which is counter-clockwise."""
    (ax, ay), (bx, by), (cx, cy) = (places[ears[:, at]].T for at in range(3))
    is_wrong = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) < 0
    return np.where(is_wrong[:, None], ears[:, ::-1], ears)


def _with_left_out(ears: Indices, count: int) -> Indices:
    """Earcut leaves out corners on a straight line. Each goes back onto the side that it lies on,
    and divides the triangle behind it: no gap is left to a neighbour that has the corner."""
    found = [tuple(ear) for ear in ears.tolist()]
    used = np.zeros(count, bool)
    used[ears] = True
    behind = {
        frozenset((ear[at], ear[at - 1])): number
        for number, ear in enumerate(found)
        for at in range(3)
    }
    for at in np.flatnonzero(~used).tolist():
        before, after = (at - 1) % count, (at + 1) % count
        while not used[before]:
            before = (before - 1) % count
        while not used[after]:
            after = (after + 1) % count
        number = behind.pop(frozenset((before, after)), None)
        if number is None:
            return ears
        third = next(corner for corner in found[number] if corner not in (before, after))
        found[number] = (before, at, third)
        found.append((at, after, third))
        used[at] = True
        behind[frozenset((before, at))] = behind[frozenset((before, third))] = number
        behind[frozenset((at, after))] = behind[frozenset((after, third))] = len(found) - 1
    return np.array(found, np.int64)
