"""The 3D preview's data: a simplified mesh and the open edges, as Plotly reads them.

Arrays go as `{dtype, bdata}`: float32 and uint16 in base64, as plotly.js 2.28 and later take them.
"""

import base64
import gzip
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reader.errors import Unreadable
from reader.mesh import loading
from reader.mesh.loading import AGAIN
from reader.mesh.solid import Solid
from reader.pictures import simplifying
from reader.pictures.camera import Points
from reader.pictures.simplifying import Faces

MAX_BYTES = 400_000
TARGETS = (30_000, 24_000, 18_000, 12_000)  # triangles; the next where the first is too many bytes
MAX_OPEN_EDGES = 2_000
_STEPS = 16_384  # along the longest side: finer than the eye, and zeros for gzip


def write(solid: Solid, target: Path) -> dict[str, Any]:
    """Writes the preview of a model to `target`, gzipped JSON of at most MAX_BYTES.

    Lengths are in mm; the model stands on z = 0, with its middle above the origin. Raises
    Unreadable.
    """
    low, high = loading.bounds(solid.points)
    origin = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    # On the model as it is: simplifying may close a gap, or open one.
    about: dict[str, Any] = {
        "state": "ok",
        "triangles": solid.triangles,
        "size_mm": [round(float(side), 4) for side in high - low],
        "open_edges": _lines(solid.points - origin, solid.open_edges),
    }
    points, faces = solid.without_doubles
    points = points - origin
    if not len(faces):
        raise Unreadable(f"All triangles of the model are degenerate: none has a surface. {AGAIN}")
    packed = shown = None
    for most in TARGETS:
        fewer_points, fewer = simplifying.simplify(points, faces, most)
        shown, mesh = len(fewer), _mesh(fewer_points, fewer)
        about |= {"shown": shown, "is_simplified": shown < len(faces), "mesh": mesh}
        packed = _pack(about)
        if len(packed) <= MAX_BYTES:
            break
    assert packed is not None
    target.write_bytes(packed)
    return {"bytes": len(packed), "triangles": solid.triangles, "shown": shown}


def _lines(points: Points, edges: NDArray[np.int64]) -> dict[str, Any]:
    """Edges as lines with gaps between them; of very many only so many, spread over all."""
    chosen = edges
    if len(edges) > MAX_OPEN_EDGES:
        chosen = edges[np.linspace(0, len(edges) - 1, MAX_OPEN_EDGES).astype(int)]
    ends = _rounded(points)[chosen] if len(chosen) else np.empty((0, 2, 3))
    gaps = np.full((len(chosen), 1, 3), np.nan)
    corners = np.concatenate([ends, gaps], axis=1).reshape(-1, 3).astype(np.float32)
    return {
        "count": len(edges),
        "shown": len(chosen),
        **{axis: _typed(corners[:, at]) for at, axis in enumerate("xyz")},
    }


def _mesh(points: Points, faces: Faces) -> dict[str, Any]:
    corners = _rounded(points).astype(np.float32)
    indices = faces.astype(np.uint16)
    return {
        **{axis: _typed(corners[:, at]) for at, axis in enumerate("xyz")},
        **{corner: _typed(indices[:, at]) for at, corner in enumerate("ijk")},
    }


def _rounded(points: Points) -> Points:
    """Coordinates on a grid of a power of two: their last bits are zeros, which pack well."""
    low, high = loading.bounds(points)
    longest = float((high - low).max())
    step = 2.0 ** math.floor(math.log2(max(longest, 1e-9) / _STEPS))
    return np.round(points / step) * step


def _typed(values: NDArray[Any]) -> dict[str, str]:
    dtype = {np.dtype(np.float32): "f4", np.dtype(np.uint16): "u2"}[values.dtype]
    little = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    return {"dtype": dtype, "bdata": base64.b64encode(little.tobytes()).decode()}


def _pack(payload: dict[str, Any]) -> bytes:
    text = json.dumps(payload, allow_nan=False, separators=(",", ":"))
    return gzip.compress(text.encode(), 9, mtime=0)
