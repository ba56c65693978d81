"""Closed meshes from a few numbers: what the demo's students draw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Faces = NDArray[np.int64]


@dataclass(frozen=True)
class Mesh:
    """`points` (n, 3), in no unit yet; `faces` (m, 3), counter-clockwise seen from outside."""

    points: Points
    faces: Faces

    def scaled(self, factor: float) -> "Mesh":
        return Mesh(self.points * factor, self.faces)

    def moved(self, x: float = 0, y: float = 0, z: float = 0) -> "Mesh":
        return Mesh(self.points + np.array((x, y, z)), self.faces)

    def turned(self, degrees: float) -> "Mesh":
        """About the vertical axis."""
        angle = np.radians(degrees)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        return Mesh(np.column_stack((self.points[:, :2] @ turn, self.points[:, 2])), self.faces)

    @property
    def longest(self) -> float:
        return float(np.ptp(self.points, axis=0).max())


def joined(*meshes: Mesh) -> Mesh:
    """Several bodies in one file."""
    starts = np.cumsum([0, *(len(mesh.points) for mesh in meshes[:-1])])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)]
    return Mesh(np.vstack([mesh.points for mesh in meshes]), np.vstack(faces))


def blocks(
    xs: Sequence[float], ys: Sequence[float], zs: Sequence[float], filled: Sequence[Sequence[str]]
) -> Mesh:
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
    return Mesh(corners[used].astype(float), numbered.reshape(-1, 3))


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


def box(x: float, y: float, z: float) -> Mesh:
    """Stands on the origin."""
    return blocks((0, x), (0, y), (0, z), [["#"]])


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


def loft(outlines: Sequence[Points], heights: Sequence[float]) -> Mesh:
    """A body through outlines of as many corners each, one above the other, closed at both ends.
    An end must be visible from its middle."""
    rings = [
        np.column_stack((o, np.full(len(o), z))) for o, z in zip(outlines, heights, strict=True)
    ]
    sides, last = len(rings[0]), len(rings) - 1
    points = np.vstack([*rings, rings[0].mean(axis=0), rings[-1].mean(axis=0)])
    faces = (_wall(sides, last), *_lids(sides, last * sides, len(points)))
    return Mesh(points, np.vstack(faces))


def hollow(
    outer: Sequence[Points],
    inner: Sequence[Points],
    outside: Sequence[float],
    inside: Sequence[float],
    *,
    floor: bool,
) -> Mesh:
    """Walls between two lofts: with a floor a vessel, without one a pipe."""
    out = [np.column_stack((o, np.full(len(o), z))) for o, z in zip(outer, outside, strict=True)]
    into = [np.column_stack((o, np.full(len(o), z))) for o, z in zip(inner, inside, strict=True)]
    rings = [*out, *reversed(into)]
    sides, last = len(rings[0]), len(rings) - 1
    here, there = np.arange(sides), np.roll(np.arange(sides), -1)
    points = np.vstack(rings)
    faces = [_wall(sides, last)]
    if floor:
        points = np.vstack((points, out[0].mean(axis=0), into[0].mean(axis=0)))
        faces += _lids(sides, last * sides, len(points))
    else:
        first = last * sides
        faces += [
            np.column_stack((here, there + first, there)),
            np.column_stack((here, here + first, there + first)),
        ]
    return Mesh(points, np.vstack(faces))


def _wall(sides: int, steps: int) -> Faces:
    """Between one ring of corners and the next, so many times."""
    here, there = np.arange(sides), np.roll(np.arange(sides), -1)
    once = np.vstack(
        (
            np.column_stack((here, there, there + sides)),
            np.column_stack((here, there + sides, here + sides)),
        )
    )
    return np.vstack([once + step * sides for step in range(steps)])


def _lids(sides: int, last: int, points: int) -> tuple[Faces, Faces]:
    """From the first ring and the last one, which begins at point `last`, to their middles: the
    last two points of all."""
    here, there = np.arange(sides), np.roll(np.arange(sides), -1)
    below = np.column_stack((there, here, np.full(sides, points - 2)))
    return below, np.column_stack((here + last, there + last, np.full(sides, points - 1)))


def turned(profile: Sequence[tuple[float, float]], sides: int = 28) -> Mesh:
    """A body of revolution that begins and ends on the axis: `profile` has (radius, height)."""
    rings = [(max(radius, 1e-3), height) for radius, height in profile]
    return loft([circle(sides, radius) for radius, _ in rings], [height for _, height in rings])


def ball(radius: float = 1.0, rings: int = 14, sides: int = 24) -> Mesh:
    polar = np.pi * np.arange(rings + 1) / rings
    return turned([(radius * float(np.sin(a)), -radius * float(np.cos(a))) for a in polar], sides)


def tube(
    path: Points,
    radius: Callable[[float], float],
    sides: int,
    *,
    closed: bool,
    beside: tuple[float, float, float] = (0.31, 0.17, 0.94),
) -> Mesh:
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
    points = (path[:, None] + radii[:, None, None] * around).reshape(-1, 3)
    faces = _wall(sides, len(path) - 1)
    here, there = np.arange(sides), np.roll(np.arange(sides), -1)
    last = (len(path) - 1) * sides
    if closed:
        back = np.column_stack((here + last, there + last, there))
        home = np.column_stack((here + last, there, here))
        return Mesh(points, np.vstack((faces, back, home)))
    points = np.vstack((points, path[0], path[-1]))
    return Mesh(points, np.vstack((faces, *_lids(sides, last, len(points)))))


def relief(heights: Points, width: float, depth: float) -> Mesh:
    """A block with a landscape on top: `heights` (n, m) above the ground."""
    n, m = heights.shape
    x, y = np.meshgrid(np.linspace(0, width, n), np.linspace(0, depth, m), indexing="ij")
    top = np.column_stack((x.ravel(), y.ravel(), heights.ravel()))
    number = np.arange(n * m).reshape(n, m)
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    upper = np.vstack(
        [np.column_stack([part.ravel() for part in half]) for half in ((a, b, c), (a, c, d))]
    )
    rim = np.concatenate((number[:-1, 0], number[-1, :-1], number[:0:-1, -1], number[0, :0:-1]))
    foot = top[rim] * (1, 1, 0)
    points = np.vstack((top, foot, foot.mean(axis=0)))
    low = n * m + np.arange(len(rim))
    low_next, rim_next = np.roll(low, -1), np.roll(rim, -1)
    faces = (
        upper,
        np.column_stack((rim, low, low_next)),
        np.column_stack((rim, low_next, rim_next)),
        np.column_stack((low_next, low, np.full(len(low), len(points) - 1))),
    )
    return Mesh(points, np.vstack(faces))
