"""STL, both kinds. Sources: the de-facto format as 3D Systems published it in 1988; real files."""

import os
import re
from collections.abc import Iterator

import numpy as np

from reader.errors import Unreadable
from reader.gate.content_sniffing import WINDOW
from reader.gate.filetypes import STL_HEADER, measure_binary_stl
from reader.mesh.loading import AGAIN, Faces, Model, Points, refuse_too_many, to_points

# Little-endian: a normal, three corners, and two bytes that some programs use for colour.
_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_PIECE = 4 * 1024 * 1024
_CORNER = re.compile(rb"\bvertex\s+(\S{1,64})\s+(\S{1,64})\s+(\S{1,64})")
_FACET = re.compile(rb"\bfacet\s+normal\b")
# To the end of its line, or to the first triangle where all is on one line.
_NAME = re.compile(rb"\b(?:end[ \t]?)?solid\b(?:(?!\sfacet\s+normal\s)[^\r\n])*")


def read(path: str) -> Model:
    """Decided by the length, as 18 of 544 real binary files begin with "solid"."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        binary = measure_binary_stl(file.read(WINDOW), size)
    return _read_binary(path, *binary) if binary else _read_text(path)


def _read_binary(path: str, count: int, extra: int) -> Model:
    refuse_too_many(count)
    triangles = np.fromfile(path, dtype=_TRIANGLE, count=count, offset=STL_HEADER)
    notes = [{"code": "trailing_bytes", "count": extra}] if extra else []
    corners = triangles["corners"].reshape(-1, 3)
    return Model(corners.astype(np.float64), _count_up(count), notes=notes)


def _read_text(path: str) -> Model:
    """Tolerates every line end and spacing, several solids, and any case of the keywords."""
    pieces: list[Points] = []
    facets = corners = 0
    for piece in _pieces(path):
        facets += len(_FACET.findall(piece))
        found = _CORNER.findall(piece)
        corners += len(found)
        refuse_too_many(corners // 3)
        pieces.append(to_points(found))
    if corners != 3 * facets:
        raise Unreadable(
            f"The model is damaged: it has {facets:,} triangles but {corners:,} corners, "
            f"and not three of them for each. {AGAIN}"
        )
    vertices = np.concatenate(pieces) if pieces else np.empty((0, 3))
    return Model(vertices, _count_up(facets))


def _pieces(path: str) -> Iterator[bytes]:
    """The text in lower case without the names of solids, cut only between triangles."""
    rest = b""
    with open(path, "rb") as file:
        while block := file.read(_PIECE):
            text = rest + block.lower()
            end = text.rfind(b"endfacet") + len(b"endfacet")
            if end < len(b"endfacet"):
                if len(text) > 4 * _PIECE:
                    raise Unreadable(f"The model has no triangle where one should be. {AGAIN}")
                rest = text
                continue
            yield _without_names(text[:end])
            rest = text[end:]
    yield _without_names(rest)


def _without_names(text: bytes) -> bytes:
    """A solid may be called "vertex 1 2 3", or "low facet vase"."""
    return _NAME.sub(b"", text)


def _count_up(triangles: int) -> Faces:
    return np.arange(3 * triangles, dtype=np.int32).reshape(-1, 3)
