"""What can be counted and measured on a model. It loads numpy and scipy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reader.errors import Unreadable
from reader.mesh.loading import AGAIN, Faces, Points, bounds
from reader.mesh.solid import Edges, Solid, find_edges, without_collapsed

_PIECE = 65_536


def measure(solid: Solid) -> dict[str, Any]:
    """The facts of a model: mm, mm2, mm3.

    `volume` is less than 0 when the surface is inside out; it is that of the body a slicer would
    make: holes filled, and triangles turned the way of their neighbours. Raises Unreadable when no
    triangle has a surface.
    """
    points, model = solid.points, solid.model
    low, high = bounds(points)
    size = high - low
    faces = without_collapsed(solid.faces)
    edges = solid.find_edges()
    flipped = int(np.count_nonzero(edges.flips))
    rims = edges.open
    if flipped:
        faces = _aligned(faces, edges)
        rims = find_edges(faces, len(points)).open
    volume, surface, flat = _integrals(points, faces, low)
    if surface <= 0:
        raise Unreadable(f"All triangles of the model are degenerate: none has a surface. {AGAIN}")
    holes, filled = _fill(points, rims, low)
    return {
        "triangles": solid.triangles,
        "size": size.tolist(),
        "volume": volume + filled,
        "surface": surface,
        "bodies": _components(edges.every, len(points))[0] - _unused(faces, len(points)),
        "open_edges": len(edges.open),
        "holes": holes,
        "overshared_edges": edges.overshared,
        "flipped_edges": flipped,
        "degenerate_triangles": solid.triangles - len(faces) + flat,
        "unit": model.unit,
        "items": model.items,
        "notes": model.notes,
    }


def _aligned(faces: Faces, edges: Edges) -> Faces:
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
