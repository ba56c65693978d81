"""Requesting a new check of a model."""

from models import Role
from services.checks import modelchecks
from tests.support.client import refusal_of


def test_staff_can_request_a_check_and_get_the_pending_job(desk):
    job_id = desk.job("UPLOADED")
    modelchecks.run(job_id)
    assert desk.staff.get(f"/jobs/{job_id}").json["model"]["state"] == "ok"
    answer = desk.staff.post(f"/jobs/{job_id}/recheck")
    assert answer.status_code == 202, answer.text
    assert answer.json["model"] == {"state": "pending"}
    modelchecks.run(job_id)
    assert desk.staff.get(f"/jobs/{job_id}").json["model"]["size_mm"] == [20, 20, 20]


def test_others_cannot_request_a_check(desk):
    job_id = desk.job("UPLOADED")
    refusal_of(desk.caller(Role.MANAGER).post(f"/jobs/{job_id}/recheck"), 403, "forbidden")
    refusal_of(desk.staff.post(f"/jobs/{'0' * 32}/recheck"), 404, "not_found")
