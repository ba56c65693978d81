"""Submissions: what is accepted and refused; a refusal leaves nothing behind."""

import hashlib
import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import func, select

from models import Event, Job, MailKind, Status
from services import work
from services.errors import Duplicate, Invalid, StorageUnavailable, TooLarge
from services.files import storage, uploads
from services.students import submissions
from tests.support import jobs, meshes, whole

DISCIPLINES = (
    "Art", "Architecture", "Landscape Architecture", "Interior Design", "Engineering",
    "Hobby/Personal", "Other",
)  # fmt: skip


def wrong_fields(**form):
    with pytest.raises(Invalid) as refused:
        submissions.read_form(jobs.FORM | form)
    assert all(refused.value.fields.values())
    return set(refused.value.fields)


def nothing_stored():
    with work.unit() as session:
        count = session.scalar(select(func.count()).select_from(Job))
    return count == 0 and whole.folders() == set() and whole.leftovers() == []


@pytest.mark.parametrize(
    ("field", "values"),
    [
        (
            "student_name",
            ["", " ", "J", " J ", "x" * 101, "Jane\x00Doe", "Jane\u202eDoe", "Jane\x1b["],
        ),
        (
            "student_email",
            [
                "",
                "jane",
                "jane@",
                "@uni.edu",
                "jane@uni",
                "a b@uni.edu",
                "jane@uni.edu, b@uni.edu",
                "Jane <jane@uni.edu>",
                "jane@uni.edu\x00",
                "j" * 95 + "@uni.edu",
                "jane@uni..edu",
                "jane@[127.0.0.1]",
            ],
        ),
        ("discipline", ["", "art", "Cooking", "Arts"]),
        ("class_number", ["", "  ", "x" * 51]),
        ("print_method", ["", "filament", "SLS"]),
        ("color", ["", "Plaid", "Black", "true red"]),  # Black is a resin
        ("printer", ["", "Prusa MK4S", "formlabs_form3", "prusa_mk4s'"]),
        ("acknowledged_minimum_charge", ["", "No", "yes", "on", "true"]),
    ],
)
def test_a_wrong_field_is_named(field, values):
    for value in values:
        assert wrong_fields(**{field: value}) == {field}, value


def test_everything_wrong_is_named_at_once():
    with pytest.raises(Invalid) as refused:
        submissions.read_form({})
    assert set(refused.value.fields) == set(submissions.FIELDS)


def test_a_colour_is_judged_by_its_print_method():
    """Without one, only that there is a colour can be told."""
    assert wrong_fields(print_method="", color="True Red") == {"print_method"}
    assert wrong_fields(print_method="", color="") == {"print_method", "color"}


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"print_method": "Resin"}, {"color", "printer"}),
        ({"print_method": "Resin", "color": "Gray"}, {"printer"}),
        ({"print_method": "Resin", "printer": "formlabs_form3"}, {"color"}),
        ({"print_method": "No", "color": "Plaid", "printer": "x"}, {"print_method", "printer"}),
        ({"student_name": "", "color": "Plaid"}, {"student_name", "color"}),
    ],
)
def test_an_invalid_combination_names_both_fields(form, expected):
    assert wrong_fields(**form) == expected


@pytest.mark.parametrize("discipline", DISCIPLINES)
def test_every_discipline_on_the_list_is_taken(discipline):
    assert submissions.read_form(jobs.FORM | {"discipline": discipline}).discipline == discipline


def test_white_space_is_normalised():
    form = submissions.read_form(jobs.FORM | {"student_name": "  Jane \n\t Q.  Doe "})
    assert form.student_name == "Jane Q. Doe"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Zoë Ångström", "ZoeAngstrom"),
        ("Владимир Маяковский", "VladimirMayakovskiy"),
        ("李 小龙", "LiXiaoLong"),
        ("محمد علي", "MhmdLy"),
        ("O'Brien-Smith", "OBrienSmith"),
        ("😀 😀", "Student"),
        ("../../etc/passwd", "EtcPasswd"),
        ("CON", "CON"),
        ("x" * 100, "X" + "x" * 39),
    ],
)
def test_a_name_in_any_script_makes_a_plain_folder(people, name, slug):
    job = jobs.submit(student_name=name)
    assert job.student_name == name
    stem = f"{slug}_Filament_TrueRed_{job.short_id}"
    assert job.folder == f"Uploaded/{stem}"
    assert job.file_path == f"Uploaded/{stem}/{stem}.stl"
    assert job.short_id == job.id[:8]
    with work.unit() as session:
        whole.assert_whole(session)
        whole.assert_metadata(session.get_one(Job, job.id))


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("gear.stl", meshes.binary_stl()),
        ("gear.STL", meshes.ascii_stl()),
        ("gear.obj", meshes.obj()),
        ("gear.3mf", meshes.threemf()),
    ],
)
def test_each_accepted_format_becomes_a_job(people, filename, content):
    job = jobs.submit(content, filename)
    stored = jobs.folder_of(job) / job.original_name
    assert stored.read_bytes() == content
    assert stored.suffix == Path(filename).suffix.lower()
    assert job.original_filename == filename
    assert (job.file_size, job.file_hash) == (len(content), hashlib.sha256(content).hexdigest())
    assert stat.S_IMODE(stored.stat().st_mode) == 0o444
    assert [mail.kind for mail in jobs.mails(job.id)] == [MailKind.RECEIVED]
    assert whole.leftovers() == []


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("gear.stl", b""),
        ("gear.stl", b"hello"),
        ("gear.stl", meshes.binary_stl()[:-1]),
        ("gear.stl", b"<html><script>alert(1)</script></html>"),
        ("gear.stl", meshes.threemf()),
        ("gear.3mf", meshes.binary_stl()),
        ("gear.obj", b"\x00" * 100),
        ("gear.exe", b"MZ" + bytes(100)),
        ("gear", meshes.binary_stl()),
        ("gear.stl.exe", meshes.binary_stl()),
        ("", meshes.binary_stl()),
    ],
)
def test_a_file_that_is_no_model_is_refused_and_removed(people, filename, content):
    with pytest.raises(Invalid) as refused:
        jobs.submit(content, filename)
    assert set(refused.value.fields) == {"file"}
    assert nothing_stored()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../gear.stl", "gear.stl"),
        ("C:\\models\\gear.stl", "gear.stl"),
        ("ge\r\nar.stl", "gear.stl"),
        ("\u202egear.stl", "gear.stl"),
        ("шестерня.stl", "шестерня.stl"),
        ("=cmd|'.stl", "=cmd|'.stl"),
        ("x" * 300 + ".stl", "x" * 251 + ".stl"),
    ],
)
def test_the_students_file_name_is_shown_and_never_used_as_a_path(people, given, shown):
    job = jobs.submit(filename=given)
    assert job.original_filename == shown
    assert job.original_name.isascii() and "/" not in job.original_name
    with work.unit() as session:
        whole.assert_whole(session)


