"""What is taken from an identity provider, and what is not; a real HTTP server plays it, and
dash-auth and Authlib run the sign-in."""

import base64
import time
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import session

from services.errors import Forbidden, Retryable
from services.people import fetching, provider
from student_pages.provider_auth import IDP, provider_auth
from tests.support import issuer as issuers
from tests.support.client import application
from tests.support.issuer import CLIENT, SECRET, rsa_key
from web.oidc_client import ATTEMPTS

CALLBACK = "http://127.0.0.1:8050/login/callback"


@pytest.fixture
def idp(configure):
    with issuers.as_provider(configure) as running:
        yield running


def answer_with(idp, key=None, kid="first", alg="RS256", **claims):
    usual = {"iss": idp.base, "aud": CLIENT, "nonce": "n", "email": "sam@lab.example"}
    id_token = idp.token(key, kid, alg, **(usual | claims))
    idp.pages["/token"] = {"access_token": "opaque", "token_type": "Bearer", "id_token": id_token}


def begin(again=False):
    """Where the person is sent, and what is kept until they come back."""
    query = {"again": "1"} if again else {}
    with application().test_request_context("/login", query_string=query):
        url = provider_auth().login_request().location
        [begun] = session[ATTEMPTS]
    return SimpleNamespace(url=url, **begun)


def finish():
    """The claims, once the person has come back with a code."""
    query = {"state": "s", "code": "the-code"}
    begun = {"state": "s", "nonce": "n", "verifier": "v" * 50, "next": "/dashboard"}
    with application().test_request_context("/login/callback", query_string=query):
        session[ATTEMPTS] = [begun]
        claims = provider_auth().take_claims(IDP)
        assert not set(session) & {"user", "idp"} and session[ATTEMPTS] == []
    return claims


def test_the_redirect_to_the_provider_has_state_nonce_and_pkce(idp):
    attempt = begin()
    other = begin(again=True)
    asked = parse_qs(urlsplit(attempt.url).query)
    assert asked.pop("code_challenge") and len(attempt.verifier) >= 43
    assert asked == {
        "tenant": ["lab"],
        "response_type": ["code"],
        "client_id": [CLIENT],
        "redirect_uri": [CALLBACK],
        "scope": ["openid email profile"],
        "state": [attempt.state],
        "nonce": [attempt.nonce],
        "code_challenge_method": ["S256"],
    }
    assert attempt.verifier not in attempt.url
    assert len({attempt.state, attempt.nonce, attempt.verifier, other.state, other.nonce}) == 5
    assert "prompt=login" in other.url
    assert idp.asked == 1  # the metadata, once


def test_a_valid_answer_is_accepted(idp):
    answer_with(idp)
    assert finish()["email"] == "sam@lab.example"
    [sent] = [sent for path, sent in idp.others if path == "/token"]
    basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    assert "code=the-code" in sent and f"code_verifier={'v' * 50}" in sent
    assert sent.endswith(f"Basic {basic}")


def test_the_client_authenticates_by_the_providers_method(idp, configure):
    about = idp.pages["/.well-known/openid-configuration"]
    about["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    answer_with(idp)
    finish()
    assert "client_secret=the" in idp.others[-1][1]
    configure(OIDC_CLIENT_SECRET="")
    finish()
    assert "client_id=printdesk" in idp.others[-1][1] and "secret" not in idp.others[-1][1]


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-program"},
        {"aud": None},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": "ü"},
        {"exp": 1_500_000_000},
        {"exp": None},
        {"sub": None},
        {"key": "attacker"},
        {"alg": "RS512"},
        {"kid": "unknown"},
    ],
    ids=lambda claims: str(claims)[:60],
)
def test_an_invalid_id_token_is_refused(idp, claims):
    key = rsa_key(claims["key"]) if "key" in claims else None
    answer_with(idp, **(claims | {"key": key}))
    with pytest.raises(Forbidden) as refused:
        finish()
    assert "not completed" in refused.value.message


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"id_token": None},
        {"id_token": 7, "access_token": "x"},
        {"access_token": "x", "token_type": "Bearer"},
        {"error": "invalid_grant", "error_description": f"of {SECRET}"},
    ],
    ids=str,
)
def test_an_answer_without_an_id_token_is_refused(idp, answer, capsys):
    idp.pages["/token"] = answer
    with pytest.raises(Forbidden):
        finish()
    assert SECRET not in "".join(capsys.readouterr())


def test_an_unsigned_id_token_is_refused(idp):
    claims = {"iss": idp.base, "aud": CLIENT, "nonce": "n"}
    forged = idp.forged({"alg": "none", "kid": "first"}, **claims)
    idp.pages["/token"] = {"access_token": "x", "token_type": "Bearer", "id_token": forged}
    with pytest.raises(Forbidden):
        finish()


