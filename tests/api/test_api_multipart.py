"""Forms that no browser would send."""

import io

import pytest

from services.files import storage
from tests.support.client import API, FORM, refusal_of, submit, unique_model

BOUNDARY = "frontier"


def part(name, value, filename=None, headers=""):
    about = f'name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {about}\r\n{headers}\r\n"
    return head.encode() + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"


def body(*parts, end=f"--{BOUNDARY}--\r\n"):
    fields = [part(name, value) for name, value in FORM.items()]
    return b"".join([*fields, *parts]) + end.encode()


def send(desk, content, content_type=f"multipart/form-data; boundary={BOUNDARY}", **options):
    return desk.client().post(f"{API}/submit", data=content, content_type=content_type, **options)


def nothing_is_left():
    uploaded = list((storage.root() / "Uploaded").iterdir())
    return list(storage.uploads_dir().iterdir()) == uploaded == []


def test_a_hand_made_form_is_taken_in(desk):
    assert send(desk, body(part("file", unique_model(), "a.stl"))).status_code == 201


@pytest.mark.parametrize(
    "content",
    [
        body(),
        body(part("file", b"words, not a file")),
        body(part("file", unique_model(), "")),
        body(part("model", unique_model(), "a.stl")),
        body(part("File", unique_model(), "a.stl")),
        body(part("file[]", unique_model(), "a.stl")),
    ],
    ids=["no file", "file as text", "no name", "another field", "another case", "a list"],
)
def test_a_form_without_its_file_is_refused(desk, content):
    assert "file" in refusal_of(send(desk, content), 400, "invalid")["fields"]
    assert nothing_is_left()


def test_of_two_files_the_first_counts_and_the_second_is_dropped(desk):
    first = unique_model()
    parts = part("file", first, "first.stl"), part("file", unique_model(), "second.stl")
    answer = send(desk, body(*parts))
    assert answer.status_code == 201
    assert answer.json["original_filename"] == "first.stl"
    assert answer.json["file_size"] == len(first)
    assert list(storage.uploads_dir().iterdir()) == []


def test_files_that_nobody_asked_for_are_refused_and_not_kept(desk):
    extra = [part(f"extra{number}", b"x" * 1000, f"{number}.stl") for number in range(20)]
    answer = send(desk, body(*extra, part("file", unique_model(), "a.stl")))
    assert "extra0" in refusal_of(answer, 400, "invalid")["fields"]
    assert nothing_is_left()


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/cron.d/a.stl", "a.stl"),
        ("/etc/passwd.stl", "passwd.stl"),
        ("C:\\\\Users\\\\ada\\\\Gear.stl", "Gear.stl"),
        ("....//a.stl", "a.stl"),
        ("Zahnrad Größe 3 – 速い.stl", "Zahnrad Größe 3 – 速い.stl"),
        ("<img src=x onerror=alert(1)>.stl", "<img src=x onerror=alert(1)>.stl"),
    ],
)
def test_a_file_name_is_only_a_name(desk, sent, shown):
    answer = send(desk, body(part("file", unique_model(), sent)))
    assert answer.status_code == 201
    assert answer.json["original_filename"] == shown
    [folder] = (storage.root() / "Uploaded").iterdir()
    stem = f"AdaLovelace_Filament_TrueRed_{answer.json['short_id']}"
    assert sorted(path.name for path in folder.iterdir()) == [f"{stem}.stl", "metadata.json"]


def test_a_file_name_of_300_characters_is_shortened_and_keeps_its_extension(desk):
    answer = submit(desk.client(), unique_model(), "x" * 296 + ".stl")
    assert answer.status_code == 201
    assert len(answer.json["original_filename"]) <= 255
    assert answer.json["original_filename"].endswith("x.stl")


def test_a_file_name_with_a_line_break_is_cleaned_or_refused(desk):
    answer = send(desk, body(part("file", unique_model(), "a\r\nX-Evil: 1\r\n.stl")))
    assert answer.status_code in (201, 400)
    assert "\n" not in answer.json.get("original_filename", "")


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=another",
        f"multipart/mixed; boundary={BOUNDARY}",
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain",
        "nonsense",
        "",
    ],
)
def test_a_body_that_is_no_such_form_is_refused(desk, content_type):
    answer = send(desk, body(part("file", unique_model(), "a.stl")), content_type)
    assert answer.status_code in (400, 415)
    assert answer.json["error"] and answer.json["message"]
    assert nothing_is_left()


@pytest.mark.parametrize("kept", [0, 1, 60, 900, -1, -6, -12, -40, -300])
def test_a_form_that_ends_early_makes_no_job(desk, kept):
    whole = body(part("file", unique_model(), "a.stl"))
    answer = send(desk, whole[:kept])
    assert answer.status_code in (400, 201)
    if answer.status_code == 201:  # only the last line's end was missing
        assert kept in (-1,)
    else:
        assert nothing_is_left()


def test_a_connection_that_ends_early_makes_no_job(desk):
    """The length says more than comes: the browser was closed during the upload."""
    whole = body(part("file", unique_model(), "a.stl"))
    answer = desk.client().open(
        f"{API}/submit",
        method="POST",
        input_stream=io.BytesIO(whole[:-200]),
        content_type=f"multipart/form-data; boundary={BOUNDARY}",
        headers={"Content-Length": str(len(whole))},
    )
    assert answer.status_code == 400
    assert nothing_is_left()


def test_a_thousand_and_more_fields_are_refused(desk):
    fields = [part(f"field{number}", "x") for number in range(1100)]
    answer = send(desk, body(*fields, part("file", unique_model(), "a.stl")))
    assert answer.status_code == 413
    assert answer.json["error"] == "too_large"
    assert nothing_is_left()


def test_a_field_of_a_megabyte_is_refused(desk):
    answer = send(desk, body(part("notes", "x" * 1024**2), part("file", unique_model(), "a.stl")))
    assert answer.status_code == 413
    assert nothing_is_left()


def test_a_field_sent_twice_counts_once(desk):
    twice = body(part("student_name", "Eve Other"), part("file", unique_model(), "a.stl"))
    assert send(desk, twice).json["student_name"] == FORM["student_name"]
