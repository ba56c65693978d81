"""What trimesh makes of a 3MF. For the sandboxed child: it loads trimesh.

Known to be wrong there, and dealt with: it does not scale units (done here), and it does not follow
the production extension's paths (then it is not asked). It needs nine times the memory of lib3mf.
"""

from collections.abc import Collection
from typing import Any

import numpy as np

from reader.errors import Unreadable
from reader.mesh.loading import AGAIN, Faces, Points
from reader.mesh.threemf import MM


def ask(path: str, notes: Collection[str], triangles: int, asked_up_to: int) -> dict[str, Any]:
    """The second opinion, or {"not_asked": why}. `notes` are the codes of the first reading's."""
    if "one_reader" in notes:
        return {"not_asked": "one_reader"}
    if "has_paths" in notes:
        return {"not_asked": "has_paths"}
    if triangles > asked_up_to:
        return {"not_asked": "too_large"}
    return measure(path)


def measure(path: str) -> dict[str, Any]:
    """{"triangles", "size": [x, y, z] in mm, "unit"} as trimesh sees it. Raises Unreadable."""
    vertices, faces, unit = load(path)
    size = np.ptp(vertices[faces.ravel()], axis=0)
    if not np.isfinite(size).all():
        raise Unreadable("it has coordinates that are not numbers")
    return {"triangles": len(faces), "size": size.tolist(), "unit": unit}


def load(path: str) -> tuple[Points, Faces, str]:
    """Vertices in mm, faces, and the declared unit. Raises Unreadable in all its ways to fail."""
    import trimesh

    try:
        # Unprocessed: merging and dropping are what the two readers would differ in.
        scene = trimesh.load_scene(path, file_type="3mf", process=False)
        mesh = scene.to_mesh()
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, SyntaxError) as no:
        raise Unreadable(f"The 3MF cannot be read: {type(no).__name__}. {AGAIN}") from None
    unit = str(scene.units or "millimeter")
    vertices = np.asarray(mesh.vertices, dtype=np.float64) * MM.get(unit, 1.0)
    faces = np.asarray(mesh.faces, dtype=np.int64)
    if not len(faces):
        raise Unreadable(f"The model has no triangles in it, so there is nothing to print. {AGAIN}")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise Unreadable(f"The model has faces whose corners are missing. {AGAIN}")
    return vertices, faces.astype(np.int32), unit
