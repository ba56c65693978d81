"""OBJ: the points and faces of it, and nothing else. No other file is ever opened.

Source: Wavefront's "Object Files (.obj)", appendix B1 of the Advanced Visualizer manual. What
is about looks (mtllib, usemtl, vt, vn) and grouping (g, o, s) makes no difference to a print.
"""

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reader.errors import Unreadable
from reader.mesh import polygons
from reader.mesh.loading import (
    AGAIN,
    MAX_TRIANGLES,
    Model,
    Points,
    check_extent,
    keep_used,
    refuse_too_many,
    to_points,
)

_PIECE = 4 * 1024 * 1024
_POINT = re.compile(rb"^[ \t]*v[ \t]+(\S{1,64})[ \t]+(\S{1,64})[ \t]+(\S{1,64})", re.MULTILINE)
_FACE = re.compile(rb"^[ \t]*f[ \t]+([^\n#]*)", re.MULTILINE)
_LOOKS = re.compile(rb"/[^ \t\n]*")  # the "/texture/normal" of a corner
_POINT_OR_FACE = re.compile(rb"^[ \t]*([vf])[ \t]+([^\n#]*)", re.MULTILINE)


def read(path: str) -> Model:
    points: list[Points] = []
    faces: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    known = made = 0
    for piece in _pieces(path):
        found = to_points(_POINT.findall(piece))
        corners, lengths = _read_faces(piece, known)
        known += len(found)
        points.append(found)
        faces.append((corners, lengths))
        made += int((lengths - 2).sum())
        refuse_too_many(made)
    vertices = np.concatenate(points)
    # A face may come before its points: it is cut when all are known.
    corners, lengths = (np.concatenate(parts) for parts in zip(*faces, strict=True))
    if len(corners) and not (corners.min() >= 0 and corners.max() < known):
        raise Unreadable(f"The model has faces whose corners are missing. {AGAIN}")
    if len(lengths) and lengths.max() > 3:
        check_extent(vertices[corners])  # at once: cutting takes long, and some sizes cannot be
    triangles = polygons.cut(vertices, corners, lengths)
    used, renumbered = keep_used(vertices, triangles.astype(np.int32))
    return Model(used, renumbered)


def _pieces(path: str) -> Iterator[bytes]:
    """The text with plain line ends and no continued lines, cut only between lines."""
    rest = b""
    with open(path, "rb") as file:
        while block := file.read(_PIECE):
            text = rest + block
            end = max(text.rfind(b"\n"), text.rfind(b"\r", 0, len(text) - 1)) + 1
            while end and text[:end].rstrip(b"\r\n").endswith(b"\\"):  # goes on in the next line
                text_before = text[:end].rstrip(b"\r\n")
                end = max(text_before.rfind(b"\n"), text_before.rfind(b"\r")) + 1
            yield _plain(text[:end])
            rest = text[end:]
    yield _plain(rest)


def _plain(text: bytes) -> bytes:
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text.replace(b"\\\n", b" ") if b"\\" in text else text


def _read_faces(piece: bytes, known: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The corners of all faces of a piece, counted from 0 over the file, one face after another;
    and how many each has. `known` points come before the piece."""
    lines = [_LOOKS.sub(b"", line) for line in _FACE.findall(piece)]
    corners = _whole_numbers(b" ".join(lines))
    lengths = np.fromiter((len(line.split()) for line in lines), np.int64, len(lines))
    if lengths.sum() != len(corners) or (len(lengths) and lengths.min() < 3):
        raise Unreadable(f"The model has a face without three corners. {AGAIN}")
    if len(corners) and corners.min() <= 0:
        if not corners.all():
            raise Unreadable(f"The model has faces whose corners are missing. {AGAIN}")
        before = np.repeat(_points_before(piece, known), lengths)
        return np.where(corners > 0, corners - 1, before + corners), lengths
    return corners - 1, lengths


def _points_before(piece: bytes, known: int) -> NDArray[np.int64]:
    """For each face, how many points stand before it: what its negative numbers count from."""
    kinds = np.array([kind for kind, _ in _POINT_OR_FACE.findall(piece)], dtype="S1")
    before: NDArray[np.int64] = known + np.cumsum(kinds == b"v")[kinds == b"f"]
    return before


def _whole_numbers(text: bytes) -> NDArray[np.int64]:
    tokens = text.split()
    if len(tokens) > 8 * MAX_TRIANGLES:
        refuse_too_many(len(tokens))
    if not tokens:
        return np.empty(0, np.int64)
    if max(map(len, tokens)) > 20:
        raise Unreadable(f"The model has a face whose corners are not numbers. {AGAIN}")
    try:
        return np.array(tokens).astype(np.int64)
    except (ValueError, OverflowError):
        raise Unreadable(f"The model has a face whose corners are not numbers. {AGAIN}") from None
