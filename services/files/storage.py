"""The job folders on disk: copied, never moved, so that a crash at any moment loses nothing.

A folder is copied to `<target>/.incoming-<name>`, made durable, and renamed; then the database is
committed; then the old folder is removed (the plan's section 5.17). The folder in the database is
complete at every moment. A crash can leave at most one stale copy.

Paths in the database are relative to the storage root, with "/" between their parts.
"""

import errno
import filecmp
import json
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog
from tenacity import (
    Retrying,
    retry_if_exception_type,
    retry_if_not_exception_type,
    stop_after_attempt,
    wait_exponential,
)

from models import STATUS_FOLDERS, Status
from services.errors import Conflict, NotDurable, PrintdeskError, StorageFull, StorageUnavailable
from settings import settings

log = structlog.get_logger()

SENTINEL = ".printdesk"
METADATA = "metadata.json"
UPLOADS = ".uploads"
ASIDE = ".set-aside"
INCOMING = ".incoming-"
LEFTOVER_AGE_S = 3600.0

Result = TypeVar("Result")

_FINAL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
_ATTEMPTS = 3


@dataclass(frozen=True)
class FolderCopy:
    """A finished copy. `files` maps each copied file to its size (bytes) and mtime (ns)."""

    source: str
    target: str
    files: dict[str, tuple[int, int]]


def root() -> Path:
    return settings().storage_dir


def path_of(relative: str) -> Path:
    """The full path of a path relative to the storage root. Raises ValueError if it is outside."""
    path = (root() / relative).resolve()
    if not path.is_relative_to(root().resolve()):
        raise ValueError(f"{relative!r} is outside the storage root")
    return path


def prepare_root(has_jobs: bool) -> None:
    """Creates the storage root and its status folders, and marks it with the sentinel file.

    With jobs in the database, an absent sentinel means that the share is not mounted: then nothing
    is made, so that an empty mount point is never taken for the lab's storage.
    """
    base = root()
    if has_jobs and not (base / SENTINEL).exists():
        raise StorageUnavailable(_not_reachable())
    for name in (*STATUS_FOLDERS.values(), UPLOADS):
        (base / name).mkdir(parents=True, exist_ok=True)
    if not (base / SENTINEL).exists():
        _write_durably(
            base / SENTINEL,
            b"Printdesk keeps its jobs here. Do not delete this file.\n",
        )


def check() -> None:
    """Raises StorageUnavailable when the storage root is not the one that Printdesk marked."""
    try:
        os.stat(root() / SENTINEL)
    except OSError as problem:
        raise StorageUnavailable(_not_reachable()) from problem


def create_folder(upload: Path, name: str, file_name: str, metadata: dict[str, Any]) -> str:
    """Makes a new job's folder in Uploaded/ from a received file, which is moved into it.

    Returns the folder. Raises StorageUnavailable or StorageFull; then nothing is left behind.
    """

    parent = root() / STATUS_FOLDERS[Status.UPLOADED]
    incoming = parent / f"{INCOMING}{name}"

    def make() -> str:
        if upload.exists():  # otherwise a first attempt has already moved it
            os.rename(upload, _fresh(incoming) / file_name)
        # The original is never changed, not even by a slicer.
        os.chmod(incoming / file_name, 0o444)
        _write_durably(incoming / METADATA, _as_json(metadata))
        return _publish(incoming, parent / name)

    with _removed_on_failure(incoming):
        return _reliably(make)


def require_folder(folder: str) -> None:
    """Raises Conflict if a job's folder is missing although the storage is available;
    StorageUnavailable if the storage is not."""
    if not path_of(folder).is_dir():
        check()
        raise Conflict(f"The job's folder {folder} is missing from the storage.", folder=folder)


