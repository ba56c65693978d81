"""The integrity audit: its findings, and the deletion of files it has found."""

import os
import shutil
import threading
import time

import pytest

from models import AuditEntry, Event, IntegrityScan, Job, ScanState, Status, utcnow
from services import work
from services.errors import Conflict, Forbidden, NotFound, StorageUnavailable
from services.files import integrity, scanning, storage
from services.jobs import records
from tests.support import jobs as made


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No test here has a slow deletion to wait for."""
    monkeypatch.setattr(scanning, "CLEANING_S", 0.05)


def audit(admin):
    with work.unit() as session:
        scan = integrity.start(session, actor=admin)
    integrity.run(scan.task_id)
    return report(admin)


def report(admin):
    with work.unit() as session:
        return integrity.get_report(session, actor=admin)


def delete(path, admin):
    with work.unit() as session:
        return integrity.delete_file(session, path, actor=admin)


def put(root, path, content=b"x"):
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return path


def copy_aside(root, job, status_folder):
    """What a crash between commit and clean-up leaves: the job's folder in another status's."""
    name = job.folder.rpartition("/")[2]
    shutil.copytree(root / job.folder, root / status_folder / name)
    return f"{status_folder}/{name}"


def found(view):
    return {kind: view.findings[kind] for kind in scanning.KINDS if view.findings[kind]}


def test_a_sound_storage_has_nothing_to_report(people, storage_root):
    for status in Status:
        made.job_in(status, people)
    view = audit(people.admin)
    assert found(view) == {}
    assert view.findings["jobs_checked"] == view.findings["folders_scanned"] == len(Status)
    assert view.scan.state is ScanState.DONE and view.scan.task_id == view.latest.task_id


def test_files_without_a_job_are_orphaned(people, storage_root):
    orphans = {
        put(storage_root, "Uploaded/orphan.stl"),
        put(storage_root, "loose.stl"),
        put(storage_root, "Elsewhere/deep/down.stl"),
        put(storage_root, "Printing/Nobody_Filament_Blue_00000000/a.stl"),
        put(storage_root, "Printing/Nobody_Filament_Blue_00000000/more/b.gcode"),
    }
    view = audit(people.admin)
    assert found(view).keys() == {"orphaned_files"}
    assert set(view.findings["orphaned_files"]) == orphans
    assert view.findings["counts"]["orphaned_files"] == len(orphans)


def test_a_copy_under_another_status_is_stale(people, storage_root):
    job = made.job_in(Status.PENDING, people)
    stale = copy_aside(storage_root, job, "Uploaded")
    saved = put(storage_root, f"{stale}/saved-late.gcode")
    view = audit(people.admin)
    assert found(view).keys() == {"stale_files", "differing_files"}
    names = {path.rpartition("/")[2] for path in view.findings["stale_files"]}
    assert names == {job.original_name, "metadata.json", "saved-late.gcode"}
    assert view.findings["differing_files"] == [saved]


def test_missing_files_are_broken_links(people, storage_root):
    whole, part = made.job_in("UPLOADED", people), made.job_in("PRINTING", people)
    shutil.rmtree(storage_root / whole.folder)
    (storage_root / part.folder / "metadata.json").unlink()
    view = audit(people.admin)
    assert found(view).keys() == {"broken_links"}
    assert {(link["job_id"], link["missing_path"]) for link in view.findings["broken_links"]} == {
        (whole.id, whole.file_path),
        (whole.id, f"{whole.folder}/metadata.json"),
        (part.id, f"{part.folder}/metadata.json"),
    }


def test_a_shortened_original_is_damaged(people, storage_root):
    job = made.job_in("UPLOADED", people)
    path = storage_root / job.file_path
    path.chmod(0o644)
    path.write_bytes(b"half")
    [damaged] = audit(people.admin).findings["damaged_files"]
    assert damaged == {
        "job_id": job.id,
        "path": job.file_path,
        "size": 4,
        "expected_size": job.file_size,
    }


def test_leftovers_links_and_foreign_folders_are_distinguished(people, storage_root):
    put(storage_root, "Pending/.incoming-x/a.stl")
    put(storage_root, ".uploads/upload-1")
    put(storage_root, ".set-aside/x-1/a.stl")
    put(storage_root, ".snapshot/hourly/a.stl")
    (storage_root / "Uploaded" / "link").symlink_to("/etc")
    (storage_root / "Uploaded" / "Empty_Filament_Blue_00000000").mkdir()
    assert found(audit(people.admin)) == {
        "leftovers": ["Pending/.incoming-x", ".uploads/upload-1"],
        "set_aside": [".set-aside/x-1/a.stl"],
        "irregular": [".snapshot", "Uploaded/link"],
        "empty_folders": ["Uploaded/Empty_Filament_Blue_00000000"],
    }


def test_names_that_are_not_utf8_are_reported_but_not_deletable(people, storage_root):
    with open(os.fsencode(storage_root / "Uploaded") + b"/bad-\xff.stl", "wb"):
        pass
    view = audit(people.admin)
    assert view.findings["orphaned_files"] == ["Uploaded/bad-\\xff.stl"]
    assert delete("Uploaded/bad-\\xff.stl", people.admin) is False


def test_files_on_an_unmounted_share_are_not_reported_missing(people, storage_root):
    made.job_in("UPLOADED", people)
    storage_root.rename(storage_root.with_name("unplugged"))
    try:
        with work.unit() as session:
            scan = integrity.start(session, actor=people.admin)
        integrity.run(scan.task_id)
        with pytest.raises(NotFound, match="not reachable"):
            report(people.admin)
        storage_root.mkdir()  # an empty mount point is no better
        with pytest.raises(StorageUnavailable):
            scanning.scan()
        storage_root.rmdir()
    finally:
        storage_root.with_name("unplugged").rename(storage_root)


def test_a_failed_audit_keeps_the_report_before_it(people, storage_root):
    first = audit(people.admin)
    (storage_root / storage.SENTINEL).rename(storage_root / "hidden")
    second = audit(people.admin)
    assert second.scan == first.scan
    assert second.latest.state is ScanState.FAILED and "not reachable" in second.latest.problem


def test_moves_during_the_scan_are_not_reported(people, storage_root):
    """Jobs go back and forth, come and go, while scan follows scan."""
    moving = [made.job_in("COMPLETED", people) for _ in range(3)]
    stop = threading.Event()

    def move(job_id):
        while not stop.is_set():
            made.act(job_id, "change-status", people.staff, new_status=Status.PRINTING)
            made.act(job_id, "change-status", people.staff, new_status=Status.COMPLETED)

    def come_and_go():
        while not stop.is_set():
            job = made.submit()
            with work.unit() as session:
                made.locks.acquire(session, job.id, actor=people.staff)
            made.move(job.id, "delete", people.staff)

    threads = [threading.Thread(target=move, args=(job.id,)) for job in moving]
    threads.append(threading.Thread(target=come_and_go))
    for thread in threads:
        thread.start()
    try:
        for _ in range(8):
            assert found_of(scanning.scan()) == {}
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def found_of(findings):
    kinds = {kind: getattr(findings, kind) for kind in scanning.KINDS}
    return {kind: listed for kind, listed in kinds.items() if listed}


def test_a_slow_move_is_waited_for(people, storage_root):
    """The copy is there, its transaction is not: it is neither stale nor an orphan."""
    job = made.job_in("UPLOADED", people)
    copied, go_on = threading.Event(), threading.Event()

    def move_slowly():
        with work.unit() as session:
            row, _ = records.lock_row(session, job.id)
            copy = storage.copy_folder(row.folder, Status.REJECTED, records.metadata_of(row))
            copied.set()
            assert go_on.wait(20)
            row.status, row.folder = Status.REJECTED, copy.target
        storage.discard(copy)

    thread = threading.Thread(target=move_slowly)
    thread.start()
    assert copied.wait(20)
    threading.Timer(1, go_on.set).start()
    assert found_of(scanning.scan()) == {}
    thread.join()


def test_one_scan_at_a_time(people):
    with work.unit() as session:
        first = integrity.start(session, actor=people.admin)
    with pytest.raises(Conflict), work.unit() as session:
        integrity.start(session, actor=people.admin)
    integrity.run(first.task_id)
    before = report(people.admin)
    integrity.run(first.task_id)  # a doubled message
    assert report(people.admin) == before
    audit(people.admin)


def test_a_second_worker_leaves_a_running_scan_alone(people):
    with work.unit() as session:
        scan = integrity.start(session, actor=people.admin)
    with integrity._alone() as alone:
        assert alone
        integrity.run(scan.task_id)
        with pytest.raises(NotFound, match="under way"):
            report(people.admin)
    integrity.run(scan.task_id)
    assert report(people.admin).scan.state is ScanState.DONE


def test_a_scan_of_a_dead_worker_is_resumed_and_finally_fails(people):
    with work.unit() as session:
        scan = integrity.start(session, actor=people.admin)
    for attempt in range(integrity.MAX_ATTEMPTS + 1):
        with work.unit() as session:
            assert integrity.find_stalled(session) is None
            row = session.get(IntegrityScan, scan.task_id)
            row.touched_at = utcnow() - integrity.timedelta(seconds=integrity.DEAD_AFTER_S + 1)
        with work.unit() as session:
            assert integrity.find_stalled(session) == scan.task_id
        assert integrity._claim(scan.task_id) is (attempt < integrity.MAX_ATTEMPTS)
    with pytest.raises(NotFound, match="failed several times"):
        report(people.admin)


def test_old_reports_are_dropped_and_the_last_good_one_is_kept(people, storage_root):
    good = audit(people.admin)
    (storage_root / storage.SENTINEL).unlink()
    for _ in range(integrity.KEPT_SCANS + 3):
        audit(people.admin)
    assert report(people.admin).scan == good.scan
    with work.unit() as session:
        assert len(session.scalars(made.select(IntegrityScan)).all()) == integrity.KEPT_SCANS + 1


def test_deleting_a_listed_orphan_removes_it_and_its_empty_folder(people, storage_root):
    path = put(storage_root, "Printing/Nobody_Filament_Blue_00000000/more/b.gcode")
    audit(people.admin)
    assert delete(path, people.admin) is True
    assert not (storage_root / "Printing/Nobody_Filament_Blue_00000000").exists()
    assert (storage_root / "Printing").is_dir()
    assert found(report(people.admin)) == {}
    assert report(people.admin).findings["counts"]["orphaned_files"] == 0
    with work.unit() as session:
        [entry] = session.scalars(made.select(AuditEntry).where(AuditEntry.action == "FileDeleted"))
        assert (entry.triggered_by, entry.details["file"]) == (people.admin.id, path)
    with pytest.raises(NotFound):
        delete(path, people.admin)


def test_deleting_a_stale_file_is_in_its_jobs_history(people, storage_root):
    job = made.job_in("PENDING", people)
    stale = copy_aside(storage_root, job, "Uploaded")
    audit(people.admin)
    assert delete(f"{stale}/{job.original_name}", people.admin) is True
    assert (storage_root / job.file_path).exists()
    with work.unit() as session:
        chosen = made.select(Event).where(Event.job_id == job.id, Event.event_type == "FileDeleted")
        assert len(session.scalars(chosen).all()) == 1


@pytest.mark.parametrize(
    "path",
    ["", ".", "..", "/etc/passwd", ".printdesk", "../x", "Uploaded", "Uploaded/../x", "Uploaded/"],
)
def test_only_what_the_report_lists_can_be_deleted(people, storage_root, path):
    put(storage_root, "Uploaded/orphan.stl")
    outside = storage_root.parent / "x"
    outside.write_bytes(b"not ours")
    audit(people.admin)
    with pytest.raises(NotFound):
        delete(path, people.admin)
    assert outside.exists() and (storage_root / storage.SENTINEL).exists()


def test_a_job_s_own_file_cannot_be_deleted(people, storage_root):
    job = made.job_in("UPLOADED", people)
    audit(people.admin)
    with pytest.raises(NotFound):
        delete(job.file_path, people.admin)
    assert (storage_root / job.file_path).exists()


def test_a_stale_file_that_became_the_job_s_own_cannot_be_deleted(people, storage_root):
    job = made.job_in("READYTOPRINT", people)
    stale = copy_aside(storage_root, job, "Printing")
    audit(people.admin)
    made.act(job.id, "mark-printing", people.staff)
    with pytest.raises(Conflict):
        delete(f"{stale}/{job.original_name}", people.admin)
    assert (storage_root / stale / job.original_name).exists()


def test_a_symbolic_link_is_not_followed(people, storage_root):
    """Somebody swaps the folder for a link to another place after the report was made."""
    path = put(storage_root, "Uploaded/Nobody_Filament_Blue_00000000/a.stl")
    audit(people.admin)
    elsewhere = storage_root.parent / "elsewhere"
    put(elsewhere, "a.stl")
    shutil.rmtree(storage_root / "Uploaded/Nobody_Filament_Blue_00000000")
    (storage_root / "Uploaded/Nobody_Filament_Blue_00000000").symlink_to(elsewhere)
    assert delete(path, people.admin) is False
    assert (elsewhere / "a.stl").exists()


def test_only_administrators_audit(people, storage_root):
    put(storage_root, "Uploaded/orphan.stl")
    audit(people.admin)
    for actor in (people.manager, people.staff):
        with work.unit() as session:
            with pytest.raises(Forbidden):
                integrity.start(session, actor=actor)
            with pytest.raises(Forbidden):
                integrity.get_report(session, actor=actor)
            with pytest.raises(Forbidden):
                integrity.delete_file(session, "Uploaded/orphan.stl", actor=actor)


def test_a_large_storage_is_scanned_in_pieces(people, storage_root, monkeypatch):
    monkeypatch.setattr(scanning, "MAX_LISTED", 50)
    for number in range(2000):
        (storage_root / "Uploaded" / f"orphan-{number}.stl").touch()
    began = time.process_time()
    found_now = scanning.scan()
    assert time.process_time() - began < 20
    assert len(found_now.orphaned_files) == 50
    assert found_now.counts["orphaned_files"] == 2000
    with work.unit() as session:
        assert session.scalars(made.select(Job)).all() == []
