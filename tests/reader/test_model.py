"""One reading of a model file gives everything, and what was found before it broke off counts."""

import gzip
import json
import signal
import threading
import time

import numpy
import psutil
import pytest

from reader import model, sandbox
from reader.errors import CouldNotRead, Interrupted, Unreadable
from reader.sandbox import Answer, Limits
from tests.support import meshes

BEDS = [(250, 210, 220)]


def read(path, folder, wanted=model.ALL, **how):
    folder.mkdir(exist_ok=True)
    return model.read(path, path.name, wanted, folder, beds=BEDS, **how)


@pytest.mark.parametrize("kind", ["stl", "obj", "3mf"])
def test_one_reading_gives_facts_picture_and_preview(tmp_path, kind):
    content = {"stl": meshes.binary_stl, "obj": meshes.obj, "3mf": meshes.threemf}[kind]()
    path = tmp_path / f"cube.{kind}"
    path.write_bytes(content)
    reading = read(path, tmp_path / "out")
    facts = reading.facts()
    assert facts.volume == pytest.approx(8000) and facts.tilted == (True,)
    assert {file.name for file in reading.picture().iterdir()} == {
        "picture.png", "small.webp", "preview"
    }  # fmt: skip
    assert json.loads(gzip.decompress(reading.preview().read_bytes()))["triangles"] == 12
    opinion = reading.opinion(facts)
    assert opinion is None if kind != "3mf" else opinion.triangles == 12


def test_only_what_is_wanted_is_made(tmp_path):
    path = tmp_path / "cube.stl"
    path.write_bytes(meshes.binary_stl())
    reading = read(path, tmp_path / "out", ["facts"])
    assert list(reading.answer.results) == ["facts"]
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_at_fault_has_one_reason_for_all(tmp_path):
    path = tmp_path / "cube.stl"
    path.write_bytes(meshes.binary_stl(meshes.cube(0)))
    reading = read(path, tmp_path / "out")
    for ask in (reading.facts, reading.picture, reading.preview):
        with pytest.raises(Unreadable, match="one line or in one place"):
            ask()
    assert not any(reading.broke_off(result) for result in model.ALL)


def heavy_file(folder):
    """Some seconds of work: triangles that share no corner."""
    chance = numpy.random.default_rng(4)
    corners = chance.random((400_000, 1, 3)) * 100 + chance.random((400_000, 3, 3))
    kind = [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")]
    rows = numpy.zeros(len(corners), numpy.dtype(kind))
    rows["corners"] = corners
    path = folder / "heavy.stl"
    path.write_bytes(bytes(80) + len(rows).to_bytes(4, "little") + rows.tobytes())
    return path


def find_reader():
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for child in psutil.Process().children(recursive=True):
            try:
                if any("model" in word and "task" in word for word in child.cmdline()):
                    return child
            except psutil.Error:
                continue
        time.sleep(0.005)
    raise AssertionError("no reader was started")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("after_s", [0, 0.5])
def test_a_reader_that_is_killed_from_outside_has_given_no_verdict(tmp_path, number, after_s):
    path = heavy_file(tmp_path)
    found = []
    reading = threading.Thread(target=lambda: found.append(read(path, tmp_path / "out")))
    reading.start()
    reader = find_reader()
    time.sleep(after_s)
    reader.send_signal(number)
    reading.join(60)
    [killed] = found
    assert isinstance(killed.answer.problem, Interrupted)
    assert killed.broke_off("preview")
    with pytest.raises(Interrupted):
        killed.preview()


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
def test_a_crash_is_a_verdict(tmp_path, number):
    path = heavy_file(tmp_path)
    found = []
    reading = threading.Thread(target=lambda: found.append(read(path, tmp_path / "out")))
    reading.start()
    find_reader().send_signal(number)
    reading.join(60)
    assert not found[0].broke_off("preview")
    with pytest.raises(CouldNotRead, match="the reader crashed"):
        found[0].preview()


def test_what_takes_too_long_is_a_verdict(tmp_path):
    reading = read(heavy_file(tmp_path), tmp_path / "out", limits=Limits(wall_s=0.2))
    assert not reading.broke_off("facts")
    with pytest.raises(CouldNotRead, match="took longer than 1 second"):
        reading.facts()


def test_what_was_found_before_the_end_counts(tmp_path, monkeypatch):
    """Also the facts of a 3MF whose second reader was killed are not yet whole."""
    path = tmp_path / "cube.3mf"
    path.write_bytes(meshes.threemf())
    whole = read(path, tmp_path / "out").answer.results
    cut = Answer({"facts": whole["facts"]}, Interrupted("the reader was stopped by the system"))
    monkeypatch.setattr(sandbox, "run", lambda *_, **__: cut)
    reading = read(path, tmp_path / "out")
    assert reading.facts().triangles == 12
    assert reading.broke_off("facts") and reading.broke_off("picture")
    stl = model.Reading(cut, tmp_path, "stl")
    assert not stl.broke_off("facts")


def test_a_result_without_memory_does_not_take_the_others_with_it():
    answer = Answer({"facts": CouldNotRead("it needed more than 1 GB of memory"), "picture": {}})
    with pytest.raises(CouldNotRead, match="1 GB"):
        answer.get("facts")
    assert answer.get("picture") == {}