def copy_folder(source: str, status: Status, metadata: dict[str, Any]) -> FolderCopy:
    """Copies a job's folder to the folder of the new status, with new metadata, durably.

    Raises StorageUnavailable or StorageFull; then nothing has changed. Raises Conflict if the job's
    folder is missing.
    """

    parent = root() / STATUS_FOLDERS[status]
    origin = path_of(source)
    incoming = parent / f"{INCOMING}{origin.name}"

    def copy() -> FolderCopy:
        require_folder(source)
        files = _copy_files(origin, _fresh(incoming))
        _write_durably(incoming / METADATA, _as_json(metadata))
        target = parent / origin.name
        if target.exists():
            _set_aside(target, origin)
        return FolderCopy(source, _publish(incoming, target), files)

    with _removed_on_failure(incoming):
        return _reliably(copy)


def discard(copied: FolderCopy) -> None:
    """Removes the old folder after the commit, unless it contains something that is not in the
    copy.

    A slicer may save into the old folder during the move: then the folder stays, and the integrity
    audit reports it.
    """
    origin = path_of(copied.source)
    if not origin.is_dir():
        return
    present = {name: _identity(origin / name) for name in _file_names(origin) if name != METADATA}
    if all(copied.files.get(name) == identity for name, identity in present.items()):
        remove_folder(copied.source)
    else:
        log.warning("old_folder_kept", folder=copied.source, reason="it changed during the move")


def remove_folder(folder: str) -> None:
    """Removes a job's folder. A missing folder is not an error.

    It is renamed first, so that a crash in the middle cannot leave half a folder under its name.
    """
    path = path_of(folder)
    if path == root().resolve() or not path.is_dir():
        return
    doomed = path.with_name(f"{INCOMING}removed-{path.name}")
    shutil.rmtree(doomed, ignore_errors=True)
    os.rename(path, doomed)
    shutil.rmtree(doomed)


def write_metadata(folder: str, metadata: dict[str, Any]) -> None:
    """Replaces metadata.json atomically."""
    _reliably(lambda: _write_durably(path_of(folder) / METADATA, _as_json(metadata)))


def write_file(folder: str, name: str, content: bytes) -> None:
    """Writes one of our own files into a job's folder, atomically. The caller holds the job's row
    lock, so the folder does not move. Raises StorageUnavailable, StorageFull."""
    _reliably(lambda: _write_durably(path_of(folder) / name, content))


def list_files(folder: str) -> list[tuple[str, os.stat_result]]:
    """Regular files directly in a job's folder with their stat, without our metadata."""
    found = []
    for entry in os.scandir(path_of(folder)):
        if entry.is_file(follow_symlinks=False) and entry.name != METADATA:
            found.append((entry.name, entry.stat(follow_symlinks=False)))
    return sorted(found)


def uploads_dir() -> Path:
    """The folder for uploads: in the storage itself, so that accepting one is a rename."""
    check()
    path = root() / UPLOADS
    path.mkdir(exist_ok=True)
    return path


def sweep_leftovers(older_than_s: float = LEFTOVER_AGE_S) -> int:
    """Removes leftovers of interrupted uploads and copies. Returns how many were removed."""
    check()
    limit = time.time() - older_than_s
    candidates = list((root() / UPLOADS).glob("*"))
    for name in STATUS_FOLDERS.values():
        candidates += (root() / name).glob(f"{INCOMING}*")
    removed = 0
    for path in candidates:
        with suppress(FileNotFoundError):  # an upload or a copy that has just ended
            if path.lstat().st_mtime < limit:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
                removed += 1
    return removed


@contextmanager
def translated() -> Iterator[None]:
    """Converts an OSError: full and read-only raise StorageFull, others StorageUnavailable."""
    try:
        yield
    except OSError as problem:
        if problem.errno in _FINAL:
            raise StorageFull(
                "The lab's storage is full or read-only. Nothing was changed. "
                "Ask whoever runs Printdesk to free up space.",
            ) from problem
        raise StorageUnavailable(_not_reachable()) from problem


