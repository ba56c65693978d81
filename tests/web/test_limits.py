"""Rate limits hold for simultaneous requests, and count only what should count."""

import time
from collections import Counter
from functools import partial

import pytest
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from models import AuditEntry, Job, MailKind, Role
from services import work
from tests.support import jobs
from tests.support.client import (
    API,
    NAMES,
    email_of,
    refusal_of,
    sign_in,
    submit,
    unique_model,
)
from tests.support.races import at_once
from web import limits

EMAIL = email_of(NAMES[Role.STAFF])
WRONG = {"email": EMAIL, "password": "wrong"}


def answers_at_once(*actions):
    """The answers by status; everybody asks from the same moment."""
    return at_once(actions).won


def statuses(answers):
    return Counter(answer.status_code for answer in answers)


@pytest.mark.parametrize("path", [f"{API}/submit", "/submit"])
def test_simultaneous_submissions_cannot_exceed_the_limit(desk, configure, path):
    configure(RATE_LIMIT_SUBMIT="3/hour")
    taken_in = 201 if path.startswith(API) else 303
    found = answers_at_once(
        *(partial(submit, desk.client(), unique_model(), path=path) for _ in range(12))
    )
    assert statuses(found) == {taken_in: 3, 429: 9}
    for answer in found:
        if answer.status_code == 429:
            assert "Submission limit exceeded. Please try again later." in answer.text
            assert 0 < int(answer.headers["Retry-After"]) <= 3600
    with work.unit() as session:
        assert session.query(Job).count() == 3


def test_simultaneous_wrong_passwords_cannot_exceed_the_limit(desk, configure):
    configure(RATE_LIMIT_LOGIN="4/hour")
    by_page = [partial(sign_in, desk.client(), EMAIL, "wrong") for _ in range(8)]
    by_api = [partial(desk.client().post, f"{API}/auth/login", json=WRONG) for _ in range(8)]
    found = answers_at_once(*by_page, *by_api)
    assert statuses(found) == {401: 4, 429: 12}
    assert all("Retry-After" in answer.headers for answer in found if answer.status_code == 429)
    with work.unit() as session:
        assert session.query(AuditEntry).filter_by(action="SignInRefused").count() == 4


def test_simultaneous_guesses_of_the_current_password_are_limited(desk, configure):
    configure(RATE_LIMIT_LOGIN="3/hour")
    browser, form = desk.browser(), {"old": "a guess", "new": "x", "again": "y"}
    cookie = browser.get_cookie("printdesk").value
    guesses = []
    for _ in range(8):
        client = desk.client()
        client.set_cookie("printdesk", cookie)
        guesses.append(partial(client.post, "/account", data=form))
    assert statuses(answers_at_once(*guesses)) == {400: 3, 429: 5}


def test_simultaneous_requests_send_one_new_link(desk, configure):
    configure(RATE_LIMIT_RESEND="1/hour")
    job_id = desk.job("PENDING")
    before = len(jobs.mails(job_id, MailKind.APPROVAL))
    path = f"{API}/submit/resend-confirmation"
    ask = [partial(desk.client().post, path, json={"job_id": job_id}) for _ in range(8)]
    assert statuses(answers_at_once(*ask)) == {200: 1, 429: 7}
    assert len(jobs.mails(job_id, MailKind.APPROVAL)) == before + 1


def test_uncounted_simultaneous_requests_do_not_use_up_the_limit(desk, configure):
    configure(RATE_LIMIT_LOGIN="3/hour", RATE_LIMIT_SUBMIT="3/hour")
    signing_in = [partial(sign_in, desk.client(), EMAIL) for _ in range(8)]
    refused = [partial(submit, desk.client(), b"no model") for _ in range(8)]
    found = statuses(answers_at_once(*signing_in, *refused))
    assert found[303] >= 3 and found[400] >= 3
    assert found.keys() <= {303, 400, 429}
    for _ in range(3):
        assert sign_in(desk.client(), EMAIL, "wrong").status_code == 401
        assert submit(desk.client(), unique_model()).status_code == 201
    assert sign_in(desk.client(), EMAIL).status_code == 429
    assert submit(desk.client(), unique_model()).status_code == 429


def test_only_the_requests_own_count_is_removed(desk, configure):
    configure(RATE_LIMIT_LOGIN="2/hour")
    for password, status in (("wrong", 401), (None, 303), ("wrong", 401), (None, 429)):
        answer = sign_in(desk.client(), EMAIL, *([password] if password else []))
        assert answer.status_code == status


def test_without_redis_each_process_counts_and_uncounts_by_itself(desk, configure, monkeypatch):
    configure(RATE_LIMIT_LOGIN="2/hour")
    away = RedisStorage("redis+unix:///nowhere/redis.sock")
    monkeypatch.setattr(limits.limiter, "_storage", away)
    monkeypatch.setattr(limits.limiter, "_limiter", MovingWindowRateLimiter(away))
    monkeypatch.setattr(limits.limiter, "_storage_dead", False)
    limits.limiter._fallback_storage.reset()
    for _ in range(4):
        assert sign_in(desk.client(), EMAIL).status_code == 303
    for status in (401, 401, 429):
        assert sign_in(desk.client(), EMAIL, "wrong").status_code == status
    limits.limiter._fallback_storage.reset()


def test_a_refusal_stands_without_redis(desk, monkeypatch):
    away = RedisStorage("redis+unix:///nowhere/redis.sock")
    monkeypatch.setattr(limits.limiter, "_limiter", MovingWindowRateLimiter(away))
    answer = desk.stranger().get("/jobs", headers={"Authorization": "Bearer x"})
    refusal_of(answer, 401, "not_signed_in")


def test_the_library_keeps_a_limit_as_a_list_of_times_the_latest_first(desk, configure):
    """What `_TAKE_OUT` relies on: another layout, and it would take out nothing, or too much."""
    configure(RATE_LIMIT_LOGIN="4/hour")
    before = time.time()
    for _ in range(3):
        sign_in(desk.client(), EMAIL, "wrong")
    storage = limits.limiter.limiter.storage
    assert isinstance(storage, RedisStorage)
    redis = storage.get_connection()
    [key] = redis.keys("LIMITS:*login*")
    assert key.decode() == storage.prefixed_key(key.decode().removeprefix("LIMITS:"))
    assert redis.type(key) == b"list"
    times = [float(at) for at in redis.lrange(key, 0, -1)]
    assert len(times) == 3 and times == sorted(times, reverse=True)
    assert before <= times[-1] <= times[0] <= time.time()
