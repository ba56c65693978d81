"""Polygons of every shape are cut into triangles that cover them, and nothing else."""

import time

import numpy as np
import pytest

from reader import model
from reader.mesh import loading, measuring, polygons
from reader.mesh.solid import Solid
from reader.pictures import camera, thumbnail, zbuffer

L_SHAPE = np.array([(0, 0), (3, 0), (3, 1), (1, 1), (1, 2), (0, 2)], dtype=float)
DART = np.array([(0, 0), (2, 1), (0, 2), (0.5, 1)])
KEYHOLE = np.array(  # a square with a square hole, which a seam leads to
    [(0, 0), (9, 0), (9, 9), (0, 9), (0, 0), (3, 3), (3, 6), (6, 6), (6, 3), (3, 3)], dtype=float
)
STRAIGHT = np.array([(0, 0), (1, 0), (2, 0), (4, 0), (4, 2), (4, 4), (2, 4), (0, 4), (0, 1)], float)


def star(tips, inner=0.3):
    angle = np.pi * np.arange(2 * tips) / tips
    radius = np.where(np.arange(2 * tips) % 2, inner, 1.0) * 10
    return np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1)


def comb(teeth):
    """No corner sees more than two of its teeth."""
    top = [(2 * at + x, y) for at in range(teeth) for x, y in ((0, 9), (1, 9), (1, 1), (2, 1))]
    return np.array([(0, 0), *top[:-2], (2 * teeth - 1, 0)], dtype=float)[::-1]


def spiral(turns):
    angle = np.linspace(7, 7 + turns * 2 * np.pi, 16 * turns)
    ring = np.stack((np.cos(angle), np.sin(angle)), axis=1)
    return np.vstack((angle[:, None] * ring, ((angle - 2)[:, None] * ring)[::-1]))


SHAPES = {
    "L": L_SHAPE, "dart": DART, "keyhole": KEYHOLE, "straight": STRAIGHT, "star": star(8),
    "thin star": star(8, 0.05), "comb": comb(5), "spiral": spiral(4),
    "square": np.array([(0, 0), (5, 0), (5, 5), (0, 5)], float),
}  # fmt: skip
NAMES = pytest.mark.parametrize("name", SHAPES)


def area_of(shape):
    x, y = shape.T
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2


def turned(points, seed=3):
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return points @ (rotation * np.linalg.det(rotation)).T


def normals_of(points, triangles):
    a, b, c = points[triangles].transpose(1, 0, 2)
    return np.cross(b - a, c - a) / 2


def assert_covered(shape, points, triangles):
    """All triangles lie the same way and their areas add up: then nothing is covered twice."""
    normals = normals_of(points, triangles)
    assert len(triangles) == len(shape) - 2
    assert np.linalg.norm(normals, axis=1).sum() == pytest.approx(area_of(shape), rel=1e-6)
    assert np.linalg.norm(normals.sum(axis=0)) == pytest.approx(area_of(shape), rel=1e-6)
    # Each side is used once, and each cut twice, in both directions: no gap to a neighbour.
    edges = [tuple(face[[at, at - 2]]) for face in triangles for at in range(3)]
    sides = {(at, (at + 1) % len(shape)) for at in range(len(shape))}
    assert sides <= set(edges)
    inner = set(edges) - sides
    assert inner == {(b, a) for a, b in inner} and len(edges) == len(set(edges))


@NAMES
def test_a_polygon_is_covered_from_every_starting_corner(name):
    shape = SHAPES[name]
    for start in range(len(shape)):
        moved = np.roll(shape, -start, axis=0)
        flat = np.column_stack((moved, np.zeros(len(moved))))
        for points in (flat, np.round(turned(flat), 6), flat[:, [2, 0, 1]] * 1000 + 50):
            scale = 1000 if points[0].max() >= 50 else 1
            count = np.array([len(shape)])
            triangles = polygons.cut(points, np.arange(len(shape)), count)
            assert_covered(shape, points / scale, triangles)


def test_mixed_faces_keep_their_order():
    points = np.vstack(
        [np.column_stack((shape, np.zeros(len(shape)))) for shape in SHAPES.values()]
    )
    lengths = np.array([len(shape) for shape in SHAPES.values()])
    corners = np.concatenate(([2, 1, 0], np.arange(len(points)), [2, 1, 0]))
    lengths = np.concatenate(([3], lengths, [3]))
    triangles = polygons.cut(points, corners, lengths)
    ends = np.cumsum(lengths - 2)
    assert triangles[0].tolist() == triangles[-1].tolist() == [2, 1, 0]
    for at, shape in enumerate(SHAPES.values(), 1):
        own = triangles[ends[at - 1] : ends[at]]
        areas = np.linalg.norm(normals_of(points, own), axis=1)
        assert areas.sum() == pytest.approx(area_of(shape))


def prism(shape, height, start=0):
    """An OBJ of a prism, its floor and ceiling one face each, which begin at corner `start`."""
    count = len(shape)
    lines = [f"v {x:.9f} {y:.9f} {z}" for z in (0, height) for x, y in shape]
    top = [(start + at) % count for at in range(count)]
    lines.append("f " + " ".join(str(at + 1 + count) for at in top))
    lines.append("f " + " ".join(str(at + 1) for at in reversed(top)))
    for at in range(count):
        after = (at + 1) % count
        lines.append(f"f {at + 1} {after + 1} {after + 1 + count} {at + 1 + count}")
    return "\n".join([*lines, ""]).encode()


