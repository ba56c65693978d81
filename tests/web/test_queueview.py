"""The view of the queue, read from an untrusted address or store."""

import json
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components import queueview
from models import Role, Status
from services import work
from services.actors import Actor
from services.jobs import queue
from services.jobs.filters import SORTS, Filters
from settings import lab

MANAGER = Actor("somebody", "Mona Manager", Role.MANAGER)
HUGE = "9" * 5_000
# For each part of the view: what it is read as.
UNDERSTOOD = {
    "status": [(status.value, status.value) for status in Status],
    "page": [(1, 1), ("1", 1), ("007", 7), (100_000, 100_000)],
    "search": [("", ""), ("ada 100%", "ada 100%"), (" \t", " \t"), ("' OR 1=1 --", "' OR 1=1 --")],
    "printer": [("all", "all"), ("prusa_mk4s", "prusa_mk4s")],
    "discipline": [("Hobby/Personal", "Hobby/Personal")],
    "material": [("Resin", "Resin")],
    "from": [("2026-03-01", "2026-03-01"), ("2024-02-29", "2024-02-29")],
    "to": [("1900-01-01", "1900-01-01"), ("9000-12-31", "9000-12-31")],
    "expired": [(True, True), ("1", True), ("true", True), ("True", True), (1, True)],
    "reason": [("Too big", "Too big"), ("厚さ", "厚さ"), ("r" * 1000, "r" * 1000)],
    "unreviewed": [(False, False), ("0", False), ("", False), ("false", False)],
    "sort": [(sort, sort) for sort in SORTS],
}
# And what leaves it at its default.
HOSTILE = (None, [], {}, [1], {"a": 1}, ["UPLOADED"], 1.5, -1, "\x00", "x", "<script>", "\ud800")
MEANINGLESS = {
    "status": ["GONE", "uploaded", "UPLOADED ", "__class__", 0, True],
    "page": [0, "0", "-1", "1.0", 100_001, "999999999999999999999", HUGE, "²", "١", " 1", "1e3"],
    "search": [7, True],
    "printer": ["Prusa MK4S", "prusa_mk4s\x00", "", 0],
    "discipline": ["engineering", "Art,Other", ""],
    "material": ["Filament,Resin", "all materials"],
    "from": ["2026-02-31", "0001-01-01", "1899-12-31", "9001-01-01", "99999-01-01", "1.3.2026", 20],
    "to": [
        "9999-12-31",
        "2026-13-01",
        "-2026-01-01",
        "2026-01-01T00:00:00",
        "+2026-01-01",
        "today",
    ],
    "expired": ["2", "yes", "TRUE", 2],
    "reason": ["", " \n", "a\x00b", "\ud800", "r" * 1001, 0],
    "unreviewed": ["2", "on", "no"],
    "sort": ["status; DROP TABLE jobs", "Oldest", "id", ""],
}


def cases(table):
    return [(name, *case) for name, listed in table.items() for case in listed]


def test_every_part_is_tried_here():
    assert set(UNDERSTOOD) == set(MEANINGLESS) == set(queueview.DEFAULTS)


@pytest.mark.parametrize(("name", "given", "read"), cases(UNDERSTOOD))
def test_valid_values_are_accepted(name, given, read):
    parts = queueview.parts({name: given})
    assert parts == {**queueview.DEFAULTS, name: read}
    assert type(parts[name]) is type(queueview.DEFAULTS[name])


@pytest.mark.parametrize("name", queueview.DEFAULTS)
def test_invalid_values_give_the_default(name):
    hostile = [
        value for value in HOSTILE if name not in ("search", "reason") or not isinstance(value, str)
    ]
    for value in [*hostile, *MEANINGLESS[name]]:
        parts = queueview.parts({name: value})
        assert parts == queueview.DEFAULTS, value
        assert type(parts[name]) is type(queueview.DEFAULTS[name]), value


@pytest.mark.parametrize(
    "given", [None, "", "status=PENDING", [], ["status"], 7, True, {}, {"nothing": "known"}, {7: 1}]
)
def test_an_invalid_view_is_the_default_view(given):
    view = queueview.read(given)
    assert (view.status, view.page, view.sort) == (Status.UPLOADED, 1, "oldest")
    assert view.filters == Filters(status=Status.UPLOADED)
    assert not view.is_narrowed


