"""Nobody gets anywhere that is not on a list: every route, asked by everybody."""

import dash
import pytest

from models import Role
from tests.support.callbacks import ENDPOINT
from tests.support.client import refusal_of, rows, token_of
from web.guard import PUBLIC

# Everything that strangers may use, as a reader of this file should see it.
PUBLIC_ROUTES = {
    ("GET", "/api/v1/health"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/api/v1/docs"),
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/submit"),
    ("POST", "/api/v1/confirm/<token>"),
    ("GET", "/api/v1/confirm/expired"),
    ("POST", "/api/v1/submit/resend-confirmation"),
    ("GET", "/submit"),
    ("POST", "/submit"),
    ("GET", "/submit/success"),
    ("GET", "/track"),
    ("POST", "/track"),
    ("GET", "/track/<job_id>"),
    ("GET", "/confirm/<token>"),
    ("POST", "/confirm/<token>"),
    ("GET", "/confirm/expired"),
    ("POST", "/confirm/resend"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("POST", "/logout"),
    ("GET", "/login/callback"),
    ("GET", "/signed-out"),
    ("GET", "/favicon.ico"),
    ("GET", "/assets/<path:filename>"),
}
LEAD_TO_SIGNING_IN = {"/login", "/login/callback", "/logout", "/signed-out", "/api/v1/auth/login"}
# Answers 404 and 405 to strangers, so that a wrong address is told from a missing sign-in.
ANSWERS_NOT_FOUND = "api_unknown"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes(desk):
    """(method, rule, endpoint) of all that the application knows."""
    return [
        (method, rule.rule, rule.endpoint)
        for rule in desk.app.url_map.iter_rules()
        for method in sorted(rule.methods & set(METHODS))
    ]


@pytest.fixture
def path_of(desk):
    """The path of a rule, with a real job and its real token in it."""
    job_id = desk.job("PENDING")
    values = {
        "<job_id>": job_id,
        "<token>": token_of(job_id),
        "<path:filename>": "printdesk.css",
        "<string:package_name>": "dash",
        "<path:fingerprinted_path>": "dash-renderer/build/dash_renderer.min.js",
        "<path:path>": "dashboard",
        "<name>": "jobs",
        "<any(csv, xlsx):kind>": "csv",
    }

    def fill(rule):
        for name, value in values.items():
            rule = rule.replace(name, value)
        assert "<" not in rule, f"tell this test what to put into {rule}"
        return rule

    return fill


def ask(client, method, path, **options):
    return client.open(path, method=method, buffered=True, **options)


def turns_away(answer):
    to_login = answer.status_code in (302, 303) and answer.headers["Location"].startswith("/login")
    return answer.status_code in (401, 403) or to_login


def test_the_list_of_public_routes_is_the_one_above(desk):
    public = {
        (method, rule)
        for method, rule, endpoint in routes(desk)
        if endpoint in PUBLIC and endpoint != ANSWERS_NOT_FOUND
    }
    assert public == PUBLIC_ROUTES
    known = {endpoint for _, _, endpoint in routes(desk)}
    assert known >= PUBLIC, "the guard names a route that is gone"


def test_strangers_are_turned_away_everywhere_else(desk, path_of):
    before = rows()
    asked = 0
    for method, rule, endpoint in routes(desk):
        if (method, rule) in PUBLIC_ROUTES or endpoint == ANSWERS_NOT_FOUND:
            continue
        for options in ({}, {"json": {}}, {"headers": {"Authorization": "Bearer x"}}):
            answer = ask(desk.client(), method, path_of(rule), **options)
            assert turns_away(answer), (method, rule, answer.status)
            asked += 1
    assert asked > 60
    assert rows() == before


def test_strangers_reach_every_public_route(desk, path_of):
    for method, rule in PUBLIC_ROUTES:
        answer = ask(desk.client(), method, path_of(rule), data={})
        assert answer.status_code < 500 or rule.endswith("/health"), (method, rule)
        if rule not in LEAD_TO_SIGNING_IN:
            assert not turns_away(answer), (method, rule)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "BREW"])
def test_other_methods_open_no_door(desk, path_of, method):
    before = rows()
    for _, rule, endpoint in routes(desk):
        if endpoint == ANSWERS_NOT_FOUND:
            continue
        answer = ask(desk.client(), method, path_of(rule))
        assert answer.status_code < 500 or rule.endswith("/health"), (method, rule)
        assert "ada@uni.example" not in answer.text or rule == "/track/<job_id>"
    assert rows() == before


@pytest.mark.parametrize("role", Role)
def test_people_of_the_lab_meet_no_fault_anywhere(desk, path_of, role):
    browser = desk.browser(role)
    for method, rule, _ in routes(desk):
        if rule in ("/logout", ENDPOINT):
            continue
        answer = ask(browser, method, path_of(rule), json={})
        assert answer.status_code < 500 or rule.endswith("/health"), (method, rule, answer.text)
        assert answer.status_code != 401 or rule.endswith("/login"), (method, rule)


def test_a_manager_changes_nothing_by_any_route(desk, path_of):
    browser = desk.browser(Role.MANAGER)
    before = rows()
    for method, rule, _ in routes(desk):
        if method == "GET" or (method, rule) in PUBLIC_ROUTES or rule.startswith("/_dash"):
            continue
        answer = ask(browser, method, path_of(rule), json=ANY_BODY)
        assert answer.status_code in (400, 403, 404, 405), (method, rule, answer.text)
    assert rows() == before


# Only fields that some route knows; what is unknown to a route is refused before the role is asked.
ANY_BODY = {"reason": "x"}


@pytest.mark.parametrize("role", Role)
def test_every_page_of_the_console_opens_or_is_refused_in_words(desk, role):
    browser = desk.browser(role)
    for page in dash.page_registry.values():
        assert browser.get(page["path"]).status_code == 200


def test_a_stranger_is_led_to_sign_in_and_back(desk):
    answer = desk.client().get("/dashboard?status=PENDING&search=a%26b")
    assert answer.status_code == 302
    wanted = "/dashboard%3Fstatus%3DPENDING%26search%3Da%2526b"
    assert answer.headers["Location"] == f"/login?next={wanted}"
    assert desk.client().get("/").headers["Location"] == "/login"


def test_the_front_door_leads_people_of_the_lab_to_the_queue(desk):
    assert desk.browser().get("/").headers["Location"] == "/dashboard"


def test_an_unknown_page_is_a_page_that_says_so(desk):
    answer = desk.browser().get("/nothing/here")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "There is no such page" in answer.text
    assert turns_away(desk.client().get("/nothing/here"))


def test_assets_have_no_way_out_of_their_folder(desk):
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