def expected_of(shape, height):
    sides = np.linalg.norm(shape - np.roll(shape, -1, axis=0), axis=1)
    return height * area_of(shape), 2 * area_of(shape) + height * sides.sum()


@pytest.mark.parametrize("name", ["L", "dart", "star", "thin star", "comb", "spiral"])
def test_a_prism_of_polygons_has_its_surface_and_volume(tmp_path, name):
    shape = SHAPES[name]
    volume, surface = expected_of(shape, 1.5)
    path = tmp_path / "prism.obj"
    for start in range(len(shape)) if len(shape) < 20 else (0, 7):
        path.write_bytes(prism(shape, 1.5, start))
        found = measuring.measure(Solid(loading.read(str(path), "obj")))
        assert (found["volume"], found["surface"]) == pytest.approx((volume, surface), rel=1e-6)
        assert (found["open_edges"], found["flipped_edges"], found["bodies"]) == (0, 0, 1)
        assert found["degenerate_triangles"] == 0


@pytest.mark.parametrize("name", ["L", "star", "comb"])
def test_a_picture_shows_the_shape_and_not_its_hull(tmp_path, name):
    """The same ink and the same outline as of the same prism in triangles cut by hand."""
    shape = SHAPES[name]
    pictures = []
    for start in range(len(shape)):
        path = tmp_path / f"prism-{start}.obj"
        path.write_bytes(prism(shape, 1.5, start))
        solid = Solid(loading.read(str(path), "obj"))
        points, faces = solid.points, solid.faces
        seen = zbuffer.find_visible(camera.look_at(points, 256), faces) >= 0
        pictures.append(seen)
    assert all((seen != pictures[0]).mean() < 0.001 for seen in pictures)
    walls = faces[np.abs(normals_of(points, faces)[:, 2]) < 1e-9]
    upright = np.column_stack((shape, np.full(len(shape), 1.5)))
    view = camera.look_at(points, 256)
    covered = zbuffer.find_visible(view, walls) >= 0
    inside = _mask(view, points, upright)
    assert ((covered | inside) != pictures[-1]).mean() < 0.01


def _mask(view, points, outline):
    """The pixels within an outline, by Pillow's own polygon drawing."""
    from PIL import Image, ImageDraw

    at = [int(np.abs(points - corner).sum(axis=1).argmin()) for corner in outline]
    image = Image.new("1", (view.size, view.size))
    ImageDraw.Draw(image).polygon([tuple(view.points[i, :2].tolist()) for i in at], fill=1)
    return np.asarray(image)


def draw(path, folder):
    return thumbnail.draw(Solid(loading.read(str(path), "obj")), folder)["ink"]


def test_a_thumbnail_of_a_star_is_a_star(tmp_path):
    path = tmp_path / "star.obj"
    inks = []
    for start in range(16):
        path.write_bytes(prism(SHAPES["thin star"], 1.0, start))
        inks.append(draw(path, tmp_path))
    reading = model.read(path, "star.obj", ["picture"], tmp_path)
    inks.append(reading.answer.get("picture")["ink"])
    assert max(inks) - min(inks) < 0.002
    path.write_bytes(prism(SHAPES["square"] * 2, 1.0))
    assert max(inks) < 0.5 * draw(path, tmp_path)


def test_a_polygon_that_crosses_itself_gets_as_many_triangles():
    for count in (5, 8, 30, 300):
        points = np.random.default_rng(count).normal(size=(count, 3))
        triangles = polygons.cut(points, np.arange(count), np.array([count]))
        assert len(triangles) == count - 2
        assert set(triangles.ravel().tolist()) == set(range(count))


@pytest.mark.parametrize("odd", [np.nan, np.inf, 1e300])
def test_coordinates_that_are_no_numbers_do_no_harm(odd):
    points = np.column_stack((SHAPES["comb"], np.zeros(len(SHAPES["comb"]))))
    points[3, 1] = odd
    with np.errstate(all="ignore"):
        triangles = polygons.cut(points, np.arange(len(points)), np.array([len(points)]))
    assert len(triangles) == len(points) - 2


def test_a_polygon_of_very_many_corners_is_cut_at_once():
    """It took so long that it was refused."""
    shape = comb(10_000)
    points = np.column_stack((shape, np.zeros(len(shape))))
    started = time.process_time()
    triangles = polygons.cut(points, np.arange(len(points)), np.array([len(points)]))
    assert time.process_time() - started < 5
    areas = np.linalg.norm(normals_of(points, triangles), axis=1)
    assert areas.sum() == pytest.approx(area_of(shape)) and len(triangles) == len(shape) - 2


def test_convex_polygons_are_a_fan_around_their_first_corner():
    angle = 2 * np.pi * np.arange(12) / 12
    points = np.column_stack((np.cos(angle), np.sin(angle), np.zeros(12)))
    triangles = polygons.cut(points, np.arange(12), np.array([12]))
    assert triangles.tolist() == [[0, at, at + 1] for at in range(1, 11)]


def test_half_a_million_quads_take_no_time():
    """As fast as numpy: no corner of them is looked at in Python."""
    side = 700
    x, y = np.meshgrid(np.arange(side + 1.0), np.arange(side + 1.0))
    points = np.stack((x, y, np.sin(x / 9)), axis=-1).reshape(-1, 3)
    first = (np.arange(side)[:, None] * (side + 1) + np.arange(side)).ravel()
    quads = np.stack((first, first + 1, first + side + 2, first + side + 1), axis=1)
    started = time.process_time()
    triangles = polygons.cut(points, quads.ravel(), np.full(len(quads), 4))
    assert time.process_time() - started < 3
    assert len(triangles) == 2 * len(quads)
