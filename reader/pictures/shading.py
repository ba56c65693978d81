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
    if len(faces) > MAX_SMOOTHED:
        at_pixel = _normals(vertices[faces[numbers]]).astype(np.float32)[place]
    else:
        corner_normals = _corner_normals(vertices, faces, numbers).astype(np.float32)
        weights = _weights(view, faces[numbers], hit, place)
        at_pixel = weights[0, :, None] * corner_normals[place, 0]
        at_pixel += weights[1, :, None] * corner_normals[place, 1]
        at_pixel += weights[2, :, None] * corner_normals[place, 2]
    turned = at_pixel @ view.axes.T.astype(np.float32)
    turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-12)
    turned[turned[:, 2] > 0] *= -1  # the back of an open surface is lit too
    light = np.full(len(turned), _AMBIENT, np.float32)
    for direction, strength in _LIGHTS:
        towards = np.array(direction, np.float32) / np.float32(np.linalg.norm(direction))
        light += np.float32(strength) * np.maximum(turned @ towards, 0)
    shine = np.maximum(turned @ _half_way(), 0)
    for _ in range(5):  # to the 32nd power
        shine *= shine
    picture = np.zeros((*seen.shape, 4), np.float32)
    colours = np.array(_COLOUR, np.float32) * light[:, None] + np.float32(0.15) * shine[:, None]
    picture[hit, :3] = np.clip(colours, 0, 1)
    picture[hit, 3] = 1
    return picture


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
    normals: Points = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return normals


def _corner_normals(
    vertices: Points, faces: NDArray[np.int32], numbers: NDArray[np.int32]
) -> Points:
    """For each corner of the chosen faces, the mean direction of the faces around it that bend away
    by less than a crease."""
    normals = _normals(vertices[faces])
    unit = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    around, starts = _faces_around(faces, len(vertices))
    counts = np.diff(starts)
    corners = faces[numbers].ravel()
    # Around a hub that thousands of faces share, the first few tell enough.
    number_of = np.minimum(counts[corners], 32)
    owner = np.repeat(np.arange(len(corners)), number_of)
    ends = np.cumsum(number_of)
    within = np.arange(ends[-1]) - np.repeat(ends - number_of, number_of)
    neighbour = around[starts[corners][owner] + within]
    own = np.repeat(unit[numbers], 3, axis=0)
    bends = np.einsum("ij,ij->i", own[owner], unit[neighbour])
    used = bends > _CREASE
    summed = own * 1e-12
    for axis in range(3):
        weights = normals[neighbour[used], axis]
        summed[:, axis] += np.bincount(owner[used], weights, len(corners))
    lengths = np.linalg.norm(summed, axis=1, keepdims=True)
    mean: Points = np.where(lengths > 0, summed / np.maximum(lengths, 1e-300), own)
    return mean.reshape(-1, 3, 3)


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