def test_the_email_may_come_from_userinfo_of_the_same_person(idp):
    answer_with(idp, email=None)
    told = {"sub": "user_1", "email": "sam@lab.example", "email_verified": True, "role": "admin"}
    idp.pages["/userinfo"] = told
    claims = finish()
    assert claims["email_verified"] is True and "role" not in claims
    assert idp.others[-1] == ("/userinfo", " Bearer opaque")
    idp.pages["/userinfo"] = told | {"sub": "user_2"}
    assert "email" not in finish()


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"token_endpoint": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": 7},
    ],
    ids=str,
)
def test_invalid_metadata_is_not_used(idp, change):
    idp.pages["/.well-known/openid-configuration"].update(change)
    with pytest.raises(Retryable):
        begin()


def test_a_trailing_slash_of_the_issuer_is_optional(idp, configure):
    configure(OIDC_ISSUER=idp.base + "/")
    answer_with(idp)
    assert finish()["sub"] == "user_1"


@pytest.mark.parametrize("answer", [(500, b""), (200, b"<html>"), (302, b"")])
def test_an_unavailable_provider_gives_a_clear_message(idp, answer, monkeypatch):
    idp.answer = answer
    for _ in range(5):
        with pytest.raises(Retryable) as refused:
            begin()
    assert "is not responding" in refused.value.message
    assert idp.asked == 1  # the others did not wait again
    idp.answer = None
    now = time.monotonic()
    monkeypatch.setattr(provider.time, "monotonic", lambda: now + provider.RETRY_S + 1)
    assert begin()
    idp.answer = answer
    monkeypatch.setattr(provider.time, "monotonic", lambda: now + provider.METADATA_S * 2)
    assert begin()  # what is known is still good


def test_a_provider_that_fails_during_the_exchange_is_reported(idp):
    answer_with(idp)
    begin()
    idp.stop()
    with pytest.raises(Retryable):
        finish()


@pytest.mark.parametrize(
    "answer",
    [
        (500, b""),
        (302, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"[" * 100_000),
        (200, b" " * (fetching.MAX_BYTES + 1)),
    ],
    ids=lambda answer: f"{answer[0]}-{answer[1][:12]!r}",
)
def test_an_invalid_answer_to_the_exchange_is_reported(idp, answer):
    begin()
    idp.answer = answer
    with pytest.raises(Retryable):
        finish()


def test_a_slow_answer_to_the_exchange_times_out(idp, monkeypatch):
    """Each byte comes in time, and all of them would take a minute."""
    answer_with(idp)
    begin()
    monkeypatch.setattr(fetching, "TIMEOUT_S", 0.5)
    idp.pause_s = 0.1
    started = time.monotonic()
    with pytest.raises(Retryable):
        finish()
    assert time.monotonic() - started < 2


def test_the_exchange_follows_no_redirect(idp):
    answer_with(idp)
    begin()
    idp.answer = (302, b"")
    idp.location = f"{idp.base}/elsewhere"
    with pytest.raises(Retryable):
        finish()
    assert [path for path, _ in idp.others][-1] == "/token"


def test_metadata_cannot_configure_the_client(idp):
    """Authlib hands what it is given as metadata to its HTTP session and its requests."""
    gone = "http://127.0.0.1:9"
    idp.pages["/.well-known/openid-configuration"] |= {
        "proxies": {"http": gone, "https": gone},
        "verify": False,
        "scope": "everything",
        "prompt": "none",
        "login_hint": "eve",
        "nonce": "chosen",
        "response_type": "token",
        "code_challenge_method": "plain",
        "grant_type": "client_credentials",
        "client_id": "another",
        "token_updater": "x",
        "jwks": {"keys": []},
        "id_token_signing_alg_values_supported": ["none"],
    }
    attempt = begin()
    asked = parse_qs(urlsplit(attempt.url).query)
    assert asked["scope"] == ["openid email profile"] and asked["response_type"] == ["code"]
    assert asked["client_id"] == [CLIENT] and asked["nonce"] == [attempt.nonce] != ["chosen"]
    assert asked["code_challenge_method"] == ["S256"]
    assert not set(asked) & {"prompt", "login_hint"}
    answer_with(idp)
    assert finish()["email"] == "sam@lab.example"


def test_a_slow_provider_times_out(idp, monkeypatch):
    monkeypatch.setattr(fetching, "TIMEOUT_S", 0.3)
    answer_with(idp)
    begin()
    idp.wait_s = 5
    started = time.monotonic()
    with pytest.raises(Retryable):
        finish()
    assert time.monotonic() - started < 4


def test_sign_out_redirects_to_the_provider_if_it_offers_that(idp):
    assert provider.sign_out_url("", "http://x/signed-out") == ""
    about = idp.pages["/.well-known/openid-configuration"]
    about["end_session_endpoint"] = f"{idp.base}/logout"
    provider._known.clear()
    url = urlsplit(provider.sign_out_url("a.b.c", "http://x/signed-out"))
    assert url.path == "/logout"
    assert parse_qs(url.query) == {
        "post_logout_redirect_uri": ["http://x/signed-out"],
        "client_id": [CLIENT],
        "id_token_hint": ["a.b.c"],
    }
    about["end_session_endpoint"] = "javascript:alert(1)"
    provider._known.clear()
    assert provider.sign_out_url("", "http://x/signed-out") == ""
