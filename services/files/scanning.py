"""Compares the storage with the database, in both directions, during operation (the plan's 5.9).

An apparent problem may be a move, an upload or a deletion in progress. So every finding is checked
again, twice, after the transactions that were open at that time have ended; only what is still
wrong is reported. If the storage becomes unavailable in the meantime, nothing is reported.
"""

import filecmp
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Row, func, select, text

from models import STATUS_FOLDERS, Job
from services import work
from services.files import storage

MAX_LISTED = 5000  # of each kind; `counts` has the true number
BATCH = 500
ROUNDS = 2
CLEANING_S = 1.0  # the time that a move or deletion needs after its commit to remove the old folder
MAX_WAIT_S = 30.0

Item = TypeVar("Item")


@dataclass
class Findings:
    """The findings of a scan. Paths are relative to the storage root, with "/" as separator.

    `differing_files` are those of `stale_files` that the job's current folder does not contain:
    look at them before deleting. `leftovers` are removed automatically. `irregular` entries are
    neither files nor folders, cannot be read, or do not belong to Printdesk.
    """

    orphaned_files: list[str] = field(default_factory=list)
    stale_files: list[str] = field(default_factory=list)
    differing_files: list[str] = field(default_factory=list)
    broken_links: list[dict[str, str]] = field(default_factory=list)
    damaged_files: list[dict[str, Any]] = field(default_factory=list)
    empty_folders: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    irregular: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    folders_scanned: int = 0
    jobs_checked: int = 0

    def add(self, kind: str, item: str | dict[str, Any]) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        listed = getattr(self, kind)
        if len(listed) < MAX_LISTED:
            listed.append(item)


KINDS = tuple(
    name
    for name in Findings.__dataclass_fields__
    if name not in ("counts", "folders_scanned", "jobs_checked")
)


def scan(touch: Callable[[], None] = lambda: None) -> Findings:
    """Scans everything; `touch` is called now and then. Raises StorageUnavailable."""
    storage.check()
    found = Findings(counts=dict.fromkeys(KINDS, 0))
    with storage.translated():
        leftovers: dict[str, tuple[int, int]] = {}
        suspects = list(_find_unowned(found, leftovers, touch))
        leftovers |= {path: _mark_of(path) for path in _files_below(storage.UPLOADS, found)}
        unlinked = list(_find_unlinked(found, touch))
        for _ in range(ROUNDS):
            if suspects or unlinked or leftovers:
                _let_moves_end(touch)
            suspects = [path for batch in _batched(suspects) for path in _still_unowned(batch)]
            unlinked = [job_id for job_id in unlinked if _problems_of(job_id)]
            leftovers = {path: mark for path, mark in leftovers.items() if _mark_of(path) == mark}
        _report_unowned(found, suspects, touch)
        for job_id in unlinked:
            for kind, item in _problems_of(job_id):
                found.add(kind, item)
        for kind, paths in (
            ("leftovers", leftovers),
            ("set_aside", _files_below(storage.ASIDE, found)),
        ):
            for path in paths:
                found.add(kind, _shown(path))
    storage.check()  # otherwise missing files may only mean that the storage is not mounted
    return found


def job_mark(path: str) -> str | None:
    """The short id in the name of a job's folder below a status folder, as in `..._1a2b3c4d`."""
    parts = path.split("/")
    if len(parts) < 2 or parts[0] not in STATUS_FOLDERS.values():
        return None
    named = re.search(r"_([0-9a-f]{8})$", parts[1])
    return named[1] if named else None


def _find_unowned(
    found: Findings, leftovers: dict[str, tuple[int, int]], touch: Callable[[], None]
) -> Iterator[str]:
    """Folders and files that belong to no job in the database. Copies in progress, or interrupted
    ones, are put into `leftovers`."""
    known = set(STATUS_FOLDERS.values())
    for entry in _entries(""):
        if entry.name in known or entry.name.startswith((storage.SENTINEL, storage.UPLOADS)):
            continue
        if entry.name == storage.ASIDE:
            continue
        foreign = entry.name.startswith(".") or entry.name == "lost+found"
        if foreign or not _is_plain(entry):
            found.add("irregular", _shown(entry.name))
        else:
            yield entry.name
    for folder in STATUS_FOLDERS.values():
        for batch in _batched(_entries(folder)):
            touch()
            found.folders_scanned += len(batch)
            paths = []
            for entry in batch:
                path = f"{folder}/{entry.name}"
                if entry.name.startswith(storage.INCOMING):
                    leftovers[path] = _mark_of(path)
                elif not _is_plain(entry):
                    found.add("irregular", _shown(path))
                else:
                    paths.append(path)
            yield from _still_unowned(paths)


def _still_unowned(paths: list[str]) -> list[str]:
    """Those of the paths that still exist and are not a job's folder. Folders of a job that is
    being moved now are not reported."""
    askable = [path for path in paths if _shown(path) == path]
    marks = {mark for path in askable if (mark := job_mark(path))}
    with work.unit() as session:
        owned = set(session.scalars(select(Job.folder).where(Job.folder.in_(askable))))
        present = [path for path in paths if path not in owned and os.path.lexists(_full(path))]
        if not present:
            return []
        of_jobs = set(session.scalars(select(Job.short_id).where(Job.short_id.in_(marks))))
        still = session.execute(
            select(Job.short_id, Job.folder)
            .where(Job.short_id.in_(of_jobs))
            .with_for_update(skip_locked=True)
        ).all()
        busy = of_jobs - {short_id for short_id, _ in still}
        owned = {folder for _, folder in still}
    return [path for path in present if path not in owned and job_mark(path) not in busy]


