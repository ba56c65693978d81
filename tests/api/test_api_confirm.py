"""Confirmation links over the API: confirming, invalid links, and new ones."""

import pytest

from services.students import confirmations
from tests.support.client import changed_job, changed_link, refusal_of, rows, token_of

NOT_OURS = ["x", "forged.token", "a" * 4000, "%00", "..", "null", "InVhYmMi.AAAAAAAAAAAAAAAAAAAA"]


def expire(job_id):
    with changed_link(job_id) as link:
        link.expires_at = link.expires_at.replace(year=2020)


def test_confirming_moves_the_job_on(desk):
    job_id = desk.job("PENDING")
    answer = desk.stranger().post(f"/confirm/{token_of(job_id)}")
    assert answer.status_code == 200
    assert answer.json["status"] == "READYTOPRINT"
    assert answer.json["student_confirmed"] is True
    assert answer.json["student_confirmed_at"].endswith("Z")
    assert not {"notes", "locked_by", "file_path"} & set(answer.json)


@pytest.mark.parametrize("token", NOT_OURS)
def test_a_forged_link_is_not_found(desk, token):
    refusal_of(desk.stranger().post(f"/confirm/{token}"), 404, "not_found")


def test_a_signed_link_of_an_unknown_job_is_not_found(desk):
    token = confirmations.token_of("0" * 32)
    refusal_of(desk.stranger().post(f"/confirm/{token}"), 404, "not_found")


def test_changing_any_letter_makes_a_link_invalid(desk):
    token = token_of(desk.job("PENDING"))
    before = rows()
    for place in range(0, len(token), 7):
        changed = token[:place] + ("a" if token[place] != "a" else "b") + token[place + 1 :]
        refusal_of(desk.stranger().post(f"/confirm/{changed}"), 404, "not_found")
    assert rows() == before


def test_a_link_works_once(desk):
    job_id = desk.job("PENDING")
    token = token_of(job_id)
    desk.stranger().post(f"/confirm/{token}")
    before = rows()
    answer = desk.stranger().post(f"/confirm/{token}")
    assert refusal_of(answer, 410, "link_gone") == {"reason": "used", "job_id": job_id}
    assert (answer.json["reason"], answer.json["job_id"]) == ("used", job_id)
    assert rows() == before


def test_an_expired_link_is_gone(desk):
    job_id = desk.job("PENDING")
    token = token_of(job_id)
    expire(job_id)
    answer = desk.stranger().post(f"/confirm/{token}")
    assert refusal_of(answer, 410, "link_gone") == {"reason": "expired", "job_id": job_id}
    assert answer.json["message"] == "Confirmation link expired"


def test_a_newer_link_replaces_an_older_one(desk):
    job_id = desk.job("PENDING")
    old = token_of(job_id)
    resent = desk.staff.post(f"/jobs/{job_id}/admin/resend-email", {"email_type": "approval"})
    assert resent.json["message"] == "Email resent successfully"
    new = resent.json["new_token"]
    details = refusal_of(desk.stranger().post(f"/confirm/{old}"), 410, "link_gone")
    assert details == {"reason": "replaced", "job_id": job_id}
    assert desk.stranger().post(f"/confirm/{new}").status_code == 200


def test_a_link_that_the_job_no_longer_needs_is_gone(desk):
    job_id = desk.job("PENDING")
    token = token_of(job_id)
    desk.staff.post(f"/jobs/{job_id}/admin/force-confirm", {"reason": "At the desk"})
    details = refusal_of(desk.stranger().post(f"/confirm/{token}"), 410, "link_gone")
    assert details["reason"] == "settled"


def test_a_link_of_a_deleted_job_is_not_found(desk):
    job_id = desk.job("PENDING")
    token = token_of(job_id)
    desk.staff.post(f"/jobs/{job_id}/lock")
    assert desk.staff.call("DELETE", f"/jobs/{job_id}").status_code == 204
    details = refusal_of(desk.stranger().post(f"/confirm/{token}"), 404, "not_found")
    assert details["reason"] == "gone"


def test_a_get_request_does_not_confirm(desk):
    token = token_of(desk.job("PENDING"))
    before = rows()
    refusal_of(desk.stranger().get(f"/confirm/{token}"), 405, "method_not_allowed")
    assert rows() == before


