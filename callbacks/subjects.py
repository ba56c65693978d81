"""What a dialog is about: the row of its action, and the subject as it is, with a job's lock."""

from collections.abc import Callable
from typing import Any

from flask import g
from sqlalchemy.orm import Session

from components.answers import About
from services.actions import registry, workflow
from services.actions.rows import Action, Lock, Subject
from services.actors import require
from services.errors import Conflict, LockedByOther, NotFound
from services.jobs import records
from services.people import staff_list

_CHANGED = {
    Subject.JOB: "The details of this job have changed in the meantime. Check them again.",
    Subject.PERSON: "This person's details have changed in the meantime. Check them again.",
}


def open_subject(session: Session, about: About, take: Callable[..., Any]) -> tuple[Action, Any]:
    """The action's row, and its subject as it is, with a job's lock if need be: `take` is how.
    Raises what the action would be refused with."""
    row = registry.get(about.action, about.subject)
    if row.role is None:
        raise NotFound("There is no such action.")
    require(g.actor, row.role)
    if row.is_new:
        return row, None
    if row.subject is Subject.PERSON:
        return row, staff_list.get(session, about.subject_id, actor=g.actor)
    return row, _open_job(session, row, about, take)


def _open_job(
    session: Session, row: Action, about: About, take: Callable[..., Any]
) -> records.JobView:
    """That the job has moved on comes before that somebody is editing it."""
    taken: LockedByOther | None = None
    if takes_lock(row):
        try:
            take(session, about.subject_id, actor=g.actor)
        except LockedByOther as refused:
            taken = refused
    job = records.get(session, about.subject_id, actor=g.actor)
    if job.status not in row.sources:
        raise workflow.moved_on(session, about.subject_id)
    if taken is not None:
        raise taken
    return job


def holds_lock(about: About) -> bool:
    """Whether the open dialog is one that has taken a lock."""
    if about.job_ids is not None:
        return False
    return takes_lock(registry.get(about.action, about.subject))


def takes_lock(row: Action) -> bool:
    """Also where the service only asks that nobody else holds it: while somebody writes why a print
    failed, another should read who is at work, and not be first."""
    return row.asks and row.lock is not Lock.NONE


def refuse_changed(row: Action, view: Any, about: About) -> None:
    """While the lock was lost, somebody else may have had it. Raises Conflict."""
    if not about.is_as_shown(row, view):
        raise Conflict(_CHANGED[row.subject])
