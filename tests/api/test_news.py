"""GET /news: the route that open pages poll."""

import re

import pytest

from models import Role
from tests.support import queries, rows
from tests.support.client import Caller, refusal_of

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def news(desk):
    answer = desk.staff.get("/news")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_an_empty_lab_has_no_news(desk, configure):
    configure(REFRESH_SECONDS="20")
    assert news(desk) == {"unreviewed": 0, "latest_submission": None, "refresh_seconds": 20}


def test_it_counts_unreviewed_jobs_and_has_the_newest_time(desk):
    job_id, other = desk.job(), desk.job("PENDING")
    found = news(desk)
    assert (found["unreviewed"], found["refresh_seconds"]) == (1, 45)
    assert TIME.fullmatch(found["latest_submission"])
    assert found["latest_submission"] == desk.staff.get(f"/jobs/{other}").json["created_at"]
    desk.staff.post(f"/jobs/{job_id}/review", {"reviewed": True})
    assert news(desk) == found | {"unreviewed": 0}


@pytest.mark.parametrize("role", Role)
def test_everybody_of_the_lab_may_ask_with_a_token_or_a_session(desk, role):
    for caller in (desk.caller(role), Caller(desk.browser(role))):
        assert caller.get("/news").status_code == 200


def test_a_stranger_may_not(desk):
    refusal_of(desk.stranger().get("/news"), 401, "not_signed_in")


def test_it_costs_the_same_whatever_there_is(desk):
    assert news(desk)["unreviewed"] == 0  # and signed in
    for number in (1, 59):
        rows.add(number)
        with queries.noted() as asked:
            found = news(desk)
        assert len(asked) == 3  # who asks, the state, the news
    assert found["unreviewed"] == 60


def test_an_unchanged_answer_is_small(desk):
    """Here without what the web server adds, which is some hundred bytes; bench/console.py counts
    those on the wire."""
    browser = Caller(desk.browser())
    for _ in range(200):  # other databases of the server commit too
        tag = browser.get("/news").headers["ETag"]
        answer = browser.get("/news", headers={"If-None-Match": tag})
        if answer.status_code == 304:
            break
    assert answer.status_code == 304 and answer.data == b""
    assert set(answer.headers.keys()) == {"ETag", "Cache-Control", "Vary"}
    assert sum(len(name) + len(value) + 4 for name, value in answer.headers) < 200