def test_a_whole_view_is_read():
    view = queueview.read(
        {
            "status": "PENDING",
            "page": "3",
            "search": "ada",
            "printer": "prusa_xl",
            "discipline": "Art",
            "material": "Filament",
            "from": "2026-03-01",
            "to": "2026-03-31",
            "expired": "1",
            "unreviewed": True,
            "reason": "Too big",
            "sort": "name",
        }
    )
    assert (view.status, view.page, view.sort) == (Status.PENDING, 3, "name")
    everywhere = Filters(
        search="ada",
        printer="prusa_xl",
        discipline="Art",
        material="Filament",
        submitted_from=date(2026, 3, 1),
        submitted_to=date(2026, 3, 31),
        confirmation_expired=True,
        unreviewed=True,
        reason="Too big",
    )
    assert view.everywhere == everywhere
    assert view.filters.status is Status.PENDING
    assert view.is_narrowed


@pytest.mark.parametrize("name", queueview.DEFAULTS)
def test_only_filters_make_a_view_narrowed(name):
    given = UNDERSTOOD[name][-1][0] if name != "unreviewed" else True
    given = "ada" if name == "search" else given
    assert queueview.read({name: given}).is_narrowed == (name not in ("status", "page", "sort"))


def test_an_unchecked_box_filters_nothing():
    filters = queueview.read({"expired": False, "unreviewed": "0"}).filters
    assert filters.confirmation_expired is filters.unreviewed is None


def test_reading_what_was_read_changes_nothing():
    for name, listed in UNDERSTOOD.items():
        for value, _ in listed:
            once = queueview.parts({name: value})
            assert queueview.parts(once) == once
            assert queueview.parts(json.loads(json.dumps(once))) == once


def test_a_day_is_kept_as_its_control_shows_it():
    """Else the queue would be narrowed by a day that nobody sees."""
    for written in ("20260301", "2026-W09-7"):
        assert queueview.parts({"from": written})["from"] == "2026-03-01"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("x" * 5_000, "x" * 200),
        ("🙂" * 5_000, "🙂" * 200),
        ("a\x00b", "ab"),
        ("half a \ud83d", "half a "),
        ("\udc00\ud800", ""),
    ],
)
def test_a_search_contains_only_valid_characters(typed, read):
    assert queueview.parts({"search": typed})["search"] == read
    read.encode()


def test_the_choices_are_those_of_the_lab():
    for name, choices in (
        ("printer", [printer.id for printer in lab().printers]),
        ("discipline", lab().choices.disciplines),
        ("material", [material.name for material in lab().materials]),
    ):
        for choice in choices:
            assert getattr(queueview.read({name: choice}).filters, name) == choice


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(alphabet=st.characters(codec=None))
    | st.sampled_from([each for listed in MEANINGLESS.values() for each in listed]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from([*queueview.DEFAULTS, "x"]), anything))
def test_every_input_gives_a_valid_query(given):
    view = queueview.read(given)
    assert 1 <= view.page <= queueview.MAX_PAGE
    assert view.sort in SORTS
    assert len(view.filters.search) <= queueview.MAX_SEARCH
    view.filters.search.encode()
    for day in (view.filters.submitted_from, view.filters.submitted_to):
        assert day is None or day - timedelta(1) < day < day + timedelta(1)


@pytest.mark.parametrize(
    "given",
    [
        {"page": 100_000, "from": "1900-01-01", "to": "9000-12-31", "sort": "updated"},
        {"from": "9000-12-31", "to": "1900-01-01"},
        {"search": "half a \ud83d\x00", "expired": "1", "unreviewed": "1"},
        {"search": "\\ % _ ' \" " + "word " * 100},
        {"page": HUGE, "search": "🙂" * 5_000, "status": []},
    ],
)
def test_the_database_answers_the_furthest_views(database, given):
    view = queueview.read(given)
    with work.unit() as session:
        page = queue.list_jobs(session, view.filters, actor=MANAGER, sort=view.sort, page=view.page)
        counts = queue.count_by_status(session, actor=MANAGER, filters=view.everywhere)
    assert page.jobs == []
    assert set(counts.values()) == {0}
