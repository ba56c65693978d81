"""The file to print: the newest that a slicer saved beside the student's."""

import os

import pytest

from models import Event, Status
from services import work
from services.errors import NotLockHolder
from tests.support import jobs, meshes, whole

CONTENT = b"G28\n"


def save(job, extension, age_s=0, content=CONTENT):
    """A slicer's file that was saved so many seconds ago."""
    path = jobs.save_beside(job, extension, content)
    moment = path.stat().st_mtime - age_s
    os.utime(path, (moment, moment))
    return path.name


def approve(people, job):
    return jobs.act(job.id, "approve", people.staff)


def superseded(job):
    return [
        (event.details["old_file"], event.details["new_file"])
        for event in jobs.rows(Event, job.id)
        if event.event_type == "FileSuperseded"
    ]


@pytest.mark.parametrize(
    "extension", [".gcode", ".3mf", ".gcode.3mf", ".bgcode", ".form", ".idea", ".GCODE", ".Form"]
)
def test_a_sliced_file_takes_the_place_of_the_original(people, extension):
    job = jobs.submit()
    name = save(job, extension)
    approved = approve(people, job)
    assert approved.display_name == name
    assert approved.file_path == f"{approved.folder}/{name}"
    assert approved.original_name == job.original_name
    assert superseded(job) == [(job.original_name, name)]
    with work.unit() as session:
        whole.assert_whole(session)


def test_the_newest_of_several_is_taken(people):
    job = jobs.submit()
    save(job, ".3mf", age_s=60)
    newest = save(job, ".form", age_s=10)
    save(job, ".gcode", age_s=3600)
    assert approve(people, job).display_name == newest


def test_without_a_sliced_file_the_original_is_printed(people):
    job = jobs.submit()
    assert approve(people, job).display_name == job.original_name
    assert superseded(job) == []


@pytest.mark.parametrize("extension", [".txt", ".stl", ".png", ".gcode.bak", "-copy.gcode", ".zip"])
def test_files_with_other_names_are_ignored(people, extension):
    job = jobs.submit()
    if extension != ".stl":
        save(job, extension)
    assert approve(people, job).display_name == job.original_name


def test_an_empty_file_is_ignored(people):
    job = jobs.submit()
    save(job, ".gcode", content=b"")
    assert approve(people, job).display_name == job.original_name


def test_a_link_and_a_folder_are_ignored(people, tmp_path):
    job = jobs.submit()
    stem = jobs.folder_of(job) / job.original_name.removesuffix(".stl")
    (tmp_path / "elsewhere.gcode").write_bytes(CONTENT)
    stem.with_name(stem.name + ".gcode").symlink_to(tmp_path / "elsewhere.gcode")
    stem.with_name(stem.name + ".3mf").mkdir()
    assert approve(people, job).display_name == job.original_name


def test_a_sliced_file_is_distinguished_from_a_submitted_3mf(people):
    job = jobs.submit(meshes.threemf(), "gear.3mf")
    name = save(job, ".gcode.3mf")
    assert approve(people, job).display_name == name


def test_a_3mf_alone_does_not_supersede_itself(people):
    job = jobs.submit(meshes.threemf(), "gear.3mf")
    assert approve(people, job).display_name == job.original_name
    assert superseded(job) == []


def test_at_a_second_approval_an_older_file_does_not_come_back(people):
    job = jobs.submit()
    save(job, ".3mf", age_s=60)
    newest = save(job, ".gcode")
    approve(people, job)
    jobs.act(job.id, "change-status", people.staff, new_status=Status.UPLOADED)
    assert approve(people, job).display_name == newest


def test_at_a_second_approval_a_newer_file_is_taken(people):
    job = jobs.submit()
    first = save(job, ".3mf", age_s=60)
    approve(people, job)
    back = jobs.act(job.id, "change-status", people.staff, new_status=Status.UPLOADED)
    second = save(back, ".gcode")
    assert approve(people, job).display_name == second
    assert superseded(job) == [(job.original_name, first), (first, second)]


def test_a_refused_approval_leaves_the_file_to_print(people):
    job = jobs.submit()
    save(job, ".gcode")
    with pytest.raises(NotLockHolder):
        jobs.move(job.id, "approve", people.staff)
    assert jobs.read(job.id).display_name == job.original_name
