"""Editing a job and its notes over the API."""

import json

import pytest

from models import Role, Status
from tests.support.client import NAMES, changed_job, refusal_of, rows, token_of

AWAY = "0" * 32
NO_JSON = ("NaN", "Infinity", "-Infinity")


@pytest.fixture
def job_id(desk):
    """A job in the hands of the staff."""
    return held(desk, desk.job())


@pytest.fixture
def pending_id(desk):
    """A job that waits for the student's word on 42.5 g: $4.25."""
    return held(desk, desk.job("PENDING"))


def held(desk, job_id):
    assert desk.staff.post(f"/jobs/{job_id}/lock").status_code == 200
    return job_id


def edit(caller, job_id, **changes):
    return caller.call("PATCH", f"/jobs/{job_id}", changes)


def save(caller, job_id, notes, **base):
    return caller.call("PATCH", f"/jobs/{job_id}/notes", {"notes": notes} | base)


def event_types(desk, job_id):
    return [event["event_type"] for event in desk.staff.get(f"/jobs/{job_id}").json["events"]]


def test_an_edit_returns_the_changed_job(desk, job_id):
    changes = {"printer": "prusa_xl", "color": "Blue", "weight_g": 12, "time_hours": 1.2}
    answer = edit(desk.staff, job_id, **changes)
    assert answer.status_code == 200, answer.text
    assert {name: answer.json[name] for name in changes} == changes | {"time_hours": 1.5}
    assert (answer.json["cost_cents"], answer.json["locked_by"]) == (None, NAMES[Role.STAFF])
    there = desk.staff.get(f"/jobs/{job_id}").json
    assert {name: there[name] for name in answer.json} == answer.json
    assert there["events"][0]["event_type"] == "JobEdited"
    assert there["events"][0]["details"]["changes"] == {
        "printer": ["prusa_mk4s", "prusa_xl"],
        "color": ["True Red", "Blue"],
        "weight_g": [None, 12.0],
        "time_hours": [None, 1.5],
    }


def test_a_new_price_ends_the_students_old_link(desk, pending_id):
    old = token_of(pending_id)
    answer = edit(desk.staff, pending_id, weight_g=60.0)
    assert answer.json["cost_cents"] == 600
    stranger = desk.stranger()
    assert refusal_of(stranger.post(f"/confirm/{old}"), 410, "link_gone")["reason"] == "replaced"
    assert desk.client().get(f"/confirm/{old}").status_code == 410
    new = token_of(pending_id)
    assert "$6.00" in desk.client().get(f"/confirm/{new}").text
    assert stranger.post(f"/confirm/{new}").status_code == 200
    there = desk.staff.get(f"/jobs/{pending_id}").json
    assert (there["status"], there["cost_cents"]) == ("READYTOPRINT", 600)


def test_the_same_price_leaves_the_link(desk, pending_id):
    old = token_of(pending_id)
    assert edit(desk.staff, pending_id, color="Blue").json["cost_cents"] == 425
    assert token_of(pending_id) == old
    assert "Blue" in desk.client().get(f"/confirm/{old}").text


@pytest.mark.parametrize("body", [{}, {"color": None}, {"color": "True Red", "weight_g": None}])
def test_omitted_fields_do_not_change(desk, job_id, body):
    before = rows()
    answer = edit(desk.staff, job_id, **body)
    assert answer.status_code == 200
    assert rows() == before


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"weight_g": 0}, "weight_g"),
        ({"weight_g": -1.5}, "weight_g"),
        ({"weight_g": 20_000.01}, "weight_g"),
        ({"weight_g": "12"}, "weight_g"),
        ({"weight_g": True}, "weight_g"),
        ({"weight_g": [12]}, "weight_g"),
        ({"time_hours": 0}, "time_hours"),
        ({"time_hours": 1_000.01}, "time_hours"),
        ({"time_hours": "3:30"}, "time_hours"),
        ({"printer": "formlabs_form3"}, "printer"),
        ({"printer": 7}, "printer"),
        ({"printer": "x" * 65}, "printer"),
        ({"material": "Resin"}, "printer color"),
        ({"material": "Wood"}, "material"),
        ({"color": "Mauve"}, "color"),
        ({"color": "Blue\x00"}, "color"),
        ({"color": "\ud800"}, "color"),
        ({"status": "PENDING"}, "status"),
        ({"cost_cents": 1}, "cost_cents"),
        ({"notes": "x"}, "notes"),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(desk, job_id, body, fields):
    before = rows()
    answer = edit(desk.staff, job_id, **body, **({} if "color" in body else {"color": "Blue"}))
    assert set(refusal_of(answer, 400, "invalid")["fields"]) == set(fields.split())
    assert rows() == before


