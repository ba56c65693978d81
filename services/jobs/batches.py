"""One action on many jobs: each on its own, and each result told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from models import Role
from services import work
from services.actors import Actor, require
from services.errors import Invalid, PrintdeskError
from services.jobs import locks, queue, records, workflow
from services.jobs.workflow import TRANSITIONS, Lock

log = structlog.get_logger()

MAX_JOBS = queue.MAX_PAGE_SIZE


@dataclass(frozen=True)
class Outcome:
    """What became of one job. `problem` is empty when it went well."""

    job_id: str
    name: str
    problem: str = ""


def perform(action: str, job_ids: Sequence[str], *, actor: Actor) -> list[Outcome]:
    """Does `action` (a key of ACTIONS) to each of the jobs, in their order; a refusal of one stops
    no other. Raises Invalid, Forbidden before anything is done."""
    if action not in ACTIONS:
        raise Invalid(action=f"Choose one of: {', '.join(ACTIONS)}.")
    if not 1 <= len(job_ids) <= MAX_JOBS:
        raise Invalid(jobs=f"Choose 1 to {MAX_JOBS} jobs.")
    require(actor, role_of(action))
    return [_attempt(action, job_id, actor) for job_id in dict.fromkeys(job_ids)]


def role_of(action: str) -> Role:
    """Who may do it."""
    row = TRANSITIONS.get(action)
    return row.role if row is not None and row.role is not None else Role.STAFF


def _attempt(action: str, job_id: str, actor: Actor) -> Outcome:
    name = f"Job {job_id[:8]}"
    try:
        with work.unit() as session:
            name = records.get(session, job_id, actor=actor).display_name
            ACTIONS[action](session, job_id, actor=actor)
    except PrintdeskError as refused:
        return Outcome(job_id, name, refused.message)
    except OperationalError:
        log.exception("batch_job_failed", action=action, job_id=job_id)
        return Outcome(job_id, name, "The database did not answer in time. Try this one again.")
    return Outcome(job_id, name)


def _move(action: str, session: Session, job_id: str, *, actor: Actor) -> None:
    if TRANSITIONS[action].lock is Lock.HELD:
        locks.acquire(session, job_id, actor=actor)
    workflow.move(session, job_id, action, actor=actor)


def _review(session: Session, job_id: str, *, actor: Actor) -> None:
    records.set_reviewed(session, job_id, True, actor=actor)


ACTIONS: Mapping[str, Callable[..., None]] = {
    "review": _review,
    "mark-picked-up": partial(_move, "mark-picked-up"),
    "archive": partial(_move, "archive"),
}