def _reliably(action: Callable[[], Result]) -> Result:
    """Performs a file operation, and retries after transient errors of a share (ESTALE...)."""
    retrying = Retrying(
        retry=retry_if_exception_type(StorageUnavailable) & retry_if_not_exception_type(NotDurable),
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_exponential(multiplier=0.1, max=1),
        reraise=True,
    )

    def attempt() -> Result:
        check()
        with translated():
            return action()

    return retrying(attempt)


@contextmanager
def _removed_on_failure(incoming: Path) -> Iterator[None]:
    """Removes an incomplete folder on failure, so that it does not take up space."""
    try:
        yield
    except PrintdeskError:
        shutil.rmtree(incoming, ignore_errors=True)
        raise


def _not_reachable() -> str:
    return "The lab's file storage is not reachable. Nothing was changed. Please try again shortly."


def _fresh(folder: Path) -> Path:
    """An empty folder. The caller holds the job's row lock, so any old content is a leftover."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    return folder


def _publish(incoming: Path, target: Path) -> str:
    """Gives a complete folder its final name, durably. Returns it relative to the root."""
    _fsync(incoming)
    os.rename(incoming, target)
    try:
        _fsync(target.parent)
    except (OSError, NotDurable):
        os.rename(target, incoming)
        raise
    return f"{target.parent.name}/{target.name}"


def _file_names(folder: Path) -> list[str]:
    """Every regular file below a folder, relative to it. Links are left out: they could point
    outside the storage."""
    names = []
    for directory, _, files in os.walk(folder):
        for name in files:
            path = Path(directory, name)
            if stat.S_ISREG(path.lstat().st_mode):
                names.append(path.relative_to(folder).as_posix())
            else:
                log.warning("not_a_regular_file", path=str(path))
    return sorted(names)


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _copy_files(origin: Path, target: Path) -> dict[str, tuple[int, int]]:
    copied = {}
    for name in _file_names(origin):
        if name == METADATA:
            continue
        destination = target / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        identity = _identity(origin / name)
        shutil.copy2(origin / name, destination)
        if destination.stat().st_size != identity[0]:
            raise OSError(errno.EBUSY, "changed while it was copied", str(origin / name))
        _fsync(destination)
        copied[name] = identity
    for directory, _, _ in os.walk(target):
        _fsync(Path(directory))
    return copied


def _set_aside(stale: Path, origin: Path) -> None:
    """Clears the target of a stale copy. If it contains anything that the job's folder does not, it
    is kept under .set-aside/ for somebody to look at."""
    unique = [
        name
        for name in _file_names(stale)
        if name != METADATA
        and not (
            (origin / name).is_file() and filecmp.cmp(stale / name, origin / name, shallow=False)
        )
    ]
    if unique:
        aside = root() / ASIDE / f"{stale.name}-{time.time_ns()}"
        aside.parent.mkdir(exist_ok=True)
        os.rename(stale, aside)
        log.warning("stale_folder_set_aside", folder=str(aside), files=unique)
    else:
        shutil.rmtree(stale)


def _as_json(metadata: dict[str, Any]) -> bytes:
    return json.dumps(metadata, ensure_ascii=False, indent=2, sort_keys=True).encode()


def _write_durably(path: Path, content: bytes) -> None:
    """Writes a temporary file, checks its length, syncs and renames it, as restic's backend
    does."""
    temporary = path.with_name(f".{path.name}.tmp")
    with open(temporary, "wb") as file:
        file.write(content)
        file.flush()
        _sync(file.fileno())
        if os.fstat(file.fileno()).st_size != len(content):
            raise OSError(errno.EIO, "short write", str(temporary))
    os.replace(temporary, path)
    _fsync(path.parent)


def _fsync(path: Path) -> None:
    """Makes a file or folder durable; opened read-only, as the original may not be written."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as problem:
        if problem.errno in _FINAL:
            raise
        raise NotDurable(_not_reachable()) from problem
