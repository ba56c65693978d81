"""Which triangle each pixel sees, by ray casting with Embree: what our own way is compared with."""

import numpy as np
import pytest

ROWS = 128  # rays are cast in bands: their memory does not grow with the picture


def find_visible(view, faces):
    """A square of face numbers, -1 where there is none."""
    pytest.importorskip("embreex")
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
