"""Light and colour for what the camera sees."""

import numpy as np
from numpy.typing import NDArray

from reader.pictures.camera import Floats, Points, View

# Directions to the lights, in the camera's terms: right, down, forward; and their strength.
_LIGHTS = (((-0.45, -0.65, -0.62), 0.62), ((0.85, -0.1, -0.5), 0.22), ((0.0, 0.0, -1.0), 0.22))
_AMBIENT = 0.2
_COLOUR = (0.47, 0.62, 0.84)
_CREASE = np.cos(np.radians(38.0))  # edges that are sharper than this stay visible
MAX_SMOOTHED = 200_000  # above, a facet is hardly larger than a pixel


def shade(
    view: View, faces: NDArray[np.int32], seen: NDArray[np.int32], vertices: Points
) -> Floats:
    """Red, green, blue and alpha, 0 to 1, premultiplied, for each pixel of `seen`."""
    hit = seen >= 0
    at = seen[hit]
    number_of = np.zeros(len(faces), np.int32)
    number_of[at] = 1
    numbers = np.flatnonzero(number_of).astype(np.int32)
    number_of[numbers] = np.arange(len(numbers))
    place = number_of[at]
    # Column by column: rows of three are slow in numpy.
    if len(faces) > MAX_SMOOTHED:
        normals = _normals(vertices[faces[numbers]]).astype(np.float32)
        at_pixel = [normals[:, axis][place] for axis in range(3)]
    else:
        corner_normals = _corner_normals(vertices, faces, numbers).astype(np.float32)
        weights = _weights(view, faces[numbers], hit, place)
        at_pixel = [_blend(weights, corner_normals[:, :, axis], place) for axis in range(3)]
    turned = _turned(at_pixel, view.axes.astype(np.float32))
    light = np.full(len(at), _AMBIENT, np.float32)
    for direction, strength in _LIGHTS:
        towards = np.array(direction, np.float32) / np.float32(np.linalg.norm(direction))
        light += np.float32(strength) * np.maximum(_along(turned, towards), 0)
    shine = np.maximum(_along(turned, _half_way()), 0)
    for _ in range(5):  # to the 32nd power
        shine *= shine
    picture = np.zeros((*seen.shape, 4), np.float32)
    shine *= np.float32(0.15)
    pixels = np.flatnonzero(hit)
    flat = picture.reshape(-1, 4)
    for channel, strength in enumerate(_COLOUR):
        flat[pixels, channel] = np.clip(np.float32(strength) * light + shine, 0, 1)
    flat[pixels, 3] = 1
    return picture


def _blend(weights: Floats, corners: Floats, place: NDArray[np.int32]) -> Floats:
    """One coordinate of the normal at each pixel, from those of its face's corners."""
    blended: Floats = weights[0] * corners[:, 0][place]
    blended += weights[1] * corners[:, 1][place]
    blended += weights[2] * corners[:, 2][place]
    return blended


def _turned(normals: list[Floats], axes: Floats) -> list[Floats]:
    """Normals as the camera sees them, of length 1, towards it: the back of an open surface is lit
    too."""
    turned = [_along(normals, axis) for axis in axes]
    length = np.sqrt(turned[0] ** 2 + turned[1] ** 2 + turned[2] ** 2)
    scale = np.where(turned[2] > 0, np.float32(-1), np.float32(1)) / np.maximum(length, 1e-12)
    return [part * scale for part in turned]


def _along(vectors: list[Floats], direction: Floats) -> Floats:
    x, y, z = vectors
    product: Floats = x * direction[0] + y * direction[1] + z * direction[2]
    return product


def reduce_by_half(picture: Floats) -> Floats:
    """Four pixels become one: smooth edges."""
    top, bottom = picture[0::2], picture[1::2]
    summed: Floats = top[:, 0::2] + top[:, 1::2] + bottom[:, 0::2] + bottom[:, 1::2]
    return summed * np.float32(0.25)


