"""Fewer triangles for a preview: the count that comes back is checked, whatever the model."""

import numpy as np
from numpy.typing import NDArray

from reader.mesh.loading import bounds
from reader.mesh.solid import keep_used_points, without_doubles
from reader.pictures.camera import Points

Faces = NDArray[np.int32]

CLUSTER_ABOVE = 300_000
FINE = 200  # cells along the longest side: finer than the triangles that are left in the end
COARSER = (200, 128, 96, 64, 48, 32, 24, 16)
MAX_POINTS = 65_535  # an index is a uint16


def simplify(points: Points, faces: Faces, target: int) -> tuple[Points, Faces]:
    """At most `target` triangles on at most MAX_POINTS points. Welded triangles without doubles, in
    and out.

    Edge collapse alone stalls on large flat meshes and on loose triangles; points that lie close
    together are merged first, on a grid that is made coarser until the count is right.
    """
    if _fits(points, faces, target):
        return points, faces
    if len(faces) > CLUSTER_ABOVE:
        points, faces = _cluster(points, faces, FINE)
    found = _collapse(points, faces, target)
    for cells in COARSER:
        if _fits(*found, target):
            break
        points, faces = _cluster(points, faces, cells)
        found = _collapse(points, faces, target)
    return found


def _fits(points: Points, faces: Faces, target: int) -> bool:
    return len(faces) <= target and len(points) <= MAX_POINTS


def _collapse(points: Points, faces: Faces, target: int) -> tuple[Points, Faces]:
    if len(faces) <= target:
        return points, faces
    import fast_simplification

    fewer_points, fewer = fast_simplification.simplify(
        np.ascontiguousarray(points, np.float32),
        np.ascontiguousarray(faces, np.int32),
        target_count=target,
    )
    return keep_used_points(np.asarray(fewer_points, np.float64), np.asarray(fewer, np.int32))


def _cluster(points: Points, faces: Faces, cells: int) -> tuple[Points, Faces]:
    """One point for all of a cell, in their middle; triangles that become lines or doubles go."""
    low, high = bounds(points)
    side = max(float((high - low).max()), 1e-12) / cells
    cell = ((points - low) / side).astype(np.int64)
    keys = (cell[:, 0] * (cells + 1) + cell[:, 1]) * (cells + 1) + cell[:, 2]
    found, label = np.unique(keys, return_inverse=True)
    counts = np.bincount(label, minlength=len(found))
    middles = np.stack([np.bincount(label, points[:, axis]) / counts for axis in range(3)], axis=1)
    return without_doubles(middles, label[faces].astype(np.int32))
