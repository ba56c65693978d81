"""Actions on a job over the API: the answers and errors of each route."""

import pytest

from models import Role
from services.files import storage
from settings import lab
from tests.support.client import APPROVAL, BODIES, changed_job, refusal_of, rows

REASON = {"reason": "Because of the test"}
# action: where it starts, where it leads, whether it needs the lock, what it is told
ACTIONS = {
    "approve": ("UPLOADED", "PENDING", True, APPROVAL),
    "reject": ("UPLOADED", "REJECTED", True, BODIES["reject"]),
    "mark-printing": ("READYTOPRINT", "PRINTING", True, None),
    "mark-complete": ("PRINTING", "COMPLETED", True, None),
    "mark-picked-up": ("COMPLETED", "PAIDPICKEDUP", True, None),
    "revert-completion": ("COMPLETED", "PRINTING", False, None),
    "revert-pickup": ("PAIDPICKEDUP", "COMPLETED", False, None),
    "admin/force-confirm": ("PENDING", "READYTOPRINT", False, REASON | {"bypass_email": True}),
    "admin/mark-failed": ("PRINTING", "READYTOPRINT", False, REASON),
    "admin/change-status": ("UPLOADED", "PRINTING", False, REASON | {"new_status": "PRINTING"}),
}
LOCKED = [action for action, (_, _, locked, _) in ACTIONS.items() if locked]
UNLOCKED = [action for action in ACTIONS if action not in LOCKED]
FOLDERS = {"REJECTED": "Archived_Rejected", "PAIDPICKEDUP": "PaidPickedUp"}


def colleague(desk):
    desk.add_person(Role.STAFF, "Kim Colleague")
    return desk.caller(Role.STAFF, "Kim Colleague")


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_returns_the_changed_job(desk, action):
    begin, end, _, body = ACTIONS[action]
    job_id = desk.job(begin)
    answer = desk.staff.act(job_id, action, body)
    assert answer.status_code == 200, answer.text
    assert answer.json["status"] == end
    assert answer.json["locked_by"] is None
    assert desk.staff.get(f"/jobs/{job_id}").json["status"] == end
    folder = FOLDERS.get(end, {"READYTOPRINT": "ReadyToPrint"}.get(end, end.capitalize()))
    [found] = (storage.root() / folder).iterdir()
    assert answer.json["file_path"] == str(found / f"{found.name}.stl")


@pytest.mark.parametrize("action", [*LOCKED, "notes", "delete"])
def test_without_the_lock_it_is_forbidden(desk, action):
    begin, _, _, body = ACTIONS.get(action, ("UPLOADED", "", True, {"notes": "x"}))
    job_id, staff = desk.job(begin), desk.staff
    before = rows()
    answer = call(staff, job_id, action, body)
    refusal_of(answer, 403, "lock_required")
    assert answer.json["message"] == "You do not hold the lock for this job."
    assert rows() == before


@pytest.mark.parametrize("action", [*LOCKED, "notes", "delete"])
def test_with_anothers_lock_it_is_forbidden_and_says_whose(desk, action):
    begin, _, _, body = ACTIONS.get(action, ("UPLOADED", "", True, {"notes": "x"}))
    job_id, other = desk.job(begin), colleague(desk)
    other.post(f"/jobs/{job_id}/lock")
    answer = call(desk.staff, job_id, action, body)
    details = refusal_of(answer, 403, "lock_required")
    assert details["locked_by"] == "Kim Colleague"
    assert details["locked_until"].endswith("Z")


@pytest.mark.parametrize("action", [*UNLOCKED, "review", "lock", "unlock", "admin/resend-email"])
def test_actions_without_a_lock_still_respect_a_held_lock(desk, action):
    begin, _, _, body = ACTIONS.get(action, ("PENDING", "", False, None))
    body = {"review": {"reviewed": True}, "admin/resend-email": {"email_type": "approval"}}.get(
        action, body
    )
    job_id, other = desk.job(begin), colleague(desk)
    other.post(f"/jobs/{job_id}/lock")
    answer = desk.staff.post(f"/jobs/{job_id}/{action}", body)
    details = refusal_of(answer, 409, "locked")
    assert details["locked_by"] == "Kim Colleague"
    assert details["locked_until"].endswith("Z")
    assert answer.json["locked_by"] == "Kim Colleague"  # where the plan's section 6 has it


