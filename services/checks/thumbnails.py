"""The picture of each job's model: drawn when the model is read, kept in the job's folder.

Nothing waits for it, and nothing fails with it: a job without a picture says why. The row's
`thumbnail` is `{state: pending|ok|failed, ...}`; with `ok` it has the picture's `hash`, with
`failed` a `reason` in words. A picture stays until there is a new one. When it is drawn is said in
services/checks/modelchecks.py.
"""

import hashlib
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from models import Job
from reader.errors import CouldNotRead, Interrupted, Unreadable
from reader.model import Reading
from services.actors import Actor
from services.checks.results import GIVEN_UP
from services.errors import NotFound, StorageFull, StorageUnavailable
from services.files import storage
from services.jobs import records
from services.jobs.records import JobView

VERSION = 2  # raise it when pictures look different: all jobs get a new one
PICTURE, SMALL = "thumbnail.png", "thumbnail-128.webp"
_MAX_BYTES = 2 * 1024 * 1024
_BLANK = "The model is too thin or too scattered to be seen in a small picture."


def pending(before: dict[str, Any]) -> dict[str, Any]:
    """A picture is to be drawn; the one of before is shown until then."""
    return {"state": "pending", **({"hash": before["hash"]} if "hash" in before else {})}


def without_attempts(thumbnail: dict[str, Any]) -> dict[str, Any]:
    """`attempts` counts how often the file was read for what is due now, the check included."""
    return {name: value for name, value in thumbnail.items() if name != "attempts"}


def store(job: Job, reading: Reading | None) -> None:
    """Puts the pictures into the job's folder as it is now, with the row locked. `reading` is None
    when the model's file is lost. Raises StorageUnavailable."""
    if reading is None:
        return fail(job, "The model's file is missing from the storage.")
    try:
        folder = reading.picture()
    except Unreadable as problem:
        return fail(job, problem.message)
    except Interrupted:
        return fail(job, f"It could not be drawn: {GIVEN_UP}.")
    except CouldNotRead as problem:
        return fail(job, f"It could not be drawn: {problem.message}.")
    if folder is None:
        return fail(job, _BLANK)
    picture = _content(folder / "picture.png")
    try:
        storage.write_file(job.folder, PICTURE, picture)
        storage.write_file(job.folder, SMALL, _content(folder / "small.webp"))
    except StorageFull:
        return fail(job, "There was no room in the storage for it.")
    digest = hashlib.sha256(picture).hexdigest()[:8]
    job.thumbnail = {"state": "ok", "hash": digest, "version": VERSION}


def fail(job: Job, reason: str) -> None:
    """An older picture is better than none, and still one of this model."""
    if "hash" in job.thumbnail:
        job.thumbnail = {"state": "ok", "hash": job.thumbnail["hash"], "version": VERSION}
    else:
        job.thumbnail = {"state": "failed", "reason": reason, "version": VERSION}


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


def _none() -> bytes:
    raise NotFound("This job has no picture.")


def _content(path: Path) -> bytes:
    """A file that the child wrote: bounded, as all that comes from there."""
    with open(path, "rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError("a picture of this size is none of ours")
    return content
