"""The subject of a dialog: its action's row and the current job or person, with a job's lock."""

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
    """The action's row and its current subject. `take` acquires the job's lock if the action needs
    it. Raises the error with which the action would be refused."""
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
    """A changed status is reported in preference to somebody else's lock."""
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
    """Whether the open dialog has taken a lock."""
    if about.job_ids is not None:
        return False
    return takes_lock(registry.get(about.action, about.subject))


def takes_lock(row: Action) -> bool:
    """Whether the dialog takes a lock: also where the service only requires that nobody else holds
    it. While somebody writes why a print failed, others should see who is editing."""
    return row.asks and row.lock is not Lock.NONE


def refuse_changed(row: Action, view: Any, about: About) -> None:
    """Raises Conflict if the subject was edited while this dialog did not hold the lock."""
    if not about.is_as_shown(row, view):
        raise Conflict(_CHANGED[row.subject])
