"""Moving a job's folder: what is copied and removed, and simultaneous changes."""

import hashlib
import os

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from models import Job, Status
from services import work
from services.actions import registry
from services.errors import Conflict
from services.files import storage
from services.jobs import locks
from tests.support import jobs, whole


def check_whole(stale=0):
    with work.unit() as session:
        whole.assert_whole(session, stale)


def test_everything_in_the_folder_moves_along(people):
    job = jobs.submit()
    folder = jobs.folder_of(job)
    (folder / "thumbnail.png").write_bytes(b"png")
    (folder / "plates" / "one").mkdir(parents=True)
    (folder / "plates" / "one" / "first.gcode").write_bytes(b"G28\n")
    os.utime(folder / "thumbnail.png", ns=(1, 10**18))
    moved = jobs.folder_of(jobs.act(job.id, "reject", people.staff))
    assert (moved / "plates" / "one" / "first.gcode").read_bytes() == b"G28\n"
    assert (moved / "thumbnail.png").stat().st_mtime_ns == 10**18
    assert not folder.exists()
    assert whole.leftovers() == []


def test_the_original_can_not_be_written_wherever_it_goes(people):
    job = jobs.submit()
    for action in ("approve", "force-confirm", "mark-printing"):
        assert (jobs.folder_of(job) / job.original_name).stat().st_mode & 0o222 == 0
        job = jobs.act(job.id, action, people.staff)
    assert (jobs.folder_of(job) / job.original_name).stat().st_mode & 0o222 == 0


