"""The reading of a job's model: when it is due, and where its results go.

One reading gives the check, the picture and the 3D preview. It never fails a job, and nothing waits
for it: a result that cannot be had is a state of `job.model` or `job.thumbnail` with the reason in
words. Files are only read in the sandbox. A reader that is killed from outside, with its worker or
alone, has said nothing about the file: it is read again, three times at most.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Subquery, func, or_, select, union_all, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from models import Job, Role
from reader import children, model
from reader.errors import CouldNotRead, Unreadable
from reader.model import Reading, Result
from services import events, work
from services.actors import SYSTEM, Actor, require
from services.checks import previews, results, thumbnails, versions
from services.checks.results import GIVEN_UP, MAX_ATTEMPTS
from services.errors import NotFound, StorageUnavailable
from services.files import storage
from services.jobs import records
from services.jobs.records import JobView
from settings import lab

log = structlog.get_logger()

CHECK_TASK = "models.check"
OVERDUE = timedelta(minutes=1)
SWEEP_BATCH = 10

_STATE = Job.model["state"].astext
_CHECKER = Job.model["checker"].astext
_PICTURE_STATE = Job.thumbnail["state"].astext
_PICTURE_VERSION = Job.thumbnail["version"].astext


@dataclass(frozen=True)
class _Due:
    """What is wanted of a job's model, and where it lies at this moment."""

    wanted: frozenset[Result]
    attempt: int
    folder: str
    path: Path
    name: str
    file_hash: str


def begin(session: Session, job: Job) -> None:
    """Has a new job's model read, once this transaction commits."""
    job.model, job.thumbnail = results.pending(), thumbnails.pending(job.thumbnail)
    work.send_after_commit(session, CHECK_TASK, job.id)


def request(session: Session, job_id: str, *, actor: Actor) -> JobView:
    """Has a job's model checked again, and its picture drawn anew. Raises NotFound, Forbidden."""
    require(actor, Role.STAFF)
    job, now = records.lock_row(session, job_id)
    job.thumbnail = thumbnails.pending(job.thumbnail)
    if job.model.get("state") != "pending":
        events.record(session, job.id, "ModelCheckRequested", actor)
        job.model = results.pending()
        records.touch(session, job, actor)
    work.send_after_commit(session, CHECK_TASK, job.id)
    return records.view(job, now)


def forget_versions(session: Session) -> int:
    """Makes every job due for a check and a new picture; the old ones stay until the new ones are
    there. Returns how many. For `make recheck`: the sweeps do them in small batches."""
    ids = session.scalars(
        update(Job)
        .where(_STATE != "pending")
        .values(model=Job.model.op("-")("checker"))
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Job)
        .where(_PICTURE_STATE != "pending")
        .values(thumbnail=Job.thumbnail.op("-")("version"))
        .execution_options(synchronize_session=False)
    )
    return len(ids.all())


def sweep(session: Session) -> list[str]:
    """Sends again what has waited for more than a minute, and what an older version has made.

    Returns the jobs; a few at a time, those that people work on first.
    """
    waits, picture_waits = _STATE == "pending", _PICTURE_STATE == "pending"
    checks = _list_due(_CHECKER, results.checker(), waits, Job.updated_at)
    pictures = _list_due(_PICTURE_VERSION, str(thumbnails.VERSION), picture_waits, Job.created_at)
    found = union_all(select(checks), select(pictures)).subquery()
    due = session.scalars(
        select(Job.id)
        .join(found, found.c.id == Job.id)
        .group_by(Job.id)
        .order_by(*versions.order(func.bool_or(found.c.waits)))
        .limit(SWEEP_BATCH)
    ).all()
    for job_id in due:
        work.send_after_commit(session, CHECK_TASK, job_id)
    return list(due)


