"""The integrity audit: one scan at a time, its report, and the deletion of files it has found.

Source: the plan's section 5.9. A scan is a row with a state, so that the death of a broker or
worker does not lose it; a database lock prevents two workers from scanning at once. A scan changes
nothing.
"""

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import IntegrityScan, Job, Role, ScanState, new_id, utcnow
from services import events, work
from services.actors import Actor, require
from services.errors import Conflict, NotFound, PrintdeskError
from services.files import scanning, storage

SCAN_TASK = "integrity.scan"
MAX_ATTEMPTS = 3
DEAD_AFTER_S = 120
TOUCH_EVERY_S = 5.0
KEPT_SCANS = 10
DELETABLE = ("orphaned_files", "stale_files", "set_aside", "empty_folders")
_SCAN_LOCK = 0x696E7465  # any number, the same for every Printdesk process


@dataclass(frozen=True)
class ScanView:
    """One scan. `problem` says why it failed; times are UTC."""

    task_id: str
    state: ScanState
    started_at: datetime
    finished_at: datetime | None
    started_by: str
    problem: str | None


@dataclass(frozen=True)
class ReportView:
    """The last finished scan with its findings (services/files/scanning.py), and the newest scan,
    which may still be running or have failed."""

    scan: ScanView
    findings: dict[str, Any]
    latest: ScanView


def start(session: Session, *, actor: Actor) -> ScanView:
    """Requests a scan. Raises Forbidden, and Conflict when one is waiting or running."""
    require(actor, Role.ADMIN)
    scan_id = session.scalar(
        insert(IntegrityScan)
        .values(id=new_id(), state=ScanState.WAITING, attempts=0, started_by=actor.name)
        .on_conflict_do_nothing()
        .returning(IntegrityScan.id)
    )
    if scan_id is None:
        raise Conflict("A system audit is already running. Wait for its report.")
    events.audit(session, "AdminAction", actor, override="audit-start", task_id=scan_id)
    work.send_after_commit(session, SCAN_TASK, scan_id)
    return _view(session.get_one(IntegrityScan, scan_id))


def run(scan_id: str) -> None:
    """Runs a scan, unless it is finished or another worker is running it."""
    with _alone() as alone:
        if not alone or not _claim(scan_id):
            return
        try:
            findings = scanning.scan(_Pulse(scan_id))
        except PrintdeskError as problem:
            _finish(scan_id, ScanState.FAILED, problem=problem.message)
        else:
            _finish(scan_id, ScanState.DONE, report=asdict(findings))


def find_stalled(session: Session) -> str | None:
    """The scan without recent progress, because its message or its worker was lost."""
    return session.scalar(
        select(IntegrityScan.id).where(
            IntegrityScan.finished_at.is_(None),
            IntegrityScan.touched_at < utcnow() - timedelta(seconds=DEAD_AFTER_S),
        )
    )


def get_report(session: Session, *, actor: Actor) -> ReportView:
    """The last report. Raises Forbidden, and NotFound before there is one."""
    require(actor, Role.ADMIN)
    latest = session.scalars(
        select(IntegrityScan).order_by(IntegrityScan.started_at.desc()).limit(1)
    ).one_or_none()
    done = _last_done(session)
    if latest is None or done is None:
        raise NotFound(_no_report(latest))
    return ReportView(_view(done), done.report or {}, _view(latest))


def delete_file(session: Session, file_path: str, *, actor: Actor) -> bool:
    """Deletes one path of the last report that still belongs to no job, and removes it from the
    report.

    Returns whether it still existed. Raises Forbidden; NotFound if the report does not list it;
    Conflict if it now belongs to a job; StorageUnavailable.
    """
    require(actor, Role.ADMIN)
    scan = _last_done(session, lock=True)
    kinds = [kind for kind in DELETABLE if scan and file_path in (scan.report or {}).get(kind, ())]
    if scan is None or not kinds:
        raise NotFound("The last audit report does not list this file. Start a new audit.")
    storage.check()
    job_id = _refuse_owned(session, file_path)
    with storage.translated():
        removed = _remove(file_path)
    if removed:
        about = {"file": file_path, "kind": kinds[0]}
        events.audit(session, "FileDeleted", actor, job_id=job_id, **about)
        if job_id is not None:
            events.record(session, job_id, "FileDeleted", actor, **about)
    scan.report = _without(scan.report or {}, file_path)
    return removed


def _claim(scan_id: str) -> bool:
    """Whether the scan should run now; after too many attempts it is marked as failed."""
    with work.unit() as session:
        scan = session.get(IntegrityScan, scan_id, with_for_update=True)
        if scan is None or scan.finished_at is not None:
            return False
        scan.attempts += 1
        scan.touched_at = utcnow()
        if scan.attempts > MAX_ATTEMPTS:
            scan.state, scan.finished_at = ScanState.FAILED, utcnow()
            scan.problem = "The audit failed several times. The worker's log says why."
            return False
        scan.state = ScanState.RUNNING
        return True