def test_an_expired_link_says_what_can_be_done(desk, configure):
    configure(RATE_LIMIT_RESEND="1/hour")
    job_id = desk.job("PENDING")
    expire(job_id)
    stranger = desk.stranger()
    about = stranger.get("/confirm/expired", query_string={"job_id": job_id}).json
    assert about["can_resend"] is True and about["retry_after_s"] == 0
    assert about["job_id"] == job_id and about["status"] == "PENDING"
    assert not {"student_name", "student_email", "notes"} & set(about)
    answer = stranger.post("/submit/resend-confirmation", {"job_id": job_id})
    assert answer.json == {"message": "A new confirmation email has been sent."}
    about = stranger.get("/confirm/expired", query_string={"job_id": job_id}).json
    assert about["can_resend"] is False and 3500 < about["retry_after_s"] <= 3600
    assert stranger.post(f"/confirm/{token_of(job_id)}").status_code == 200


def test_the_expired_route_describes_the_links_state(desk):
    def about(job_id):
        answer = desk.stranger().get("/confirm/expired", query_string={"job_id": job_id})
        return answer.json["can_resend"], answer.json["message"]

    job_id, unpriced = desk.job("PENDING"), desk.job()
    assert about(job_id)[1].startswith("Your confirmation link still works.")
    with changed_job(job_id) as job:  # expired, and no sweep has been by
        job.confirmation_expires_at = job.confirmation_expires_at.replace(year=2020)
    can_resend, words = about(job_id)
    assert can_resend and words.startswith("Your confirmation link has expired.")
    by_hand = {"new_status": "PENDING", "reason": "By mistake"}
    desk.staff.post(f"/jobs/{unpriced}/admin/change-status", by_hand)
    can_resend, words = about(unpriced)
    assert not can_resend and "has not set a price" in words


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"job_id": ""}, 404, "not_found"),
        ({"job_id": "0" * 32}, 404, "not_found"),
        ({"job_id": "a\x00b"}, 400, "invalid"),
        ({"job_id": "x" * 65}, 400, "invalid"),
    ],
)
def test_an_unknown_job_has_no_expired_link(desk, query, status, code):
    refusal_of(desk.stranger().get("/confirm/expired", query_string=query), status, code)


def test_a_new_link_can_be_asked_for_once_an_hour(desk, configure):
    configure(RATE_LIMIT_RESEND="1/hour")
    job_id, stranger = desk.job("PENDING"), desk.stranger()
    assert stranger.post("/submit/resend-confirmation", {"job_id": job_id}).status_code == 200
    before = rows()
    answer = stranger.post("/submit/resend-confirmation", {"job_id": job_id})
    details = refusal_of(answer, 429, "too_soon")
    assert 3500 < details["retry_after_s"] <= 3600
    assert int(answer.headers["Retry-After"]) == details["retry_after_s"]
    assert answer.json["message"] == "You can request a new email in 60 minutes."
    assert rows() == before


def test_staff_resends_are_limited_too(desk, configure):
    configure(RATE_LIMIT_RESEND="1/hour")
    job_id = desk.job("PENDING")
    path, body = f"/jobs/{job_id}/admin/resend-email", {"email_type": "approval"}
    assert desk.staff.post(path, body).status_code == 200
    answer = desk.staff.post(path, body)
    refusal_of(answer, 429, "too_soon")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("status", ["UPLOADED", "READYTOPRINT", "REJECTED"])
def test_a_job_that_is_not_waiting_gets_no_new_link(desk, status):
    answer = desk.stranger().post("/submit/resend-confirmation", {"job_id": desk.job(status)})
    refusal_of(answer, 404, "not_found")


def test_an_unknown_job_and_one_not_waiting_get_the_same_answer(desk):
    stranger = desk.stranger()
    known = stranger.post("/submit/resend-confirmation", {"job_id": desk.job()})
    unknown = stranger.post("/submit/resend-confirmation", {"job_id": "0" * 32})
    assert (known.status_code, known.json) == (unknown.status_code, unknown.json)


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        ("REJECTED", "rejection", None),
        ("COMPLETED", "completion", None),
        ("COMPLETED", "approval", "conflict"),
        ("UPLOADED", "completion", "conflict"),
        ("PENDING", "received", "invalid"),
        ("PENDING", "", "invalid"),
    ],
)
def test_an_email_is_resent_only_in_its_status(desk, status, kind, code):
    path = f"/jobs/{desk.job(status)}/admin/resend-email"
    answer = desk.staff.post(path, {"email_type": kind})
    if code is None:
        assert answer.json == {"message": "Email resent successfully", "new_token": None}
    else:
        refusal_of(answer, {"conflict": 409, "invalid": 400}[code], code)
