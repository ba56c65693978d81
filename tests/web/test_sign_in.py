"""Signing in and out of the console, and the security of sessions."""

from datetime import timedelta

import pytest
from flask.sessions import SecureCookieSessionInterface

from models import EndedSession, Role, Staff, utcnow
from services import work
from tests.support.callbacks import ENDPOINT
from tests.support.client import NAMES, PASSWORD, email_of, refusal_of, rows, sign_in

EMAIL = email_of(NAMES[Role.STAFF])
ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "https://evil.example",
    "https:evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    "/%09/evil.example",
    "/\n/evil.example",
    "/\r\nLocation: https://evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\x00/evil.example",
    "evil.example",
    "@evil.example",
    "/\u2028/evil.example",
    "//evil.example@localhost",
    "/..//evil.example",
    "/.//evil.example",
]


def is_signed_in(client):
    return client.get("/api/v1/jobs").status_code == 200


def leads_away(location):
    """Whether a browser would leave: it strips tabs and line ends, and reads \\ as /."""
    plain = "".join(char for char in location if char not in "\t\r\n").replace("\\", "/")
    ours = plain.startswith("/") and not plain.startswith("//")
    return not ours and not plain.startswith("http://localhost/")


def test_signing_in_returns_to_the_requested_page(desk):
    answer = sign_in(desk.client(), EMAIL, next="/mail?x=1")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/mail?x=1"
    assert sign_in(desk.client(), EMAIL).headers["Location"] == "/dashboard"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_never_redirects_to_another_site(desk, target):
    client = desk.client()
    answer = sign_in(client, EMAIL, next=target)
    assert answer.status_code == 303
    assert not leads_away(answer.headers["Location"])
    already = client.get("/login", query_string={"next": target})
    assert already.status_code == 302
    assert not leads_away(already.headers["Location"])


@pytest.mark.parametrize("target", ELSEWHERE)
def test_the_sign_in_page_carries_no_foreign_target(desk, target):
    page = desk.client().get("/login", query_string={"next": target})
    assert page.status_code == 200
    assert "evil.example" not in page.text or 'value="/' in page.text
    assert "javascript:" not in page.text


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example", "/%5cevil.example"])
def test_the_redirect_to_sign_in_keeps_no_foreign_target(desk, path):
    answer = desk.client().get(path)
    if answer.status_code in (301, 302, 308):
        assert not leads_away(answer.headers["Location"])


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (EMAIL, "wrong"),
        (EMAIL, ""),
        ("nobody@printlab.example", PASSWORD),
        ("", ""),
        ("\x00", PASSWORD),
        (EMAIL, PASSWORD + "\x00"),
        ("x" * 10_000, "x" * 10_000),
    ],
)
def test_a_refused_sign_in_reveals_nothing_and_gives_no_access(desk, email, password):
    client = desk.client()
    answer = sign_in(client, email, password)
    assert (answer.status_code, answer.mimetype) == (401, "text/html")
    assert "The e-mail or the password is wrong." in answer.text
    assert not is_signed_in(client)
    assert "SignInRefused" in rows()["audit_log"][-1]


def test_what_was_typed_comes_back_as_text(desk):
    answer = sign_in(desk.client(), '"><script>alert(1)</script>', "secret words")
    assert "<script>alert" not in answer.text
    assert "secret words" not in answer.text


def test_the_e_mail_is_the_same_in_any_case(desk):
    assert sign_in(desk.client(), f"  {EMAIL.upper()} ").status_code == 303


def test_the_limit_counts_failures_and_holds_for_the_page(desk, configure):
    configure(RATE_LIMIT_LOGIN="3/hour")
    for _ in range(5):
        assert sign_in(desk.client(), EMAIL).status_code == 303
    for _ in range(3):
        assert sign_in(desk.client(), EMAIL, "wrong").status_code == 401
    answer = sign_in(desk.client(), EMAIL)
    assert (answer.status_code, answer.mimetype) == (429, "text/html")
    assert int(answer.headers["Retry-After"]) > 0
    assert "Too many attempts to sign in" in answer.text


def test_the_session_cookie_is_httponly_and_samesite(desk):
    cookie = sign_in(desk.client(), EMAIL).headers["Set-Cookie"]
    assert cookie.startswith("printdesk=")
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert "Domain" not in cookie
    assert "Expires" in cookie or "Max-Age" in cookie  # it ends after some hours


def test_the_session_holds_no_password_and_no_hash(desk):
    client = desk.browser()
    value = client.get_cookie("printdesk").value
    signer = SecureCookieSessionInterface().get_signing_serializer(desk.app)
    held = signer.loads(value)
    assert set(held) == {"staff_id", "stamp", "session_id", "_permanent"}
    assert len(held["stamp"]) <= 12


def test_a_fixed_session_is_replaced_at_sign_in(desk):
    """Whatever the browser brought along is dropped; the old cookie stays a stranger's."""
    client = desk.client()
    signer = SecureCookieSessionInterface().get_signing_serializer(desk.app)
    planted = signer.dumps({"planted": "x", "staff_id": "0" * 32, "stamp": "x"})
    client.set_cookie("printdesk", planted)
    assert not is_signed_in(client)
    assert sign_in(client, EMAIL).status_code == 303
    value = client.get_cookie("printdesk").value
    assert value != planted
    assert "planted" not in signer.loads(value)
    thief = desk.client()
    thief.set_cookie("printdesk", planted)
    assert not is_signed_in(thief)


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", "eyJzdGFmZl9pZCI6MX0.aaaa.bbbb", "\xff"])
def test_a_foreign_cookie_is_not_signed_in(desk, cookie):
    client = desk.client()
    client.set_cookie("printdesk", cookie)
    assert not is_signed_in(client)
    assert client.get("/submit").status_code == 200


