"""What dash-auth does here, and what it must never do: its groups decide who may run a callback or
see a page, and its guard, which believes a request's body, is not there."""

import json
import os
import subprocess
import sys

import dash
import pytest
from dash_auth import add_public_routes, list_groups, public_routes
from flask import session
from flask.sessions import SecureCookieSessionInterface

from models import Role, Staff
from services import work
from services.errors import Forbidden, NotSignedIn
from settings import ROOT
from tests.support import issuer as issuers
from tests.support import queries
from tests.support.access import CALLBACKS, PAGES, declaration, name_of_callback
from tests.support.callbacks import (
    ENDPOINT,
    body_of,
    dependencies,
    of_server,
    run,
    send,
    with_output,
)
from tests.support.client import API, NAMES, email_of, refusal_of, rows

GROUPS = {
    Role.MANAGER: ["manager"],
    Role.STAFF: ["manager", "staff"],
    Role.ADMIN: ["manager", "staff", "admin"],
}
OF_DASH = "_pages_content.children (dash.dash.update)"  # it calls the page's layout


def set_role(name, role):
    with work.unit() as unit:
        unit.query(Staff).filter_by(name=name).one().role = role


def groups_of(desk, **request):
    """The groups that dash-auth finds once our guard has seen the request."""
    with desk.app.test_request_context("/dashboard", **request):
        desk.app.preprocess_request()
        return list_groups()


def cookie_of(browser):
    return {"Cookie": f"printdesk={browser.get_cookie('printdesk').value}"}


def bearer_of(caller):
    return {"Authorization": f"Bearer {caller.token}"}


# Roles


def told_of(callback):
    return declaration(dash.get_app().callback_map[callback["output"]]["callback"])


def test_every_callback_declares_its_role_and_both_fallbacks(desk):
    found = of_server(dependencies(desk.browser()))
    names = {name_of_callback(callback): callback for callback in found}
    for name, callback in names.items():
        if name == OF_DASH:
            continue
        told = told_of(callback)
        assert told, f"{name} is not declared with components.roles.role_callback"
        assert told["groups"] == [CALLBACKS[name].lowest.role], name
        assert told["check_type"] == "one_of" and told["groups_key"] == "groups"
        with pytest.raises(NotSignedIn):
            told["unauthenticated_output"]()
        with pytest.raises(Forbidden, match=f"This needs the role {told['groups'][0]}."):
            told["missing_permissions_output"]()
    assert len(names) > 16 and OF_DASH in names


def test_every_page_declares_its_role_and_both_fallbacks(desk):
    for page in dash.page_registry.values():
        path = page["path_template"] or page["path"]
        [declared] = [
            cell.cell_contents
            for cell in page["layout"].__closure__ or ()
            if declaration(cell.cell_contents)
        ] or [None]
        assert declared, f"{path} is not declared with components.roles.role_page"
        told = declaration(declared)
        assert told["groups"] == [PAGES[path].lowest.role], path
        assert told["check_type"] == "one_of" and told["groups_key"] == "groups"
        with pytest.raises(NotSignedIn):
            told["unauthenticated_output"]()


# A Dash application of its own, as one process can have only one.
FLEXIBLE = """
import json

import dash
from dash import Input, Output, State, html

from components.roles import role_callback
from models import Role
from tests.support.callbacks import body_of, dependencies, run

console = dash.Dash("test", enable_mcp=False, on_error=lambda error: dash.set_props(
    "said", {"children": type(error).__name__}))
console.server.secret_key = "of a test"
console.layout = html.Div(id="said")

@role_callback(
    Role.STAFF,
    output=dict(first=Output("first", "children"), second=Output("second", "children")),
    inputs=dict(name=Input("name", "value"), both=(Input("one", "value"), Input("two", "value"))),
    state=dict(kept=State("kept", "data")),
    running=[(Output("button", "disabled"), True, False)],
    prevent_initial_call=True,
)
def answer(name, both, kept):
    return dict(second=[*both], first=f"{name} {kept}")

browser = console.server.test_client()
[callback] = [each for each in dependencies(browser) if "first" in each["output"]]
values = {"name.value": "n", "one.value": 1, "two.value": 2, "kept.data": "k"}
said = []
for groups in (None, ["manager"], ["manager", "staff"]):
    with browser.session_transaction() as session:
        session |= {"user": {"groups": groups}} if groups else {}
    said.append(run(browser, callback, values).get_json())
print(json.dumps([callback["prevent_initial_call"], callback["running"], answer.__name__, said]))
"""


def test_a_callback_of_named_inputs_and_outputs_is_declared_like_any_other():
    is_prevented, running, name, said = json.loads(printed(FLEXIBLE))
    assert is_prevented is True and name == "answer"
    assert running == {
        "running": {"button.disabled": True},
        "runningOff": {"button.disabled": False},
    }
    stranger, manager, staff = said
    assert stranger["sideUpdate"] == {"said": {"children": "NotSignedIn"}}
    assert manager["sideUpdate"] == {"said": {"children": "Forbidden"}}
    assert not stranger["response"] and not manager["response"]
    assert staff["response"] == {"first": {"children": "n k"}, "second": {"children": [1, 2]}}