def _half_way() -> Floats:
    """Between the first light and the viewer: where a surface shines."""
    towards = np.array(_LIGHTS[0][0]) / np.linalg.norm(_LIGHTS[0][0]) + np.array([0, 0, -1.0])
    shining: Floats = (towards / np.linalg.norm(towards)).astype(np.float32)
    return shining


def _normals(corners: Points) -> Points:
    """Each triangle's direction, as long as twice its area."""
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = (corners[:, at].T for at in range(3))
    ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
    parts = (uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)
    normals: Points = np.stack(parts, axis=1)
    return normals


def _corner_normals(
    vertices: Points, faces: NDArray[np.int32], numbers: NDArray[np.int32]
) -> Points:
    """For each corner of the chosen faces, the mean direction of the faces around it that bend away
    by less than a crease."""
    normals = np.ascontiguousarray(_normals(vertices[faces]).T)
    length = np.sqrt((normals * normals).sum(axis=0))
    unit = normals / np.maximum(length, 1e-300)
    around, starts = _faces_around(faces, len(vertices))
    counts = np.diff(starts)
    corners = faces[numbers].ravel()
    # Around a hub that thousands of faces share, the first few tell enough.
    number_of = np.minimum(counts[corners], 32)
    owner = np.repeat(np.arange(len(corners)), number_of)
    ends = np.cumsum(number_of)
    within = np.arange(ends[-1]) - np.repeat(ends - number_of, number_of)
    neighbour = around[starts[corners][owner] + within]
    own = np.repeat(unit[:, numbers], 3, axis=1)
    bends = np.repeat(own[0], number_of) * unit[0][neighbour]
    for axis in (1, 2):
        bends += np.repeat(own[axis], number_of) * unit[axis][neighbour]
    used = bends > _CREASE
    owner, neighbour = owner[used], neighbour[used]
    summed = own * 1e-12
    for axis in range(3):
        summed[axis] += np.bincount(owner, normals[axis][neighbour], len(corners))
    lengths = np.sqrt((summed * summed).sum(axis=0))
    mean = np.where(lengths > 0, summed / np.maximum(lengths, 1e-300), own)
    return np.ascontiguousarray(mean.T).reshape(-1, 3, 3)


def _faces_around(
    faces: NDArray[np.int32], vertices: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The faces around each vertex, one vertex after another, and where each begins."""
    order = np.argsort(faces.ravel(), kind="stable")
    starts = np.zeros(vertices + 1, np.int64)
    np.cumsum(np.bincount(faces.ravel(), minlength=vertices), out=starts[1:])
    return order // 3, starts


def _weights(
    view: View, faces: NDArray[np.int32], hit: NDArray[np.bool_], place: NDArray[np.int32]
) -> Floats:
    """How near each pixel lies to the three corners of its face, on the picture: (3, pixels)."""
    corners = view.points[faces][:, :, :2].astype(np.float64)
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = one[:, 0] * two[:, 1] - two[:, 0] * one[:, 1]
    safe = np.where(np.abs(area) < 1e-12, np.inf, area)[:, None]
    # Both are planes over the picture: a slope to the right, a slope down, and a base.
    second = np.stack([two[:, 1], -two[:, 0]], axis=1) / safe
    third = np.stack([-one[:, 1], one[:, 0]], axis=1) / safe
    rows, columns = np.nonzero(hit)
    weights = np.empty((3, len(rows)), np.float32)
    for row, slopes in ((1, second), (2, third)):
        base = -(slopes * corners[:, 0]).sum(axis=1)
        weights[row] = slopes[place, 0] * (columns + 0.5) + slopes[place, 1] * (rows + 0.5)
        weights[row] += base[place].astype(np.float32)
    weights[0] = 1 - weights[1] - weights[2]
    np.clip(weights, 0, 1, out=weights)
    weights /= np.maximum(weights.sum(axis=0), 1e-12)
    return weights
