"""One action on many jobs: each on its own, and each result reported."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from services import work
from services.actions import registry
from services.actions.rows import Action, Lock
from services.actors import Actor, require
from services.errors import Invalid, PrintdeskError
from services.jobs import locks, queue, records

log = structlog.get_logger()

MAX_JOBS = queue.MAX_PAGE_SIZE


@dataclass(frozen=True)
class Result:
    """The result for one job. `problem` is empty on success."""

    job_id: str
    name: str
    problem: str = ""


def list_actions() -> list[Action]:
    """The actions that work on many jobs."""
    return [row for row in registry.by_name().values() if row.works_on_many]


def perform(name: str, job_ids: Sequence[str], *, actor: Actor) -> list[Result]:
    """Performs a batch action on each of the jobs, in order; a refusal for one does not stop the
    others. Raises Invalid, Forbidden before anything is done."""
    known = {row.name: row for row in list_actions()}
    if name not in known:
        raise Invalid(action=f"Choose one of: {', '.join(known)}.")
    if not 1 <= len(job_ids) <= MAX_JOBS:
        raise Invalid(jobs=f"Choose 1 to {MAX_JOBS} jobs.")
    row = known[name]
    if row.role is not None:
        require(actor, row.role)
    return [_attempt(row, job_id, actor) for job_id in dict.fromkeys(job_ids)]


def _attempt(row: Action, job_id: str, actor: Actor) -> Result:
    name = f"Job {job_id[:8]}"
    try:
        with work.unit() as session:
            job = records.get(session, job_id, actor=actor)
            name = job.display_name
            _perform(session, row, job, actor)
    except PrintdeskError as refused:
        return Result(job_id, name, refused.message)
    except OperationalError:
        log.exception("batch_job_failed", action=row.name, job_id=job_id)
        return Result(job_id, name, "The database did not answer in time. Try this one again.")
    return Result(job_id, name)


def _perform(session: Session, row: Action, job: records.JobView, actor: Actor) -> None:
    if row.lock is Lock.HELD:
        locks.acquire(session, job.id, actor=actor)
    values = row.implied(job) if row.implied else {}
    registry.perform(session, row.name, job.id, values, actor=actor)
