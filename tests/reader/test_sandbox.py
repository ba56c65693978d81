"""Whatever a child does, the caller lives on, knows why in words, and finds nothing left behind."""

import os
import socket
import sys
import tempfile
import time

import pytest

from reader import sandbox
from reader.errors import CouldNotRead, Unreadable
from reader.sandbox import Limits

QUICK = Limits(memory_mb=512, cpu_s=5, wall_s=15)


def run(task, *arguments, **how):
    task = f"tests.support.misbehaving:{task}"
    return sandbox.run(task, *arguments, **({"limits": QUICK} | how)).get("answer")


def why(task, *arguments, **how):
    with pytest.raises(CouldNotRead) as refused:
        run(task, *arguments, **how)
    return refused.value.message


@pytest.fixture(autouse=True)
def nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    yield
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_task_gets_its_arguments_in_a_folder_and_an_environment_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    answer = run("answer", "one", "zwei ✓")
    assert answer["arguments"] == ["one", "zwei ✓"]
    assert answer["cwd"].startswith(str(tmp_path / "temporary"))
    assert answer["environment"]["TMPDIR"] == answer["cwd"]
    assert not {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"} & set(answer["environment"])


def test_a_child_that_sleeps_is_stopped():
    started = time.monotonic()
    assert why("sleep", limits=Limits(wall_s=1)) == "it took longer than 1 second"
    assert time.monotonic() - started < 5


def test_a_child_that_computes_for_ever_is_stopped():
    assert why("spin", limits=Limits(cpu_s=1, wall_s=30)) == "it took longer than 1 second"


@pytest.mark.skipif(sys.platform != "linux", reason="there is no limit of memory elsewhere")
@pytest.mark.parametrize("task", ["allocate", "allocate_slowly"])
def test_a_child_that_eats_memory_is_stopped(task):
    assert why(task) == "it needed more than 512 MB of memory"


def test_a_limit_in_gigabytes_is_told_in_gigabytes():
    assert sandbox._size(1024) == "1 GB"
    assert sandbox._size(1536) == "1.5 GB"


@pytest.mark.parametrize("task", ["crash", "fail", "exit_well"])
def test_a_child_that_dies_is_a_reader_that_crashed(task):
    assert why(task) == "the reader crashed"


@pytest.mark.parametrize(
    ("content", "times"), [("garbage", 1), ("[1, 2]", 1), ("{" * 1000, 100_000)]
)
def test_an_answer_that_is_none_is_refused(content, times):
    assert why("write_to_the_pipe", content, str(times)) == "the reader crashed"


def test_a_file_cannot_grow_for_ever(tmp_path):
    folder = tmp_path / "output"
    folder.mkdir()
    why("fill_the_disk", str(folder), output=folder, limits=Limits(file_mb=2))
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 2 * 1024**2


def test_sockets_and_programs_are_refused_to_python():
    assert why("open_socket") == "the reader crashed"
    assert why("start_program") == "the reader crashed"


@pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")
def test_a_library_that_was_taken_over_reaches_no_network():
    if run("is_alone")["network"] == os.readlink("/proc/self/ns/net"):
        pytest.skip("this system lets nobody make a network namespace")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert run("connect_natively", str(port))["error"] in ("ENETUNREACH", "EADDRNOTAVAIL")


@pytest.mark.parametrize("task", ["write_file", "remove_file"])
def test_files_elsewhere_cannot_be_changed_by_python(task, tmp_path):
    path = tmp_path / "precious"
    path.write_text("as it was")
    why(task, str(path))
    assert path.read_text() == "as it was"


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock is Linux's")
def test_files_elsewhere_cannot_be_changed_by_a_library(tmp_path):
    if not run("is_alone")["landlock"]:
        pytest.skip("this kernel has no Landlock")
    assert run("write_natively", str(tmp_path / "new"))["error"] == "EACCES"
    assert not (tmp_path / "new").exists()


def test_the_output_folder_can_be_written(tmp_path):
    folder = tmp_path / "output"
    folder.mkdir()
    run("write_file", str(folder / "result"), output=folder)
    assert run("write_natively", str(folder / "other"), output=folder)["error"] is None
    assert {path.name for path in folder.iterdir()} == {"result", "other"}


def test_numerical_libraries_work_inside():
    assert run("import_numpy") == {"sum": 6}


def test_a_file_at_fault_is_told_in_the_childs_words(tmp_path):
    (tmp_path / "model.stl").write_bytes(b"")
    answer = sandbox.run("model", str(tmp_path / "model.stl"), "model.stl", ["facts"], [], "", 0)
    with pytest.raises(Unreadable, match="empty"):
        answer.get("facts")


def test_this_process_has_not_loaded_what_the_child_has():
    """Read by a fresh interpreter: other tests load numpy here."""
    import subprocess

    code = "import sys, services.checks.modelchecks; print([m for m in ('numpy','scipy','trimesh','lib3mf') if m in sys.modules])"  # noqa: E501
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