def _report_unowned(found: Findings, paths: list[str], touch: Callable[[], None]) -> None:
    for batch in _batched(paths):
        touch()
        marks = {mark for path in batch if (mark := job_mark(path))}
        with work.unit() as session:
            chosen = select(Job.short_id, Job.folder).where(Job.short_id.in_(marks))
            present = {row.short_id: row.folder for row in session.execute(chosen)}
        for path in batch:
            _report_path(found, path, present.get(job_mark(path) or ""))


def _report_path(found: Findings, path: str, present: str | None) -> None:
    """Lists the files of one unowned path: stale if their job has another folder, else orphaned."""
    files = list(_files_below(path, found))
    if not files and _full(path).is_dir():
        found.add("empty_folders", _shown(path))
    for file in files:
        if present is None:
            found.add("orphaned_files", _shown(file))
            continue
        found.add("stale_files", _shown(file))
        below = file[len(path) + 1 :]
        if below and below != storage.METADATA and not _same(file, f"{present}/{below}"):
            found.add("differing_files", _shown(file))


def _find_unlinked(found: Findings, touch: Callable[[], None]) -> Iterator[str]:
    """The ids of jobs with missing files."""
    after = ""
    while True:
        touch()
        with work.unit() as session:
            rows = session.execute(_linked().where(Job.id > after).order_by(Job.id).limit(BATCH))
            batch = rows.all()
        if not batch:
            return
        after = batch[-1].id
        found.jobs_checked += len(batch)
        yield from (row.id for row in batch if _check_files(row))


def _linked() -> Any:
    return select(Job.id, Job.folder, Job.display_name, Job.original_name, Job.file_size)


def _problems_of(job_id: str) -> list[tuple[str, dict[str, Any]]]:
    """The problems of a job's files, unless the job was moved during the check."""
    before = _read_links(job_id)
    problems = _check_files(before) if before is not None else []
    return problems if problems and _read_links(job_id) == before else []


def _read_links(job_id: str) -> Row[Any] | None:
    with work.unit() as session:
        row: Row[Any] | None = session.execute(_linked().where(Job.id == job_id)).one_or_none()
        return row


def _check_files(row: Row[Any]) -> list[tuple[str, dict[str, Any]]]:
    problems: list[tuple[str, dict[str, Any]]] = []
    for name in dict.fromkeys((row.display_name, row.original_name, storage.METADATA)):
        path = f"{row.folder}/{name}"
        try:
            size = os.stat(_full(path), follow_symlinks=False).st_size
        except (FileNotFoundError, NotADirectoryError):
            problems.append(("broken_links", {"job_id": row.id, "missing_path": path}))
            continue
        if name == row.original_name and size != row.file_size:
            about = {"job_id": row.id, "path": path, "size": size, "expected_size": row.file_size}
            problems.append(("damaged_files", about))
    return problems


def _let_moves_end(touch: Callable[[], None]) -> None:
    """Waits until every change in progress has ended, including its clean-up."""
    with work.unit() as session:
        seen = session.scalar(select(func.clock_timestamp()))
    deadline = time.monotonic() + MAX_WAIT_S
    while time.monotonic() < deadline:
        with work.unit() as session:
            if not session.scalar(_OPEN_CHANGES, {"seen": seen}):
                break
        touch()
        time.sleep(0.2)
    time.sleep(CLEANING_S)


# A submission creates its folder before its row, but it holds an advisory lock from the start.
_OPEN_CHANGES = text(
    """
    SELECT count(*) FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.xact_start < :seen
    AND (
        a.backend_xid IS NOT NULL
        OR EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory')
    )
    """
)


def _mark_of(path: str) -> tuple[int, int]:
    """Size and modification time (ns): if both are unchanged, nobody is writing there."""
    try:
        found = os.stat(_full(path), follow_symlinks=False)
    except FileNotFoundError:
        return (-1, time.monotonic_ns())
    return found.st_size, found.st_mtime_ns


def _files_below(path: str, found: Findings) -> Iterator[str]:
    """The path itself when it is a file, else every file below it; links are never followed."""
    full = _full(path)
    if full.is_file() and not full.is_symlink():
        yield path
        return
    pending = [path]
    while pending:
        folder = pending.pop()
        try:
            entries = list(_entries(folder))
        except PermissionError:
            found.add("irregular", _shown(folder))
            continue
        for entry in entries:
            below = f"{folder}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                pending.append(below)
            elif entry.is_file(follow_symlinks=False):
                yield below
            else:
                found.add("irregular", _shown(below))


def _entries(folder: str) -> Iterator["os.DirEntry[str]"]:
    """The entries of a folder, one at a time; nothing if it no longer exists or is not a folder."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(_full(folder)) as entries:
        yield from entries


def _is_plain(entry: "os.DirEntry[str]") -> bool:
    return entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)


def _same(one: str, other: str) -> bool:
    try:
        return filecmp.cmp(_full(one), _full(other), shallow=False)
    except FileNotFoundError:
        return False


def _full(path: str) -> Path:
    return storage.root() / path


def _shown(path: str) -> str:
    """The path as text that can be stored: bytes that are not UTF-8 become `\\x..`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _batched(items: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
