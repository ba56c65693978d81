"""A model whose vertices are welded: what all of its results are made from.

One sort of the vertices and one sort of the edges, each as whole 64-bit keys: several times as fast
as sorting rows.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reader.mesh.loading import Faces, Model, Points, bounds

Keys = NDArray[np.uint64]

_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))
TOLERANCE = 1e-8


@dataclass(frozen=True)
class Edges:
    """Edges by how many triangles use them."""

    every: NDArray[np.int64]  # (n, 2) vertices, each edge once
    open: NDArray[np.int64]  # (n, 2) vertices, in the direction of their only triangle
    overshared: int
    pairs: NDArray[np.int32]  # (n, 2) triangles that share an edge which no third one uses
    flips: NDArray[np.bool_]  # for each pair, whether one of the two faces the wrong way


class Solid:
    """A model that is welded once, and what more than one result needs of it.

    Takes the vertices out of `model`, to save their memory.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.triangles = len(model.faces)
        self.points, self.faces = weld(model)

    @cached_property
    def open_edges(self) -> NDArray[np.int64]:
        """The edges that exactly one triangle uses, as pairs of points in its direction."""
        return self.find_edges().open

    @cached_property
    def without_doubles(self) -> tuple[Points, Faces]:
        """Points and faces without triangles that are a line or a point, or there twice."""
        return without_doubles(self.points, self.faces)

    def find_edges(self) -> Edges:
        """All edges; the open ones are kept."""
        edges = find_edges(without_collapsed(self.faces), len(self.points))
        self.__dict__["open_edges"] = edges.open
        return edges


def weld(model: Model) -> tuple[Points, Faces]:
    """Vertices of the same place become one. Takes the vertices out of `model`.

    The same within 1e-8 of the model's size: less than what a 32-bit number can tell apart, but
    -2.7e-16 and 0 are one place.
    """
    vertices, model.vertices = model.vertices, np.empty((0, 3))
    low, high = bounds(vertices)
    places = vertices * (1 / (TOLERANCE * max(float((high - low).max()), 1e-300)))
    np.rint(places, out=places)
    places += 0.0  # -0 and 0 are the same place, and different bits
    index_bits = np.uint64(max(1, (len(vertices) - 1).bit_length()))
    keys = _hash(places) << index_bits
    keys |= np.arange(len(vertices), dtype=np.uint64)
    keys.sort()
    order = (keys & ((np.uint64(1) << index_bits) - np.uint64(1))).astype(np.int32)
    keys >>= index_bits
    is_first = np.empty(len(keys), dtype=bool)
    is_first[:1] = True
    np.not_equal(keys[1:], keys[:-1], out=is_first[1:])
    label = np.empty(len(vertices), dtype=np.int32)
    label[order] = np.cumsum(is_first, dtype=np.int32) - 1
    first = order[is_first]
    if not all((places[first, axis][label] == places[:, axis]).all() for axis in range(3)):
        first, label = _weld_by_rows(places)  # two places have the same hash: rare
    return vertices[first], label[model.faces]


def _hash(vertices: Points) -> Keys:
    bits = vertices.view(np.uint64)
    mixed: Keys = bits[:, 0] * _MIX[0]
    for axis in (1, 2):
        mixed ^= mixed >> np.uint64(29)
        mixed += bits[:, axis]
        mixed *= _MIX[axis]
    mixed ^= mixed >> np.uint64(32)
    mixed *= _MIX[0]
    mixed ^= mixed >> np.uint64(29)
    return mixed


def _weld_by_rows(places: Points) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    _, first, label = np.unique(places, axis=0, return_index=True, return_inverse=True)
    return first.astype(np.int32), label.ravel().astype(np.int32)


def without_collapsed(faces: Faces) -> Faces:
    """Leaves out the triangles that have a corner twice: what they touch is closed without them."""
    a, b, c = faces.T
    collapsed = (a == b) | (b == c) | (c == a)
    return faces[~collapsed] if collapsed.any() else faces


def find_edges(faces: Faces, points: int) -> Edges:
    """Every edge of every triangle as one key: its vertices, the triangle, and its direction."""
    face_bits = max(1, (len(faces) - 1).bit_length())
    whole = 2 * points.bit_length() + face_bits + 1 <= 64
    shift = np.uint64(face_bits + 1)
    keys = np.empty(3 * len(faces), dtype=np.uint64)
    tags = np.empty(3 * len(faces), dtype=np.uint32)
    number = np.arange(len(faces), dtype=np.uint32) << np.uint32(1)
    for side in range(3):
        start, end = faces[:, side], faces[:, (side + 1) % 3]
        part = slice(side * len(faces), (side + 1) * len(faces))
        key = keys[part]
        key[:] = np.minimum(start, end)
        key *= np.uint64(points)
        key += np.maximum(start, end).astype(np.uint64)
        tags[part] = number | (start < end)
    if whole:
        keys <<= shift
        keys |= tags
        keys.sort()
        tags = (keys & ((np.uint64(1) << shift) - np.uint64(1))).astype(np.uint32)
        keys >>= shift
    else:
        order = np.argsort(keys)
        keys, tags = keys[order], tags[order]
    return _count(keys, tags, points)


def _count(keys: Keys, tags: NDArray[np.uint32], points: int) -> Edges:
    """Of sorted keys: how long their runs are."""
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    uses = np.diff(starts, append=len(keys))
    every = np.stack(np.divmod(keys[starts], np.uint64(points)), axis=1).astype(np.int64)
    is_open = uses == 1
    forward = (tags[starts[is_open]] & 1).astype(bool)
    rims = np.where(forward[:, None], every[is_open], every[is_open][:, ::-1])
    first = starts[uses == 2]
    one, other = tags[first], tags[first + 1]
    return Edges(
        every,
        rims,
        int(np.count_nonzero(uses > 2)),
        np.stack((one >> 1, other >> 1), axis=1).astype(np.int32),
        # Neighbours go along their edge in opposite directions.
        (one & 1) == (other & 1),
    )


def without_doubles(points: Points, faces: Faces) -> tuple[Points, Faces]:
    """Leaves out triangles that are a line or a point, and all but one of those on the same points,
    which cost every ray, and make an edge collapse fail."""
    faces = without_collapsed(faces)
    a, b, c = faces.T.astype(np.uint64)
    low, high = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    pairs = low * np.uint64(len(points)) + (a + b + c - low - high)
    if 3 * len(points).bit_length() <= 64:
        keys = pairs * np.uint64(len(points)) + high
        keys.sort()
        if not (keys[1:] == keys[:-1]).any():  # as of nearly every model, and found fast
            return keep_used_points(points, faces)
    order = np.lexsort((high, pairs))
    pairs, thirds = pairs[order], high[order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = (pairs[1:] != pairs[:-1]) | (thirds[1:] != thirds[:-1])
    return keep_used_points(points, faces[np.sort(order[is_first])])


def keep_used_points(points: Points, faces: Faces) -> tuple[Points, Faces]:
    """Leaves out the points that no triangle uses."""
    used = np.zeros(len(points), bool)
    used[faces.ravel()] = True
    renumbered = (np.cumsum(used) - 1).astype(np.int32)
    return points[used], renumbered[faces]