# From the archive, too, a change by hand leads on: see the test below.
NOT_FROM_THE_ARCHIVE = [action for action in ACTIONS if action != "admin/change-status"]


def test_only_administrators_bring_jobs_into_the_archive_and_out_of_it(desk):
    job_id, admin = desk.job("COMPLETED"), desk.caller(Role.ADMIN)
    for target, now in (("ARCHIVED", "COMPLETED"), ("PAIDPICKEDUP", "ARCHIVED")):
        body = {"new_status": target, "reason": "Because of the test"}
        answer = desk.staff.post(f"/jobs/{job_id}/admin/change-status", body)
        assert refusal_of(answer, 403, "forbidden")["role"] == "admin"
        assert admin.get(f"/jobs/{job_id}").json["status"] == now
        answer = admin.post(f"/jobs/{job_id}/admin/change-status", body)
        assert (answer.status_code, answer.json["status"]) == (200, target)
    last = admin.get(f"/jobs/{job_id}").json["events"][0]
    assert (last["event_type"], last["details"]["reason"]) == ("AdminAction", body["reason"])


@pytest.mark.parametrize("action", NOT_FROM_THE_ARCHIVE)
def test_in_another_status_it_is_a_conflict_that_says_who_was_first(desk, action):
    _, _, _, body = ACTIONS[action]
    job_id = desk.job("ARCHIVED")
    before = rows()
    desk.staff.post(f"/jobs/{job_id}/lock")
    answer = desk.staff.post(f"/jobs/{job_id}/{action}", body)
    details = refusal_of(answer, 409, "conflict")
    assert details["status"] == "ARCHIVED"
    assert details["changed_by"] == "Ada Admin"
    assert details["changed_at"].endswith("Z")
    assert "Ada Admin was first" in answer.json["message"]
    assert rows()["events"] == before["events"]


@pytest.mark.parametrize("action", [*ACTIONS, "lock", "unlock", "lock/extend", "review", "delete"])
def test_an_unknown_job_is_not_found(desk, action):
    body = {"reviewed": True} if action == "review" else ACTIONS.get(action, (0, 0, 0, None))[3]
    refusal_of(call(desk.staff, "0" * 32, action, body), 404, "not_found")


@pytest.mark.parametrize("action", ["revert-completion", "revert-pickup"])
def test_a_revert_is_open_for_a_short_time_only(desk, action):
    begin = ACTIONS[action][0]
    job_id = desk.job(begin)
    with changed_job(job_id) as job:
        job.status_changed_at = job.status_changed_at.replace(year=2020)
    refusal_of(desk.staff.post(f"/jobs/{job_id}/{action}"), 409, "conflict")


@pytest.mark.parametrize("status", ["UPLOADED", "PENDING"])
def test_a_deleted_job_is_gone_with_its_files(desk, status):
    job_id = desk.job(status)
    desk.staff.post(f"/jobs/{job_id}/lock")
    answer = desk.staff.call("DELETE", f"/jobs/{job_id}")
    assert (answer.status_code, answer.data) == (204, b"")
    refusal_of(desk.staff.get(f"/jobs/{job_id}"), 404, "not_found")
    left = [path.name for path in storage.root().glob("*/*_*")]
    assert left == []
    [entry] = [row for row in rows()["audit_log"] if "JobDeleted" in row]
    assert job_id in str(entry)


