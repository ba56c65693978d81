"""The picture of each job's model: drawn by a task, kept in the job's folder.

Nothing waits for it, and nothing fails with it: a job without a picture says why. The row's
`thumbnail` is `{state: pending|ok|failed, ...}`; with `ok` it has the picture's `hash`, with
`failed` a `reason` in words. What a lost message or a dead worker left pending, and what an older
`VERSION` has drawn, a sweep takes up. A picture stays until there is a new one.
"""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from models import Job, utcnow
from reader import sandbox
from reader.errors import CouldNotRead, Unreadable
from services import work
from services.actors import Actor
from services.checks import results, versions
from services.errors import NotFound, StorageFull, StorageUnavailable
from services.files import storage
from services.jobs import records
from services.jobs.records import JobView

log = structlog.get_logger()

MAKE_TASK = "thumbnail.make"
VERSION = 2  # raise it when pictures look different: all jobs get a new one
PICTURE, SMALL = "thumbnail.png", "thumbnail-128.webp"
MAX_ATTEMPTS = 3
SWEEP_AGE_S = 60
SWEEP_LIMIT = 10
_MAX_BYTES = 2 * 1024 * 1024
_BLANK = "The model is too thin or too scattered to be seen in a small picture."

_STATE = Job.thumbnail["state"].astext
_VERSION = Job.thumbnail["version"].astext


@dataclass(frozen=True)
class _Work:
    """One job's picture to be made: where its model lies at this moment."""

    folder: str
    file_name: str
    called: str


def request(session: Session, job: Job) -> None:
    """Has the job's picture drawn, or drawn anew, once this transaction commits."""
    job.thumbnail = _pending(job.thumbnail)
    work.send_after_commit(session, MAKE_TASK, job.id)


def url(job: JobView) -> str | None:
    """Where the picture is; another address for another picture, so that it may be cached."""
    version = job.thumbnail.get("hash")
    return f"/api/v1/jobs/{job.id}/thumbnail?v={version}" if version else None


def why_missing(job: JobView) -> str:
    """Why there is no picture, in words."""
    if job.thumbnail.get("state") == "pending":
        return "The picture is being drawn."
    return f"No picture: {job.thumbnail.get('reason', 'it could not be drawn.')}"


def read(session: Session, job_id: str, *, small: bool, actor: Actor) -> bytes:
    """The picture, PNG or the small WebP. Raises NotFound, Forbidden, StorageUnavailable."""
    job = records.get(session, job_id, actor=actor)
    path = storage.path_of(job.folder) / (SMALL if small else PICTURE)
    try:
        with storage.translated():
            return path.read_bytes() if "hash" in job.thumbnail else _none()
    except StorageUnavailable:
        storage.check()
        return _none()  # the storage is there, and the picture is not


def make(job_id: str) -> None:
    """Draws a job's picture if it is due. Draws without holding the row: that takes seconds."""
    for _ in range(MAX_ATTEMPTS):
        with work.unit() as session:
            wanted = _claim(session, job_id)
        if wanted is None:
            return
        folder = Path(tempfile.mkdtemp(prefix="printdesk-picture-"))
        try:
            drawn = _draw(wanted, folder)
            with work.unit() as session:
                if _keep(session, job_id, wanted, drawn, folder):
                    return
        except NotFound:
            return  # the job was deleted meanwhile
        except StorageUnavailable as problem:
            log.warning("thumbnail_waits", job_id=job_id, problem=problem.message)
            _give_back(job_id)
            return
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def list_due(session: Session) -> list[str]:
    """Jobs whose picture should be there by now, and those that an older version has drawn."""
    is_waiting = _STATE == "pending"
    is_old = Job.created_at < utcnow() - timedelta(seconds=SWEEP_AGE_S)
    due = select(Job.id).where(versions.is_other(_VERSION, str(VERSION)), or_(~is_waiting, is_old))
    return list(session.scalars(due.order_by(*versions.order(is_waiting)).limit(SWEEP_LIMIT)))


