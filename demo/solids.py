"""What the demo's students draw with: shapes of trimesh, and those that it has no function for.

A mesh is made unprocessed, so that its corners stay as they were drawn; its triangles are
counter-clockwise seen from outside.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh, creation

Points = NDArray[np.float64]
Faces = NDArray[np.int64]
Profile = Sequence[tuple[float, float]]


def mesh_of(points: Points, faces: Faces) -> Trimesh:
    return Trimesh(points, faces, process=False)


def box(x: float, y: float, z: float, at: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Trimesh:
    """Its lowest corner is `at`."""
    return creation.box(extents=(x, y, z)).apply_translation(np.add(at, (x / 2, y / 2, z / 2)))


def ball(radius: float = 1.0, rings: int = 14, sides: int = 24) -> Trimesh:
    """`rings` and half the sides are even."""
    return creation.uv_sphere(radius, count=(rings, sides // 2))


def turned(profile: Profile, sides: int = 28) -> Trimesh:
    """A body of revolution. `profile` has (radius, height): upwards on the outside, and from the
    axis to the axis, or back to where it began."""
    return creation.revolve(profile, sections=sides)


def vessel(outer: Profile, inner: Profile, sides: int) -> Trimesh:
    """A round one, by the profiles of its two sides from the bottom up."""
    return turned([(0, outer[0][1]), *outer, *reversed(inner), (0, inner[0][1])], sides)


def pipe(outer: Profile, bore: float, sides: int) -> Trimesh:
    """A round one, by the profile of its outside from the bottom up."""
    return turned([*outer, (bore, outer[-1][1]), (bore, outer[0][1]), outer[0]], sides)


def ring(bore: float, height: float, sides: int) -> Trimesh:
    """Flat, of radius 1, on the ground."""
    return creation.annulus(bore, 1.0, height, sections=sides).apply_translation((0, 0, height / 2))


def blocks(
    xs: Sequence[float], ys: Sequence[float], zs: Sequence[float], filled: Sequence[Sequence[str]]
) -> Trimesh:
    """A body of bricks between the planes xs, ys and zs: brackets, stairs, frames, furniture.

    `filled` has a drawing for each layer from the bottom up, and in it a row for each y from the
    front; "#" is material. Bricks that touch along an edge only make that edge overshared.
    """
    taken = np.array([[[sign == "#" for sign in row] for row in layer] for layer in filled])
    taken = np.pad(taken.transpose(2, 1, 0), 1)
    shape = (len(xs), len(ys), len(zs))
    corners = np.stack(np.meshgrid(xs, ys, zs, indexing="ij"), axis=-1).reshape(-1, 3)
    quads: list[list[int]] = []
    for axis in range(3):
        for x, y, z in np.argwhere(taken != np.roll(taken, -1, axis)).tolist():
            quads.append(_side((x, y, z), axis, shape, outward=bool(taken[x, y, z])))
    faces = np.array([half for a, b, c, d in quads for half in ((a, b, c), (a, c, d))])
    used, numbered = np.unique(faces, return_inverse=True)
    return mesh_of(corners[used].astype(float), numbered.reshape(-1, 3))


def _side(
    brick: tuple[int, int, int], axis: int, shape: tuple[int, int, int], *, outward: bool
) -> list[int]:
    """The four corners of a brick's far side along an axis; bricks are counted from 1."""
    low = [place - 1 for place in brick]
    low[axis] += 1
    one, other = (axis + 1) % 3, (axis + 2) % 3
    corners = []
    for step_one, step_other in ((0, 0), (1, 0), (1, 1), (0, 1)):
        corner = list(low)
        corner[one] += step_one
        corner[other] += step_other
        corners.append((corner[0] * shape[1] + corner[1]) * shape[2] + corner[2])
    return corners if outward else corners[::-1]


def circle(sides: int, radius: float = 1.0, turn: float = 0.0) -> Points:
    """A regular outline, (sides, 2), counter-clockwise."""
    angles = 2 * np.pi * np.arange(sides) / sides + turn
    return np.asarray(radius * np.column_stack((np.cos(angles), np.sin(angles))))