@pytest.mark.parametrize("role", Role)
def test_the_groups_are_the_roles_that_one_has(desk, role):
    assert groups_of(desk, headers=cookie_of(desk.browser(role))) == GROUPS[role]
    assert groups_of(desk, headers=bearer_of(desk.caller(role))) == GROUPS[role]


def test_a_stranger_has_no_groups_and_is_no_user(desk):
    with desk.app.test_request_context("/login"):
        desk.app.preprocess_request()
        assert list_groups() is None and "user" not in session


def test_the_token_wins_over_somebody_elses_cookie(desk):
    admin, manager = desk.browser(Role.ADMIN), desk.caller(Role.MANAGER)
    headers = cookie_of(admin) | bearer_of(manager)
    assert groups_of(desk, headers=headers) == GROUPS[Role.MANAGER]


def list_people(desk, browser, **options):
    callback = with_output(desk.browser(Role.ADMIN, name="Otto Other"), "people-list.children")
    return send(browser, body_of(callback, {}), **options)


@pytest.fixture
def other_admin(desk):
    """So that somebody knows the callbacks, whoever is demoted."""
    desk.add_person(Role.ADMIN, "Otto Other")


@pytest.mark.usefixtures("other_admin")
@pytest.mark.parametrize("way", ["cookie", "token"])
def test_a_new_role_takes_effect_at_the_next_click(desk, way):
    if way == "cookie":
        browser, options = desk.browser(Role.ADMIN), {}
    else:
        browser, options = desk.client(), {"headers": bearer_of(desk.caller(Role.ADMIN))}
    name, email = NAMES[Role.ADMIN], email_of(NAMES[Role.STAFF])
    assert email in list_people(desk, browser, **options).text
    set_role(name, Role.MANAGER)
    refused = list_people(desk, browser, **options)
    assert "This needs the role admin." in refused.text and email not in refused.text
    set_role(name, Role.STAFF)
    assert email not in list_people(desk, browser, **options).text
    set_role(name, Role.ADMIN)
    assert email in list_people(desk, browser, **options).text


@pytest.mark.parametrize("way", ["cookie", "token"])
def test_a_demotion_changes_the_groups_at_once(desk, way):
    headers = cookie_of(desk.browser()) if way == "cookie" else bearer_of(desk.caller())
    for role in (Role.STAFF, Role.MANAGER, Role.ADMIN):
        set_role(NAMES[Role.STAFF], role)
        assert groups_of(desk, headers=headers) == GROUPS[role]


def test_a_promoted_manager_need_not_sign_in_again(desk):
    job_id, browser = desk.job(), desk.browser(Role.MANAGER)
    begin = with_output(browser, "dialog-title.children")
    pressed = {"dialog-pressed.data": {"action": "review", "job": job_id}}
    before = rows()["jobs"]
    assert "This needs the role staff." in run(browser, begin, pressed).text
    assert rows()["jobs"] == before
    set_role(NAMES[Role.MANAGER], Role.STAFF)
    assert "pd-toast-bad" not in run(browser, begin, pressed).text
    assert rows()["jobs"] != before


def test_groups_in_a_cookie_are_ignored(desk):
    """None of ours holds them; one that was made before a change of the code might."""
    browser = desk.browser(Role.MANAGER)
    signer = SecureCookieSessionInterface().get_signing_serializer(desk.app)
    held = signer.loads(browser.get_cookie("printdesk").value)
    browser.set_cookie("printdesk", signer.dumps(held | {"user": {"groups": ["admin"]}}))
    assert groups_of(desk, headers=cookie_of(browser)) == GROUPS[Role.MANAGER]


# The cookie


def test_the_groups_are_in_no_cookie(desk):
    browser = desk.browser()
    for path in ("/dashboard", "/account", f"{API}/jobs", "/submit", "/login"):
        answer = browser.get(path)
        assert answer.status_code in (200, 302)
        assert "Set-Cookie" not in answer.headers, path
    for callback in of_server(dependencies(browser)):
        assert "Set-Cookie" not in run(browser, callback, {}).headers, callback["output"]
    with browser.session_transaction() as held:
        assert "user" not in held


def test_what_changes_the_session_stores_no_groups_either(desk, configure):
    """Somebody who is signed in comes to the provider's callback: their session is written."""
    browser = desk.browser()
    with issuers.as_provider(configure):
        with browser.session_transaction() as held:
            held["sign_ins"] = [{"state": "s", "nonce": "n", "verifier": "v", "next": "/"}]
        answer = browser.get("/login/callback?state=s&error=access_denied")
    assert answer.status_code == 403 and "printdesk=" in answer.headers["Set-Cookie"]
    with browser.session_transaction() as held:
        assert held["sign_ins"] == [] and "user" not in held


def test_assets_and_health_set_no_cookie_and_vary_by_none(desk):
    browser = desk.browser()
    for path in ("/assets/printdesk.css", f"{API}/health"):
        answer = browser.get(path, buffered=True)
        assert "Set-Cookie" not in answer.headers and "Cookie" not in answer.vary