@pytest.mark.parametrize("word", NO_JSON)
@pytest.mark.parametrize("field", ["weight_g", "time_hours"])
def test_a_value_that_is_not_a_number_is_refused(desk, job_id, word, field):
    before = rows()
    answer = desk.staff.call(
        "PATCH",
        f"/jobs/{job_id}",
        data=f'{{"{field}": {word}}}',
        content_type="application/json",
    )
    assert answer.status_code == 400
    assert rows() == before


def test_the_smallest_amounts_are_accepted(desk, pending_id):
    answer = edit(desk.staff, pending_id, weight_g=0.1, time_hours=0.01)
    assert answer.status_code == 200
    assert (answer.json["cost_cents"], answer.json["time_hours"]) == (300, 0.5)


def test_an_edit_needs_the_lock(desk):
    job_id = desk.job()
    refusal_of(edit(desk.staff, job_id, color="Blue"), 403, "lock_required")
    assert desk.caller(Role.ADMIN).post(f"/jobs/{job_id}/lock").status_code == 200
    details = refusal_of(edit(desk.staff, job_id, color="Blue"), 403, "lock_required")
    assert details["locked_by"] == NAMES[Role.ADMIN]
    assert event_types(desk, job_id) == ["JobCreated"]


@pytest.mark.parametrize("status", ["COMPLETED", "PAIDPICKEDUP", "REJECTED", "ARCHIVED"])
def test_a_finished_or_rejected_job_cannot_be_edited(desk, status):
    job_id = held(desk, desk.job(status))
    before = rows()
    answer = edit(desk.staff, job_id, color="Blue")
    assert refusal_of(answer, 409, "conflict") == {"status": status}
    assert rows() == before


def test_fields_that_affect_the_price_are_fixed_after_confirmation(desk):
    job_id = held(desk, desk.job("READYTOPRINT"))
    answer = edit(desk.staff, job_id, weight_g=1.0, material="Resin", color="Blue")
    fields = refusal_of(answer, 400, "invalid")["fields"]
    assert set(fields) == {"weight_g", "material"}
    assert desk.staff.get(f"/jobs/{job_id}").json["color"] == "True Red"


def test_managers_and_strangers_edit_nothing(desk, job_id):
    manager = desk.caller(Role.MANAGER)
    before = rows()
    for request in (edit, lambda *who, **_: save(*who, "x", base="")):
        refusal_of(request(manager, job_id, color="Blue"), 403, "forbidden")
        refusal_of(request(desk.stranger(), job_id, color="Blue"), 401, "not_signed_in")
    assert rows() == before


def test_a_job_that_is_not_there_is_not_found(desk):
    refusal_of(edit(desk.staff, AWAY, color="Blue"), 404, "not_found")
    refusal_of(save(desk.staff, AWAY, "x", base=""), 404, "not_found")


def test_an_edit_makes_what_was_read_before_out_of_date(desk, job_id):
    tag = desk.staff.get(f"/jobs/{job_id}").headers["ETag"]
    edit(desk.staff, job_id, color="Blue")
    again = desk.staff.get(f"/jobs/{job_id}", headers={"If-None-Match": tag})
    assert (again.status_code, again.json["color"]) == (200, "Blue")