def test_a_link_in_the_folder_is_not_followed(people, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    job = jobs.submit()
    (jobs.folder_of(job) / "link.gcode").symlink_to(secret)
    (jobs.folder_of(job) / "linked").symlink_to(tmp_path)
    moved = jobs.folder_of(jobs.act(job.id, "reject", people.staff))
    assert not (moved / "link.gcode").exists()
    assert not (moved / "linked").exists()
    assert secret.read_text() == "secret"


def test_what_a_slicer_saves_into_the_old_folder_during_the_move_is_kept(people):
    job = jobs.submit()
    with work.unit() as session:
        locks.acquire(session, job.id, actor=people.staff)
        registry.perform(session, "approve", job.id, jobs.PLAN, actor=people.staff)
        saved = jobs.save_beside(job, ".gcode", b"too late")
    assert saved.read_bytes() == b"too late"
    check_whole(stale=1)


def test_what_a_slicer_changes_in_the_old_folder_during_the_move_is_kept(people):
    job = jobs.submit()
    saved = jobs.save_beside(job, ".gcode", b"early")
    with work.unit() as session:
        locks.acquire(session, job.id, actor=people.staff)
        registry.perform(session, "approve", job.id, jobs.PLAN, actor=people.staff)
        saved.write_bytes(b"later")
    assert saved.read_bytes() == b"later"
    check_whole(stale=1)


def test_a_stale_folder_with_other_files_is_set_aside(people):
    job = jobs.submit()
    name = job.folder.partition("/")[2]
    stale = storage.root() / "Pending" / name
    stale.mkdir()
    (stale / "only here.gcode").write_bytes(b"G28\n")
    jobs.act(job.id, "approve", people.staff)
    (aside,) = (storage.root() / ".set-aside").iterdir()
    assert (aside / "only here.gcode").read_bytes() == b"G28\n"
    assert aside.name.startswith(name)
    check_whole()


def test_a_stale_folder_with_another_version_of_a_file_is_set_aside(people):
    job = jobs.submit()
    jobs.save_beside(job, ".gcode", b"mine")
    stale = storage.root() / "Pending" / job.folder.partition("/")[2]
    stale.mkdir()
    (stale / f"{stale.name}.gcode").write_bytes(b"ours")
    jobs.act(job.id, "approve", people.staff)
    (aside,) = (storage.root() / ".set-aside").iterdir()
    assert (aside / f"{stale.name}.gcode").read_bytes() == b"ours"
    check_whole()


def test_a_stale_folder_without_other_files_is_replaced(people):
    job = jobs.submit()
    original = (jobs.folder_of(job) / job.original_name).read_bytes()
    stale = storage.root() / "Pending" / job.folder.partition("/")[2]
    stale.mkdir()
    (stale / job.original_name).write_bytes(original)
    (stale / storage.METADATA).write_text("{}")
    moved = jobs.act(job.id, "approve", people.staff)
    assert not (storage.root() / ".set-aside").exists()
    kept = (jobs.folder_of(moved) / job.original_name).read_bytes()
    assert hashlib.sha256(kept).hexdigest() == job.file_hash
    check_whole()


def test_an_incomplete_copy_from_a_crash_is_replaced(people):
    job = jobs.submit()
    half = storage.root() / "Pending" / f".incoming-{job.folder.partition('/')[2]}"
    half.mkdir()
    (half / job.original_name).write_bytes(b"half")
    jobs.act(job.id, "approve", people.staff)
    assert whole.leftovers() == []
    check_whole()


@pytest.mark.parametrize(
    ("status", "action"),
    [("UPLOADED", "approve"), ("UPLOADED", "reject"), ("READYTOPRINT", "mark-printing")],
)
def test_a_missing_folder_is_named_and_nothing_changes(people, status, action):
    job = jobs.job_in(status, people)
    os.rename(jobs.folder_of(job), storage.root() / "elsewhere")
    with pytest.raises(Conflict, match="missing from the storage"):
        jobs.act(job.id, action, people.staff)
    assert jobs.read(job.id).status == status
    assert whole.folders() == set()


def test_a_move_that_fails_later_leaves_no_copy(people):
    job = jobs.submit()
    with pytest.raises(RuntimeError), work.unit() as session:
        locks.acquire(session, job.id, actor=people.staff)
        registry.perform(session, "approve", job.id, jobs.PLAN, actor=people.staff)
        raise RuntimeError
    assert jobs.read(job.id).status is Status.UPLOADED
    assert jobs.read(job.id).locked_by is None
    assert jobs.mails(job.id, "approval") == []
    check_whole()


def test_a_job_that_comes_straight_back_keeps_its_folder(people):
    """Somebody takes a step back between the commit of another's and the removal of the old
    folder: that folder is the job's own again."""
    job = jobs.job_in(Status.PRINTING, people)
    with work.unit() as session:
        locks.acquire(session, job.id, actor=people.staff)
        work.after_commit(session, lambda: jobs.act(job.id, "revert-completion", people.other))
        registry.perform(session, "mark-complete", job.id, actor=people.staff)
    assert jobs.read(job.id).status is Status.PRINTING
    check_whole()


def test_a_job_that_came_back_and_went_again_is_whole(people):
    job = jobs.job_in(Status.PRINTING, people)

    def back_and_on():
        jobs.act(job.id, "revert-completion", people.other)
        jobs.act(job.id, "mark-complete", people.other)

    with work.unit() as session:
        locks.acquire(session, job.id, actor=people.staff)
        work.after_commit(session, back_and_on)
        registry.perform(session, "mark-complete", job.id, actor=people.staff)
    check_whole()


def test_a_move_with_a_broken_connection_removes_only_its_own_copy(people):
    """The row's lock goes with the connection: when the move finds out, another has been there."""
    job = jobs.submit()
    with pytest.raises(OperationalError), work.unit() as session:
        locks.acquire(session, job.id, actor=people.staff)
        registry.perform(session, "approve", job.id, jobs.PLAN, actor=people.staff)
        backend = session.scalar(text("SELECT pg_backend_pid()"))
        with work.unit() as another:
            another.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
        jobs.act(job.id, "approve", people.other)
        session.execute(text("SELECT 1"))
    with work.unit() as session:
        stored = session.get_one(Job, job.id)
        assert (stored.status, stored.last_updated_by) == (Status.PENDING, people.other.id)
    check_whole()
