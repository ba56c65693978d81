"""Everybody can use the routes of their role without errors; refusals are in test_roles.py."""

import pytest

from tests.support.access import (
    CALLBACKS,
    MANAGER,
    ROUTES,
    STUDENT,
    Lowest,
    name_of_callback,
)
from tests.support.callbacks import dependencies
from tests.support.client import refusal_of
from tests.support.scene import Scene
from web.guard import PUBLIC

LEAD_TO_SIGNING_IN = {"/login", "/login/callback", "/logout", "/signed-out", "/api/v1/auth/login"}


@pytest.fixture
def scene(desk):
    return Scene(desk)


def turns_away(answer):
    to_login = answer.status_code in (302, 303) and answer.headers["Location"].startswith("/login")
    return answer.status_code == 401 or to_login or b"This needs the role" in answer.get_data()


def test_the_guards_public_routes_match_the_access_table(desk):
    rules = list(desk.app.url_map.iter_rules())
    for rule in rules:
        open_to = {
            ROUTES[f"{method} {rule.rule}"].lowest for method in rule.methods - {"HEAD", "OPTIONS"}
        }
        assert (rule.endpoint in PUBLIC) == (max(open_to) <= STUDENT), rule
        assert (rule.endpoint in PUBLIC) == (min(open_to) <= STUDENT), rule
    assert {rule.endpoint for rule in rules} >= PUBLIC, "the guard names a route that is gone"


@pytest.mark.parametrize("who", Lowest, ids=lambda who: who.name.lower())
def test_everybody_reaches_every_route_of_their_role(scene, who):
    for route, row in ROUTES.items():
        rule = route.split(" ", 1)[1]
        if row.lowest > who or (who >= MANAGER and rule == "/logout"):
            continue
        for options in ({"json": row.sent or {}}, {"data": {}}):
            answer = scene.ask(who, route, **options)
            assert answer.status_code < 500 or rule.endswith("/health"), (route, answer.text)
            given = {scene.token} if "<token>" in rule else set()
            assert not set(scene.told(answer, who)) - given, route
            assert not turns_away(answer) or rule in LEAD_TO_SIGNING_IN, (route, answer.text)


@pytest.mark.parametrize("who", list(Lowest)[MANAGER:], ids=lambda who: who.name.lower())
def test_every_callback_answers_people_with_its_role(scene, who):
    answered = 0
    for callback in dependencies(scene.browser(who)):
        row = CALLBACKS.get(name_of_callback(callback))
        if row is not None and row.lowest <= who:
            answer = scene.call(who, callback, row.sent)
            assert answer.status_code in (200, 204), (callback["output"], answer.text)
            assert not turns_away(answer), callback["output"]
            assert not scene.told(answer, who), callback["output"]
            answered += 1
    assert answered > 5


def test_a_stranger_is_redirected_to_sign_in_and_back(desk):
    answer = desk.client().get("/dashboard?status=PENDING&search=a%26b")
    assert answer.status_code == 302
    wanted = "/dashboard%3Fstatus%3DPENDING%26search%3Da%2526b"
    assert answer.headers["Location"] == f"/login?next={wanted}"
    assert desk.client().get("/").headers["Location"] == "/login"


def test_the_root_address_redirects_staff_to_the_queue(desk):
    assert desk.browser().get("/").headers["Location"] == "/dashboard"


def test_an_unknown_page_shows_not_found(desk):
    answer = desk.browser().get("/nothing/here")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "Page not found" in answer.text
    assert turns_away(desk.client().get("/nothing/here"))


def test_assets_cannot_escape_their_folder(desk):
    for path in ("../app.py", "..%2fapp.py", "%2e%2e/settings.py", "/etc/passwd", "....//app.py"):
        answer = desk.client().get(f"/assets/{path}")
        assert answer.status_code in (302, 308, 404), path
        assert "create_app" not in answer.text


def test_a_session_serves_the_api_too_and_a_token_is_no_session(desk):
    job_id = desk.job()
    assert desk.browser().get(f"/api/v1/jobs/{job_id}").status_code == 200
    token = desk.staff.token
    stranger = desk.client().get("/api/v1/jobs", headers={"Cookie": f"printdesk={token}"})
    refusal_of(stranger, 401, "not_signed_in")
