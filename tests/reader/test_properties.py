"""A solid has the same facts in every format, wherever it lies and however it is turned."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reader.mesh import loading, measuring, solid
from reader.mesh.solid import Solid
from tests.support import solids

LENGTH = st.floats(5, 150).map(lambda value: round(value, 3))
SOLIDS = st.one_of(
    st.builds(solids.box, LENGTH, LENGTH, LENGTH),
    st.builds(solids.prism, LENGTH, LENGTH, st.integers(3, 40)),
    st.builds(solids.sphere, LENGTH, st.integers(4, 10), st.integers(4, 16)),
)
NUMBER = st.floats(-1, 1)
WAYS = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def measure(folder, kind, content):
    path = folder / f"model.{kind}"
    path.write_bytes(content)
    return measuring.measure(Solid(loading.read(str(path), kind)))


def turned(corners, numbers, shift):
    rotation, _ = np.linalg.qr(np.array(numbers).reshape(3, 3) + 3 * np.eye(3))
    if np.linalg.det(rotation) < 0:
        rotation[:, 0] *= -1
    return corners @ rotation.T + np.array(shift)


@WAYS
@given(SOLIDS, st.lists(NUMBER, min_size=9, max_size=9), st.tuples(*[st.floats(-300, 300)] * 3))
def test_the_facts_do_not_depend_on_format_and_place(tmp_path, solid, numbers, shift):
    corners, faces, volume, surface = solid
    placed = turned(corners, numbers, shift)
    for kind, what, content in solids.every_format(placed, faces):
        found = measure(tmp_path, kind, content)
        whole = {name: found[name] for name in ("triangles", "bodies", "open_edges", "holes")}
        expected = {"triangles": len(faces), "bodies": 1, "open_edges": 0, "holes": 0}
        assert whole == expected, (kind, what)
        assert found["overshared_edges"] == found["flipped_edges"] == 0, (kind, what)
        assert found["volume"] == pytest.approx(volume, rel=1e-3), (kind, what)
        assert found["surface"] == pytest.approx(surface, rel=1e-3), (kind, what)
        assert found["size"] == pytest.approx(np.ptp(placed, axis=0), abs=2e-3), (kind, what)


@WAYS
@given(SOLIDS, st.randoms(use_true_random=False))
def test_a_missing_triangle_is_one_hole_and_costs_no_volume(tmp_path, solid, random):
    corners, faces, volume, _ = solid
    faces = np.delete(faces, random.randrange(len(faces)), axis=0)
    found = measure(tmp_path, "stl", solids.binary_stl(corners, faces))
    assert (found["open_edges"], found["holes"], found["flipped_edges"]) == (3, 1, 0)
    assert found["volume"] == pytest.approx(volume, rel=1e-3)


@WAYS
@given(SOLIDS, st.randoms(use_true_random=False))
def test_a_turned_triangle_is_three_flipped_edges_and_costs_no_volume(tmp_path, solid, random):
    corners, faces, volume, _ = solid
    faces = faces.copy()
    chosen = random.randrange(len(faces))
    faces[chosen] = faces[chosen][::-1]
    found = measure(tmp_path, "obj", solids.obj(corners, faces))
    assert (found["open_edges"], found["flipped_edges"]) == (0, 3)
    assert found["volume"] == pytest.approx(volume, rel=1e-3)


@WAYS
@given(SOLIDS, SOLIDS)
def test_two_solids_are_two_bodies(tmp_path, one, other):
    corners = np.vstack((one[0], other[0] + (1000, 0, 0)))
    faces = np.vstack((one[1], other[1] + len(one[0])))
    found = measure(tmp_path, "3mf", solids.threemf(corners, faces))
    assert found["bodies"] == 2
    assert found["volume"] == pytest.approx(one[2] + other[2], rel=1e-3)


def test_many_vertices_with_one_hash_are_told_apart(tmp_path, monkeypatch):
    corners, faces, volume, _ = solids.prism(20, 30, 24)
    monkeypatch.setattr(solid, "_hash", lambda vertices: np.zeros(len(vertices), np.uint64))
    found = measure(tmp_path, "stl", solids.binary_stl(corners, faces))
    assert (found["open_edges"], found["bodies"]) == (0, 1)
    assert found["volume"] == pytest.approx(volume, rel=1e-4)


def test_an_inside_out_solid_has_a_negative_volume(tmp_path):
    corners, faces, volume, _ = solids.box(10, 20, 30)
    found = measure(tmp_path, "stl", solids.binary_stl(corners, faces[:, ::-1]))
    assert found["volume"] == pytest.approx(-volume)
    assert found["flipped_edges"] == 0
