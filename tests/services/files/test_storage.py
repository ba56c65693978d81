"""The storage when the disk fails, is full, is not mounted, or has been replaced."""

import errno
import os
import shutil
import time

import pytest
from sqlalchemy import func, select

from models import Job, Status
from services import work
from services.errors import NotDurable, StorageFull, StorageUnavailable
from services.files import storage
from services.jobs import records
from tests.support import disks, jobs, whole

MOVES = {"approve": "UPLOADED", "mark-printing": "READYTOPRINT", "archive": "REJECTED"}


def count_jobs():
    with work.unit() as session:
        return session.scalar(select(func.count()).select_from(Job))


def check_whole():
    with work.unit() as session:
        whole.assert_whole(session)
    assert whole.leftovers() == []


def act(job, action, people):
    return jobs.act(job.id, action, people.admin if action == "archive" else people.staff)


@pytest.fixture
def disk(people, configure, tmp_path):
    with disks.small_disk(tmp_path / "disk") as disk:
        configure(STORAGE_DIR=str(disk.path))
        storage.prepare_root(False)
        yield disk


class Failing:
    """An operation of the system that fails so many times, and then works."""

    def __init__(self, number, times=1, at=0):
        self.number, self.times, self.at, self.calls = number, times, at, 0

    def put(self, monkeypatch, module, name):
        self.real = getattr(module, name)
        monkeypatch.setattr(module, name, self)
        return self

    def __call__(self, *arguments, **options):
        self.calls += 1
        if self.at < self.calls <= self.at + self.times:
            raise OSError(self.number, os.strerror(self.number))
        return self.real(*arguments, **options)


@pytest.mark.parametrize("action", MOVES)
def test_a_full_disk_refuses_a_move_at_every_step_and_frees_its_space(disk, people, action):
    """Page by page more room, until the move fits."""
    job = jobs.job_in(MOVES[action], people)
    refused = 0
    for room in range(20):
        disk.fill(leaving=room)
        before = disk.free_pages
        try:
            moved = act(job, action, people)
        except StorageFull as full:
            assert "full or read-only" in full.message
            assert jobs.read(job.id).status == MOVES[action]
            assert disk.free_pages == before
            check_whole()
            refused += 1
            disk.make_room()
        else:
            break
    assert refused >= 2
    assert moved.status != MOVES[action]
    check_whole()


def test_a_full_disk_refuses_a_submission_at_every_step_and_leaves_nothing(disk):
    refused = 0
    for room in range(20):
        disk.fill(leaving=room)
        before = disk.free_pages
        try:
            jobs.submit()
        except StorageFull:
            assert count_jobs() == 0
            assert disk.free_pages == before
            check_whole()
            refused += 1
            disk.make_room()
        else:
            break
    assert refused >= 2
    assert count_jobs() == 1
    check_whole()


def test_a_read_only_disk_allows_reading_and_notes_but_no_moves(disk, people):
    job = jobs.submit()
    disk.remount("ro")
    with pytest.raises(StorageFull):
        jobs.act(job.id, "approve", people.staff)
    with pytest.raises(StorageFull):
        jobs.submit()
    with work.unit() as session:
        reviewed = records.set_reviewed(session, job.id, True, actor=people.staff)
    assert reviewed.staff_viewed_at is not None
    assert jobs.read(job.id).status is Status.UPLOADED
    disk.remount("rw")
    jobs.act(job.id, "approve", people.staff)
    check_whole()


def test_an_unmounted_disk_is_not_mistaken_for_an_empty_one(people, configure, tmp_path):
    (tmp_path / "empty").mkdir()
    job = jobs.submit()
    configure(STORAGE_DIR=str(tmp_path / "empty"))
    with pytest.raises(StorageUnavailable):
        jobs.act(job.id, "approve", people.staff)
    with pytest.raises(StorageUnavailable):
        jobs.submit()
    with pytest.raises(StorageUnavailable):
        storage.prepare_root(has_jobs=True)
    with pytest.raises(StorageUnavailable):
        storage.sweep_leftovers(older_than_s=0)
    assert list((tmp_path / "empty").iterdir()) == []
    assert jobs.read(job.id).status is Status.UPLOADED


@pytest.mark.parametrize("action", MOVES)
def test_without_the_sentinel_nothing_moves(people, action):
    job = jobs.job_in(MOVES[action], people)
    sentinel = storage.root() / storage.SENTINEL
    content = sentinel.read_bytes()
    sentinel.unlink()
    with pytest.raises(StorageUnavailable, match="not reachable"):
        act(job, action, people)
    assert jobs.read(job.id).status == MOVES[action]
    check_whole()
    sentinel.write_bytes(content)
    act(job, action, people)
    check_whole()