def forget_versions(session: Session) -> None:
    """Makes every job's picture due; the old ones stay until the new ones are there."""
    session.execute(
        update(Job)
        .where(_STATE != "pending")
        .values(thumbnail=Job.thumbnail.op("-")("version"))
        .execution_options(synchronize_session=False)
    )


def _none() -> bytes:
    raise NotFound("This job has no picture.")


def _claim(session: Session, job_id: str) -> _Work | None:
    """Counts an attempt, so that a file that kills its worker is not tried for ever."""
    try:
        job, _ = records.lock_row(session, job_id)
    except NotFound:
        return None
    if job.thumbnail.get("version") == VERSION:
        return None
    attempts = int(job.thumbnail.get("attempts", 0)) + 1
    if attempts > MAX_ATTEMPTS:
        job.thumbnail = _outcome(job.thumbnail, _failed("Drawing it broke off several times."))
        return None
    job.thumbnail = _pending(job.thumbnail) | {"attempts": attempts}
    return _Work(job.folder, job.original_name, job.original_filename)


def _give_back(job_id: str) -> None:
    """The storage was away: that attempt does not count."""
    with work.unit() as session:
        job, _ = records.lock_row(session, job_id)
        if job.thumbnail.get("state") == "pending":
            job.thumbnail = _pending(job.thumbnail)


def _draw(wanted: _Work, folder: Path) -> dict[str, Any]:
    """The state that the picture has then; the files are in `folder`."""
    storage.check()
    path = storage.path_of(f"{wanted.folder}/{wanted.file_name}")
    if not path.is_file():
        return _failed("The model's file is missing from the storage.")
    kind = PurePath(wanted.file_name).suffix.lower().lstrip(".")
    try:
        answer = sandbox.run(
            "thumbnail",
            *(str(path), kind, wanted.called, str(folder)),
            output=folder,
            limits=results.limits(),
        )
    except Unreadable as problem:
        return _failed(problem.message)
    except CouldNotRead as problem:
        return _failed(f"It could not be drawn: {problem.message}.")
    if answer.get("blank"):
        return _failed(_BLANK)
    picture = _content(folder / "picture.png")
    return {
        "state": "ok",
        "hash": hashlib.sha256(picture).hexdigest()[:8],
        "version": VERSION,
    }


def _keep(
    session: Session, job_id: str, wanted: _Work, drawn: dict[str, Any], folder: Path
) -> bool:
    """Puts the pictures into the job's folder as it is now, with the row locked: the folder may
    have moved meanwhile. False: it moved away under the reader, which should look again."""
    job, _ = records.lock_row(session, job_id)
    if job.thumbnail.get("state") != "pending":
        return True  # another worker was faster
    if drawn["state"] == "failed" and job.folder != wanted.folder:
        return False
    if drawn["state"] == "ok":
        try:
            storage.write_file(job.folder, PICTURE, _content(folder / "picture.png"))
            storage.write_file(job.folder, SMALL, _content(folder / "small.webp"))
        except StorageFull:
            drawn = _failed("There was no room in the storage for it.")
    job.thumbnail = _outcome(job.thumbnail, drawn)
    session.flush()
    records.write_metadata(job)
    return True


def _pending(before: dict[str, Any]) -> dict[str, Any]:
    return {"state": "pending", **({"hash": before["hash"]} if "hash" in before else {})}


def _outcome(before: dict[str, Any], drawn: dict[str, Any]) -> dict[str, Any]:
    """An older picture is better than none, and still one of this model."""
    if drawn["state"] == "failed" and "hash" in before:
        return {"state": "ok", "hash": before["hash"], "version": VERSION}
    return drawn


def _failed(reason: str) -> dict[str, Any]:
    return {"state": "failed", "reason": reason, "version": VERSION}


def _content(path: Path) -> bytes:
    """A file that the child wrote: bounded, as all that comes from there."""
    with open(path, "rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError("a picture of this size is none of ours")
    return content
