"""The check of a job's model: when it is due, and where its result goes.

A check never fails a job, and nothing waits for it: a result that cannot be had is a state of
`job.model` with the reason in words. Files are only read in the sandbox.
"""

import json
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePath
from typing import Any

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from models import Job, Role
from reader import sandbox
from reader.errors import CouldNotRead, Unreadable
from reader.verdict.answers import Facts, NotAsked, Opinion, read_facts, read_opinion
from services import events, work
from services.actors import SYSTEM, Actor, require
from services.checks import results, thumbnails, versions
from services.errors import NotFound, StorageUnavailable
from services.files import storage
from services.jobs import records
from services.jobs.records import JobView
from settings import lab

log = structlog.get_logger()

CHECK_TASK = "models.check"
OVERDUE = timedelta(minutes=1)
SWEEP_BATCH = 10
# trimesh needs nine times the memory of lib3mf: above this it would only run into the limit.
SECOND_OPINION_TRIANGLES = 200_000

_STATE = Job.model["state"].astext
_CHECKER = Job.model["checker"].astext


@dataclass(frozen=True)
class _Due:
    folder: str
    file: str
    name: str
    material: str
    model: dict[str, Any]


def run(job_id: str) -> None:
    """Checks a job's model and stores the result; does nothing when it has one of this version.

    May run twice, and at any time: the result is stored under the row's lock, if the job still
    exists. While the storage is away nothing happens: the sweep tries again.
    """
    with work.unit() as session:
        due = _find_due(session, job_id)
    if due is None:
        return
    started = time.monotonic()
    try:
        model = _examine(due)
    except StorageUnavailable as problem:
        log.warning("model_check_waits", job_id=job_id, problem=problem.message)
        return
    log.info(
        "model_checked",
        job_id=job_id,
        state=model and model["state"],
        seconds=round(time.monotonic() - started, 2),
    )
    with work.unit() as session:
        _store(session, job_id, due, model)


def request(session: Session, job_id: str, *, actor: Actor) -> JobView:
    """Has a job's model checked again, and its picture drawn anew. Raises NotFound, Forbidden."""
    require(actor, Role.STAFF)
    job, now = records.lock_row(session, job_id)
    thumbnails.request(session, job)
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
    thumbnails.forget_versions(session)
    return len(ids.all())


def sweep(session: Session) -> list[str]:
    """Sends again what has waited for more than a minute, and what an older checker has done.

    Returns the jobs; a few at a time, those that people work on first.
    """
    is_waiting = _STATE == "pending"  # and then it has no checker yet
    is_old = Job.updated_at < func.now() - OVERDUE
    due = session.scalars(
        select(Job.id)
        .where(versions.is_other(_CHECKER, results.checker()), or_(~is_waiting, is_old))
        .order_by(*versions.order(is_waiting))
        .limit(SWEEP_BATCH)
    ).all()
    for job_id in due:
        work.send_after_commit(session, CHECK_TASK, job_id)
    return list(due)


def _find_due(session: Session, job_id: str) -> _Due | None:
    job = session.get(Job, job_id)
    if job is None:
        return None
    if job.model.get("state") != "pending" and job.model.get("checker") == results.checker():
        return None
    return _Due(job.folder, job.original_name, job.original_filename, job.material, dict(job.model))


def _examine(due: _Due) -> dict[str, Any] | None:
    """The result, or None when the file is not where it was."""
    path = storage.path_of(due.folder) / due.file
    if not path.is_file():
        storage.check()
        return None
    return check_file(str(path), due.name, due.material)


def check_file(path: str, name: str, material: str) -> dict[str, Any]:
    """The `model` object of a file, which its owner calls `name`."""
    kind = PurePath(path).suffix.lower().removeprefix(".")
    beds = json.dumps([printer.build_volume_mm for printer in lab().printers])
    try:
        facts = read_facts(sandbox.run("check", path, kind, name, beds, limits=results.limits()))
        opinion = _ask_second(path, facts) if kind == "3mf" else None
    except Unreadable as problem:
        return results.failed(problem.message)
    except CouldNotRead as problem:
        return results.failed(f"It could not be checked: {problem.message}.")
    return results.judge(facts, opinion, material)


def _ask_second(path: str, facts: Facts) -> Opinion | Unreadable | NotAsked | str | None:
    """The second reader's opinion, or its refusal, or why it was not asked, or why it gave none;
    None where it has read the file already, which is remarked elsewhere."""
    if facts.has_note("one_reader"):
        return None
    if facts.has_note("has_paths"):
        return NotAsked("the second cannot follow parts that lie in files of their own")
    if facts.triangles > SECOND_OPINION_TRIANGLES:
        most = f"{SECOND_OPINION_TRIANGLES:,} triangles"
        return NotAsked(f"above {most} the second needs too much memory")
    try:
        return read_opinion(sandbox.run("second-opinion", path, limits=results.limits()))
    except Unreadable as problem:
        return problem
    except CouldNotRead as problem:
        return problem.message


def _store(session: Session, job_id: str, due: _Due, model: dict[str, Any] | None) -> None:
    try:
        job, _ = records.lock_row(session, job_id)
    except NotFound:
        return
    before = job.model
    if job.folder != due.folder and (model is None or model["state"] == "failed"):
        work.send_after_commit(session, CHECK_TASK, job_id)  # it moved away under the reader
        return
    if model is None:
        model = _without_file(before)
    elif job.material != due.material:
        model = results.renew_estimate(model, job.material)  # edited meanwhile
    job.model = model
    if _without_version(before) == _without_version(model):
        # Only the checker is another one: nothing that anybody would see, but for the safety copy.
        session.flush()
        records.write_metadata(job)
        return
    events.record(
        session,
        job.id,
        "ModelChecked",
        SYSTEM,
        state=model["state"],
        result=_summary(model),
        warnings=[warning["code"] for warning in model.get("warnings", [])],
    )
    records.touch(session, job, SYSTEM)


def _without_file(before: dict[str, Any]) -> dict[str, Any]:
    """What is known of a model whose file is lost stays; the integrity audit shows the loss."""
    if before.get("state") != "pending":
        return before | {"checker": results.checker()}
    return results.failed("The job's file is not in the storage, so it could not be checked.")


def _summary(model: dict[str, Any]) -> str:
    if model["state"] != "ok":
        return str(model["error"])
    count = len(model.get("warnings", []))
    return f"{count} remark{'' if count == 1 else 's'}" if count else "nothing to remark"


def _without_version(model: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in model.items() if name != "checker"}
