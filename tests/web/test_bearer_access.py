"""The API with tokens of an identity provider: who gets access, and what is logged."""

import pytest

from models import Role, Staff
from services import work
from services.actors import SYSTEM
from services.people import jwks, staff_list
from tests.support import issuer as issuers
from tests.support.client import NAMES, Caller, email_of, refusal_of
from tests.support.issuer import ISSUER, rsa_key

EMAIL = email_of(NAMES[Role.STAFF])


@pytest.fixture
def issuer(configure):
    jwks.store.cache_clear()
    with issuers.running() as running:
        configure(JWT_JWKS_URL=running.url, JWT_ISSUER=ISSUER)
        yield running
    jwks.store.cache_clear()


def id_of(email):
    with work.unit() as session:
        return session.query(Staff).filter_by(email=email).one().id


def call(desk, token, path="/jobs"):
    return Caller(desk.client(), token).get(path)


def test_a_token_authenticates_a_person_on_the_list(desk, issuer):
    assert call(desk, issuer.token(email=EMAIL, email_verified=True)).status_code == 200
    token = issuer.token()  # from now on the subject is enough
    assert call(desk, token).status_code == 200
    job_id = desk.job()
    assert Caller(desk.client(), token).post(f"/jobs/{job_id}/lock").status_code == 200
    details = refusal_of(Caller(desk.client(), token).post("/admin/prune"), 403, "forbidden")
    assert details["role"] == "admin"


def test_an_unlisted_person_with_a_token_sees_the_contact(desk, issuer):
    answer = call(desk, issuer.token(sub="eve"))
    refusal_of(answer, 403, "forbidden")
    assert "staff list" in answer.json["message"]


@pytest.mark.parametrize("change", ["deactivate", "other key", "expired"])
def test_a_token_becomes_invalid(desk, issuer, change):
    call(desk, issuer.token(email=EMAIL, email_verified=True))
    token = issuer.token()
    if change == "deactivate":
        with work.unit() as session:
            staff_list.deactivate(session, id_of(EMAIL), actor=SYSTEM)
        refusal_of(call(desk, token), 403, "forbidden")
    else:
        wrong = issuer.token(rsa_key("attacker")) if change == "other key" else issuer.token(exp=1)
        answer = call(desk, wrong)
        refusal_of(answer, 401, "not_signed_in")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_local_tokens_keep_working_in_local_mode(desk, issuer):
    assert desk.staff.get("/jobs").status_code == 200


def test_without_any_keys_the_answer_is_503(desk, issuer):
    issuer.answer = (500, b"")
    answer = call(desk, issuer.token())
    refusal_of(answer, 503, "unavailable")
    assert answer.headers["Retry-After"]
    assert call(desk, "not-a-jwt").status_code == 401


def test_nothing_secret_reaches_logs_or_answers(desk, issuer, capfd):
    password = "the wrong and secret password"
    seen = []
    bad = [issuer.token(rsa_key("attacker")), issuer.token()[:-5], "e30.e30.e30"]
    for token in bad:
        seen.append(call(desk, token).text)
    stranger = desk.stranger()
    seen.append(stranger.post("/auth/login", {"email": EMAIL, "password": password}).text)
    form = {"email": EMAIL, "password": password}
    seen.append(desk.client().post("/login", data=form).text)
    seen += capfd.readouterr()
    for secret in (password, *(token.rpartition(".")[2] for token in bad[:2])):
        assert secret not in "".join(seen)
