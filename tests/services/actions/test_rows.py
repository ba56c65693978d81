"""The rows of the actions are complete and consistent."""

from collections import Counter

import pytest

from components import answers, dialogfields
from models import Role
from services import events
from services.actions import fields, registry
from services.actions.rows import Action, Lock, Outcome, Place, Route, Show, Subject, Words

ROWS = list(registry.every())
OF_PEOPLE = [row for row in ROWS if row.role is not None]


def name_of(row):
    return f"{row.subject}: {row.name}"


def test_there_are_actions_on_jobs_and_on_people():
    counted = Counter(row.subject for row in ROWS)
    assert counted[Subject.JOB] >= 21 and counted[Subject.PERSON] >= 6


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_a_row_does_something(row):
    assert (row.transition is None) != (row.perform is None)


@pytest.mark.parametrize("row", OF_PEOPLE, ids=name_of)
def test_every_action_has_its_texts(row):
    assert row.label
    assert row.places != Place.NOWHERE, "nobody finds it"
    if row.asks:
        words = row.words
        assert words.title and words.done and (words.text or row.is_new)
        assert all(field.label for field in row.fields if field.in_dialog)
    if row.works_on_many:
        assert "{jobs}" in row.words.many and row.words.text
    if row.route is not None:
        assert row.route.summary.endswith(".")


@pytest.mark.parametrize("row", OF_PEOPLE, ids=name_of)
def test_what_people_do_in_the_console_has_a_route(row):
    """Two buttons may share one: it tells them apart by a field."""
    shared = {other.name for other in ROWS if other.route and other.perform is row.perform}
    assert row.route is not None or (row.perform and shared)


@pytest.mark.parametrize("row", OF_PEOPLE, ids=name_of)
def test_every_required_field_has_a_message(row):
    for field in row.fields:
        if field.is_required and not isinstance(field, fields.TypedId):
            assert field.missing
            with pytest.raises(ValueError, match=field.missing[:10]):
                field.check(None)
        if field.in_api:
            assert field.example is not None
            field.check(field.example)


def test_the_students_action_is_not_offered_in_the_console():
    [row] = [row for row in ROWS if row.role is None]
    assert row.name == "confirm"
    assert (row.places, row.route, row.words) == (Place.NOWHERE, None, Words())


def test_no_two_share_a_route_an_operation_or_a_key():
    routes = [row.route for row in ROWS if row.route is not None]
    for shared in (
        [(route.method, route.path) for route in routes],
        [route.operation for route in routes if route.operation],
        [row.shortcut for row in ROWS if row.shortcut],
    ):
        assert [each for each, times in Counter(shared).items() if times > 1] == []


def test_an_undo_leads_back_to_the_source_status():
    pairs = [(row, registry.get(row.undone_by, row.subject)) for row in ROWS if row.undone_by]
    assert len(pairs) >= 6
    for row, undo in pairs:
        if row.transition is not None:
            assert undo.transition is not None and undo.transition.in_window
            assert undo.sources == {row.transition.target}
            assert {undo.transition.target} == row.sources
        assert undo.role == row.role


def test_every_kind_of_field_can_be_drawn_typed_and_sent():
    from api import bodies

    kinds = {type(field) for row in ROWS for field in row.fields}
    in_dialog = {type(field) for row in ROWS for field in row.fields if field.in_dialog}
    assert in_dialog == dialogfields.KINDS.keys()
    assert in_dialog - {fields.TypedId} == answers.KINDS.keys()
    assert kinds - {fields.TypedId} == bodies.KINDS.keys()


def test_every_dialog_section_is_used():
    assert {show for row in ROWS for show in row.shows} == set(Show)


def test_an_override_and_its_sentence_in_the_history_belong_together():
    overrides = {
        row.name for row in ROWS if row.transition and "AdminAction" in row.transition.event_types
    }
    assert set(events.OVERRIDES) == overrides | {"force-unlock"}


def test_a_duplicate_row_is_refused():
    row = Action(
        name="approve",
        label="Approve",
        subject=Subject.JOB,
        role=Role.STAFF,
        lock=Lock.NONE,
        perform=lambda *_, **__: Outcome(),
        route=Route("POST", "/jobs/<job_id>/again", "Does it again."),
    )
    with pytest.raises(AssertionError, match="twice"):
        registry.add(row)
