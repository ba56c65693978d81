"""The files in a job's folder: the file to print first, and the kind of each."""

import os
from datetime import UTC, datetime

import pytest

from models import Status
from services.checks import modelchecks, thumbnails
from services.errors import StorageUnavailable
from services.files import jobfiles, storage
from tests.support import jobs, meshes

CONTENT = b"G28\n"


def files_of(job):
    """The files by name, in the order in which they are shown."""
    found = jobfiles.list_files(jobs.read(job.id))
    assert len({file.name for file in found}) == len(found)
    return {file.name: file for file in found}


def marks(file):
    return file.is_authoritative, file.is_original, file.supersedes


def save(job, name, content=CONTENT, age_s=0):
    """A file in the job's folder that was saved so many seconds ago."""
    path = jobs.folder_of(jobs.read(job.id)) / name
    path.write_bytes(content)
    moment = path.stat().st_mtime - age_s
    os.utime(path, (moment, moment))
    return name


def stem(job):
    return job.original_name.rpartition(".")[0]


@pytest.fixture
def job(people):
    return jobs.submit()


def test_a_new_jobs_only_file_is_the_students(job):
    (file,) = jobfiles.list_files(job)
    assert file.name == job.original_name == job.display_name
    assert file.size == job.file_size
    assert marks(file) == (True, True, False)


def test_a_file_tells_its_size_and_when_it_was_saved(job):
    moment = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    path = jobs.folder_of(job) / "notes.txt"
    path.write_bytes(b"x" * 1234)
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    file = files_of(job)["notes.txt"]
    assert (file.size, file.modified_at) == (1234, moment)
    assert file.modified_at.tzinfo is UTC
    assert marks(file) == (False, False, False)


def test_our_own_files_are_not_shown(job):
    modelchecks.run(job.id)
    folder = jobs.folder_of(job)
    own = {storage.METADATA, thumbnails.PICTURE, thumbnails.SMALL}
    assert own <= {path.name for path in folder.iterdir()}
    assert set(files_of(job)) == {job.original_name}


def test_what_a_slicer_saved_last_is_marked_before_the_approval(job):
    old = save(job, f"{stem(job)}.3mf", age_s=60)
    new = save(job, f"{stem(job)}.gcode")
    found = files_of(job)
    assert list(found) == [job.original_name, old, new]
    assert marks(found[job.original_name]) == (True, True, False)
    assert marks(found[old]) == (False, False, False)
    assert marks(found[new]) == (False, False, True)


def test_after_the_approval_the_sliced_file_is_first_and_the_original_stays(people, job):
    sliced = save(job, f"{stem(job)}.gcode")
    save(job, "A remark.txt")
    jobs.act(job.id, "approve", people.staff)
    found = files_of(job)
    assert list(found) == [sliced, "A remark.txt", job.original_name]
    assert marks(found[sliced]) == (True, False, False)
    assert marks(found[job.original_name]) == (False, True, False)


def test_a_newer_sliced_file_is_marked_beside_an_older_one(people, job):
    first = save(job, f"{stem(job)}.3mf", age_s=60)
    jobs.act(job.id, "approve", people.staff)
    jobs.act(job.id, "change-status", people.staff, new_status=Status.UPLOADED)
    second = save(job, f"{stem(job)}.gcode")
    found = files_of(job)
    assert marks(found[first]) == (True, False, False)
    assert marks(found[second]) == (False, False, True)
    assert marks(found[job.original_name]) == (False, True, False)


def test_a_submitted_3mf_is_distinguished_from_a_sliced_one(people):
    job = jobs.submit(meshes.threemf(), "gear.3mf")
    sliced = save(job, f"{stem(job)}.gcode.3mf")
    found = files_of(job)
    assert marks(found[job.original_name]) == (True, True, False)
    assert marks(found[sliced]) == (False, False, True)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("{stem}.gcode", b""),  # a slicer that has only just begun
        ("{stem}-copy.gcode", CONTENT),
        ("{stem}.txt", CONTENT),
        ("other.gcode", CONTENT),
        ("Größe & Maß #1 100%.gcode", CONTENT),
        (".hidden", CONTENT),
    ],
)
def test_any_other_file_is_shown_as_just_that(job, name, content):
    name = save(job, name.replace("{stem}", stem(job)), content)
    found = files_of(job)
    assert marks(found[name]) == (False, False, False)
    assert found[name].size == len(content)
    assert marks(found[job.original_name]) == (True, True, False)


def test_links_and_folders_are_no_files(job, tmp_path):
    folder = jobs.folder_of(job)
    outside = tmp_path / "secret.gcode"
    outside.write_bytes(CONTENT)
    (folder / f"{stem(job)}.gcode").symlink_to(outside)
    (folder / "loop.gcode").symlink_to(folder)
    (folder / "broken.gcode").symlink_to(tmp_path / "nowhere")
    (folder / f"{stem(job)}.3mf").mkdir()
    (folder / "plates").mkdir()
    (folder / "plates" / "one.gcode").write_bytes(CONTENT)
    os.mkfifo(folder / "pipe.gcode")
    assert list(files_of(job)) == [job.original_name]


def test_the_files_are_those_of_the_folder_where_the_job_is_now(people, job):
    save(job, "remark.txt")
    rejected = jobs.act(job.id, "reject", people.staff)
    assert rejected.folder != job.folder
    assert list(files_of(job)) == [job.original_name, "remark.txt"]


def test_a_deleted_file_to_print_is_not_listed(people, job):
    sliced = save(job, f"{stem(job)}.gcode")
    approved = jobs.act(job.id, "approve", people.staff)
    (jobs.folder_of(approved) / sliced).unlink()
    found = files_of(job)
    assert list(found) == [job.original_name]
    assert not found[job.original_name].is_authoritative


def test_an_empty_folder_has_no_files(job):
    for path in jobs.folder_of(job).iterdir():
        path.unlink()
    assert jobfiles.list_files(job) == []


def test_a_missing_folder_raises_storage_unavailable(job):
    jobs.folder_of(job).rename(storage.root() / "elsewhere")
    with pytest.raises(StorageUnavailable, match="storage is not reachable"):
        jobfiles.list_files(job)


def test_an_unmounted_share_raises_storage_unavailable(job):
    storage.root().rename(storage.root().with_name("unmounted"))
    try:
        with pytest.raises(StorageUnavailable):
            jobfiles.list_files(job)
        storage.root().mkdir()
        with pytest.raises(StorageUnavailable):
            jobfiles.list_files(job)
        storage.root().rmdir()
    finally:
        storage.root().with_name("unmounted").rename(storage.root())


def test_a_file_in_place_of_the_folder_raises_storage_unavailable(job):
    folder = jobs.folder_of(job)
    folder.rename(storage.root() / "elsewhere")
    folder.write_bytes(CONTENT)
    with pytest.raises(StorageUnavailable):
        jobfiles.list_files(job)
