"""`python -m reader FILE`: facts as JSON, or one sentence and a status that is not 0."""

import json
import subprocess
import sys

import pytest

from settings import ROOT
from tests.support import meshes


def run(*arguments):
    return subprocess.run(
        (sys.executable, "-m", "reader", *map(str, arguments)),
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def sentence_of(done, status):
    assert (done.returncode, done.stdout) == (status, "")
    sentence = done.stderr.removesuffix("\n")
    assert "\n" not in sentence and sentence.endswith("."), sentence
    return sentence


@pytest.mark.parametrize("kind", ["stl", "obj", "3mf"])
def test_it_prints_the_facts_as_json(tmp_path, kind):
    content = {"stl": meshes.ascii_stl, "obj": meshes.obj, "3mf": meshes.threemf}[kind]()
    path = tmp_path / f"cube.{kind}"
    path.write_bytes(content)
    done = run(path)
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert facts["size_mm"] == [20, 20, 20] and facts["volume_cm3"] == 8
    assert facts["watertight"] and facts["warnings"] == [] and facts["fits"] == {}


def test_it_says_whether_the_model_fits(tmp_path):
    path = tmp_path / "bar.stl"
    path.write_bytes(meshes.binary_stl(meshes.cube(200)))
    facts = json.loads(run(path, "--bed", "250x210x220", "--bed", "150x150x150").stdout)
    assert facts["fits"] == {"250x210x220": "yes", "150x150x150": "no"}
    alone = json.loads(run(path, "--bed", "150x150x150").stdout)
    assert [warning["code"] for warning in alone["warnings"]] == ["too_large"]


def test_a_relative_path_is_the_callers(tmp_path):
    (tmp_path / "cube.stl").write_bytes(meshes.binary_stl())
    command = (sys.executable, "-m", "reader", "cube.stl")
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["triangles"] == 12


def test_what_is_no_model_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "photo.stl"
    path.write_bytes(b"\x89PNG" + bytes(99))
    assert "seems to be a PNG image" in sentence_of(run(path), 1)
    path.write_bytes(meshes.binary_stl(meshes.cube(0)))
    assert "one line or in one place" in sentence_of(run(path), 1)


def test_a_file_that_is_not_there_is_said(tmp_path):
    assert "no.stl" in sentence_of(run(tmp_path / "no.stl"), 1)
    assert str(tmp_path) in sentence_of(run(tmp_path), 1)


@pytest.mark.parametrize("arguments", [(), ("cube.stl", "--bed", "large"), ("a.stl", "b.stl")])
def test_a_wrong_command_has_a_status_of_its_own(arguments):
    sentence_of(run(*arguments), 2)