def test_a_job_in_production_cannot_be_deleted(desk):
    job_id = desk.job("READYTOPRINT")
    desk.staff.post(f"/jobs/{job_id}/lock")
    answer = desk.staff.call("DELETE", f"/jobs/{job_id}")
    refusal_of(answer, 403, "forbidden")
    assert "Uploaded or Pending" in answer.json["message"]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"weight_g", "time_hours"}),
        ({"weight_g": 0, "time_hours": 1}, {"weight_g"}),
        ({"weight_g": -1, "time_hours": 1}, {"weight_g"}),
        ({"weight_g": 20_001, "time_hours": 1}, {"weight_g"}),
        ({"weight_g": 10, "time_hours": 1001}, {"time_hours"}),
        ({"weight_g": "heavy", "time_hours": 1}, {"weight_g"}),
        ({"weight_g": None, "time_hours": None}, {"weight_g", "time_hours"}),
        ({"weight_g": [1], "time_hours": {"h": 1}}, {"weight_g", "time_hours"}),
        ({**APPROVAL, "printer": "formlabs_form3"}, {"printer"}),
        ({**APPROVAL, "printer": "none_such"}, {"printer"}),
        ({**APPROVAL, "material": "Wood"}, {"material"}),
        ({**APPROVAL, "color": "Ultraviolet"}, {"color"}),
        ({**APPROVAL, "status": "COMPLETED"}, {"status"}),
    ],
)
def test_a_wrong_approval_names_its_fields_and_changes_nothing(desk, body, wrong):
    job_id = desk.job()
    desk.staff.post(f"/jobs/{job_id}/lock")
    before = rows()
    answer = desk.staff.post(f"/jobs/{job_id}/approve", body)
    assert set(refusal_of(answer, 400, "invalid")["fields"]) == wrong
    assert rows() == before


@pytest.mark.parametrize("body", [{}, {"reasons": []}, {"reasons": [" "], "custom_reason": " "}])
def test_a_rejection_without_a_reason_is_refused(desk, body):
    job_id = desk.job()
    answer = desk.staff.act(job_id, "reject", body or {"reasons": []})
    fields = refusal_of(answer, 400, "invalid")["fields"]
    assert fields and {name.partition(".")[0] for name in fields} == {"reasons"}


def test_an_out_of_range_amount_is_refused_with_a_message(desk):
    job_id = desk.job()
    desk.staff.post(f"/jobs/{job_id}/lock")
    answer = desk.staff.post(f"/jobs/{job_id}/approve", {"weight_g": 1e-300, "time_hours": 1e-300})
    assert refusal_of(answer, 400, "invalid")["fields"] == {
        "weight_g": "Enter the weight in grams: at least 0.1, at most 20,000.",
        "time_hours": "Enter the time in hours: at least 0.01, at most 1,000.",
    }
    answer = desk.staff.post(f"/jobs/{job_id}/approve", {"weight_g": 0.1, "time_hours": 0.01})
    assert (answer.json["cost_cents"], answer.json["time_hours"]) == (300, 0.5)


@pytest.mark.parametrize(
    "body",
    [
        {"reasons": ["Other"]},
        {"reasons": ["Model is not manifold", "Other"]},
        {"reasons": ["Other"], "custom_reason": "  "},
        {"custom_reason": "Other"},
    ],
)
def test_other_needs_an_explanation(desk, body):
    job_id = desk.job()
    answer = desk.staff.act(job_id, "reject", body)
    fields = refusal_of(answer, 400, "invalid")["fields"]
    assert set(fields) == {"custom_reason"} and "in your own words" in fields["custom_reason"]
    assert desk.staff.get(f"/jobs/{job_id}").json["status"] == "UPLOADED"


def test_an_explanation_replaces_other(desk):
    body = {"reasons": ["Model is not manifold", "Other"], "custom_reason": "Too thin."}
    answer = desk.staff.act(desk.job(), "reject", body)
    assert answer.json["reject_reasons"] == ["Model is not manifold", "Too thin."]


@pytest.mark.parametrize(
    "action", ["admin/force-confirm", "admin/mark-failed", "admin/change-status"]
)
@pytest.mark.parametrize("reason", ["", "   ", None, 7, "x" * 1001, ["because"]])
def test_an_override_needs_a_reason(desk, action, reason):
    begin, _, _, body = ACTIONS[action]
    job_id = desk.job(begin)
    answer = desk.staff.post(f"/jobs/{job_id}/{action}", body | {"reason": reason})
    assert set(refusal_of(answer, 400, "invalid")["fields"]) == {"reason"}


@pytest.mark.parametrize("status", ["UPLOADED", "GONE", "", None, 3])
def test_a_manual_status_must_differ(desk, status):
    answer = desk.staff.post(
        f"/jobs/{desk.job()}/admin/change-status", REASON | {"new_status": status}
    )
    assert set(refusal_of(answer, 400, "invalid")["fields"]) == {"new_status"}


