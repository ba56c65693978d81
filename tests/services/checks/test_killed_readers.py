"""A reader that is killed says nothing about the file: it is read again, three times at most."""

import os
import signal
import subprocess
import sys

import pytest

from reader import sandbox
from services.checks import modelchecks, thumbnails
from settings import ROOT
from tests.services.checks.test_modelchecks import LONG_AGO, metadata, request, sent, sweep
from tests.support import jobs, meshes


@pytest.fixture
def checked(people):
    job = jobs.submit(meshes.binary_stl())
    modelchecks.run(job.id)
    return jobs.read(job.id)


@pytest.fixture
def killed(monkeypatch):
    """Has the first so many readers killed for real, as soon as they run; the rest live."""
    left = []
    follow = sandbox._follow

    def kill_first(child, pipe, limits):
        if left:
            os.kill(child.pid, left.pop())
        return follow(child, pipe, limits)

    monkeypatch.setattr(sandbox, "_follow", kill_first)
    return left.extend


def test_a_killed_reader_is_no_verdict_and_the_file_is_read_again(people, killed):
    job = jobs.submit()
    killed([signal.SIGKILL])
    assert sent(lambda: modelchecks.run(job.id)) == [("models.check", job.id)]
    waiting = jobs.read(job.id)
    assert waiting.model == {"state": "pending"}
    assert waiting.thumbnail == {"state": "pending", "attempts": 1}
    modelchecks.run(job.id)
    found = jobs.read(job.id)
    assert (found.model["state"], found.thumbnail["state"]) == ("ok", "ok")
    assert "attempts" not in found.thumbnail
    assert metadata(found)["thumbnail"] == found.thumbnail


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_after_three_kills_it_could_not_be_read_here_and_can_be_asked_for(people, killed, number):
    job = jobs.submit()
    killed([number] * 3)
    for attempt in range(3):
        assert jobs.read(job.id).model == {"state": "pending"}, attempt
        tasks = sent(lambda: modelchecks.run(job.id))
        assert tasks == [("models.check", job.id)][: attempt == 0], "later ones wait for the sweep"
    found = jobs.read(job.id)
    assert found.model["state"] == "failed"
    assert found.model["error"].startswith("It could not be checked: it could not be read here")
    assert "could not be read here" in thumbnails.why_missing(found)
    modelchecks.run(job.id)
    after = jobs.read(job.id)
    assert (after.model, after.thumbnail) == (found.model, found.thumbnail), "it is left alone"
    request(job.id, people.staff)
    modelchecks.run(job.id)
    again = jobs.read(job.id)
    assert (again.model["state"], again.thumbnail["state"]) == ("ok", "ok")


def test_what_waits_after_a_kill_is_found_by_the_sweep(people, killed):
    job = jobs.submit()
    killed([signal.SIGKILL])
    modelchecks.run(job.id)
    jobs.change(job.id, updated_at=LONG_AGO)
    assert sweep() == [job.id]


def test_a_killed_reader_takes_nothing_from_what_is_known(people, checked, killed):
    jobs.change(checked.id, model=checked.model | {"checker": "0.old"})
    killed([signal.SIGKILL] * 3)
    for _ in range(3):
        modelchecks.run(checked.id)
    assert jobs.read(checked.id).model == checked.model


def test_a_reader_that_crashes_is_a_verdict_at_once(people, killed):
    job = jobs.submit()
    killed([signal.SIGSEGV])
    modelchecks.run(job.id)
    found = jobs.read(job.id)
    assert found.model["error"] == "It could not be checked: the reader crashed."
    assert "the reader crashed" in thumbnails.why_missing(found)


def test_workers_that_die_while_they_read_are_counted(people):
    """Each in a process of its own, killed with its reader in the middle of the work."""
    job = jobs.submit()
    code = (
        "import os, signal, sys; from reader import sandbox;"
        "from services.checks import modelchecks;"
        "sandbox._follow = lambda *_: os.kill(os.getpid(), signal.SIGKILL);"
        "modelchecks.run(sys.argv[1])"
    )
    for attempt in (1, 2, 3):
        done = subprocess.run((sys.executable, "-c", code, job.id), cwd=ROOT, timeout=60)
        assert done.returncode == -signal.SIGKILL
        assert jobs.read(job.id).model == {"state": "pending"}
        assert jobs.read(job.id).thumbnail == {"state": "pending", "attempts": attempt}
    modelchecks.run(job.id)
    found = jobs.read(job.id)
    assert "it could not be read here" in found.model["error"]
    assert "could not be read here" in thumbnails.why_missing(found)
