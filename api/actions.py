"""The routes of actions on jobs and people, generated from the actions' rows."""

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import g

from api import answers, bodies
from services import work
from services.actions import registry
from services.actions.rows import Action, Answer, Lock, Outcome, Subject

_IDS = {Subject.JOB: "job_id", Subject.PERSON: "person_id"}
_TAGS = {Subject.JOB: "Actions", Subject.PERSON: "People"}


def blueprint() -> APIBlueprint:
    """Created together with the application, when all rows are registered."""
    bp = APIBlueprint("actions", __name__)
    for row in list_rows():
        _add(bp, row)
    return bp


def list_rows() -> list[Action]:
    """The actions that have a route."""
    return [row for row in registry.every() if row.route is not None]


def examples() -> dict[str, dict[str, Any]]:
    """An example of each body, by its schema's name."""
    found = {body_name(row): bodies.example_of(row) for row in list_rows()}
    return {name: example for name, example in found.items() if example}


def _add(bp: APIBlueprint, row: Action) -> None:
    route = row.route
    assert route is not None
    view: Any = _view(row)
    view.__name__, view.__doc__ = _operation(row), route.summary
    view = bp.doc(tags=[_TAGS[row.subject]], responses=_refusals(row))(view)
    view = bp.output(_schema(row), status_code=route.status)(view)
    body = bodies.body_of(row, body_name(row))
    if body is not None:
        view = bp.input(body, arg_name="given")(view)
    bp.route(route.path, methods=[route.method])(view)


def _view(row: Action) -> Callable[..., Any]:
    def perform(given: Any = None, **path: str) -> Any:
        values = given.model_dump() if given is not None else {}
        subject_id = path.get(_IDS[row.subject], "")
        with work.unit() as session:
            outcome = registry.perform(
                session, row.name, subject_id, values, actor=g.actor, subject=row.subject
            )
        return _answer(row, outcome)

    return perform


def _schema(row: Action) -> Any:
    assert row.route is not None
    of_subject = answers.JobOut if row.subject is Subject.JOB else answers.PersonOut
    return {
        Answer.SUBJECT: of_subject,
        Answer.NOTHING: {},
        Answer.MESSAGE: answers.MessageOut,
        Answer.LINK: answers.ResentOut,
        Answer.PASSWORD: answers.PersonPasswordOut,
    }[row.route.answer]


def _answer(row: Action, outcome: Outcome) -> Any:
    assert row.route is not None
    answer, message = row.route.answer, row.route.message
    if answer is Answer.NOTHING:
        return ""
    if answer is Answer.MESSAGE:
        return answers.MessageOut(message=message)
    if answer is Answer.LINK:
        return answers.ResentOut(message=message, new_token=outcome.token)
    if row.subject is Subject.JOB:
        return answers.job_out(outcome.view)
    if answer is Answer.PASSWORD:
        person = answers.PersonPasswordOut.model_validate(outcome.view)
        return person.model_copy(update={"password": outcome.password})
    return answers.PersonOut.model_validate(outcome.view)


def _refusals(row: Action) -> list[int]:
    """Error statuses of the route, besides those that all staff routes share."""
    assert row.route is not None
    found = {*row.route.refusals}
    if not row.is_new:
        found |= {404, 409}
    if row.lock is Lock.HELD:
        found.add(403)
    if row.transition is not None:
        found.add(507)  # its files are moved
    return sorted(found)


def _operation(row: Action) -> str:
    assert row.route is not None
    return row.route.operation or row.name.replace("-", "_")


def body_name(row: Action) -> str:
    return f"{_operation(row).title().replace('_', '')}In"