def _list_due(
    version: ColumnElement[Any],
    current: str,
    waits: ColumnElement[bool],
    since: InstrumentedAttribute[datetime],
) -> Subquery:
    """Each of the two by its own index: what waits has no version yet."""
    is_old = since < func.now() - OVERDUE
    due = select(Job.id, waits.label("waits")).where(
        versions.is_other(version, current), or_(~waits, is_old)
    )
    return due.order_by(*versions.order(waits)).limit(SWEEP_BATCH).subquery()


def run(job_id: str) -> None:
    """Reads a job's model for what is due of it, and stores that; does nothing when nothing is.

    May run twice, and at any time: results are stored under the row's lock, if the job still
    exists. While the storage is away nothing happens: the sweep tries again.
    """
    for _ in range(MAX_ATTEMPTS):
        with work.unit() as session:
            due = _claim(session, job_id)
        if due is None:
            return
        started = time.monotonic()
        try:
            with _read(due) as reading, work.unit() as session:
                is_done = _store(session, job_id, due, reading)
        except StorageUnavailable as problem:
            log.warning("model_check_waits", job_id=job_id, problem=problem.message)
            _give_back(job_id)
            return
        except NotFound:
            return  # the job was deleted meanwhile
        log.info(
            "model_read",
            job_id=job_id,
            wanted=sorted(due.wanted),
            is_done=is_done,
            seconds=round(time.monotonic() - started, 2),
        )
        if is_done:
            return
        _give_back(job_id)  # it moved away under the reader, which looks again


def check_file(path: str, name: str, material: str) -> dict[str, Any]:
    """The `model` object of a file, which its owner calls `name`."""
    with tempfile.TemporaryDirectory(prefix="printdesk-model-") as folder:
        reading = read_file(Path(path), name, frozenset({"facts"}), Path(folder))
        return _judge(reading, material)


def read_file(path: Path, name: str, wanted: frozenset[Result], folder: Path) -> Reading:
    """Reads a file with the lab's printers, within what the settings allow."""
    beds = [printer.build_volume_mm for printer in lab().printers]
    return model.read(path, name, wanted, folder, beds=beds, limits=results.limits())


def keep_reader_warm() -> None:
    """For a worker, which has one file after another read."""
    children.keep_warm()


def _claim(session: Session, job_id: str) -> _Due | None:
    """Counts an attempt, so that a file that kills its worker is not read for ever."""
    try:
        job, _ = records.lock_row(session, job_id)
    except NotFound:
        return None
    wanted = _wanted(job)
    if not wanted:
        return None
    attempt = int(job.thumbnail.get("attempts", 0)) + 1
    if attempt > MAX_ATTEMPTS:
        _give_up(session, job, wanted)
        return None
    if "picture" in wanted:
        job.thumbnail = thumbnails.pending(job.thumbnail)
    job.thumbnail = job.thumbnail | {"attempts": attempt}
    path = storage.path_of(job.folder) / job.original_name
    return _Due(wanted, attempt, job.folder, path, job.original_filename, job.file_hash)


def _wanted(job: Job) -> frozenset[Result]:
    wanted: set[Result] = set()
    if job.model.get("state") == "pending" or job.model.get("checker") != results.checker():
        wanted.add("facts")
    if job.thumbnail.get("version") != thumbnails.VERSION:
        wanted.add("picture")
    # An older job's preview is made when somebody looks at it.
    if job.model.get("state") == "pending" and not previews.path_of(job.file_hash).exists():
        wanted.add("preview")
    return frozenset(wanted)


def _give_back(job_id: str) -> None:
    """Nothing was read: that attempt does not count."""
    with work.unit() as session:
        try:
            job, _ = records.lock_row(session, job_id)
        except NotFound:
            return
        job.thumbnail = thumbnails.without_attempts(job.thumbnail)


@contextmanager
def _read(due: _Due) -> Iterator[Reading | None]:
    """The reading, or None when the file is not where it was."""
    with tempfile.TemporaryDirectory(prefix="printdesk-model-") as folder:
        yield _examine(due, Path(folder))


