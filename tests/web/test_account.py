"""/account: changing one's own password; changes of a person take effect at the next request."""

import pytest

from models import Role, Staff
from services import work
from services.actors import SYSTEM
from services.people import staff_list
from tests.support.client import API, NAMES, PASSWORD, email_of, rows, sign_in

NEW = "another password of theirs"
FORM = {"old": PASSWORD, "new": NEW, "again": NEW}
EMAIL = email_of(NAMES[Role.STAFF])


def id_of(email):
    with work.unit() as session:
        return session.query(Staff).filter_by(email=email).one().id


def is_in(client):
    return client.get(f"{API}/jobs").status_code == 200


@pytest.mark.parametrize("role", list(Role))
def test_everybody_may_change_their_own_password(desk, role):
    here, elsewhere = desk.browser(role), desk.browser(role)
    program = desk.caller(role)
    assert NAMES[role] in here.get("/account").text
    answer = here.post("/account", data=FORM)
    assert answer.status_code == 200 and "Your password has been changed" in answer.text
    assert is_in(here) and not is_in(elsewhere)
    assert program.get("/jobs").status_code == 401
    email = email_of(NAMES[role])
    assert sign_in(desk.client(), email).status_code == 401
    assert sign_in(desk.client(), email, NEW).status_code == 303


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"old": "wrong"}, "This is not your current password"),
        ({"old": ""}, "This is not your current password"),
        ({"again": "something else"}, "do not match"),
        ({"new": "short", "again": "short"}, "at least 10"),
        ({"new": "x" * 201, "again": "x" * 201}, "at most 200"),
        ({"new": PASSWORD, "again": PASSWORD}, "differs from your current one"),
        ({"new": EMAIL, "again": EMAIL}, "easy to guess"),
    ],
)
def test_wrong_values_are_reported_and_change_nothing(desk, change, words):
    client = desk.browser()
    before = rows()["staff"]
    answer = client.post("/account", data=FORM | change)
    assert answer.status_code == 400 and words in answer.text
    assert rows()["staff"] == before and is_in(client)
    for typed in (*change.values(), PASSWORD, NEW):
        assert not typed or typed == EMAIL or typed not in answer.text


def test_strangers_and_other_sites_change_nothing(desk):
    assert desk.client().get("/account").location == "/login?next=/account"
    assert desk.client().post("/account", data=FORM).status_code == 401
    before = rows()["staff"]
    foreign = {"Origin": "https://evil.example"}
    assert desk.browser().post("/account", data=FORM, headers=foreign).status_code == 403
    assert rows()["staff"] == before


def test_guesses_of_the_current_password_are_limited(desk, configure):
    configure(RATE_LIMIT_LOGIN="3/hour")
    client = desk.browser()
    for _ in range(3):
        assert client.post("/account", data=FORM | {"old": "guess"}).status_code == 400
    assert client.post("/account", data=FORM).status_code == 429


def test_with_a_provider_the_password_is_changed_there(desk, configure):
    client = desk.browser()
    configure(AUTH_MODE="oidc")
    page = client.get("/account").text
    assert "organisation" in page and 'type="password"' not in page
    assert client.post("/account", data=FORM).status_code == 403


@pytest.mark.parametrize("change", [staff_list.deactivate, staff_list.reset_password])
def test_a_change_of_the_person_counts_at_the_next_request(desk, change):
    browser, program = desk.browser(), desk.caller()
    assert is_in(browser) and program.get("/jobs").status_code == 200
    with work.unit() as session:
        change(session, id_of(EMAIL), actor=SYSTEM)
    assert not is_in(browser)
    assert program.get("/jobs").status_code == 401
    assert browser.get("/dashboard").location == "/login?next=/dashboard"


def test_a_change_of_the_role_counts_at_the_next_request(desk):
    program = desk.caller()
    job_id = desk.job()
    assert program.post(f"/jobs/{job_id}/lock").status_code == 200
    with work.unit() as session:
        staff_list.change_role(session, id_of(EMAIL), "manager", actor=SYSTEM)
    assert program.post(f"/jobs/{job_id}/lock").status_code == 403
    assert program.get(f"/jobs/{job_id}").json["locked_by"] is None


def test_a_reactivated_person_must_sign_in_again(desk):
    browser, program = desk.browser(), desk.caller()
    assert is_in(browser) and program.get("/jobs").status_code == 200
    for change in (staff_list.deactivate, staff_list.reactivate):
        with work.unit() as session:
            change(session, id_of(EMAIL), actor=SYSTEM)
    assert not is_in(browser)
    assert program.get("/jobs").status_code == 401
    assert is_in(desk.browser())
