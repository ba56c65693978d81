"""API tokens, and roles."""

import pytest
from itsdangerous import URLSafeTimedSerializer

from models import Role, Staff
from services import work
from services.actors import SYSTEM
from services.people import accounts
from settings import settings
from tests.support.client import (
    API,
    NAMES,
    PASSWORD,
    Caller,
    email_of,
    refusal_of,
    rows,
    submit,
    unique_model,
)

EMAIL = email_of(NAMES[Role.STAFF])


def test_a_token_is_short_lived_and_of_the_bearer_kind(desk):
    answer = desk.stranger().post("/auth/login", {"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 200
    assert set(answer.json) == {"access_token", "token_type", "expires_in"}
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == settings().token_minutes * 60
    assert "Set-Cookie" not in answer.headers


def test_a_password_is_taken_with_its_outer_spaces(desk):
    password = "  a phrase in spaces  "
    with work.unit() as session:
        accounts.add(session, "spacey@lab.example", "Spacey", Role.STAFF, password, actor=SYSTEM)
    stranger = desk.stranger()
    credentials = {"email": " spacey@lab.example ", "password": password}
    assert stranger.post("/auth/login", credentials).status_code == 200
    credentials["password"] = password.strip()
    refusal_of(stranger.post("/auth/login", credentials), 401, "not_signed_in")


@pytest.mark.parametrize(
    "credentials",
    [
        {"email": EMAIL, "password": "wrong"},
        {"email": EMAIL, "password": ""},
        {"email": "nobody@printlab.example", "password": PASSWORD},
        {"email": "", "password": PASSWORD},
        {"email": "' OR 1=1 --", "password": "' OR 1=1 --"},
        {"email": EMAIL, "password": PASSWORD + "\x00"},
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same(desk, credentials):
    answer = desk.stranger().post("/auth/login", credentials)
    refusal_of(answer, 401, "not_signed_in")
    assert answer.json["message"] == "The e-mail or the password is wrong."


def test_refused_sign_ins_are_audited(desk):
    desk.stranger().post("/auth/login", {"email": EMAIL, "password": "wrong"})
    [entry] = rows()["audit_log"]
    assert "SignInRefused" in entry and EMAIL in str(entry)


def test_failures_count_and_sign_ins_do_not(desk, configure):
    configure(RATE_LIMIT_LOGIN="10/hour")
    stranger = desk.stranger()
    for _ in range(3):
        assert desk.caller(Role.STAFF)
    for _ in range(10):
        answer = stranger.post("/auth/login", {"email": EMAIL, "password": "wrong"})
        assert answer.status_code == 401
    answer = stranger.post("/auth/login", {"email": EMAIL, "password": PASSWORD})
    refusal_of(answer, 429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 3600


def test_the_page_and_the_api_share_one_limit(desk, configure):
    configure(RATE_LIMIT_LOGIN="2/hour")
    client = desk.client()
    for _ in range(2):
        assert client.post("/login", data={"email": EMAIL, "password": "no"}).status_code == 401
    answer = desk.stranger().post("/auth/login", {"email": EMAIL, "password": "no"})
    refusal_of(answer, 429, "rate_limited")


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer x.y.z",
        "Basic YWRtaW46YWRtaW4=",
        "Token abc",
        "Bearer " + "a" * 10_000,
        "Bearer \xff",
    ],
)
def test_an_invalid_authorization_header_is_refused(desk, header):
    answer = desk.stranger().get("/jobs", headers={"Authorization": header})
    refusal_of(answer, 401, "not_signed_in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json["message"] == "Invalid or expired token"


@pytest.mark.parametrize("content", ["x", 1, None, [], ["a"], ["a", "b", "c"], [1, 2], {"a": 1}])
def test_a_malformed_signed_token_is_refused(desk, content):
    signer = URLSafeTimedSerializer(settings().secret_key, salt="printdesk-api-token")
    caller = Caller(desk.client(), signer.dumps(content))
    refusal_of(caller.get("/jobs"), 401, "not_signed_in")


def test_a_token_of_another_key_or_purpose_is_refused(desk):
    token = desk.staff.token
    content = URLSafeTimedSerializer(settings().secret_key, salt="printdesk-api-token").loads(token)
    for key, salt in (
        ("another key", "printdesk-api-token"),
        (settings().secret_key, "cookie-session"),
    ):
        forged = URLSafeTimedSerializer(key, salt=salt).dumps(content)
        refusal_of(Caller(desk.client(), forged).get("/jobs"), 401, "not_signed_in")


def test_a_token_expires(desk, configure):
    caller = desk.caller(Role.STAFF)
    configure(TOKEN_MINUTES="-1")
    refusal_of(caller.get("/jobs"), 401, "not_signed_in")


@pytest.mark.parametrize("change", [{"active": False}, {"password_hash": "$argon2id$another"}])
def test_a_token_ends_with_the_person_or_the_password(desk, change):
    caller = desk.staff
    assert caller.get("/jobs").status_code == 200
    with work.unit() as session:
        [person] = session.query(Staff).filter_by(email=EMAIL)
        for name, value in change.items():
            setattr(person, name, value)
    refusal_of(caller.get("/jobs"), 401, "not_signed_in")


def test_public_routes_ignore_tokens(desk):
    client = desk.client()
    answer = client.post(f"{API}/auth/login", json={}, headers={"Authorization": "Bearer x"})
    assert answer.status_code == 400
    assert submit(client, unique_model()).status_code == 201


def test_an_administrator_may_do_what_staff_may(desk):
    admin = desk.caller(Role.ADMIN)
    assert admin.act(desk.job(), "approve").status_code == 200
    assert admin.post("/admin/archive", {}).json["jobs_archived"] == 0
    assert admin.post("/admin/prune").json["jobs_deleted"] == 0
