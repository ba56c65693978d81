"""Signing in and out with an identity provider, over HTTP."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from dash_auth.oidc_auth import OIDCAuth
from flask import session

from models import Role
from tests.support import issuer as issuers
from tests.support.callbacks import ENDPOINT, run, with_output
from tests.support.client import API, NAMES, PASSWORD, email_of, refusal_of, rows, sign_in
from tests.support.issuer import CLIENT, SECRET

EMAIL = email_of(NAMES[Role.STAFF])


@pytest.fixture
def idp(configure):
    with issuers.as_provider(configure) as running:
        yield running


def begin(client, path="/login", **headers):
    answer = client.get(path, headers=headers)
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}


def answer_with(idp, nonce, **claims):
    usual = {"iss": idp.base, "aud": CLIENT, "email": EMAIL, "email_verified": True}
    id_token = idp.token(**(usual | {"nonce": nonce} | claims))
    idp.pages["/token"] = {"access_token": "opaque", "token_type": "Bearer", "id_token": id_token}


def finish(client, state, code="the-code"):
    return client.get("/login/callback", query_string={"state": state, "code": code})


def signed_in(desk, idp, path="/login", **claims):
    client = desk.client()
    asked = begin(client, path)
    answer_with(idp, asked["nonce"], **claims)
    answer = finish(client, asked["state"])
    assert answer.status_code == 302, answer.text
    return client, answer


def test_a_person_on_the_list_is_signed_in_and_redirected(desk, idp):
    client, answer = signed_in(desk, idp, "/login?next=/mail")
    assert answer.location == "/mail"
    assert client.get(f"{API}/jobs").status_code == 200
    assert "printdesk=" in answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax"} <= set(answer.headers["Set-Cookie"].split("; "))


def test_dash_auth_performs_the_sign_in(desk, idp, monkeypatch):
    ran = []

    def note(name):
        original = getattr(OIDCAuth, name)

        def noted(self, *given):
            answer = original(self, *given)
            ran.append((name, answer.status_code, dict(session.get("user", {}))))
            return answer

        monkeypatch.setattr(OIDCAuth, name, noted)

    note("login_request")
    note("callback")
    client, _ = signed_in(desk, idp)
    assert [(name, status) for name, status, _ in ran] == [
        ("login_request", 302),
        ("callback", 302),
    ]
    assert ran[1][2]["email"] == EMAIL  # what it has put into the session, and we have checked
    assert client.get(f"{API}/jobs").status_code == 200


def test_groups_of_the_provider_are_ignored(desk, idp):
    """dash-auth would believe it: the claims are its `session["user"]`."""
    client, _ = signed_in(desk, idp, groups=["admin"], email=email_of(NAMES[Role.MANAGER]))
    answer = run(client, with_output(client, "people-list.children"), {})
    assert "This needs the role admin." in answer.text
    with client.session_transaction() as held:
        assert "user" not in held


def test_a_refused_person_is_not_signed_in(desk, idp):
    client = desk.client()
    asked = begin(client)
    answer_with(idp, asked["nonce"], email="eve@elsewhere.example", sub="eve", groups=["admin"])
    assert finish(client, asked["state"]).status_code == 403
    with client.session_transaction() as held:
        assert dict(held) == {"sign_ins": []}
    assert client.post(ENDPOINT, json={}).status_code == 401


def test_an_earlier_session_is_not_mistaken_for_the_providers_claims(desk, idp):
    """Their groups stand in the session under dash-auth's own key."""
    client, _ = signed_in(desk, idp)
    with client.session_transaction() as held:
        before = dict(held)
        held["sign_ins"] = [{"state": "s", "nonce": "n", "verifier": "v" * 43, "next": "/"}]
    idp.pages["/token"] = {"access_token": "x", "token_type": "Bearer"}
    answer = finish(client, "s")
    assert answer.status_code == 403 and "not completed" in answer.text
    with client.session_transaction() as held:
        assert dict(held) == before | {"sign_ins": []}


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "x", "/" + "a" * 900]
)
def test_next_cannot_redirect_to_another_site(desk, idp, target):
    client = desk.client()
    query = {"next": target}
    answer = client.get("/login", query_string=query)
    asked = {name: value[0] for name, value in parse_qs(urlsplit(answer.location).query).items()}
    answer_with(idp, asked["nonce"])
    assert finish(client, asked["state"]).location == "/dashboard"


def test_the_callback_address_comes_from_the_settings(desk, idp, configure):
    configure(PUBLIC_URL="https://print.example.edu/")
    asked = begin(desk.client(), Host="evil.example")
    assert asked["redirect_uri"] == "https://print.example.edu/login/callback"


def test_an_earlier_session_is_replaced(desk, idp):
    """What somebody fixed beforehand, or another person's session, does not live on."""
    client = desk.client()
    with client.session_transaction() as session:
        session["fixed"] = "by somebody else"
    asked = begin(client)
    answer_with(idp, asked["nonce"])
    finish(client, asked["state"])
    with client.session_transaction() as session:
        assert set(session) == {"staff_id", "stamp", "session_id", "id_token", "_permanent"}


def test_an_answer_is_valid_once_and_in_one_browser(desk, idp):
    client, other = desk.client(), desk.client()
    asked = begin(client)
    begin(other)
    answer_with(idp, asked["nonce"])
    assert finish(other, asked["state"]).status_code == 400
    assert finish(desk.client(), asked["state"]).status_code == 400
    assert finish(client, asked["state"]).status_code == 302
    assert finish(client, asked["state"]).status_code == 400
    assert other.get(f"{API}/jobs").status_code == 401


