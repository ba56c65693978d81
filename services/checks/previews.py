"""The 3D preview of a model: made when the model is checked, or when it is looked at and not there
any more; kept by the file's hash.

Kept under VAR_DIR/cache/preview, gzipped, as it is sent; it holds nothing but the shape. A file
that cannot be shown has its reason kept in the same way. The cache may be deleted at any time.
"""

import gzip
import json
import os
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from reader import model
from reader.errors import CouldNotRead, Unreadable
from reader.model import Reading
from services.actors import Actor
from services.checks import results
from services.errors import NotFound, Retryable
from services.files import storage
from services.jobs import records
from services.jobs.records import JobView
from settings import settings

log = structlog.get_logger()

VERSION = 2  # raise it when the data change: those of before are made anew
MAX_KEPT = 400  # files; at most 0.4 MB each
MAX_BYTES = 1024 * 1024
RETRY_FAILED_S = 600.0
_WAIT_S = 5.0  # longer than one may take
# A child may take 1 GB: one at a time in each web process, and the others wait for it.
_one_at_a_time = threading.BoundedSemaphore(1)


@dataclass(frozen=True)
class Preview:
    """Gzipped JSON, and what names this version of it. `is_final`: it may be kept by a browser."""

    packed: bytes
    tag: str
    is_final: bool


def find_job(session: Session, job_id: str, *, actor: Actor) -> JobView:
    """The job, if the person may see it. Raises NotFound, Forbidden."""
    return records.get(session, job_id, actor=actor)


def get(job: JobView) -> Preview:
    """The preview of a job's original, made now if need be: within CHECK_WALL_S, in a child
    process.

    Holds no database connection. Raises Retryable when others are waiting already, NotFound when
    the file is gone, StorageUnavailable.
    """
    found = _read(job.file_hash)
    if found is not None:
        return found
    if not _one_at_a_time.acquire(timeout=settings().check_wall_s + _WAIT_S):
        raise Retryable("Other previews are being made. Please try again in a moment.")
    try:
        return _read(job.file_hash) or _make(job)
    finally:
        _one_at_a_time.release()


def path_of(file_hash: str) -> Path:
    return settings().var_dir / "cache" / "preview" / f"{file_hash}-{VERSION}.json.gz"


def _read(file_hash: str) -> Preview | None:
    try:
        with open(path_of(file_hash), "rb") as file:
            packed, changed = file.read(MAX_BYTES), os.fstat(file.fileno()).st_mtime
    except OSError:
        return None
    is_final = not _is_failure(packed)
    if not is_final and time.time() - changed > RETRY_FAILED_S:
        return None
    return Preview(packed, f"{file_hash[:32]}-{VERSION}", is_final)


def _make(job: JobView) -> Preview:
    storage.check()
    path = storage.path_of(f"{job.folder}/{job.original_name}")
    if not path.is_file():
        raise NotFound("The model's file is not there. The job may have moved: look again.")
    with tempfile.TemporaryDirectory(prefix="printdesk-preview-") as folder:
        reading = model.read(
            path,
            job.original_filename,
            frozenset({"preview"}),
            Path(folder),
            limits=results.limits(),
        )
        if reading.broke_off("preview"):
            raise Retryable("The preview was not finished. Please try again.")
        keep(job.file_hash, reading)
    preview = _read(job.file_hash)
    if preview is None:
        raise Retryable("The preview could not be kept. Please try again.")
    return preview


def keep(file_hash: str, reading: Reading) -> None:
    """Keeps the preview of a reading, or the reason why there is none."""
    try:
        packed = reading.preview().read_bytes()
    except Unreadable as problem:
        packed = _failure(problem.message)
    except CouldNotRead as problem:
        packed = _failure(f"The model could not be shown: {problem.message}.")
    target = path_of(file_hash)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(prefix=".making-", dir=target.parent, delete=False) as file:
        file.write(packed)
    os.replace(file.name, target)
    _drop_oldest(target.parent)


def _failure(reason: str) -> bytes:
    return gzip.compress(json.dumps({"state": "failed", "reason": reason}).encode(), mtime=0)


def _is_failure(packed: bytes) -> bool:
    """Failures are a few hundred bytes; only those are looked into."""
    return len(packed) < 2000 and b'"failed"' in gzip.decompress(packed)[:40]


def _drop_oldest(folder: Path) -> None:
    """Keeps the newest MAX_KEPT; what another process drops at this moment is no error."""
    kept = []
    for path in folder.glob("*.json.gz"):
        try:
            kept.append((path.stat().st_mtime, path))
        except FileNotFoundError:
            continue
    for _, path in sorted(kept)[: max(0, len(kept) - MAX_KEPT)]:
        path.unlink(missing_ok=True)
