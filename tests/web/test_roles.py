"""Nobody does or sees what is not for their role: every route, page and callback, asked by
everybody below. What there is stands in tests/support/access.py; what is missing there fails here.
"""

from collections import Counter
from contextlib import contextmanager

import dash
import pytest

from services.actions import registry
from tests.support.access import (
    ADMIN,
    ANYONE,
    CALLBACKS,
    IN_THE_BROWSER,
    MANAGER,
    PAGES,
    ROUTES,
    STAFF,
    STUDENT,
    Lowest,
    name_of_callback,
    pages,
    routes,
)
from tests.support.callbacks import dependencies, of_server, run, with_output
from tests.support.client import API, Desk, refusal_of, rows
from tests.support.emptied import empty_database, empty_storage
from tests.support.scene import Scene

WAYS_OF_A_STRANGER = ({}, {"json": {}}, {"headers": {"Authorization": "Bearer x"}})
WHAT_TO_DO = """
These {things} of Printdesk are not those of tests/support/access.py:
  registered, but in no table: {new}
  in a table, but gone: {gone}
Give each new one a row there, with the lowest role that may use it. The tests here then ask it as
everybody below that role, who must be refused, change nothing and learn nothing."""


@pytest.fixture(scope="module")
def scene(postgres_and_redis):
    """One for all tests here, as none of them changes anything."""
    empty_database()
    empty_storage()
    made = Scene(Desk())
    for who in (MANAGER, STAFF, ADMIN):
        made.browser(who)  # signs in, which the audit log notes
    return made


@pytest.fixture(scope="module")
def callback_of(scene):
    """The callback of a name."""
    found = dependencies(scene.browser(MANAGER))
    return {name_of_callback(callback): callback for callback in found}


def below(table):
    """(row's name, who asks) of everybody who may not."""
    return [
        pytest.param(name, who, id=f"{who.name.lower()}: {name}")
        for name, row in table.items()
        for who in Lowest
        if who < row.lowest and who is not STUDENT
    ]


def of_managers(table):
    return [name for name, row in table.items() if row.lowest is MANAGER]


def compare(things, registered, table):
    there, known = Counter(registered), Counter(list(table))
    new, gone = there - known, known - there
    said = WHAT_TO_DO.format(things=things, new=sorted(new), gone=sorted(gone))
    assert not new and not gone, said


@contextmanager
def nothing_changes():
    before = rows()
    yield
    assert rows() == before


def leads_to_sign_in(answer):
    return answer.status_code == 302 and answer.headers["Location"].startswith("/login")


# What there is


def test_every_route_is_in_the_table(scene):
    compare("routes", [" ".join(route) for route in routes(scene.desk.app)], ROUTES)


def test_every_page_is_in_the_table(scene):
    compare("pages", pages(), PAGES)


def test_every_callback_is_in_the_table(scene):
    found = dependencies(scene.browser(MANAGER))
    compare("callbacks", map(name_of_callback, found), [*CALLBACKS, *IN_THE_BROWSER])
    told = {callback["output"] for callback in found}
    assert told == set(dash.get_app().callback_map), "the server runs what it tells no page of"
    in_the_browser = {name_of_callback(callback) for callback in found} - {
        name_of_callback(callback) for callback in of_server(found)
    }
    assert in_the_browser == IN_THE_BROWSER


# Routes


@pytest.mark.parametrize(("route", "who"), below(ROUTES))
def test_a_route_refuses_lower_roles(scene, route, who):
    row, is_api = ROUTES[route], API in route
    ways = WAYS_OF_A_STRANGER if who is ANYONE else ()
    for options in ({"json": row.sent} if row.sent is not None else {}, *ways):
        with nothing_changes():
            answer = scene.ask(who, route, **options)
        if row.lowest is STUDENT:
            assert answer.status_code == 404 or options
        elif who is not ANYONE and is_api:
            assert refusal_of(answer, 403, "forbidden")["role"] == row.lowest.role
        elif who is ANYONE and is_api:
            refusal_of(answer, 401, "not_signed_in")
        else:
            assert answer.status_code in (401, 403) or (who is ANYONE and leads_to_sign_in(answer))
        assert not scene.told(answer, who, refused=True)


@pytest.mark.parametrize("route", of_managers(ROUTES))
def test_a_manager_reads_a_route_and_changes_nothing(scene, route):
    sent = ROUTES[route].sent
    with nothing_changes():
        answer = scene.ask(MANAGER, route, **({"json": sent} if sent is not None else {}))
    assert answer.status_code < 400 or answer.status_code in (400, 404), answer.text
    assert not scene.told(answer, MANAGER)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "BREW"])
