"""A model file as triangles in millimetres. For the sandboxed child: it loads numpy."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reader.errors import Unreadable
from reader.gate import filetypes
from reader.gate.filetypes import FileType

Points: TypeAlias = NDArray[np.float64]
Faces: TypeAlias = NDArray[np.int32]

MAX_TRIANGLES = 2_000_000
MAX_SIZE_MM = 10_000.0
# A body thinner than this in two directions is a line: the finest printers resolve 0.01 mm.
MIN_SIZE_MM = 1e-6
# What is shorter than this is nothing that can be printed, also when it was drawn in metres.
MIN_LONGEST_MM = 1e-3

AGAIN = "Export it again, and submit the new file."


@dataclass
class Model:
    """`vertices` (n, 3) in mm, as placed; `faces` (m, 3) are indices of them, all of them used.

    Vertices may repeat: an STL has three for each triangle. `items` counts what is placed on the
    bed (1 but for a 3MF), `unit` is what the file declares (a 3MF does), and each note has a
    `code` and what belongs to it; reader/verdict/judging.py has the words.
    """

    vertices: Points
    faces: Faces
    unit: str | None = None
    items: int = 1
    notes: list[dict[str, Any]] = field(default_factory=list)


def read(path: str, kind: str, name: str = "") -> Model:
    """Reads the file at `path`, of `kind` stl, obj or 3mf; messages call it `name`.

    Raises Unreadable, in words for the student, when there is no model in it: no triangle,
    coordinates that are not numbers, no extent, less than 0.001 mm or more than 10 m, or anything
    damaged.
    """
    name = name or f"model.{kind}"
    model = _parse(path, filetypes.identify(Path(path), name))
    _check(model)
    return model


def _parse(path: str, kind: FileType) -> Model:
    if kind == "stl":
        from reader.mesh import stl

        return stl.read(path)
    if kind == "obj":
        from reader.mesh import obj

        return obj.read(path)
    from reader.mesh import threemf

    return threemf.read(path)


def refuse_too_many(triangles: int) -> None:
    """Raises Unreadable above MAX_TRIANGLES: called before anything is made of that size."""
    if triangles > MAX_TRIANGLES:
        raise Unreadable(
            f"The model has {triangles:,} triangles; the lab can work with at most "
            f"{MAX_TRIANGLES:,}. Simplify it, and export it again."
        )


def keep_used(vertices: Points, faces: Faces) -> tuple[Points, Faces]:
    """Leaves out the vertices that no face uses: they are not printed, and have no say in the
    size."""
    used = np.zeros(len(vertices), dtype=bool)
    used[faces.ravel()] = True
    if used.all():
        return vertices, faces
    renumbered = np.cumsum(used, dtype=np.int32) - 1
    return vertices[used], renumbered[faces].astype(np.int32, copy=False)


def to_points(written: Sequence[tuple[bytes, bytes, bytes]]) -> Points:
    """Points from three words each, as a text file has them. Raises Unreadable for what is no
    number."""
    if not written:
        return np.empty((0, 3))
    try:
        return np.array(written).astype(np.float64)
    except ValueError:
        raise Unreadable(
            f"The model has a coordinate that is not a number. Repair it. {AGAIN}"
        ) from None


def bounds(points: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The least and the greatest of each column. numpy's own `min(axis=0)` takes ten times as long
    for rows of three."""
    columns = [points[:, axis] for axis in range(points.shape[1])]
    low = np.array([column.min() for column in columns], points.dtype)
    return low, np.array([column.max() for column in columns], points.dtype)


def _check(model: Model) -> None:
    if not len(model.faces):
        raise Unreadable(f"The model has no triangles in it, so there is nothing to print. {AGAIN}")
    refuse_too_many(len(model.faces))
    check_extent(model.vertices)


def check_extent(points: Points) -> None:
    """Raises Unreadable for points that no model has: see `read`."""
    low, high = bounds(points)
    # The least and the greatest of an axis are not numbers when any coordinate of it is not one.
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise Unreadable(f"The model has coordinates that are not numbers. Repair it. {AGAIN}")
    size = high - low
    if size.max() > MAX_SIZE_MM:
        raise Unreadable(
            f"The model would be {size.max() / 1000:,.4g} m long. Check its units: "
            "a length of 1 in the file is printed as 1 mm."
        )
    if 0 < size.max() < MIN_LONGEST_MM:
        raise Unreadable(
            f"The model is only {size.max():.2g} mm long, and would be far too small to print even "
            f"if it was drawn in metres. Check its scale. {AGAIN}"
        )
    if np.count_nonzero(size > MIN_SIZE_MM) < 2:
        raise Unreadable(
            f"All points of the model lie on one line or in one place. Check its scale. {AGAIN}"
        )
