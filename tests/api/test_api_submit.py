"""POST /submit: accepted and refused submissions, with the messages."""

import hashlib
import io
import json

import pytest
from werkzeug.test import create_environ, run_wsgi_app

from services.files import storage
from settings import lab
from tests.support import meshes
from tests.support.client import API, FORM, STUDENT_EMAIL, refusal_of, rows, submit, unique_model

STUDENT_FIELDS = {
    *("id", "short_id", "student_name", "student_email", "discipline", "class_number"),
    *("original_filename", "display_name", "status", "printer", "color", "material"),
    *("weight_g", "time_hours", "cost_cents", "acknowledged_minimum_charge"),
    *("student_confirmed", "student_confirmed_at", "confirmation_expires_at"),
    *("is_confirmation_expired", "reject_reasons", "file_hash", "file_size", "model"),
    *("thumbnail_url", "created_at", "updated_at"),
}


def leftovers():
    return list(storage.uploads_dir().iterdir())


def folders():
    return [path.name for path in (storage.root() / "Uploaded").iterdir()]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Gear.stl", meshes.binary_stl()),
        ("Gear.STL", meshes.ascii_stl()),
        ("gear.obj", meshes.obj()),
        ("gear.3mf", meshes.threemf()),
    ],
)
def test_each_accepted_format_becomes_a_job(desk, name, content):
    answer = submit(desk.client(), content, name)
    assert answer.status_code == 201
    job = answer.json
    assert set(job) == STUDENT_FIELDS
    assert job["status"] == "UPLOADED"
    assert job["short_id"] == job["id"][:8]
    assert job["original_filename"] == name
    assert job["file_size"] == len(content)
    assert job["file_hash"] == hashlib.sha256(content).hexdigest()
    assert job["created_at"].endswith("Z")
    stem = f"AdaLovelace_Filament_TrueRed_{job['short_id']}"
    folder = storage.root() / "Uploaded" / stem
    assert (folder / f"{stem}{name[-4:].lower()}").read_bytes() == content
    assert json.loads((folder / "metadata.json").read_text())["id"] == job["id"]
    assert leftovers() == []


def test_the_students_answer_contains_no_staff_data(desk):
    job = desk.submit()
    assert not {"notes", "locked_by", "file_path", "staff_viewed_at", "last_updated_by"} & set(job)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("student_name", ""),
        ("student_name", "A"),
        ("student_name", "x" * 101),
        ("student_name", "A\x00B"),
        ("student_name", "Ada\x1bLovelace"),
        ("student_email", ""),
        ("student_email", "ada"),
        ("student_email", "ada@"),
        ("student_email", "a@b@c.example"),
        ("student_email", "ada@uni.example\nBcc: all@uni.example"),
        ("student_email", "x" * 95 + "@uni.example"),
        ("discipline", "Alchemy"),
        ("class_number", ""),
        ("class_number", "x" * 51),
        ("print_method", "Laser"),
        ("print_method", "filament"),
        ("color", "Ultraviolet"),
        ("color", "Black"),  # a resin colour
        ("printer", "no_such_printer"),
        ("printer", "formlabs_form3"),  # a resin printer
        ("acknowledged_minimum_charge", "No"),
        ("acknowledged_minimum_charge", "true"),
        ("acknowledged_minimum_charge", ""),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_kept(desk, field, value):
    before = rows()
    answer = submit(desk.client(), unique_model(), **{field: value})
    assert field in refusal_of(answer, 400, "invalid")["fields"]
    assert rows() == before
    assert folders() == leftovers() == []


def test_all_wrong_fields_are_named_at_once(desk):
    answer = desk.client().post(f"{API}/submit", data={"student_name": "Ada Lovelace"})
    fields = refusal_of(answer, 400, "invalid")["fields"]
    # A colour can only be judged once its print method is known.
    assert {*fields, "color"} == {*FORM, "file"} - {"student_name"}
    assert all(fields.values())


