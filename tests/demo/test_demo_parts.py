"""What the demo is made of: its models, its calendar, its people, its environment."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from demo import arrivals, cast, catalogue, flaws, meshfiles, terms
from demo.__main__ import environment
from demo.running import describe
from demo.terms import Opening
from reader import sandbox
from reader.gate import filetypes
from settings import ROOT, Settings, lab

BEDS = [printer.build_volume_mm for printer in lab().printers]
DISCIPLINES = lab().choices.disciplines
YEAR = [date(2025, 8, 1) + timedelta(days=number) for number in range(365)]


def check(path, mesh, suffix=".stl"):
    path = path / f"model{suffix}"
    path.write_bytes(meshfiles.WRITERS[suffix](mesh))
    filetypes.identify(path, path.name)
    arguments = (str(path), path.name, ["facts"], BEDS, "", 0)
    return sandbox.run_unconfined("model", *arguments).get("facts")


@pytest.mark.parametrize("key", catalogue.DESIGNS)
def test_a_design_is_a_closed_body_of_a_small_file(tmp_path, key):
    design = catalogue.DESIGNS[key]
    for suffix in meshfiles.WRITERS:
        mesh = catalogue.shape(key).copy().apply_scale(design.size[0])
        found = check(tmp_path, mesh, suffix)
        assert found["open_edges"] == found["flipped_edges"] == 0
        assert found["degenerate_triangles"] == 0
        assert found["volume"] > 0
        assert max(found["size"]) == pytest.approx(design.size[0], rel=1e-4)
        assert (tmp_path / f"model{suffix}").stat().st_size < 100_000


@pytest.mark.parametrize("suffix", meshfiles.WRITERS)
def test_the_same_mesh_is_the_same_file_at_any_time(suffix, monkeypatch):
    write, mesh = meshfiles.WRITERS[suffix], catalogue.shape("massing")
    written = write(mesh)
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    assert write(mesh.copy()) == written != write(mesh.copy().apply_scale(1.1))
    assert mesh.extents.max() == pytest.approx(1)


@pytest.mark.parametrize(
    ("flaw", "fact"),
    [("pierced", "holes"), ("gaping", "open_edges"), ("half-turned", "flipped_edges")],
)
def test_a_flaw_is_one_that_the_check_finds(tmp_path, flaw, fact):
    for design in catalogue.EVERYTHING[::7]:
        mesh = flaws.FLAWS[flaw].change(catalogue.shape(design.key))
        assert check(tmp_path, mesh.copy().apply_scale(design.size[0]))[fact] > 0


def test_two_sizes_of_a_design_are_two_files_and_one_picture():
    opening = Opening(YEAR[0], YEAR[-1], lab().lab.zone)
    students = cast.students(1, YEAR[80], DISCIPLINES)["Engineering"]
    sent = [arrivals.make(f"{number}", YEAR[80], students, opening) for number in range(60)]
    assert len({one.content() for one in sent}) == 60
    assert len({one.look for one in sent}) < 40


def test_a_day_is_the_same_in_every_demo_of_its_seed():
    opening = Opening(YEAR[0], YEAR[-1], lab().lab.zone)

    def of(seed):
        return arrivals.of_day(seed, date(2025, 10, 14), 1.0, opening, is_lively=False)

    assert of(1) == of(1) != of(2)
    assert of(1)


def test_the_year_has_terms_rushes_and_breaks():
    opening = Opening(YEAR[0], YEAR[-1], lab().lab.zone)
    weeks = Counter()
    for day in YEAR:
        sent = arrivals.of_day(1, day, 1.0, opening, is_lively=False)
        weeks[terms.week_of(day)] += len(sent)
    quiet = weeks["fall", 1] + weeks["spring", 1]
    rush = weeks["fall", 14] + weeks["spring", 14]
    assert rush > 1.8 * quiet
    assert weeks["fall", 7] > weeks["fall", 9]
    assert weeks["summer", 3] < weeks["spring", 5]
    assert not any(
        opening.day_of(opening.next(opening.at(day, 12))) == day
        for day in (date(2025, 12, 25), date(2026, 1, 1), date(2026, 7, 4))
    )


def test_students_have_addresses_of_their_own_and_names_in_many_scripts():
    everybody = [s for found in cast.students(1, YEAR[60], DISCIPLINES).values() for s in found]
    emails = [student.email for student in everybody]
    assert len(set(emails)) == len(emails) > 300
    assert all(email.isascii() and email.endswith(f"@{cast.DOMAIN}") for email in emails)
    assert sum(not student.name.isascii() for student in everybody) > 50


def test_flaws_come_as_often_as_they_should():
    rng = random.Random(1)
    counted = Counter(flaws.choose("gear", rng) for _ in range(2000))
    assert 0.7 < counted[flaws.NONE] / 2000 < 0.85


def test_the_demo_leaves_behind_what_ties_a_lab_to_the_world():
    given = {
        "VAR_DIR": "somewhere/var", "STORAGE_DIR": "the-share", "SMTP_URL": "smtp://mail.example",
        "OIDC_ISSUER": "https://id.example", "AUTH_MODE": "oidc", "ADMIN_PASSWORD": "of the lab",
        "SECRET_KEY": "of the lab", "PORT": "8099", "PATH": "/bin",
    }  # fmt: skip
    kept = environment(given)
    assert kept == {
        "ENV_FILE": os.devnull,
        "VAR_DIR": os.path.join("somewhere/var", "demo"),
        "STORAGE_DIR": os.path.join("somewhere/var", "demo", "storage"),
        "PORT": "8099",
        "PATH": "/bin",
    }


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_the_demo_does_not_touch_servers_of_the_lab(name):
    clean = {key: value for key, value in os.environ.items() if key not in
             ("DATABASE_URL", "REDIS_URL")}  # fmt: skip
    result = subprocess.run(
        (sys.executable, "-m", "demo"), cwd=ROOT, env=clean | {name: "somewhere://"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 2
    assert result.stderr == (
        f"printdesk: {name} is set, and the demo brings its own servers: unset it for the demo.\n"
    )


def test_the_start_tells_who_may_sign_in_and_when_the_history_is_old():
    notes = {
        "seed": 1, "jobs": 2345, "ends_at": "2026-05-06T15:00:00+00:00", "password": "words",
        "people": [{"email": "admin@lab.example", "role": "admin"}],
    }  # fmt: skip
    ends = datetime(2026, 5, 6, 15, tzinfo=UTC)
    fresh = "\n".join(describe(Settings(), notes, ends + timedelta(hours=2)))
    assert "2,345 jobs until 6 May 2026" in fresh and "admin@lab.example" in fresh
    assert "words" in fresh and "--new" not in fresh
    assert "--new" in "\n".join(describe(Settings(), notes, ends + timedelta(days=8)))
    assert "everybody knows" in "\n".join(describe(Settings(host="0.0.0.0"), notes, ends))