def test_reviewing_marks_and_unmarks(desk):
    job_id = desk.job()
    seen = desk.staff.post(f"/jobs/{job_id}/review", {"reviewed": True})
    assert seen.json["staff_viewed_at"].endswith("Z")
    unseen = desk.staff.post(f"/jobs/{job_id}/review", {"reviewed": False})
    assert unseen.json["staff_viewed_at"] is None
    wrong = desk.staff.post(f"/jobs/{job_id}/review", {"reviewed": "perhaps"})
    assert set(refusal_of(wrong, 400, "invalid")["fields"]) == {"reviewed"}


def test_notes_are_kept_as_they_are_typed(desk):
    job_id = desk.job()
    desk.staff.post(f"/jobs/{job_id}/lock")
    text = "  Support <b>here</b>\n\n— Zoë 速い  "
    answer = desk.staff.call("PATCH", f"/jobs/{job_id}/notes", {"notes": text})
    assert answer.json["notes"] == text
    long = desk.staff.call("PATCH", f"/jobs/{job_id}/notes", {"notes": "x" * 20_001})
    assert set(refusal_of(long, 400, "invalid")["fields"]) == {"notes"}


def test_a_lock_is_taken_extended_and_released(desk):
    job_id, other = desk.job(), colleague(desk)
    taken = desk.staff.post(f"/jobs/{job_id}/lock").json
    assert set(taken) == {"message", "locked_by", "locked_until"}
    assert taken["message"] == "Job locked successfully" and taken["locked_until"].endswith("Z")
    extended = desk.staff.post(f"/jobs/{job_id}/lock/extend").json
    assert extended["locked_until"] >= taken["locked_until"]
    refusal_of(other.post(f"/jobs/{job_id}/lock/extend"), 403, "lock_required")
    released = desk.staff.post(f"/jobs/{job_id}/unlock")
    assert released.json == {"message": "Job unlocked successfully."}
    assert other.post(f"/jobs/{job_id}/lock").status_code == 200


def test_an_expired_lock_is_free(desk):
    job_id, other = desk.job(), colleague(desk)
    other.post(f"/jobs/{job_id}/lock")
    with changed_job(job_id) as job:
        job.locked_until = job.locked_until.replace(year=2020)
    assert desk.staff.post(f"/jobs/{job_id}/lock").json["locked_by"] == "Sam Staff"
    refusal_of(other.post(f"/jobs/{job_id}/approve", APPROVAL), 403, "lock_required")


def test_an_administrator_takes_a_lock_away_with_a_reason(desk):
    job_id, admin = desk.job(), desk.caller(Role.ADMIN)
    desk.staff.post(f"/jobs/{job_id}/lock")
    refusal_of(admin.post(f"/jobs/{job_id}/admin/force-unlock", {}), 400, "invalid")
    answer = admin.post(f"/jobs/{job_id}/admin/force-unlock", REASON)
    assert answer.json == {"message": "Lock has been forcibly released."}
    assert admin.get(f"/jobs/{job_id}").json["locked_by"] is None


def test_without_the_storage_nothing_changes(desk):
    job_id = desk.job()
    desk.staff.post(f"/jobs/{job_id}/lock")
    (storage.root() / storage.SENTINEL).rename(storage.root() / "away")
    before = rows()
    answer = desk.staff.post(f"/jobs/{job_id}/approve", APPROVAL)
    refusal_of(answer, 503, "storage_unavailable")
    assert answer.headers["Retry-After"] == "10"
    assert rows() == before


def test_prices_follow_the_material(desk):
    resin = {**APPROVAL, "material": "Resin", "printer": "formlabs_form3", "color": "Black"}
    assert desk.staff.act(desk.job(), "approve", resin).json["cost_cents"] == 850
    small = desk.staff.act(desk.job(), "approve", {"weight_g": 1, "time_hours": 0.1}).json
    assert small["cost_cents"] == lab().pricing.minimum_cents == 300
    assert small["time_hours"] == 0.5


def call(caller, job_id, action, body):
    if action == "delete":
        return caller.call("DELETE", f"/jobs/{job_id}")
    if action == "notes":
        return caller.call("PATCH", f"/jobs/{job_id}/notes", body)
    return caller.post(f"/jobs/{job_id}/{action}", body)