def test_notes_are_saved_without_a_lock_against_their_base(desk):
    job_id = desk.job()
    answer = save(desk.staff, job_id, " Thin walls\n", base="")
    assert answer.status_code == 200
    assert (answer.json["notes"], answer.json["locked_by"]) == (" Thin walls\n", None)
    assert save(desk.staff, job_id, "Thicker", base=" Thin walls\n").json["notes"] == "Thicker"
    assert save(desk.staff, job_id, "", base="Thicker").json["notes"] is None
    assert event_types(desk, job_id) == ["NotesUpdated"] * 3 + ["JobCreated"]


@pytest.mark.parametrize("without", [{}, {"base": None}])
def test_notes_without_a_base_need_the_lock(desk, without):
    job_id = desk.job()
    refusal_of(save(desk.staff, job_id, "x", **without), 403, "lock_required")
    held(desk, job_id)
    assert save(desk.staff, job_id, "x", **without).json["notes"] == "x"


def test_a_conflict_returns_the_changed_notes(desk):
    job_id = desk.job()
    assert save(desk.caller(Role.ADMIN), job_id, "Theirs", base="").status_code == 200
    event = desk.staff.get(f"/jobs/{job_id}").json["events"][0]
    answer = save(desk.staff, job_id, "Mine", base="")
    details = refusal_of(answer, 409, "conflict")
    assert details == {
        "notes": "Theirs",
        "changed_by": NAMES[Role.ADMIN],
        "changed_at": event["timestamp"],
    }
    assert details["changed_at"].endswith("Z")
    assert NAMES[Role.ADMIN] in answer.json["message"]
    assert desk.staff.get(f"/jobs/{job_id}").json["notes"] == "Theirs"
    assert save(desk.staff, job_id, "Both", base=details["notes"]).json["notes"] == "Both"


def test_the_same_notes_again_change_nothing(desk):
    job_id = desk.job()
    save(desk.staff, job_id, "Thin walls", base="")
    before = rows()
    assert save(desk.staff, job_id, "Thin walls", base="").status_code == 200
    assert rows() == before


def test_notes_of_a_locked_job_are_refused(desk):
    job_id = desk.job()
    assert desk.caller(Role.ADMIN).post(f"/jobs/{job_id}/lock").status_code == 200
    details = refusal_of(save(desk.staff, job_id, "Mine", base=""), 409, "locked")
    assert details["locked_by"] == NAMES[Role.ADMIN]
    assert desk.staff.get(f"/jobs/{job_id}").json["notes"] is None


@pytest.mark.parametrize("field", ["notes", "base"])
@pytest.mark.parametrize("text", ["x" * 20_001, "a\x00b", "half a \ud83d", 7, ["x"]])
def test_notes_that_cannot_be_kept_are_refused(desk, field, text):
    job_id, staff = desk.job(), desk.staff
    before = rows()
    body = {"notes": "x", "base": ""} | {field: text}
    answer = staff.call("PATCH", f"/jobs/{job_id}/notes", body)
    assert set(refusal_of(answer, 400, "invalid")["fields"]) == {field}
    assert rows() == before


@pytest.mark.parametrize("text", ["x" * 20_000, "🙂" * 20_000])
def test_notes_may_have_the_maximum_length(desk, text):
    job_id = desk.job()
    assert save(desk.staff, job_id, text, base="").json["notes"] == text
    assert save(desk.staff, job_id, "", base=text).json["notes"] is None


def test_notes_are_for_the_staff_alone(desk):
    job_id = desk.job("PENDING")
    save(desk.staff, job_id, "Not for students", base="")
    for path in (f"/track/{job_id}", f"/confirm/{token_of(job_id)}"):
        assert "Not for students" not in desk.client().get(path).text
    answer = desk.stranger().post(f"/confirm/{token_of(job_id)}")
    assert "notes" not in json.dumps(answer.json)
    with changed_job(job_id) as job:
        assert (job.status, job.notes) == (Status.READYTOPRINT, "Not for students")
