"""Whatever a child does, the caller lives on, knows why in words, and finds nothing left behind."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

import psutil
import pytest

from reader import children, sandbox, warm
from reader.errors import CouldNotRead, Interrupted, Unreadable
from reader.sandbox import Limits
from settings import ROOT
from tests.support import misbehaving

QUICK = Limits(memory_mb=512, cpu_s=5, wall_s=15)


def run(task, *arguments, **how):
    task = f"tests.support.misbehaving:{task}"
    return sandbox.run(task, *arguments, **({"limits": QUICK} | how)).get("answer")


def why(task, *arguments, **how):
    with pytest.raises(CouldNotRead) as refused:
        run(task, *arguments, **how)
    return refused.value.message


@pytest.fixture(autouse=True, params=["fresh", "warm"], scope="module")
def kind_of_child(request):
    """A fresh interpreter, and a fork of a warm parent: all walls stand around both."""
    if request.param == "warm":
        if not warm.is_possible():
            pytest.skip("a warm parent is for Linux")
        children.keep_warm()
    yield request.param
    children.cool_down()


@pytest.fixture(autouse=True)
def every_task_may_be_forked(monkeypatch):
    tasks = {f"tests.support.misbehaving:{name}" for name in vars(misbehaving)}
    monkeypatch.setattr(children, "WARM_TASKS", children.WARM_TASKS | tasks)


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


def test_a_child_is_started_as_it_should(kind_of_child):
    pids = {run("about_itself")["parent"] for _ in range(3)}
    assert (pids == {os.getpid()}) == (kind_of_child == "fresh") and len(pids) == 1


def test_a_child_has_no_open_files_but_its_own(tmp_path):
    with open(tmp_path / "ours", "w") as ours, socket.socket() as other:
        os.set_inheritable(ours.fileno(), True)
        os.set_inheritable(other.fileno(), True)
        found = run("about_itself")["files"]
    private = tempfile.gettempdir()
    for number, target in found.items():
        is_standard = target == os.devnull or target.startswith(private)
        assert is_standard if int(number) < 3 else target.startswith("pipe:"), found
    assert sum(target.startswith("pipe:") for target in found.values()) == 1, found


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


def find_warm_parent():
    ours = psutil.Process().children()
    return next(child for child in ours if "reader.warm" in child.cmdline())


def test_a_warm_parent_that_was_killed_is_started_again(kind_of_child):
    if kind_of_child == "fresh":
        return  # it has no warm parent
    first = run("about_itself")["parent"]
    find_warm_parent().kill()
    assert run("about_itself")["parent"] not in (first, os.getpid())


def test_a_reader_dies_with_its_warm_parent_and_that_is_no_verdict(kind_of_child):
    if kind_of_child == "fresh":
        return  # it has no warm parent
    run("answer")
    parent, found = find_warm_parent(), []
    task = "tests.support.misbehaving:sleep"
    reading = threading.Thread(target=lambda: found.append(sandbox.run(task, limits=QUICK)))
    reading.start()
    while not (readers := parent.children()):
        time.sleep(0.01)
    parent.kill()
    reading.join(30)
    assert isinstance(found[0].problem, Interrupted)
    psutil.wait_procs(readers, timeout=10)
    assert not readers[0].is_running()


def test_a_warm_parent_and_its_reader_end_with_their_caller(kind_of_child):
    if kind_of_child == "fresh":
        return  # it has no warm parent
    code = (
        "from reader import children, sandbox; children.keep_warm();"
        "children.WARM_TASKS.add('tests.support.misbehaving:sleep');"
        "sandbox.run('tests.support.misbehaving:sleep')"
    )
    with subprocess.Popen((sys.executable, "-c", code), cwd=ROOT) as caller:
        process = psutil.Process(caller.pid)
        while len(family := process.children(recursive=True)) < 2:
            time.sleep(0.01)
        caller.kill()
    gone, alive = psutil.wait_procs(family, timeout=10)
    assert len(gone) == 2 and not alive


def test_two_at_a_time_are_read_beside_each_other(kind_of_child):
    """A warm parent has one child at a time: the other one is a fresh interpreter."""
    parents = []
    both = [
        threading.Thread(target=lambda: parents.append(run("about_itself", "1")["parent"]))
        for _ in range(2)
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(60)
    assert len(parents) == 2 and os.getpid() in parents
    assert run("about_itself")["parent"] in parents or kind_of_child == "warm"