def test_other_methods_give_no_access(scene, method):
    with nothing_changes():
        for route, row in ROUTES.items():
            rule = route.split(" ", 1)[1]
            answer = scene.ask(STUDENT, f"{method} {rule}")
            assert answer.status_code < 500 or rule.endswith("/health"), rule
            assert not scene.told(answer, STUDENT if row.lowest is STUDENT else ANYONE), rule


# Pages


def layout_of(scene, who, path):
    """The page as the server draws it for this person."""
    show = with_output(scene.browser(MANAGER), "_pages_content.children")
    return run(scene.browser(who), show, {"_pages_location.pathname": path})


@pytest.mark.parametrize(("page", "who"), below(PAGES))
def test_a_page_shows_nothing_to_lower_roles(scene, page, who):
    path = scene.path(page)
    with nothing_changes():
        opened = scene.browser(who).get(path)
        drawn = layout_of(scene, who, path)
    assert not scene.told(opened, who, refused=True)
    assert not scene.told(drawn, who, refused=True)
    if who is ANYONE:
        assert leads_to_sign_in(opened)
        refusal_of(drawn, 401, "not_signed_in")
    else:
        assert opened.status_code == drawn.status_code == 200
        assert "This page is for " in drawn.text


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_for_its_role_and_changes_nothing(scene, page):
    who = PAGES[page].lowest
    with nothing_changes():
        opened = scene.browser(who).get(scene.path(page))
        drawn = layout_of(scene, who, scene.path(page))
    assert opened.status_code == drawn.status_code == 200
    assert '"id":"main"' in drawn.text
    assert "This page is for " not in drawn.text
    assert not [*scene.told(opened, who), *scene.told(drawn, who)]


# Callbacks


@pytest.mark.parametrize(("name", "who"), below(CALLBACKS))
def test_a_callback_refuses_lower_roles(scene, callback_of, name, who):
    row = CALLBACKS[name]
    with nothing_changes():
        answer = scene.call(who, callback_of[name], row.sent)
    assert not scene.told(answer, who, refused=True)
    if who is ANYONE:
        refusal_of(answer, 401, "not_signed_in")
    else:
        assert f"This needs the role {row.lowest.role.value}." in answer.text


@pytest.mark.parametrize("name", of_managers(CALLBACKS))
def test_a_manager_reads_by_a_callback_and_changes_nothing(scene, callback_of, name):
    with nothing_changes():
        answer = scene.call(MANAGER, callback_of[name], CALLBACKS[name].sent)
    assert answer.status_code == 200, "its row needs something to send that it answers"
    assert "pd-toast-bad" not in answer.text
    assert not scene.told(answer, MANAGER)


@pytest.mark.parametrize("name", sorted(IN_THE_BROWSER))
def test_clientside_callbacks_do_not_run_on_the_server(scene, callback_of, name):
    for who, status in ((ANYONE, 401), (MANAGER, 400), (ADMIN, 400)):
        with nothing_changes():
            answer = scene.call(who, callback_of[name], {})
        assert answer.status_code == status
        assert not scene.told(answer, who, refused=True)


# Actions: the dialog is one callback, and whose role is asked depends on the row


def below_rows():
    """(action, who asks) of everybody signed in who may not."""
    return [
        pytest.param(row, who, id=f"{who.name.lower()}: {row.subject} {row.name}")
        for row in registry.every()
        for who in (MANAGER, STAFF)
        if row.role is not None and not who.role.includes(row.role)
    ]


@pytest.mark.parametrize(("row", "who"), below_rows())
def test_clicks_and_dialogs_are_refused_to_lower_roles(scene, row, who):
    browser = scene.browser(who)
    about = scene.fill({"action": row.name, row.subject.value: f"<{row.subject.value}>"})
    begin = with_output(browser, "dialog-title.children")
    submit = with_output(browser, "dialog-modal.is_open", "dialog-submit.n_clicks")
    with nothing_changes():
        for callback, store in ((begin, "dialog-pressed.data"), (submit, "dialog-about.data")):
            answer = run(browser, callback, {store: about, "dialog-submit.n_clicks": 1})
            assert answer.status_code == 200
            assert "This needs the role" in answer.text, answer.text
            assert not scene.told(answer, who, refused=True)