def wavy(sides: int, waves: int, depth: float, turn: float = 0.0) -> Points:
    """A circle of radius 1 whose edge goes in and out: stars, gears, fluted vases."""
    angles = 2 * np.pi * np.arange(sides) / sides
    wave = np.cos(waves * angles)
    if waves > 9:  # teeth
        wave = np.sign(np.sin(waves * angles + 0.4))
    outline = np.column_stack((np.cos(angles + turn), np.sin(angles + turn)))
    return np.asarray((1 + depth * wave)[:, None] * outline)


def loft(outlines: Sequence[Points], heights: Sequence[float]) -> Trimesh:
    """A body through outlines of as many corners each, one above the other. Its ends must be
    visible from their middles."""
    return _skin(_lifted(outlines, heights), is_round_trip=False)


def hollow(
    outer: Sequence[Points],
    inner: Sequence[Points],
    outside: Sequence[float],
    inside: Sequence[float],
    *,
    floor: bool,
) -> Trimesh:
    """Walls between two lofts: with a floor a vessel, without one a pipe."""
    rings = np.vstack((_lifted(outer, outside), _lifted(inner, inside)[::-1]))
    return _skin(rings, is_round_trip=not floor)


def _lifted(outlines: Sequence[Points], heights: Sequence[float]) -> Points:
    pairs = zip(outlines, heights, strict=True)
    return np.array([np.column_stack((one, np.full(len(one), height))) for one, height in pairs])


def tube(
    path: Points,
    radius: Callable[[float], float],
    sides: int,
    *,
    closed: bool,
    beside: tuple[float, float, float] = (0.31, 0.17, 0.94),
) -> Trimesh:
    """A hose along a path of points; `radius` of the part of the way that is behind. `beside` is
    any direction that the path never takes."""
    ahead = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
    if not closed:
        ahead[0], ahead[-1] = path[1] - path[0], path[-1] - path[-2]
    ahead /= np.linalg.norm(ahead, axis=1)[:, None]
    side = np.cross(ahead, beside)
    side /= np.linalg.norm(side, axis=1)[:, None]
    up = np.cross(ahead, side)
    angles = 2 * np.pi * np.arange(sides) / sides
    radii = np.array([radius(step / len(path)) for step in range(len(path))])
    around = np.cos(angles)[:, None] * side[:, None] + np.sin(angles)[:, None] * up[:, None]
    return _skin(path[:, None] + radii[:, None, None] * around, is_round_trip=closed)


def _skin(rings: Points, *, is_round_trip: bool) -> Trimesh:
    """Over rings of corners, (n, sides, 3): from the last one back to the first, or else closed
    towards the middles of both."""
    points = rings.reshape(-1, 3)
    number = np.arange(len(points)).reshape(rings.shape[:2])
    if is_round_trip:
        number = np.vstack((number, number[:1]))
    beside = np.roll(number, -1, axis=1)
    faces = [
        _triangles(number[:-1], beside[:-1], beside[1:]),
        _triangles(number[:-1], beside[1:], number[1:]),
    ]
    if not is_round_trip:
        middle = np.full_like(number[0], len(points))
        faces += [
            _triangles(beside[0], number[0], middle),
            _triangles(number[-1], beside[-1], middle + 1),
        ]
        points = np.vstack((points, rings[0].mean(axis=0), rings[-1].mean(axis=0)))
    return mesh_of(points, np.vstack(faces))


def _triangles(*corners: Faces) -> Faces:
    return np.column_stack([each.ravel() for each in corners])


def relief(heights: Points, width: float, depth: float) -> Trimesh:
    """A block with a landscape on top: `heights` (n, m) above the ground."""
    n, m = heights.shape
    x, y = np.meshgrid(np.linspace(0, width, n), np.linspace(0, depth, m), indexing="ij")
    top = np.column_stack((x.ravel(), y.ravel(), heights.ravel()))
    number = np.arange(n * m).reshape(n, m)
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    rim = np.concatenate((number[:-1, 0], number[-1, :-1], number[:0:-1, -1], number[0, :0:-1]))
    foot = top[rim] * (1, 1, 0)
    low = n * m + np.arange(len(rim))
    low_next, rim_next = np.roll(low, -1), np.roll(rim, -1)
    middle = np.full_like(low, n * m + len(rim))
    faces = (
        _triangles(a, b, c),
        _triangles(a, c, d),
        _triangles(rim, low, low_next),
        _triangles(rim, low_next, rim_next),
        _triangles(low_next, low, middle),
    )
    return mesh_of(np.vstack((top, foot, foot.mean(axis=0))), np.vstack(faces))