def test_an_unavailable_storage_refuses_moves_until_it_is_back(people):
    job = jobs.submit()
    root, away = storage.root(), storage.root().with_name("away")
    root.rename(away)
    for attempt in (lambda: jobs.act(job.id, "approve", people.staff), jobs.submit):
        with pytest.raises(StorageUnavailable):
            attempt()
    assert not root.exists()
    away.rename(root)
    jobs.act(job.id, "approve", people.staff)
    check_whole()


def test_a_status_folder_that_can_not_be_written_refuses_the_move(people):
    job = jobs.submit()
    folder = storage.root() / "Pending"
    folder.rmdir()
    folder.write_text("not a folder")
    with pytest.raises(StorageUnavailable):
        jobs.act(job.id, "approve", people.staff)
    assert jobs.read(job.id).status is Status.UPLOADED
    folder.unlink()
    folder.mkdir()
    check_whole()


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EBUSY, errno.ETIMEDOUT, errno.EACCES])
@pytest.mark.parametrize("name", ["rename", "replace", "chmod"])
def test_a_transient_error_of_the_share_is_retried(people, monkeypatch, number, name):
    failing = Failing(number).put(monkeypatch, os, name)
    job = jobs.submit()
    if name != "chmod":
        failing.calls = 0
        jobs.act(job.id, "approve", people.staff)
    assert failing.calls >= 2
    check_whole()


@pytest.mark.parametrize("at", range(3))
def test_a_lasting_error_of_the_share_refuses_and_leaves_nothing(people, monkeypatch, at):
    job = jobs.submit()
    name = ("copy2", "copystat", "rmtree")[at]
    (storage.root() / "Pending" / f".incoming-{job.folder.partition('/')[2]}").mkdir()
    Failing(errno.ESTALE, times=3).put(monkeypatch, shutil, name)
    with pytest.raises(StorageUnavailable):
        jobs.act(job.id, "approve", people.staff)
    monkeypatch.undo()
    storage.sweep_leftovers(older_than_s=0)
    check_whole()


@pytest.mark.parametrize(
    ("number", "refusal"),
    [(errno.EIO, NotDurable), (errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull)],
)
@pytest.mark.parametrize("at", range(6))
def test_a_failed_sync_is_final_at_once_in_a_move(people, monkeypatch, number, refusal, at):
    job = jobs.submit()
    failing = Failing(number, at=at).put(monkeypatch, os, "fsync")
    with pytest.raises(refusal):
        jobs.act(job.id, "approve", people.staff)
    assert failing.calls == at + 1
    assert jobs.read(job.id).status is Status.UPLOADED
    check_whole()


@pytest.mark.parametrize("at", range(5))
def test_a_failed_sync_is_final_at_once_in_a_submission(people, monkeypatch, at):
    failing = Failing(errno.EIO, at=at).put(monkeypatch, os, "fsync")
    with pytest.raises(StorageUnavailable):
        jobs.submit()
    assert failing.calls == at + 1
    assert count_jobs() == 0
    check_whole()


def test_what_cannot_be_removed_after_the_commit_does_not_undo_it(people, monkeypatch):
    job = jobs.submit()
    Failing(errno.EACCES, times=99).put(monkeypatch, shutil, "rmtree")
    assert jobs.act(job.id, "approve", people.staff).status is Status.PENDING
    monkeypatch.undo()
    with work.unit() as session:
        whole.assert_whole(session, stale=1)
    storage.sweep_leftovers(older_than_s=0)
    assert whole.leftovers() == []


def test_a_sweep_removes_old_leftovers_and_keeps_recent_ones(people):
    job = jobs.submit()
    young, old = (storage.root() / ".uploads" / name for name in ("upload-young", "upload-old"))
    half = storage.root() / "Pending" / ".incoming-x"
    for path in (young, old):
        path.write_bytes(b"half")
    half.mkdir()
    (half / "a.stl").write_bytes(b"half")
    for path in (old, half):
        os.utime(path, (time.time() - 3700,) * 2)
    assert storage.sweep_leftovers() == 2
    assert whole.leftovers() == [young]
    assert storage.sweep_leftovers(older_than_s=0) == 1
    assert whole.folders() == {job.folder}


def test_the_root_is_prepared_once(storage_root):
    marked = (storage_root / storage.SENTINEL).stat().st_mtime_ns
    storage.prepare_root(has_jobs=True)
    storage.prepare_root(has_jobs=False)
    assert (storage_root / storage.SENTINEL).stat().st_mtime_ns == marked


@pytest.mark.parametrize("path", ["..", "../x", "Uploaded/../../x", "/etc/passwd", "link/x"])
def test_no_path_leads_outside_the_storage(storage_root, path):
    (storage_root / "link").symlink_to("/etc")
    with pytest.raises(ValueError, match="outside"):
        storage.path_of(path)


def test_the_storage_itself_is_never_removed(storage_root):
    storage.remove_folder("")
    storage.remove_folder(".")
    storage.remove_folder("Uploaded/nothing-there")
    assert (storage_root / storage.SENTINEL).exists()
