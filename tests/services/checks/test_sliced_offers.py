"""What the approve dialog offers from a sliced file, and what it says about it."""

import pytest

from reader.sandbox import Answer
from reader.sliced import asking
from services.checks.sliced_offers import offer
from tests.support import jobs, sliced

PLA = ("PLA",)


def test_the_file_that_an_approval_would_take_is_offered(people):
    job = jobs.submit()
    assert offer(job) is None
    saved = jobs.save_beside(job, ".gcode", sliced.prusa(normal="2h 0m 1s"))
    offered = offer(job)
    assert (offered.file_name, offered.weight_g, offered.time_hours) == (saved.name, 3.64, 2.01)
    assert offered.hints == ()


@pytest.mark.parametrize(
    ("printer", "hint"),
    [
        ("MK4S", None),
        ("MK4SMMU3", None),
        ("Original Prusa MK4S", None),
        ("XL", "sliced for the Prusa XL, and the job asks for the Prusa MK4S"),
        ("Bambu Lab X1", "sliced for the Bambu Lab X1, and the job asks for the Prusa MK4S"),
        ("", None),
    ],
)
def test_a_printer_that_differs_is_told_in_words(people, printer, hint):
    job = jobs.submit()
    jobs.save_beside(job, ".gcode", sliced.prusa(printer=printer))
    hints = offer(job).hints
    assert hints == () if hint is None else hint in hints[0]


@pytest.mark.parametrize(
    ("printer", "form", "name", "other"),
    [
        ("MK4S", {}, "Prusa MK4S", None),
        ("XL", {}, "Prusa XL", "prusa_xl"),
        ("Original Prusa XL - 5T", {"printer": "prusa_xl"}, "Prusa XL", None),
        ("Bambu Lab X1", {}, "Bambu Lab X1", None),
        ("", {}, None, None),
        (
            *("XL", {"print_method": "Resin", "color": "Black", "printer": "formlabs_form3"}),
            *("Prusa XL", None),
        ),
        ("MK4S", {"printer": "raise3d_pro2plus"}, "Prusa MK4S", "prusa_mk4s"),
    ],
)
def test_the_printer_of_the_file_is_offered_when_the_job_can_go_there(
    people, printer, form, name, other
):
    job = jobs.submit(**form)
    jobs.save_beside(job, ".gcode", sliced.prusa(printer=printer))
    offered = offer(job)
    assert offered.printer_name == name
    assert (offered.other_printer and offered.other_printer.id) == other


def test_the_printer_of_a_job_whose_own_was_sold_is_offered(people):
    job = jobs.submit()
    jobs.save_beside(job, ".gcode", sliced.prusa(printer="XL"))
    jobs.change(job.id, printer="sold_last_year")
    assert offer(jobs.read(job.id)).other_printer.id == "prusa_xl"


def test_filament_for_a_resin_job_is_told_in_words(people):
    job = jobs.submit(print_method="Resin", color="Black", printer="formlabs_form3")
    jobs.save_beside(job, ".gcode", sliced.prusa(printer=""))
    assert offer(job).hints == ("It is sliced for filament (PLA), and the job asks for Resin.",)


def test_a_damaged_file_is_not_offered_and_does_no_harm(people):
    job = jobs.submit()
    jobs.save_beside(job, ".gcode.3mf", b"PK\x03\x04 and nothing more")
    assert offer(job) is None


def test_pictures_in_the_folder_are_no_sliced_files(people):
    job = jobs.submit()
    for name in ("thumbnail.png", "thumbnail-128.webp"):
        (jobs.folder_of(job) / name).write_bytes(b"a picture")
    assert offer(job) is None
    assert jobs.act(job.id, "approve", people.staff).display_name == job.original_name


def test_storage_that_is_away_offers_nothing(people, storage_root):
    job = jobs.submit()
    jobs.save_beside(job, ".gcode", sliced.prusa())
    away = storage_root.with_name("away")
    storage_root.rename(away)
    try:
        assert offer(job) is None
    finally:
        away.rename(storage_root)


@pytest.mark.parametrize(
    "answer",
    [
        {"plates": "x"},
        {"plates": [{"name": 1}]},
        {"plates": [], "printer": "x"},
        {"plates": [{"name": "1", "weight_g": 5, "time_hours": 1}], "printer": ["x"]},
        {"plates": [{"name": "1", "weight_g": float("nan"), "time_hours": -1}]},
        {"plates": [{"name": "1", "weight_g": 1e9, "time_hours": None}]},
    ],
)
def test_the_childs_answer_is_not_trusted(people, monkeypatch, answer):
    job = jobs.submit()
    jobs.save_beside(job, ".gcode", sliced.prusa())
    monkeypatch.setattr(asking.sandbox, "run", lambda *_, **__: Answer({"sliced": answer}))
    assert offer(job) is None


def test_a_child_that_hangs_offers_nothing_and_is_asked_again(people, monkeypatch):
    job = jobs.submit()
    jobs.save_beside(job, ".gcode", sliced.prusa())
    monkeypatch.setattr(asking, "WALL_S", 0)
    assert offer(job) is None
    monkeypatch.undo()
    assert offer(job).weight_g == 3.64
