"""The integrity audit over the API."""

import pytest

from models import Role
from services.files import integrity, scanning
from tests.support.client import refusal_of


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(scanning, "CLEANING_S", 0.05)


@pytest.fixture
def admin(desk):
    return desk.caller(Role.ADMIN)


def audited(admin):
    """Starts an audit, does the worker's part, and gives the report."""
    started = admin.post("/admin/audit/start")
    assert started.status_code == 202, started.text
    assert started.json["message"] == "System audit started successfully."
    integrity.run(started.json["task_id"])
    report = admin.get("/admin/audit/report")
    assert report.status_code == 200, report.text
    assert report.json["task_id"] == started.json["task_id"]
    return report.json


def delete(caller, path):
    return caller.call("DELETE", "/admin/audit/orphaned-file", {"file_path": path})


def test_before_the_first_audit_there_is_no_report(admin):
    refusal_of(admin.get("/admin/audit/report"), 404, "not_found")


def test_a_report_says_what_is_where(desk, admin, storage_root):
    lost = desk.submit()
    [folder] = (storage_root / "Uploaded").iterdir()
    (folder / "metadata.json").unlink()
    (storage_root / "Uploaded" / "orphan.stl").write_bytes(b"x")
    report = audited(admin)
    assert report["report_generated_at"].endswith("Z")
    assert report["orphaned_files"] == ["Uploaded/orphan.stl"]
    assert report["broken_links"] == [
        {"job_id": lost["id"], "missing_path": f"Uploaded/{folder.name}/metadata.json"}
    ]
    assert report["stale_files"] == []
    assert report["latest"]["state"] == "done"


def test_only_one_audit_at_a_time(admin):
    assert admin.post("/admin/audit/start").status_code == 202
    refusal_of(admin.post("/admin/audit/start"), 409, "conflict")


def test_a_listed_file_is_deleted_once(desk, admin, storage_root):
    (storage_root / "Uploaded" / "orphan.stl").write_bytes(b"x")
    audited(admin)
    answer = delete(admin, "Uploaded/orphan.stl")
    assert (answer.status_code, answer.json) == (
        200,
        {"message": "Orphaned file deleted successfully."},
    )
    assert not (storage_root / "Uploaded" / "orphan.stl").exists()
    refusal_of(delete(admin, "Uploaded/orphan.stl"), 404, "not_found")
    assert admin.get("/admin/audit/report").json["orphaned_files"] == []


def test_a_file_that_went_by_itself_leaves_the_report(desk, admin, storage_root):
    (storage_root / "Uploaded" / "orphan.stl").write_bytes(b"x")
    audited(admin)
    (storage_root / "Uploaded" / "orphan.stl").unlink()
    refusal_of(delete(admin, "Uploaded/orphan.stl"), 404, "not_found")
    assert admin.get("/admin/audit/report").json["orphaned_files"] == []


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", ".printdesk", "Uploaded", "a" * 4096])
def test_what_is_not_listed_is_not_deleted(desk, admin, storage_root, path):
    audited(admin)
    refusal_of(delete(admin, path), 404, "not_found")


def test_an_audit_is_for_administrators(desk, admin):
    audited(admin)
    for caller in (desk.staff, desk.caller(Role.MANAGER)):
        refusal_of(caller.post("/admin/audit/start"), 403, "forbidden")
        refusal_of(caller.get("/admin/audit/report"), 403, "forbidden")
        refusal_of(delete(caller, "x"), 403, "forbidden")
    refusal_of(desk.stranger().post("/admin/audit/start"), 401, "not_signed_in")


def test_the_numbers_are_for_people_of_the_lab(desk):
    desk.job("COMPLETED")
    for role in Role:
        caller = desk.caller(role)
        assert caller.get("/stats").json["completed"] == 1
        report = caller.get("/stats/detailed?days=1").json
        assert report["submissions"][0]["count"] == 1
        shown = {person["name"] for person in report["staff_activity"]}
        assert shown == (set() if role is Role.MANAGER else {"Sam Staff"})
    refusal_of(desk.stranger().get("/stats"), 401, "not_signed_in")


@pytest.mark.parametrize(
    "query", ["days=0", "days=3661", "days=1.0", "days=x", "printer=%00", "a=1"]
)
def test_a_wrong_question_names_the_parameter(desk, query):
    fields = refusal_of(desk.staff.get(f"/stats/detailed?{query}"), 400, "invalid")["fields"]
    assert set(fields) == {query.partition("=")[0]}
