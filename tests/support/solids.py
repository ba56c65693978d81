"""Solids with known facts, and writers for every format: numpy arrays of corners and triangles."""

import io
import itertools

import numpy as np

from tests.support import meshes

UNITS = {
    "micron": 0.001, "millimeter": 1.0, "centimeter": 10.0,
    "inch": 25.4, "foot": 304.8, "meter": 1000.0,
}  # fmt: skip


def box(x, y, z):
    corners = np.array(meshes.CORNERS, dtype=float) * (x, y, z)
    return corners, np.array(meshes.FACES), x * y * z, 2 * (x * y + y * z + z * x)


def prism(radius, height, sides):
    """A cylinder as a CAD program exports it."""
    angle = 2 * np.pi * np.arange(sides) / sides
    ring = np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1)
    low = np.column_stack((ring, np.zeros(sides)))
    corners = np.vstack((low, low + np.array((0, 0, height)), [(0, 0, 0), (0, 0, height)]))
    here, there = np.arange(sides), (np.arange(sides) + 1) % sides
    faces = np.vstack(
        (
            np.stack((here, there, there + sides), axis=1),
            np.stack((here, there + sides, here + sides), axis=1),
            np.stack((there, here, np.full(sides, 2 * sides)), axis=1),
            np.stack((here + sides, there + sides, np.full(sides, 2 * sides + 1)), axis=1),
        )
    )
    base = sides / 2 * radius**2 * np.sin(2 * np.pi / sides)
    around = 2 * sides * radius * np.sin(np.pi / sides) * height
    return corners, faces, base * height, 2 * base + around


def sphere(radius, rings, sides):
    from scipy.spatial import ConvexHull

    polar = np.pi * np.arange(1, rings) / rings
    angle = 2 * np.pi * np.arange(sides) / sides
    ball = np.stack(
        (
            np.outer(np.sin(polar), np.cos(angle)),
            np.outer(np.sin(polar), np.sin(angle)),
            np.outer(np.cos(polar), np.ones(sides)),
        ),
        axis=-1,
    ).reshape(-1, 3)
    corners = np.vstack((ball, [(0, 0, 1), (0, 0, -1)])) * radius
    faces = []
    for ring, side in itertools.product(range(rings - 2), range(sides)):
        a, b = ring * sides + side, ring * sides + (side + 1) % sides
        faces += [(a, a + sides, b + sides), (a, b + sides, b)]
    last = (rings - 2) * sides
    for side in range(sides):
        after = (side + 1) % sides
        faces += [(len(ball), side, after), (len(ball) + 1, last + after, last + side)]
    hull = ConvexHull(corners)
    return corners, np.array(faces), hull.volume, hull.area


def binary_stl(corners, faces):
    triangles = np.zeros(
        len(faces), np.dtype([("n", "<f4", 3), ("c", "<f4", (3, 3)), ("a", "<u2")])
    )
    triangles["c"] = corners[faces]
    return bytes(80) + len(faces).to_bytes(4, "little") + triangles.tobytes()


def ascii_stl(corners, faces, newline="\n"):
    lines = ["solid vertex 1 2 3"]  # a name that a careless reader takes for a corner
    for face in faces:
        lines += ["facet normal 0 0 0", " outer loop"]
        lines += [" vertex {:.9g} {:.9g}\t{:.9g}".format(*corners[corner]) for corner in face]
        lines += [" endloop", "endfacet"]
    return newline.join([*lines, "endsolid vertex 1 2 3", ""]).encode()


def obj(corners, faces, negative=False):
    out = io.StringIO()
    out.write("mtllib absent.mtl\n")
    for corner in corners:
        out.write("v {:.9g} {:.9g} {:.9g}\n".format(*corner))
    for face in faces:
        numbers = [corner - len(corners) if negative else corner + 1 for corner in face]
        out.write("f {}/1 {}//2 {}\n".format(*numbers))
    return out.getvalue().encode()


def threemf(corners, faces, unit="millimeter"):
    vertices = "".join(
        '<vertex x="{:.9g}" y="{:.9g}" z="{:.9g}"/>'.format(*corner)
        for corner in corners / UNITS[unit]
    )
    triangles = "".join('<triangle v1="{}" v2="{}" v3="{}"/>'.format(*face) for face in faces)
    return meshes.threemf(
        model=f'<?xml version="1.0" encoding="UTF-8"?><model unit="{unit}"'
        ' xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"><resources>'
        f'<object id="1" type="model"><mesh><vertices>{vertices}</vertices>'
        f"<triangles>{triangles}</triangles></mesh></object></resources>"
        '<build><item objectid="1"/></build></model>'
    )


def every_format(corners, faces):
    """(kind, what it is, content) of one solid in all that the lab accepts."""
    yield "stl", "binary", binary_stl(corners, faces)
    for name, newline in (("LF", "\n"), ("CR", "\r"), ("CRLF", "\r\n"), ("one line", " ")):
        yield "stl", f"text, {name}", ascii_stl(corners, faces, newline)
    yield "obj", "positive", obj(corners, faces)
    yield "obj", "negative", obj(corners, faces, negative=True)
    for unit in UNITS:
        yield "3mf", unit, threemf(corners, faces, unit)