def test_the_history_begins_with_the_student(people):
    job = jobs.submit()
    (event,) = jobs.rows(Event, job.id)
    assert (event.event_type, event.triggered_by, event.user_name) == (
        "JobCreated",
        "student",
        "Jane Doe",
    )


@pytest.mark.parametrize("email", ["jane@uni.example", "JANE@uni.example", "Jane@UNI.Example"])
@pytest.mark.parametrize("status", ["UPLOADED", "PENDING", "READYTOPRINT"])
def test_the_same_file_is_refused_while_it_waits(people, status, email):
    job = jobs.job_in(status, people)
    again = (jobs.folder_of(job) / job.original_name).read_bytes()
    with pytest.raises(Duplicate) as refused:
        jobs.submit(again, "other-name.stl", student_email=email)
    assert refused.value.details["existing_job_id"] == job.id
    assert whole.folders() == {job.folder}
    assert whole.leftovers() == []


@pytest.mark.parametrize(
    "status", ["PRINTING", "COMPLETED", "PAIDPICKEDUP", "REJECTED", "ARCHIVED"]
)
def test_the_same_file_is_welcome_again_later(people, status):
    job = jobs.job_in(status, people)
    content = (jobs.folder_of(job) / job.original_name).read_bytes()
    assert jobs.submit(content).file_hash == job.file_hash


def test_the_same_file_from_another_person_or_another_file_is_welcome(people):
    content = jobs.model()
    jobs.submit(content)
    jobs.submit(content, student_email="joe@uni.example")
    jobs.submit(jobs.model())
    assert len(whole.folders()) == 3


def test_a_failed_print_returns_to_the_queue_though_a_reprint_was_submitted(people):
    job = jobs.job_in(Status.PRINTING, people)
    again = jobs.submit((jobs.folder_of(job) / job.original_name).read_bytes())
    failed = jobs.act(job.id, "mark-failed", people.staff)
    assert failed.status is Status.READYTOPRINT
    assert jobs.read(again.id).status is Status.UPLOADED


def test_a_file_that_is_too_large_is_refused_while_it_comes_in(people):
    receiver = uploads.Receiver(1000)
    receiver.write(b"x" * 1000)
    with pytest.raises(TooLarge):
        receiver.write(b"x")
    receiver.discard()
    receiver.discard()  # may be called twice
    assert whole.leftovers() == []


def test_a_received_file_knows_its_hash_and_size(people):
    receiver = uploads.Receiver(1000)
    for piece in (b"abc", b"", b"def"):
        assert receiver.write(piece) == len(piece)
    upload = receiver.finish("a.stl")
    assert (upload.size, upload.sha256) == (6, hashlib.sha256(b"abcdef").hexdigest())
    assert upload.path.read_bytes() == b"abcdef"


def test_a_submission_that_fails_later_leaves_nothing(people):
    form, upload = submissions.read_form(jobs.FORM), jobs.receive()
    with pytest.raises(RuntimeError), work.unit() as session:
        submissions.submit(session, form, upload)
        raise RuntimeError
    assert nothing_stored()


def test_a_received_file_that_vanished_makes_no_job(people):
    form, upload = submissions.read_form(jobs.FORM), jobs.receive()
    upload.path.unlink()
    with pytest.raises(StorageUnavailable), work.unit() as session:
        submissions.submit(session, form, upload)
    assert nothing_stored()


def test_without_the_sentinel_nothing_is_received(people):
    os.unlink(storage.root() / storage.SENTINEL)
    with pytest.raises(StorageUnavailable, match="not reachable"):
        jobs.submit()
    assert nothing_stored()