def test_surrounding_white_space_is_removed(desk):
    job = desk.submit(student_name="  Ada   Lovelace ", class_number=" ARCH  4000 ")
    assert job["student_name"] == "Ada Lovelace"
    assert job["class_number"] == "ARCH 4000"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.stl", b""),
        ("text.stl", b"hello, this is text"),
        ("page.stl", b"<!DOCTYPE html><html><body>hi</body></html>"),
        ("picture.stl", b'<svg xmlns="http://www.w3.org/2000/svg"></svg>'),
        ("cut.stl", meshes.binary_stl()[:-60]),
        ("model.exe", meshes.binary_stl()),
        ("model", meshes.binary_stl()),
        ("model.stl.zip", meshes.threemf()),
        ("wrong.obj", meshes.binary_stl()),
        ("archive.3mf", b"PK\x05\x06" + bytes(18)),
    ],
)
def test_a_file_that_is_no_model_is_refused_with_words(desk, name, content):
    answer = submit(desk.client(), content, name)
    assert refusal_of(answer, 400, "invalid")["fields"]["file"]
    assert folders() == leftovers() == []


def test_the_same_file_from_the_same_person_is_a_duplicate(desk):
    content = unique_model()
    first = desk.submit(content)
    answer = submit(desk.client(), content, student_email=STUDENT_EMAIL.upper())
    details = refusal_of(answer, 409, "duplicate")
    assert details["existing_job_id"] == first["id"]
    assert answer.json["existing_job_id"] == first["id"]  # where the plan's section 6 has it
    assert first["short_id"] in answer.json["message"]
    assert len(folders()) == 1
    assert leftovers() == []


def test_the_same_file_is_no_duplicate_from_somebody_else_or_once_rejected(desk):
    content = unique_model()
    first = desk.submit(content)
    assert submit(desk.client(), content, student_email="b@uni.example").status_code == 201
    assert desk.staff.act(first["id"], "reject").status_code == 200
    assert submit(desk.client(), content).status_code == 201


def test_a_length_that_is_too_large_is_refused_before_anything_is_read(desk):
    class Body(io.RawIOBase):
        was_read = False

        def readable(self):
            return True

        def readinto(self, _):
            self.was_read = True
            return 0

    sent = Body()
    environ = create_environ(f"{API}/submit", method="POST")
    environ |= {
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "CONTENT_LENGTH": str(lab().upload.max_bytes + 2 * 1024**2),
        "wsgi.input": sent,
    }
    pieces, status, headers = run_wsgi_app(desk.app, environ)
    answer = json.loads(b"".join(pieces))
    assert not sent.was_read
    pieces.close()  # what the client still sends is read on now, so that it sees the answer
    assert sent.was_read
    assert status.startswith("413")
    assert headers["Connection"] == "close"
    assert answer["error"] == "too_large"
    assert answer["details"] == {"max_bytes": lab().upload.max_bytes}
    assert "50 MB" in answer["message"]


def test_a_file_that_grows_too_large_is_refused_on_the_way(desk):
    """Its length says it might fit, as the form's other fields may have a megabyte."""
    answer = submit(desk.client(), bytes(lab().upload.max_bytes + 1))
    assert refusal_of(answer, 413, "too_large")["max_bytes"] == lab().upload.max_bytes
    assert folders() == leftovers() == []


def test_a_file_of_exactly_the_limit_is_accepted(desk):
    answer = submit(desk.client(), bytes(lab().upload.max_bytes))
    assert "file" in refusal_of(answer, 400, "invalid")["fields"]  # it is no model


def test_only_accepted_submissions_count(desk, configure):
    configure(RATE_LIMIT_SUBMIT="3/hour")
    client = desk.client()
    for _ in range(4):
        assert submit(client, unique_model(), student_name="").status_code == 400
    for _ in range(3):
        assert submit(client, unique_model()).status_code == 201
    answer = submit(client, unique_model())
    refusal_of(answer, 429, "rate_limited")
    assert answer.json["message"] == "Submission limit exceeded. Please try again later."
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert len(folders()) == 3


def test_failed_attempts_have_a_higher_limit(desk, configure):
    configure(RATE_LIMIT_SUBMIT="1/hour")
    client = desk.client()
    answers = [submit(client, b"no model").status_code for _ in range(11)]
    assert answers == [400] * 10 + [429]


def test_the_form_and_the_api_share_one_limit(desk, configure):
    configure(RATE_LIMIT_SUBMIT="1/hour")
    assert submit(desk.client(), unique_model(), path="/submit").status_code == 303
    assert submit(desk.client(), unique_model()).status_code == 429


def test_without_its_storage_the_lab_says_so_and_keeps_nothing(desk):
    (storage.root() / storage.SENTINEL).unlink()
    before = rows()
    answer = submit(desk.client(), unique_model())
    refusal_of(answer, 503, "storage_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert rows() == before
    assert folders() == []
