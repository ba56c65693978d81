"""One job from the student's upload to the hand-over, over HTTP alone, on a started Printdesk."""

import hashlib
import re
import secrets
import time
from pathlib import Path

import pytest
import requests

from tests.support import debian, launched, meshes
from tests.support.client import APPROVAL, FORM
from tests.support.launched import Launched
from tests.support.mailserver import MailServer
from tests.support.skips import SAMPLE_MODELS

STUDENT = "whole.job@uni.example"
JOB_FIELDS = {
    *("id", "short_id", "student_name", "student_email", "discipline", "class_number"),
    *("original_filename", "display_name", "file_path", "status", "printer", "color", "material"),
    *("weight_g", "time_hours", "cost_cents", "acknowledged_minimum_charge"),
    *("student_confirmed", "student_confirmed_at", "confirmation_expires_at"),
    *("is_confirmation_expired", "reject_reasons", "staff_viewed_at", "last_updated_by", "notes"),
    *("file_hash", "file_size", "model", "thumbnail_url", "locked_by", "locked_until"),
    *("created_at", "updated_at"),
}
STAFFS_OWN = {"file_path", "staff_viewed_at", "last_updated_by", "notes", "locked_by"}


class Lab:
    """The API of a started Printdesk; `token` is the staff's, once they have signed in."""

    def __init__(self, live: Launched) -> None:
        self.live, self.token = live, ""

    def call(self, method: str, path: str, status: int, **options):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        address = f"{self.live.base_url}/api/v1{path}"
        answer = requests.request(method, address, headers=headers, timeout=30, **options)
        assert answer.status_code == status, answer.text
        return answer.json()

    def act(self, job_id: str, action: str, body=None):
        lease = self.call("POST", f"/jobs/{job_id}/lock", 200)
        assert lease["locked_until"].endswith("Z")
        job = self.call("POST", f"/jobs/{job_id}/{action}", 200, json=body)
        check(job)
        assert job["locked_by"] is None
        return job


def check(job, fields=JOB_FIELDS):
    assert set(job) == fields
    for name, value in job.items():
        if name.endswith(("_at", "_until")) and value is not None:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value), (name, value)


def a_model() -> tuple[str, bytes]:
    """A real part where the samples are, else one of our own making."""
    real = SAMPLE_MODELS / "real" / "01_Voron_Design_Cube_v7.stl"
    if real.is_file():
        return real.name, real.read_bytes()
    return "cube.stl", meshes.binary_stl(meshes.cube(31))


def mail_to_student(live: Launched, word: str) -> str:
    """The text of the mail whose subject has the word, once it has arrived."""
    while True:
        seen = len(live.smtp.messages)
        for mail in live.smtp.to(STUDENT):
            if word in mail["Subject"]:
                return mail.get_body(("plain",)).get_content()
        live.smtp.wait_for(seen + 1)


def only_folder(live: Launched, status: str, short_id: str) -> Path:
    """The job's folder, which is in this status folder and, a moment later, in no other."""
    [folder] = (live.storage / status).glob(f"*_{short_id}")
    while len(list(live.storage.glob(f"*/*_{short_id}"))) > 1:
        time.sleep(0.05)
    return folder


def test_a_job_goes_from_upload_to_hand_over(live):
    go_from_upload_to_hand_over(live)


@pytest.mark.system
def test_a_job_goes_from_upload_to_hand_over_on_debians_servers():
    """PostgreSQL and Redis of another version, on TCP and behind passwords, as in production."""
    if not debian.are_installed():
        pytest.skip("Debian's PostgreSQL and Redis are not installed")
    smtp = MailServer()
    smtp.start()
    with debian.servers() as urls:
        printdesk = launched.make("debian", smtp, SECRET_KEY=secrets.token_hex(32), **urls)
        try:
            go_from_upload_to_hand_over(printdesk.start())
            assert not {"postgres", "redis-server"} & {one.name() for one in printdesk.family()}
            assert printdesk.stop() == 0
        finally:
            launched.remove(printdesk)
            smtp.stop()


def go_from_upload_to_hand_over(live):
    lab = Lab(live)
    name, content = a_model()
    form = FORM | {"student_email": STUDENT}
    submitted = lab.call("POST", "/submit", 201, data=form, files={"file": (name, content)})
    check(submitted, JOB_FIELDS - STAFFS_OWN - {"locked_until"})
    job_id, short_id = submitted["id"], submitted["short_id"]
    assert submitted["status"] == "UPLOADED"
    assert submitted["file_hash"] == hashlib.sha256(content).hexdigest()

    credentials = {"email": live.admin_email, "password": live.admin_password}
    lab.token = lab.call("POST", "/auth/login", 200, json=credentials)["access_token"]
    listed = lab.call("GET", "/jobs", 200, params={"search": short_id})
    assert listed["filtered"] == 1 and listed["total"] >= 1
    check(listed["jobs"][0])

    approved = lab.act(job_id, "approve", APPROVAL)
    assert approved["status"] == "PENDING"
    assert (approved["cost_cents"], approved["time_hours"]) == (425, 3.5)

    letter = mail_to_student(live, "confirm")
    assert "$4.25" in letter
    [link] = re.findall(rf"{live.base_url}/confirm/(\S+)", letter)
    confirmed = Lab(live).call("POST", f"/confirm/{link}", 200)
    check(confirmed, JOB_FIELDS - STAFFS_OWN - {"locked_until"})
    assert confirmed["status"] == "READYTOPRINT" and confirmed["student_confirmed"] is True
    again = Lab(live).call("POST", f"/confirm/{link}", 410)
    assert (again["reason"], again["job_id"]) == ("used", job_id)

    assert lab.act(job_id, "mark-printing")["status"] == "PRINTING"
    assert lab.act(job_id, "mark-complete")["status"] == "COMPLETED"
    assert "front desk" in mail_to_student(live, "collect")
    done = lab.act(job_id, "mark-picked-up")
    assert done["status"] == "PAIDPICKEDUP"

    folder = only_folder(live, "PaidPickedUp", short_id)
    stored = folder / done["display_name"]
    assert done["file_path"] == str(stored)
    assert stored.read_bytes() == content

    whole = lab.call("GET", f"/jobs/{job_id}", 200)
    check(whole, JOB_FIELDS | {"events", "print_runs"})
    kinds = [event["event_type"] for event in reversed(whole["events"])]
    steps = ["JobCreated", "StaffApproved", "StudentConfirmed", "PrintStarted", "PrintCompleted"]
    assert [kind for kind in kinds if kind in (*steps, "PickedUp")] == [*steps, "PickedUp"]
    assert [run["outcome"] for run in whole["print_runs"]] == ["completed"]
    subjects = [mail["Subject"] for mail in live.smtp.to(STUDENT)]
    assert len(subjects) == len(set(subjects)) == 3  # received, approved, ready: each once


def test_a_client_that_sends_too_much_still_gets_the_answer(live):
    """The answer comes while the client is sending, and must not be lost with the connection."""
    form = {"file": ("large.stl", bytes(60 * 1024**2))}
    for _ in range(3):
        refused = Lab(live).call("POST", "/submit", 413, data=FORM, files=form)
        assert refused["error"] == "too_large"
    slightly = {"file": ("large.stl", bytes(50 * 1024**2 + 1000))}
    refused = Lab(live).call("POST", "/submit", 413, data=FORM, files=slightly)
    assert refused["error"] == "too_large"
    assert list((live.storage / ".uploads").iterdir()) == []
