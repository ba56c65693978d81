"""GET /jobs and GET /jobs/<id>."""

import re
from datetime import UTC, datetime

import pytest

from tests.support.client import changed_job, refusal_of

JOB_FIELDS = {
    *("id", "short_id", "student_name", "student_email", "discipline", "class_number"),
    *("original_filename", "display_name", "file_path", "status", "printer", "color", "material"),
    *("weight_g", "time_hours", "cost_cents", "acknowledged_minimum_charge"),
    *("student_confirmed", "student_confirmed_at", "confirmation_expires_at"),
    *("is_confirmation_expired", "reject_reasons", "staff_viewed_at", "last_updated_by", "notes"),
    *("file_hash", "file_size", "model", "thumbnail_url", "locked_by", "locked_until"),
    *("created_at", "updated_at"),
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
RESIN = {"print_method": "Resin", "color": "Black", "printer": "formlabs_form3"}


def found(desk, **query):
    answer = desk.staff.get("/jobs", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def ids(listed):
    return [job["id"] for job in listed["jobs"]]


def test_an_empty_queue_is_an_empty_list(desk):
    assert found(desk) == {"jobs": [], "total": 0, "filtered": 0}


def test_a_job_object_has_every_field_and_its_times_end_with_z(desk):
    job_id = desk.job("PENDING")
    desk.staff.post(f"/jobs/{job_id}/lock")
    [job] = found(desk)["jobs"]
    assert set(job) == JOB_FIELDS
    times = [value for name, value in job.items() if name.endswith(("_at", "_until"))]
    assert all(TIME.fullmatch(value) for value in times if value)
    assert job["locked_by"] == "Sam Staff" and job["locked_until"]
    assert job["confirmation_expires_at"] and job["staff_viewed_at"]
    assert (job["weight_g"], job["time_hours"], job["cost_cents"]) == (42.5, 3.5, 425)
    assert job["model"]["state"] == "pending"


def test_the_single_job_also_has_its_history_and_print_runs(desk):
    job_id = desk.job("COMPLETED")
    answer = desk.staff.get(f"/jobs/{job_id}")
    assert answer.status_code == 200
    assert set(answer.json) == JOB_FIELDS | {"events", "print_runs"}
    kinds = [event["event_type"] for event in answer.json["events"]]
    expected = ["JobCreated", "StaffApproved", "AdminAction", "PrintStarted", "PrintCompleted"]
    assert [kind for kind in reversed(kinds) if kind in expected] == expected
    for event in answer.json["events"]:
        wanted = {"id", "timestamp", "event_type", "details", "triggered_by", "user_name"}
        assert set(event) == wanted
        assert TIME.fullmatch(event["timestamp"])
    [run] = answer.json["print_runs"]
    assert run["outcome"] == "completed" and run["operator_name"] == "Sam Staff"
    assert TIME.fullmatch(run["started_at"]) and TIME.fullmatch(run["ended_at"])


def test_the_file_path_names_the_file_on_disk(desk):
    content = b"\0" * 80 + b"\x01\0\0\0" + bytes(50)
    desk.submit(content)
    [job] = found(desk)["jobs"]
    with open(job["file_path"], "rb") as file:
        assert file.read() == content


@pytest.mark.parametrize(
    "words",
    [
        "Grace",
        "hopper",
        "GRACE@navy.example",
        "navy",
        "COMP 1",
        "Flange",
        "flange v2.stl",
        "grace comp flange",
        "GraceHopper_Filament",
    ],
)
def test_search_finds_a_job_by_what_people_know_it_by(desk, words):
    desk.submit()
    wanted = desk.submit(
        filename="Flange v2.stl",
        student_name="Grace Hopper",
        student_email="grace@navy.example",
        class_number="COMP 1906",
    )
    listed = found(desk, search=words)
    assert ids(listed) == [wanted["id"]]
    assert (listed["total"], listed["filtered"]) == (2, 1)


def test_search_finds_a_job_by_its_id_long_and_short(desk):
    desk.submit()
    wanted = desk.submit()["id"]
    for words in (wanted, wanted[:8], wanted[:8].upper(), f"  {wanted[:8]} "):
        assert ids(found(desk, search=words)) == [wanted]


@pytest.mark.parametrize("words", ["%", "_", "\\", "'; DROP TABLE jobs; --", "%%%", "no such", "é"])
def test_search_treats_special_characters_literally(desk, words):
    desk.submit(student_name="Ada Lovelace", filename="gear.stl")
    expected = 1 if words == "_" else 0  # the stored file's name has underscores
    assert found(desk, search=words)["filtered"] == expected


def test_filters_narrow_and_combine(desk):
    filament = desk.submit(discipline="Art")["id"]
    resin = desk.submit(**RESIN)["id"]
    rejected = desk.job("REJECTED", **RESIN)
    assert ids(found(desk, status="UPLOADED")) == [filament, resin]
    assert ids(found(desk, status="REJECTED")) == [rejected]
    assert ids(found(desk, printer="formlabs_form3")) == [resin, rejected]
    assert ids(found(desk, material="Filament")) == [filament]
    assert ids(found(desk, discipline="Art")) == [filament]
    assert ids(found(desk, printer="formlabs_form3", status="UPLOADED")) == [resin]
    nothing = found(desk, printer="formlabs_form3", discipline="Art")
    assert nothing == {"jobs": [], "total": 3, "filtered": 0}


def test_unreviewed_and_expired_are_filters(desk):
    new, seen, pending = desk.job(), desk.job(), desk.job("PENDING")
    desk.staff.post(f"/jobs/{seen}/review", {"reviewed": True})
    assert ids(found(desk, unreviewed="true")) == [new]
    assert ids(found(desk, confirmation_expired="true")) == []
    with changed_job(pending) as job:
        job.is_confirmation_expired = True
    assert ids(found(desk, confirmation_expired="true")) == [pending]
    assert ids(found(desk, confirmation_expired="false")) == [new, seen]


def test_days_are_days_of_the_lab(desk):
    """The lab is in Chicago: its evening of the 3rd is the morning of the 4th in UTC."""
    job_id = desk.job()
    with changed_job(job_id) as job:
        job.created_at = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
    assert ids(found(desk, submitted_from="2026-03-03", submitted_to="2026-03-03")) == [job_id]
    assert ids(found(desk, submitted_from="2026-03-04")) == []
    assert ids(found(desk, submitted_to="2026-03-02")) == []


def test_pages_follow_one_order(desk):
    made = [desk.submit(student_name=f"Person {name}")["id"] for name in "CABDE"]
    pages = [ids(found(desk, page=page, limit=2)) for page in (1, 2, 3, 4)]
    assert pages == [made[:2], made[2:4], made[4:], []]
    assert found(desk, page=4, limit=2)["filtered"] == 5
    assert ids(found(desk, sort="newest")) == made[::-1]
    assert ids(found(desk, sort="name"))[:3] == [made[1], made[2], made[0]]
    desk.staff.post(f"/jobs/{made[0]}/review", {"reviewed": True})
    assert ids(found(desk, sort="updated"))[0] == made[0]


@pytest.mark.parametrize(
    "query",
    [
        {"page": "0"},
        {"page": "-1"},
        {"page": "1.5"},
        {"page": "x"},
        {"page": "9" * 400},
        {"page": "NaN"},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "1e99"},
        {"sort": "student_email"},
        {"sort": "created_at; DROP TABLE jobs"},
        {"status": "uploaded"},
        {"status": "GONE"},
        {"submitted_from": "yesterday"},
        {"submitted_to": "2026-13-01"},
        {"submitted_to": "9999-12-31"},  # there is no day after it
        {"submitted_from": "0001-01-01"},
        {"confirmation_expired": "perhaps"},
        {"search": "a\x00b"},
        {"search": "x" * 201},
        {"printer": "x" * 65},
        {"unknown": "1"},
    ],
)
def test_a_wrong_query_names_the_parameter(desk, query):
    answer = desk.staff.get("/jobs", query_string=query)
    assert set(refusal_of(answer, 400, "invalid")["fields"]) == set(query)


@pytest.mark.parametrize("query", [{"page": "1000000"}, {"limit": "200"}, {"search": ""}])
def test_bounds_are_allowed(desk, query):
    assert desk.staff.get("/jobs", query_string=query).status_code == 200


@pytest.mark.parametrize("query", ["search=%ff%fe", "search=%ed%a0%80", "%ff=1", "page=%ff"])
def test_invalid_utf8_is_not_an_error_of_the_server(desk, query):
    assert desk.staff.get(f"/jobs?{query}").status_code in (200, 400)


@pytest.mark.parametrize(
    "job_id", ["x", "0" * 32, "../jobs", "%00", "a%00b", "x" * 3000, "%ed%a0%80", "null", "'"]
)
def test_an_unknown_job_is_not_found(desk, job_id):
    answer = desk.staff.get(f"/jobs/{job_id}")
    refusal_of(answer, 404, "not_found")