@pytest.mark.parametrize(
    "held",
    [{"staff_id": 7}, {"staff_id": ["x"], "stamp": None}, {"staff_id": {"a": 1}, "stamp": 1}],
)
def test_a_malformed_session_is_not_signed_in(desk, held):
    client = desk.client()
    signer = SecureCookieSessionInterface().get_signing_serializer(desk.app)
    client.set_cookie("printdesk", signer.dumps(held))
    assert not is_signed_in(client)


def test_signing_out_ends_the_session_in_this_browser(desk):
    client = desk.browser()
    assert is_signed_in(client)
    answer = client.post("/logout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert not is_signed_in(client)
    assert client.get("/dashboard").headers["Location"].startswith("/login")


def test_signing_out_ends_every_copy_of_the_cookie_and_no_other_session(desk):
    client, elsewhere, copy = desk.browser(), desk.browser(), desk.client()
    copy.set_cookie("printdesk", client.get_cookie("printdesk").value)
    assert is_signed_in(copy)
    client.post("/logout")
    kept = copy.get_cookie("printdesk").value
    for path, status in (("/api/v1/jobs", 401), ("/dashboard", 302), ("/login", 200)):
        copy.set_cookie("printdesk", kept)
        assert copy.get(path).status_code == status
    copy.set_cookie("printdesk", kept)
    assert copy.post(ENDPOINT, json={}).status_code == 401
    assert is_signed_in(elsewhere)
    assert sign_in(client, EMAIL).status_code == 303
    assert is_signed_in(client)


def test_a_session_without_an_id_is_not_accepted(desk):
    client = desk.browser()
    signer = SecureCookieSessionInterface().get_signing_serializer(desk.app)
    held = signer.loads(client.get_cookie("printdesk").value)
    del held["session_id"]
    client.set_cookie("printdesk", signer.dumps(held))
    assert not is_signed_in(client)


def test_ended_sessions_are_deleted_after_their_cookies_expire(desk):
    desk.browser().post("/logout")
    with work.unit() as session:
        [ended] = session.query(EndedSession).all()
        assert timedelta(hours=11) < ended.until - utcnow() <= timedelta(hours=12)
        ended.until = utcnow() - timedelta(seconds=1)
    desk.browser().post("/logout")
    with work.unit() as session:
        assert [row.id for row in session.query(EndedSession)] != [ended.id]
        assert session.query(EndedSession).count() == 1


def test_signing_out_twice_is_not_an_error(desk):
    client = desk.browser()
    cookie = client.get_cookie("printdesk").value
    client.post("/logout")
    client.set_cookie("printdesk", cookie)
    assert client.post("/logout").status_code == 303
    assert desk.client().post("/logout").status_code == 303


def test_a_link_cannot_sign_anybody_out(desk):
    client = desk.browser()
    assert client.get("/logout").status_code in (404, 405)
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "change", [{"active": False}, {"password_hash": "$argon2id$of-a-new-password"}]
)
def test_a_session_ends_with_the_person_or_the_password(desk, change):
    client = desk.browser()
    assert is_signed_in(client)
    with work.unit() as session:
        [person] = session.query(Staff).filter_by(email=EMAIL)
        for name, value in change.items():
            setattr(person, name, value)
    assert not is_signed_in(client)
    assert client.post(ENDPOINT, json={}).status_code == 401
    assert client.get("/dashboard").headers["Location"].startswith("/login")


def test_a_new_role_counts_at_the_next_request(desk):
    client, job_id = desk.browser(), desk.job()
    with work.unit() as session:
        [person] = session.query(Staff).filter_by(email=EMAIL)
        person.role = Role.MANAGER
    answer = client.post(f"/api/v1/jobs/{job_id}/lock")
    refusal_of(answer, 403, "forbidden")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:81"},
        {"Origin": "http://evil.example/localhost"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "garbage"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_cannot_use_the_cookie(desk, headers):
    client, job_id = desk.browser(), desk.job()
    before = rows()
    for path, options in (
        (f"/api/v1/jobs/{job_id}/lock", {}),
        (f"/api/v1/jobs/{job_id}/review", {"json": {"reviewed": True}}),
        (ENDPOINT, {"json": {}}),
        ("/logout", {}),
        ("/login", {"data": {"email": EMAIL, "password": PASSWORD}}),
        ("/submit", {"data": {}}),
    ):
        answer = client.post(path, headers=headers, **options)
        assert answer.status_code == 403, path
    assert client.delete(f"/api/v1/jobs/{job_id}", headers=headers).status_code == 403
    assert client.patch(f"/api/v1/jobs/{job_id}/notes", headers=headers).status_code == 403
    assert rows() == before
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
def test_our_own_pages_can_use_the_cookie(desk, headers):
    answer = desk.browser().post(f"/api/v1/jobs/{desk.job()}/lock", headers=headers)
    assert answer.status_code == 200