def _finish(
    scan_id: str,
    state: ScanState,
    *,
    problem: str | None = None,
    report: dict[str, Any] | None = None,
) -> None:
    with work.unit() as session:
        session.execute(
            update(IntegrityScan)
            .where(IntegrityScan.id == scan_id)
            .values(state=state, problem=problem, report=report, finished_at=utcnow())
        )
        newest = select(IntegrityScan.id).order_by(IntegrityScan.started_at.desc())
        last_done = newest.where(IntegrityScan.state == ScanState.DONE).limit(1)
        session.execute(
            delete(IntegrityScan).where(
                IntegrityScan.id.not_in(newest.limit(KEPT_SCANS)),
                IntegrityScan.id.not_in(last_done),
            )
        )


class _Pulse:
    """The heartbeat of the running scan, written every few seconds."""

    def __init__(self, scan_id: str) -> None:
        self._scan_id = scan_id
        self._last = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self._last < TOUCH_EVERY_S:
            return
        self._last = time.monotonic()
        with work.unit() as session:
            session.execute(
                update(IntegrityScan)
                .where(IntegrityScan.id == self._scan_id)
                .values(touched_at=utcnow())
            )


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether no other process is scanning. The lock ends with its connection, also after a
    crash."""
    with work.engine().connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        alone = connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _SCAN_LOCK})
        try:
            yield bool(alone)
        finally:
            if alone:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _SCAN_LOCK})


def _last_done(session: Session, *, lock: bool = False) -> IntegrityScan | None:
    chosen = (
        select(IntegrityScan)
        .where(IntegrityScan.state == ScanState.DONE)
        .order_by(IntegrityScan.finished_at.desc())
        .limit(1)
    )
    return session.scalars(chosen.with_for_update() if lock else chosen).one_or_none()


def _no_report(latest: IntegrityScan | None) -> str:
    if latest is None:
        return "There is no audit report yet. Start a system audit first."
    if latest.state == ScanState.FAILED:
        return f"There is no audit report yet. The last audit failed: {latest.problem}"
    return "There is no audit report yet. The first audit is under way."


def _refuse_owned(session: Session, path: str) -> str | None:
    """Raises Conflict if the path is in a job's folder. Returns the id of the job of which it is an
    old copy, with the job's row locked, so that the job cannot move there during the deletion."""
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    rows = session.execute(
        select(Job.id, Job.folder)
        .where(Job.folder.in_(above) | (Job.short_id == (scanning.job_mark(path) or "")))
        .with_for_update()
    ).all()
    for job_id, folder in rows:
        if folder in above:
            raise Conflict("This file now belongs to a job.", job_id=job_id)
    return rows[0].id if rows else None


def _remove(path: str) -> bool:
    """Removes one file or empty folder, and parent folders that become empty. Returns whether it
    existed. No link is followed, even if the path has changed since it was listed."""
    *folders, name = path.split("/")
    opened = [os.open(storage.root(), os.O_RDONLY | os.O_DIRECTORY)]
    try:
        for folder in folders:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            opened.append(os.open(folder, flags, dir_fd=opened[-1]))
        kind = os.stat(name, dir_fd=opened[-1], follow_symlinks=False).st_mode
        if stat.S_ISDIR(kind):
            os.rmdir(name, dir_fd=opened[-1])
        elif stat.S_ISREG(kind):
            os.unlink(name, dir_fd=opened[-1])
        else:
            return False
        for index in range(len(folders) - 1, 0, -1):  # the first one is a status folder, and stays
            if os.listdir(opened[index + 1]):
                break
            os.rmdir(folders[index], dir_fd=opened[index])
        return True
    except OSError as problem:
        if problem.errno == errno.ENOTEMPTY:
            raise Conflict("This folder is no longer empty. Start a new audit.") from problem
        if problem.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return False
        raise
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _without(report: dict[str, Any], path: str) -> dict[str, Any]:
    """The report without a path that has been deleted."""
    kinds = [*DELETABLE, "differing_files"]
    listed = {kind: report[kind] for kind in kinds if path in report.get(kind, ())}
    rest = {kind: [item for item in items if item != path] for kind, items in listed.items()}
    fewer = {kind: report["counts"][kind] - 1 for kind in listed}
    return report | rest | {"counts": report["counts"] | fewer}


def _view(scan: IntegrityScan) -> ScanView:
    return ScanView(
        scan.id,
        ScanState(scan.state),
        scan.started_at,
        scan.finished_at,
        scan.started_by,
        scan.problem,
    )
