"""Models are read in parallel by real Celery workers: nothing waits for a long one."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
import requests

from settings import ROOT
from tests.support import launched, meshes
from tests.support.client import FORM
from tests.support.launched import Launched
from tests.support.mailserver import MailServer
from tests.support.servers import connect

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def desk() -> Iterator[Launched]:
    server = MailServer()
    server.start()
    printdesk = launched.make_used("models", server, SWEEP_SECONDS="2")
    try:
        yield printdesk.start()
    finally:
        launched.remove(printdesk)
        server.stop()


def submit(desk: Launched, content: bytes) -> str:
    answer = requests.post(
        f"{desk.base_url}/api/v1/submit",
        data=FORM,
        files={"file": ("part.stl", content)},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def read(desk: Launched, job_id: str) -> dict[str, Any]:
    base = f"{desk.base_url}/api/v1"
    person = {"email": desk.admin_email, "password": desk.admin_password}
    token = requests.post(f"{base}/auth/login", json=person, timeout=30).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    job: dict[str, Any] = requests.get(f"{base}/jobs/{job_id}", headers=headers, timeout=30).json()
    return job


def is_done(desk: Launched, job_id: str) -> bool:
    job = read(desk, job_id)
    return job["model"]["state"] == "ok" and job["thumbnail_url"] is not None


def until(holds: Callable[[], Any], within_s: float = 60, every_s: float = 0.3) -> Any:
    deadline = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(every_s)
    return found


def find_check(desk: Launched) -> psutil.Process | None:
    """The process that reads a model now: a fork of a warm parent, where there is one."""
    for process in desk.family():
        try:
            commands = [each.cmdline() for each in (process, process.parent()) if each]
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        is_fork = len(commands) == 2 and all("reader.warm" in command for command in commands)
        if is_fork or "reader.child" in commands[0]:
            return process
    return None


def test_an_email_does_not_wait_for_a_long_model_check(desk):
    """Whose reader stands still for as long as the test wants."""
    slow = submit(desk, meshes.binary_stl(meshes.cube(20) * 20_000))
    reader = until(lambda: find_check(desk), every_s=0.01)
    reader.suspend()
    try:
        other = submit(desk, meshes.binary_stl(meshes.cube(30)))
        until(lambda: any(other[:8] in mail["Subject"] for mail in desk.smtp.messages))
        assert reader.status() == psutil.STATUS_STOPPED
        for job_id in (slow, other):
            assert read(desk, job_id)["model"] == {"state": "pending"}
    finally:
        reader.resume()
    until(lambda: is_done(desk, slow) and is_done(desk, other))


def test_make_recheck_checks_and_draws_all_again(desk):
    job_id = submit(desk, meshes.binary_stl(meshes.cube(25)))
    until(lambda: is_done(desk, job_id))
    with connect(desk.database_url) as connection:
        connection.execute("UPDATE jobs SET model = model || '{\"bodies\": 99}'")
    folder = desk.storage / read(desk, job_id)["file_path"].rpartition("/")[0]
    (folder / "thumbnail.png").write_bytes(b"")
    said = recheck(desk)
    assert "will be checked again" in said.stdout
    until(lambda: read(desk, job_id)["model"]["bodies"] == 1)
    until(lambda: (folder / "thumbnail.png").stat().st_size > 0, within_s=90)


def test_make_recheck_says_what_it_needs(desk):
    away = launched.make("away", desk.smtp)
    try:
        assert "Start Printdesk first" in recheck(away, status=1).stderr
        away.environment["PORT"] = "many"
        assert "PORT" in recheck(away, status=2).stderr
    finally:
        launched.remove(away)


def recheck(desk: Launched, status: int = 0) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        (sys.executable, "-m", "launch.recheck"),
        cwd=ROOT,
        env=desk.env(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == status, done.stderr
    return done
