"""The registry of all actions: finds them by subject and name, offers them, and performs them."""

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from services.actions import workflow
from services.actions.fields import Values, check_all
from services.actions.job_actions import JOB_ACTIONS
from services.actions.person_actions import PERSON_ACTIONS
from services.actions.rows import Action, Outcome, Place, Subject
from services.actors import Actor, require
from services.errors import NotFound

_rows: dict[tuple[Subject, str], Action] = {}


def add(row: Action) -> None:
    """Registers an action: its button, dialog, route and shortcut are generated from the row."""
    assert (row.subject, row.name) not in _rows, f"{row.name} is there twice"
    _rows[row.subject, row.name] = row


for _row in (*JOB_ACTIONS, *PERSON_ACTIONS):
    add(_row)


def every() -> Iterator[Action]:
    """All rows, in the order of registration."""
    yield from _rows.values()


def by_name(subject: Subject = Subject.JOB) -> Mapping[str, Action]:
    """The rows for a subject, by name."""
    return {name: row for (kind, name), row in _rows.items() if kind is subject}


def get(name: str, subject: Subject = Subject.JOB) -> Action:
    """Raises NotFound."""
    row = _rows.get((subject, name))
    if row is None:
        raise NotFound(f"There is no action “{name}”.")
    return row


def offered(
    view: object, actor: Actor, *places: Place, subject: Subject = Subject.JOB
) -> list[Action]:
    """The actions that the person may take on the subject as shown, in these places, or in any
    place by default. `view` None: actions without an existing subject."""
    wanted = [
        row
        for row in by_name(subject).values()
        if not places or any(place in row.places for place in places)
    ]
    return [row for row in wanted if row.is_offered(view, actor)]


def perform(
    session: Session,
    name: str,
    subject_id: str,
    values: Values | None = None,
    *,
    actor: Actor,
    subject: Subject = Subject.JOB,
) -> Outcome:
    """Performs an action. `values` are those of the row's fields; others are ignored.

    Raises NotFound, Forbidden, Conflict, Invalid, and the errors of the row's function. When it
    raises, nothing has changed.
    """
    row, given = get(name, subject), values or {}
    if row.role is not None:
        require(actor, row.role)
    if row.transition is not None:
        return Outcome(workflow.move(session, subject_id, row, given, actor=actor))
    assert row.perform is not None
    return row.perform(session, subject_id, check_all(row.fields, given), actor=actor)
