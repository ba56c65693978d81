"""Every action of the product: found by its subject and name, offered, and performed."""

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
    """Makes an action known: its button, its dialog, its route and its shortcut come from it."""
    assert (row.subject, row.name) not in _rows, f"{row.name} is there twice"
    _rows[row.subject, row.name] = row


for _row in (*JOB_ACTIONS, *PERSON_ACTIONS):
    add(_row)


def every() -> Iterator[Action]:
    """All rows, in the tables' order."""
    yield from _rows.values()


def by_name(subject: Subject = Subject.JOB) -> Mapping[str, Action]:
    """The rows about a subject by their names."""
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
    """What the person may do to the subject as it is shown, in these places; anywhere without one.
    `view` None: what is about no subject that is there."""
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
    """Does it. `values` are those of the row's fields; others are passed over.

    Raises NotFound, Forbidden, Conflict, Invalid, and what the function of the row raises. When it
    raises, nothing has changed.
    """
    row, given = get(name, subject), values or {}
    if row.role is not None:
        require(actor, row.role)
    if row.transition is not None:
        return Outcome(workflow.move(session, subject_id, row, given, actor=actor))
    assert row.perform is not None
    return row.perform(session, subject_id, check_all(row.fields, given), actor=actor)