@pytest.mark.parametrize("state", ["", "x", "\x00", "ü" * 300])
def test_an_unknown_state_is_refused(desk, idp, state):
    answer = finish(desk.client(), state)
    assert answer.status_code == 400 and "start again" in answer.text
    assert not [path for path, _ in idp.others if path == "/token"]


def test_several_tabs_can_sign_in_and_the_cookie_stays_small(desk, idp):
    client = desk.client()
    begun = [begin(client, "/login?next=/dashboard?" + "a" * 390) for _ in range(8)]
    cookie = client.get_cookie("printdesk")
    assert len(cookie.value) < 3500
    assert finish(client, begun[0]["state"]).status_code == 400
    answer_with(idp, begun[-2]["nonce"])
    assert finish(client, begun[-2]["state"]).status_code == 302


def test_a_cancelled_sign_in_says_so(desk, idp):
    client = desk.client()
    asked = begin(client)
    query = {"state": asked["state"], "error": "access_denied", "error_description": "<b>no</b>"}
    answer = client.get("/login/callback", query_string=query)
    assert answer.status_code == 403 and "cancelled" in answer.text
    assert "<b>no</b>" not in answer.text
    assert finish(client, asked["state"]).status_code == 400


def test_a_refusal_shows_the_contact_and_is_audited(desk, idp):
    from settings import lab

    client = desk.client()
    asked = begin(client)
    answer_with(idp, asked["nonce"], email="eve@elsewhere.example", sub="eve")
    answer = finish(client, asked["state"])
    assert answer.status_code == 403
    assert f"mailto:{lab().lab.contact_email}" in answer.text
    assert "again=1" in answer.text
    assert client.get(f"{API}/jobs").status_code == 401
    [entry] = rows()["audit_log"]
    assert "SignInRefused" in entry and "eve@elsewhere.example" in str(entry)
    assert begin(client, "/login?again=1")["prompt"] == "login"


def test_a_wrong_nonce_signs_nobody_in(desk, idp):
    client = desk.client()
    asked = begin(client)
    answer_with(idp, "another")
    answer = finish(client, asked["state"])
    assert answer.status_code == 403 and "not completed" in answer.text
    assert client.get(f"{API}/jobs").status_code == 401


def test_an_unavailable_provider_is_shown_on_a_page(desk, idp):
    client = desk.client()
    begun = begin(client)
    answer_with(idp, begun["nonce"])
    idp.stop()
    answer = finish(client, begun["state"])
    assert answer.status_code == 503
    assert "sign-in provider is not responding" in answer.text and "reference" not in answer.text
    from services.people import provider

    provider._known.clear()
    answer = client.get("/login")
    assert answer.status_code == 503
    assert "sign-in provider is not responding" in answer.text


def test_signing_out_ends_the_session_and_redirects_to_the_provider(desk, idp):
    about = idp.pages["/.well-known/openid-configuration"]
    about["end_session_endpoint"] = f"{idp.base}/logout"
    client, _ = signed_in(desk, idp)
    answer = client.post("/logout")
    assert answer.status_code == 200
    [url] = re.findall(r'content="0; url=([^"]+)"', answer.text)
    query = parse_qs(urlsplit(url.replace("&amp;", "&")).query)
    assert query["post_logout_redirect_uri"] == ["http://127.0.0.1:8050/signed-out"]
    assert query["client_id"] == [CLIENT] and query["id_token_hint"][0].count(".") == 2
    assert client.get(f"{API}/jobs").status_code == 401
    assert "You are signed out" in client.get("/signed-out").text


def test_signing_out_without_an_end_session_endpoint(desk, idp):
    client, _ = signed_in(desk, idp)
    answer = client.post("/logout")
    assert (answer.status_code, answer.location) == (303, "/signed-out")
    assert desk.client().post("/logout").location == "/signed-out"


def test_passwords_and_their_tokens_do_not_work_with_a_provider(desk, configure):
    token = desk.staff.token
    configure(AUTH_MODE="oidc", OIDC_ISSUER="http://127.0.0.1:1", OIDC_CLIENT_ID=CLIENT)
    answer = desk.stranger().post("/auth/login", {"email": EMAIL, "password": PASSWORD})
    refusal_of(answer, 403, "forbidden")
    assert "your organisation's account" in answer.json["message"]
    assert sign_in(desk.client(), EMAIL).status_code == 403
    header = {"Authorization": f"Bearer {token}"}
    assert desk.client().get(f"{API}/jobs", headers=header).status_code == 401


def test_local_mode_has_no_provider_pages(desk):
    assert desk.client().get("/login/callback?state=x&code=y").status_code == 404
    assert desk.client().get("/signed-out").status_code == 404


def test_the_client_secret_is_never_exposed(desk, idp, capfd):
    client, answer = signed_in(desk, idp)
    seen = [answer.text, str(answer.headers), client.get("/login").text]
    idp.pages["/token"] = {"error": "invalid_client", "error_description": SECRET}
    other = desk.client()
    seen.append(finish(other, begin(other)["state"]).text)
    seen += capfd.readouterr()
    assert SECRET not in "".join(seen)