def _examine(due: _Due, folder: Path) -> Reading | None:
    if not due.path.is_file():
        storage.check()
        return None
    return read_file(due.path, due.name, due.wanted, folder)


def _store(session: Session, job_id: str, due: _Due, reading: Reading | None) -> bool:
    """Stores what was found. Returns whether that is all: False when the file moved away under the
    reader. Raises NotFound."""
    job, _ = records.lock_row(session, job_id)
    if job.folder != due.folder and (reading is None or not reading.has(due.wanted)):
        return False
    waiting = _wait_for(reading, due)
    if reading is not None and "preview" in due.wanted and reading.has({"preview"}):
        previews.keep(due.file_hash, reading)
    if "picture" in due.wanted - waiting and job.thumbnail.get("version") != thumbnails.VERSION:
        thumbnails.store(job, reading)
    if not waiting & {"facts", "picture"}:
        job.thumbnail = thumbnails.without_attempts(job.thumbnail)
    elif due.attempt == 1:
        work.send_after_commit(session, CHECK_TASK, job_id)  # later ones are left to the sweep
    if "facts" in due.wanted - waiting:
        _store_model(session, job, _model_of(job, due, reading))
    else:
        session.flush()
        records.write_metadata(job)
    return True


def _wait_for(reading: Reading | None, due: _Due) -> frozenset[Result]:
    """The results that are tried once more, as the reader was killed before it had them."""
    if reading is None or due.attempt >= MAX_ATTEMPTS:
        return frozenset()
    return frozenset(result for result in due.wanted if reading.broke_off(result))


def _give_up(session: Session, job: Job, wanted: frozenset[Result]) -> None:
    """Its workers died while they read it."""
    if "picture" in wanted:
        thumbnails.fail(job, f"It could not be drawn: {GIVEN_UP}.")
    job.thumbnail = thumbnails.without_attempts(job.thumbnail)
    if "facts" in wanted:
        _store_model(session, job, _given_up(job.model))


def _model_of(job: Job, due: _Due, reading: Reading | None) -> dict[str, Any]:
    """The `model` that the job gets."""
    if reading is None:
        return _known(
            job.model, "The job's file is not in the storage, so it could not be checked."
        )
    if reading.broke_off("facts"):
        return _given_up(job.model)
    return _judge(reading, job.material)  # which may have been edited meanwhile


def _judge(reading: Reading, material: str) -> dict[str, Any]:
    try:
        facts = reading.facts()
    except Unreadable as problem:
        return results.failed(problem.message)
    except CouldNotRead as problem:
        return results.failed(f"It could not be checked: {problem.message}.")
    return results.judge(facts, reading.opinion(facts), material)


def _given_up(before: dict[str, Any]) -> dict[str, Any]:
    return _known(before, f"It could not be checked: {GIVEN_UP}.")


def _known(before: dict[str, Any], problem: str) -> dict[str, Any]:
    """What is known of a model that cannot be read now stays."""
    if before.get("state") != "pending":
        return before | {"checker": results.checker()}
    return results.failed(problem)


def _store_model(session: Session, job: Job, found: dict[str, Any]) -> None:
    before, job.model = job.model, found
    if _without_version(before) == _without_version(found):
        # Only the checker is another one: nothing that anybody would see, but for the safety copy.
        session.flush()
        records.write_metadata(job)
        return
    events.record(
        session,
        job.id,
        "ModelChecked",
        SYSTEM,
        state=found["state"],
        result=_summary(found),
        warnings=[warning["code"] for warning in found.get("warnings", [])],
    )
    records.touch(session, job, SYSTEM)


def _summary(found: dict[str, Any]) -> str:
    if found["state"] != "ok":
        return str(found["error"])
    count = len(found.get("warnings", []))
    return f"{count} remark{'' if count == 1 else 's'}" if count else "nothing to remark"


def _without_version(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != "checker"}
