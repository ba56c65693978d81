"""The data of the 3D preview: small enough, true to the model, made once."""

import base64
import gzip
import json

import numpy
import pytest

from reader import model
from reader.errors import Unreadable
from services.checks import previews
from services.errors import NotFound
from tests.support import jobs, meshes

REAL = {
    "01_Voron_Design_Cube_v7.stl": (3414, [30, 30, 30], 0),
    "04_Thread_Test_1_x1_Rev1.STL": (79822, [25.2, 56.2, 16], 0),
    "05_Einsy-base.stl": (9142, [128.5, 101, 38], 0),
    "07_MINI-y-plate-rear.stl": (51012, [168.53, 45.5, 54.95], 0),
    "11_rear_case.stl": (18808, [88.014, 22.301, 100.974], 0),
    "14_um2+_space_filling_cube.stl": (12, [211, 191, 225], 0),
    "16_missing_triangle.stl": (11, [10, 10, 10], 3),
    "31_cube_gears.3mf": (25692, [167.996, 125.102, 33.601], 0),
    "33_cube_gears_prod_req.3mf": (25692, [167.996, 125.102, 33.601], 0),
    "34_3mfbase11_AdjMount.3mf": (1704, [203.33, 51.33, 117.63], 0),
}
DTYPES = {"f4": "<f4", "u2": "<u2"}


def make(path, folder):
    packed = model.read(path, path.name, ["preview"], folder).preview().read_bytes()
    return json.loads(gzip.decompress(packed)), len(packed)


def array(typed, dtype):
    assert typed["dtype"] == dtype
    return numpy.frombuffer(base64.b64decode(typed["bdata"]), DTYPES[dtype])


def check_mesh(model):
    """Points in mm and triangles, once the arrays are known to be sound."""
    points = numpy.stack([array(model["mesh"][axis], "f4") for axis in "xyz"], axis=1)
    faces = numpy.stack([array(model["mesh"][corner], "u2") for corner in "ijk"], axis=1)
    assert len(faces) == model["shown"] <= 30_000
    assert faces.max() < len(points) <= 65_535
    assert numpy.isfinite(points).all()
    return points, faces


@pytest.mark.parametrize("name", REAL)
def test_real_models_are_small_enough_and_true(shared_models, tmp_path, name):
    triangles, size, open_edges = REAL[name]
    model, packed = make(shared_models / "real" / name, tmp_path)
    assert packed < 400_000
    assert model["triangles"] == triangles
    assert model["size_mm"] == pytest.approx(size, rel=2e-3)
    assert model["open_edges"]["count"] == open_edges
    points, _ = check_mesh(model)
    low, high = points.min(axis=0), points.max(axis=0)
    assert high - low == pytest.approx(model["size_mm"], abs=0.01 * max(size))
    assert abs(low[2]) < 0.01 * size[2] + 0.01, "it does not stand on the bed"
    assert (low + high)[:2] == pytest.approx([0, 0], abs=0.02 * max(size))


def grid(cells, height):
    """A flat sheet of 2 * cells**2 triangles with waves in it."""
    at = numpy.linspace(0, 100, cells + 1)
    x, y = numpy.meshgrid(at, at)
    z = height * numpy.sin(x / 7) * numpy.cos(y / 9)
    points = numpy.stack([x, y, z], axis=-1).astype("<f4")
    a, b, c, d = points[:-1, :-1], points[:-1, 1:], points[1:, :-1], points[1:, 1:]
    faces = numpy.concatenate([numpy.stack([a, b, d], 2), numpy.stack([a, d, c], 2)])
    rows = numpy.zeros(
        faces.size // 9, numpy.dtype([("n", "<f4", 3), ("v", "<f4", 9), ("a", "<u2")])
    )
    rows["v"] = faces.reshape(-1, 9)
    return bytes(80) + len(rows).to_bytes(4, "little") + rows.tobytes()


