"""Printdesk while one of its servers is unavailable; each test starts its own Printdesk."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil
import pytest
import requests

from services import database
from tests.support import launched, meshes
from tests.support.launched import Launched
from tests.support.mailserver import MailServer
from tests.support.servers import connect

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]
FORM = {
    "student_name": "Jane Doe",
    "student_email": "jane@uni.example",
    "discipline": "Art",
    "class_number": "N/A",
    "print_method": "Filament",
    "color": "Blue",
    "printer": "prusa_mk4s",
    "acknowledged_minimum_charge": "Yes",
}


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def desk(mail_server: MailServer) -> Iterator[Launched]:
    printdesk = launched.make_used(
        "outage", mail_server, SWEEP_SECONDS="2", MAIL_RETRY_FIRST_S="1", REDIS_URL=""
    )
    try:
        yield printdesk.start()
    finally:
        launched.remove(printdesk)


def test_an_approval_succeeds_without_the_broker_and_its_email_follows(desk, mail_server):
    staff = Staff(desk)
    job_id = submit(desk)
    mail_server.wait_for(1)
    broker = find_broker(desk)
    broker.suspend()  # away for the web server, and not yet noticed by whoever restarts it
    try:
        assert staff.post(f"/jobs/{job_id}/lock").status_code == 200
        answer = staff.post(f"/jobs/{job_id}/approve", weight_g=25.5, time_hours=3.5)
        assert answer.status_code == 200
        assert answer.json()["status"] == "PENDING"
        health = requests.get(f"{desk.base_url}/api/v1/health", timeout=30)
        assert health.status_code == 503
        assert health.json()["components"]["broker"] == "error"
        assert health.json()["components"]["database"] == "ok"
    finally:
        broker.resume()
    mails = mail_server.wait_for(2, timeout_s=60)
    assert [mail["Subject"].startswith("Please confirm") for mail in mails] == [False, True]


def test_a_restarted_broker_delivers_the_email(desk, mail_server):
    job_id = submit(desk)
    mail_server.wait_for(1)
    staff = Staff(desk)
    staff.post(f"/jobs/{job_id}/lock")
    find_broker(desk).kill()
    answer = staff.post(f"/jobs/{job_id}/approve", weight_g=10, time_hours=1)
    assert answer.status_code == 200
    mail_server.wait_for(2, timeout_s=90)
    until(lambda: requests.get(f"{desk.base_url}/api/v1/health", timeout=10).status_code == 200)


def test_a_hanging_database_blocks_nobody_and_is_used_again_later(desk, mail_server):
    """Its processes are stopped: connections are taken and never answered."""
    staff = Staff(desk)
    job_id = submit(desk)
    mail_server.wait_for(1)
    pages = (f"/jobs/{job_id}", "/jobs", "/jobs")
    with stopped(database_processes(desk)):
        waited = []
        for page in pages:
            began = time.monotonic()
            answer = staff.get(page)
            waited.append(time.monotonic() - began)
            assert answer.status_code == 503
            assert "database is not reachable" in answer.json()["message"]
        health = requests.get(f"{desk.base_url}/api/v1/health", timeout=30)
        assert health.status_code == 503
        assert health.json()["components"]["database"] == "error"
    assert max(waited) < database.WEB_PATIENCE_S + 1.5, waited
    until(lambda: staff.get(f"/jobs/{job_id}").status_code == 200, within_s=10)
    assert staff.post(f"/jobs/{job_id}/lock").status_code == 200
    assert staff.post(f"/jobs/{job_id}/approve", weight_g=10, time_hours=1).status_code == 200
    mail_server.wait_for(2, timeout_s=60)


def test_mail_waits_for_its_server_and_is_sent_once(desk, mail_server):
    mail_server.stop()
    submit(desk)
    staff = Staff(desk)
    until(lambda: attempts(desk) >= 2)
    assert staff.get("/jobs").json()["total"] == 1
    mail_server.start()
    mail_server.wait_for(1, timeout_s=60)
    until(lambda: attempts(desk, "state = 'sent'") > 0)
    assert len(mail_server.messages) == 1


def test_queued_work_continues_after_a_restart(desk, mail_server):
    mail_server.stop()
    job_id = submit(desk)
    until(lambda: attempts(desk) >= 1)
    assert desk.stop() == 0
    mail_server.start()
    desk.start()
    [mail] = mail_server.wait_for(1, timeout_s=60)
    assert job_id[:8] in mail["Subject"]
    assert Staff(desk).get(f"/jobs/{job_id}").json()["status"] == "UPLOADED"


def test_a_worker_that_is_killed_is_replaced_and_loses_no_mail(desk, mail_server):
    mail_server.stop()
    for process in workers(desk):
        process.kill()
    submit(desk)
    mail_server.start()
    mail_server.wait_for(1, timeout_s=90)
    until(lambda: requests.get(f"{desk.base_url}/api/v1/health", timeout=10).status_code == 200)
    assert len(mail_server.messages) == 1


def test_an_unmounted_share_changes_nothing_and_is_reported(desk):
    job_id = submit(desk)
    staff = Staff(desk)
    staff.post(f"/jobs/{job_id}/lock")
    marker = desk.storage / ".printdesk"
    marker.rename(desk.folder / "marker")
    refused = staff.post(f"/jobs/{job_id}/approve", weight_g=10, time_hours=1)
    assert refused.status_code == 503
    assert "storage is not reachable" in refused.json()["message"]
    assert staff.get(f"/jobs/{job_id}").json()["status"] == "UPLOADED"
    health = requests.get(f"{desk.base_url}/api/v1/health", timeout=10)
    assert health.json()["components"]["storage"] == "error"
    (desk.folder / "marker").rename(marker)
    answer = staff.post(f"/jobs/{job_id}/approve", weight_g=10, time_hours=1)
    assert answer.status_code == 200


class Staff:
    """A signed-in person, by bearer token."""

    def __init__(self, desk: Launched) -> None:
        self.base = f"{desk.base_url}/api/v1"
        answer = requests.post(
            f"{self.base}/auth/login",
            json={"email": desk.admin_email, "password": desk.admin_password},
            timeout=30,
        )
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def post(self, path: str, **body: Any) -> requests.Response:
        return requests.post(self.base + path, json=body, headers=self.headers, timeout=60)

    def get(self, path: str) -> requests.Response:
        return requests.get(self.base + path, headers=self.headers, timeout=60)


def submit(desk: Launched) -> str:
    answer = requests.post(
        f"{desk.base_url}/api/v1/submit",
        data=FORM,
        files={"file": ("clip.stl", meshes.binary_stl(meshes.cube(20)))},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def find_broker(desk: Launched) -> psutil.Process:
    return next(one for one in desk.family() if "redis-server" in one.name())


def database_processes(desk: Launched) -> list[psutil.Process]:
    """All of them; the one that starts the others is stopped first, and starts no more."""
    found = [one for one in desk.family() if one.name() == "postgres"]
    return sorted(found, key=lambda one: one.pid)


@contextmanager
def stopped(processes: list[psutil.Process]) -> Iterator[None]:
    """They hang meanwhile: they are there, and do nothing."""
    assert processes
    try:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()


def workers(desk: Launched) -> list[psutil.Process]:
    """The worker, its children and the scheduler, below the process that looks after them."""
    [parent] = [
        one
        for one in psutil.Process(desk.process.pid).children()
        if "launch.background" in " ".join(one.cmdline())
    ]
    return parent.children(recursive=True)


def attempts(desk: Launched, where: str = "true") -> int:
    with connect(desk.database_url) as connection:
        row = connection.execute(
            f"SELECT coalesce(max(attempts), 0) FROM mails WHERE {where}"
        ).fetchone()
    return int(row[0])


def until(holds: Callable[[], bool], within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.2)