@pytest.mark.parametrize("way", ["cookie", "token"])
def test_an_unchanged_poll_stays_one_query_and_sets_no_cookie(desk, way):
    browser = desk.browser() if way == "cookie" else desk.client()
    headers = {} if way == "cookie" else bearer_of(desk.caller())
    for _ in range(200):  # the server's other databases commit, too
        tag = browser.get(f"{API}/news", headers=headers).headers["ETag"]
        with queries.noted() as asked:
            answer = browser.get(f"{API}/news", headers=headers | {"If-None-Match": tag})
        if answer.status_code == 304:
            break
    assert answer.status_code == 304 and len(asked) == 1
    assert "Set-Cookie" not in answer.headers
    assert len(str(answer.headers)) + len(answer.data) < 500


# The guard


def mounted(app):
    """Functions of dash-auth that a request would meet, whatever Flask calls them for."""
    hooks = [
        function
        for by_blueprint in (
            app.before_request_funcs,
            app.after_request_funcs,
            app.teardown_request_funcs,
            app.url_value_preprocessors,
        )
        for functions in by_blueprint.values()
        for function in functions
    ]
    return [each for each in (*hooks, *app.view_functions.values()) if is_of_dash_auth(each)]


def is_of_dash_auth(function):
    """Also a method of a class that is derived from one of its own."""
    classes = type(getattr(function, "__self__", None)).__mro__
    return any(each.__module__.startswith("dash_auth") for each in (function, *classes))


@pytest.fixture(params=["local", "oidc"])
def mode(request, configure):
    if request.param == "local":
        yield "local"
    else:
        with issuers.as_provider(configure):
            yield "oidc"


def test_dash_auths_guard_is_not_mounted(desk, mode):
    desk.client().get("/login")  # makes the sign-in with the provider, where there is one
    assert desk.client().get("/dashboard").status_code == 302
    assert mounted(desk.app) == []
    assert not public_routes.get_public_routes(dash.get_app()).map._rules
    assert public_routes.get_public_callbacks(dash.get_app()) == []
    if mode == "oidc":
        from student_pages.provider_auth import provider_auth

        server = provider_auth().app.server
        assert server is not desk.app and server.before_request_funcs == {}


def test_the_search_would_find_a_mounted_guard():
    """So that the test above can fail."""
    from dash_auth import BasicAuth
    from flask import Flask

    server = Flask(__name__)
    server.secret_key = "of a test"
    assert mounted(server) == []
    BasicAuth(type("Console", (), {"server": server, "config": {}})(), {"a": "b"})
    [found] = mounted(server)
    assert found.__name__ == "before_request_auth"


@pytest.fixture
def open_for_dash_auth(desk):
    """Dash-auth's lists say that all is public; nobody here reads them."""
    console, config = dash.get_app(), desk.app.config
    add_public_routes(console, ["/login", "/dashboard", "/<path:path>"])
    config[public_routes.PUBLIC_CALLBACKS] = list(console.callback_map)
    yield
    del config[public_routes.PUBLIC_ROUTES], config[public_routes.PUBLIC_CALLBACKS]


@pytest.fixture
def known(desk):
    return of_server(dependencies(desk.browser()))


@pytest.mark.usefixtures("open_for_dash_auth")
def test_requests_that_dash_auths_guard_would_allow_are_refused(desk, known, mode):
    """Its guard opens to an output that it takes for public, and to any path that is public."""
    location = {"id": "_pages_location", "property": "pathname", "value": "/login"}
    before = rows()
    for callback in known:
        body = body_of(callback, {})
        for forged in (body, body | {"inputs": [location, *body["inputs"]]}):
            refusal_of(send(desk.client(), forged), 401, "not_signed_in")
    assert desk.client().get("/dashboard").headers["Location"].startswith("/login?next=")
    assert rows() == before


def test_public_routes_stay_public_without_dash_auth_groups(desk, mode):
    """Its guard would send everybody to the provider whose session it has not made itself."""
    for path in ("/submit", "/track", f"{API}/docs", "/assets/printdesk.css"):
        assert desk.client().get(path, buffered=True).status_code == 200
    assert desk.client().post(ENDPOINT, json={}).status_code == 401


# What it costs


def test_local_mode_does_not_load_authlib():
    """9 MB and a third of a second in every web process."""
    heavy = ("authlib", "requests", "joserfc", "dash_auth.oidc_auth", "web.oidc_client")
    assert loaded(heavy, AUTH_MODE="local") == []
    assert loaded(heavy, AUTH_MODE="oidc", OIDC_ISSUER="http://127.0.0.1:9") == list(heavy)


def loaded(names, **settings):
    """Which of the modules the application has loaded by itself, before its first request."""
    code = f"import sys, app; app.server; print(*[m for m in {names!r} if m in sys.modules])"
    return printed(code, OIDC_CLIENT_ID="printdesk", **settings).split()


def printed(code, **settings):
    """The last line that a Python of its own prints."""
    command, environment = (sys.executable, "-c", code), os.environ | settings
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()[-1]
