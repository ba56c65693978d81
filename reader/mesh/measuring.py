"""What can be counted and measured on a model. For the sandboxed child: it loads numpy and scipy.

Everything follows from one sort of the vertices and one sort of the edges, each as whole 64-bit
keys: several times as fast as sorting rows.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reader.errors import Unreadable
from reader.mesh.loading import AGAIN, Faces, Model, Points, bounds

Keys = NDArray[np.uint64]

_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))
_PIECE = 65_536
TOLERANCE = 1e-8


@dataclass(frozen=True)
class _Edges:
    """Edges by how many triangles use them."""

    every: NDArray[np.int64]  # (n, 2) vertices, each edge once
    open: NDArray[np.int64]  # (n, 2) vertices, in the direction of their only triangle
    overshared: int
    pairs: NDArray[np.int32]  # (n, 2) triangles that share an edge which no third one uses
    flips: NDArray[np.bool_]  # for each pair, whether one of the two faces the wrong way


def measure(model: Model) -> tuple[dict[str, Any], Points]:
    """The facts of a model, and its welded vertices.

    Takes the vertices out of `model`, to save their memory. mm, mm2, mm3. `volume` is less than 0
    when the surface is inside out; it is that of the body a slicer would make: holes filled, and
    triangles turned the way of their neighbours. Raises Unreadable when no triangle has a surface.
    """
    triangles = len(model.faces)
    points, faces = weld(model)
    low, high = bounds(points)
    size = high - low
    faces = _without_collapsed(faces)
    edges = _edges(faces, len(points))
    flipped = int(np.count_nonzero(edges.flips))
    rims = edges.open
    if flipped:
        faces = _aligned(faces, edges)
        rims = _edges(faces, len(points)).open
    volume, surface, flat = _integrals(points, faces, low)
    if surface <= 0:
        raise Unreadable(f"All triangles of the model are degenerate: none has a surface. {AGAIN}")
    holes, filled = _fill(points, rims, low)
    facts = {
        "triangles": triangles,
        "size": size.tolist(),
        "volume": volume + filled,
        "surface": surface,
        "bodies": _components(edges.every, len(points))[0] - _unused(faces, len(points)),
        "open_edges": len(edges.open),
        "holes": holes,
        "overshared_edges": edges.overshared,
        "flipped_edges": flipped,
        "degenerate_triangles": triangles - len(faces) + flat,
        "unit": model.unit,
        "items": model.items,
        "notes": model.notes,
    }
    return facts, points


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


def _without_collapsed(faces: Faces) -> Faces:
    """Leaves out the triangles that have a corner twice: what they touch is closed without them."""
    a, b, c = faces.T
    collapsed = (a == b) | (b == c) | (c == a)
    return faces[~collapsed] if collapsed.any() else faces


def _edges(faces: Faces, points: int) -> _Edges:
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


def _count(keys: Keys, tags: NDArray[np.uint32], points: int) -> _Edges:
    """Of sorted keys: how long their runs are."""
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    uses = np.diff(starts, append=len(keys))
    every = np.stack(np.divmod(keys[starts], np.uint64(points)), axis=1).astype(np.int64)
    is_open = uses == 1
    forward = (tags[starts[is_open]] & 1).astype(bool)
    rims = np.where(forward[:, None], every[is_open], every[is_open][:, ::-1])
    first = starts[uses == 2]
    one, other = tags[first], tags[first + 1]
    return _Edges(
        every,
        rims,
        int(np.count_nonzero(uses > 2)),
        np.stack((one >> 1, other >> 1), axis=1).astype(np.int32),
        # Neighbours go along their edge in opposite directions.
        (one & 1) == (other & 1),
    )


def _aligned(faces: Faces, edges: _Edges) -> Faces:
    """Turns triangles the way of most of their connected ones.

    Each triangle is there twice, as it is and turned; neighbours are linked so that they agree.
    What is connected then, and has more triangles as they are, is the right half.
    """
    count = len(faces)
    one, other = edges.pairs.astype(np.int64).T
    shift = edges.flips * count
    links = np.concatenate(
        (
            np.stack((one, other + shift), axis=1),
            np.stack((one + count, other + count - shift), axis=1),
        )
    )
    number, part = _components(links, 2 * count)
    as_they_are = np.bincount(part[:count], minlength=number)
    turned = as_they_are[part[:count]] < as_they_are[part[count:]]
    return np.where(turned[:, None], faces[:, ::-1], faces)


def _integrals(points: Points, faces: Faces, reference: Points) -> tuple[float, float, int]:
    """Signed volume by the divergence theorem, surface, and how many triangles have no area."""
    volume = surface = 0.0
    flat = 0
    moved = points - reference
    for start in range(0, len(faces), _PIECE):
        corners = moved[faces[start : start + _PIECE].T]
        ax, ay, az = corners[0].T
        (ux, uy, uz), (vx, vy, vz) = (corners[1] - corners[0]).T, (corners[2] - corners[0]).T
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        twice = np.sqrt(nx * nx + ny * ny + nz * nz)
        volume += float((ax * nx + ay * ny + az * nz).sum())
        surface += float(twice.sum())
        flat += int(np.count_nonzero(twice == 0))
    return volume / 6, surface / 2, flat


def _fill(points: Points, rims: NDArray[np.int64], reference: Points) -> tuple[int, float]:
    """How many holes the open edges surround, and the volume that they lack when each is closed
    with triangles to its middle."""
    if not len(rims):
        return 0, 0.0
    corners, numbered = np.unique(rims, return_inverse=True)
    links = numbered.reshape(-1, 2)
    holes, part = _components(links, len(corners))
    places = points[corners] - reference
    start, end = places[links[:, 0]], places[links[:, 1]]
    hole = part[links[:, 0]]
    edges = np.bincount(hole, minlength=holes)
    middles = np.stack(
        [np.bincount(hole, start[:, axis], holes) / edges for axis in range(3)], axis=1
    )
    return holes, float(np.einsum("ij,ij->", middles[hole], np.cross(end, start))) / 6


def _components(links: NDArray[Any], count: int) -> tuple[int, NDArray[np.int32]]:
    """How many parts of a graph are not connected with each other, and each node's part."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(links), dtype=np.int8)
    graph = coo_array((ones, (links[:, 0], links[:, 1])), shape=(count, count)).tocsr()
    number, labels = connected_components(graph, directed=False)
    return int(number), labels


def _unused(faces: Faces, points: int) -> int:
    """How many points only collapsed triangles had."""
    used = np.zeros(points, dtype=bool)
    used[faces.ravel()] = True
    return points - int(np.count_nonzero(used))
