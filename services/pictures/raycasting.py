"""Which triangle each pixel sees, by ray casting with Embree."""

import os

import numpy as np
from numpy.typing import NDArray

from services.pictures.camera import View

THREADS = 4
ROWS = 128  # rays are cast in bands: their memory does not grow with the picture


def find_visible(view: View, faces: NDArray[np.int32]) -> NDArray[np.int32]:
    """A square of face numbers, -1 where there is none. Raises ImportError without the library."""
    _use_few_threads()
    from embreex import rtcore_scene
    from embreex.mesh_construction import TriangleMesh

    scene = rtcore_scene.EmbreeScene()
    mesh = TriangleMesh(scene, view.points, faces)
    in_front = float(view.points[:, 2].min()) - 1.0
    seen = np.empty((view.size, view.size), np.int32)
    for top in range(0, view.size, ROWS):
        rows, columns = np.mgrid[top : min(top + ROWS, view.size), 0 : view.size]
        origins = np.empty((rows.size, 3), np.float32)
        origins[:, 0], origins[:, 1] = columns.ravel() + 0.5, rows.ravel() + 0.5
        origins[:, 2] = in_front
        directions = np.zeros_like(origins)
        directions[:, 2] = 1
        seen[top : top + ROWS] = scene.run(origins, directions).reshape(rows.shape)
    del mesh  # it must outlive the rays
    return seen


def _use_few_threads() -> None:
    """Each thread that Embree starts takes address space, one for every processor it may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