@pytest.mark.parametrize("height", [0.0001, 3.0], ids=["flat", "waves"])
def test_a_large_model_comes_back_with_few_triangles(tmp_path, height):
    """Flat ones are what an edge collapse alone stalls on."""
    path = tmp_path / "sheet.stl"
    path.write_bytes(grid(450, height))
    model, packed = make(path, tmp_path)
    assert model["triangles"] == 405_000 and packed < 400_000
    check_mesh(model)
    assert model["open_edges"]["count"] == 4 * 450
    assert model["open_edges"]["shown"] <= 2_000


def test_loose_triangles_come_back_with_few(tmp_path):
    """60,000 triangles that share no corner have more points than an index can name."""
    chance = numpy.random.default_rng(4)
    corners = chance.random((60_000, 1, 3)) * 100 + chance.random((60_000, 3, 3))
    path = tmp_path / "loose.stl"
    path.write_bytes(meshes.binary_stl([tuple(map(tuple, face)) for face in corners.tolist()]))
    model, packed = make(path, tmp_path)
    assert packed < 400_000
    check_mesh(model)
    assert model["open_edges"] | {"x": 0, "y": 0, "z": 0} == {
        **{"count": 180_000, "shown": 2_000},
        **{"x": 0, "y": 0, "z": 0},
    }


def test_open_edges_are_lines_with_gaps(tmp_path):
    path = tmp_path / "open.stl"
    path.write_bytes(meshes.binary_stl(meshes.cube(20)[:-1]))
    model, _ = make(path, tmp_path)
    edges = model["open_edges"]
    assert (edges["count"], edges["shown"]) == (3, 3)
    lines = numpy.stack([array(edges[axis], "f4") for axis in "xyz"], axis=1).reshape(3, 3, 3)
    assert numpy.isnan(lines[:, 2]).all() and numpy.isfinite(lines[:, :2]).all()
    lengths = numpy.linalg.norm(lines[:, 0] - lines[:, 1], axis=1)
    assert sorted(lengths) == pytest.approx([20, 20, 20 * 2**0.5], rel=1e-3)


def test_a_file_without_a_model_says_why(tmp_path):
    path = tmp_path / "nothing.stl"
    path.write_bytes(meshes.binary_stl(meshes.cube(0)))
    with pytest.raises(Unreadable, match="one line or in one place"):
        make(path, tmp_path)


# Kept by the file's hash.


def content(preview):
    return json.loads(gzip.decompress(preview.packed))


def test_it_is_made_once_for_each_file(people, monkeypatch):
    job = jobs.submit()
    first = previews.get(job)
    assert first.is_final and content(first)["state"] == "ok"
    assert previews.path_of(job.file_hash).is_file()
    monkeypatch.setattr(model, "read", lambda *_, **__: pytest.fail("made again"))
    assert previews.get(job) == first
    assert not list(previews.path_of("x").parent.glob(".making-*"))


def test_a_failure_is_kept_for_a_while_and_said(people, monkeypatch):
    job = jobs.submit(meshes.binary_stl(meshes.cube(0), header=b"nothing to preview"))
    failed = previews.get(job)
    assert not failed.is_final
    assert content(failed)["state"] == "failed" and "one line" in content(failed)["reason"]
    made = []
    monkeypatch.setattr(previews, "_make", lambda job: made.append(job) or failed)
    previews.get(job)
    assert not made
    monkeypatch.setattr(previews, "RETRY_FAILED_S", -1)
    previews.get(job)
    assert made


def test_what_takes_too_long_is_said_in_words(people, configure):
    configure(CHECK_WALL_S="0")
    assert "could not be shown: it took longer" in content(previews.get(jobs.submit()))["reason"]


def test_a_missing_file_is_not_found(people):
    job = jobs.submit()
    path = jobs.folder_of(job) / job.original_name
    path.unlink()
    with pytest.raises(NotFound):
        previews.get(job)


def test_the_cache_does_not_grow_for_ever(people, monkeypatch):
    monkeypatch.setattr(previews, "MAX_KEPT", 2)
    for _ in range(4):
        previews.get(jobs.submit())
    assert len(list(previews.path_of("x").parent.glob("*.json.gz"))) <= 2
