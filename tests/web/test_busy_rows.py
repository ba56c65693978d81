"""A row that another transaction holds for too long is reported as such, on every route."""

from contextlib import contextmanager

import pytest

from models import Job
from services import work
from tests.support.callbacks import run, with_output
from tests.support.client import refusal_of, token_of

WORDS = "Somebody is working on this job right now. Try again in a moment."


@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits for long; the pool is made anew, as connections keep what they began with."""
    monkeypatch.setattr(work, "LOCK_TIMEOUT", "200ms")
    work.dispose()
    yield
    work.dispose()


@contextmanager
def held(job_id):
    """The job's row, as a slow unit of work would hold it."""
    with work.unit() as session:
        session.get_one(Job, job_id, with_for_update=True)
        yield


def test_a_busy_row_is_a_conflict_in_the_api(desk, impatient):
    job_id, caller = desk.job(), desk.staff
    with held(job_id):
        answer = caller.post(f"/jobs/{job_id}/lock")
    refusal_of(answer, 409, "conflict")
    assert answer.json["message"] == WORDS
    assert caller.post(f"/jobs/{job_id}/lock").status_code == 200


def test_a_busy_row_is_shown_in_a_toast(desk, impatient):
    job_id, browser = desk.job(), desk.browser()
    callback = with_output(browser, "dialog-title.children")
    with held(job_id):
        for action in ("approve", "review"):  # with a dialog, and at once
            pressed = {"dialog-pressed.data": {"action": action, "job": job_id}}
            assert WORDS in run(browser, callback, pressed).text


def test_a_busy_row_is_reported_for_its_job_in_a_batch(desk, impatient):
    job_id, browser = desk.job(), desk.browser()
    submit = with_output(browser, "dialog-modal.is_open", "dialog-submit.n_clicks")
    about = {"dialog-about.data": {"jobs": [job_id], "action": "review", "locked": False}}
    with held(job_id):
        assert WORDS in run(browser, submit, about).text


def test_a_busy_row_is_shown_on_the_student_page(desk, impatient):
    job_id = desk.job("PENDING")
    link, client = f"/confirm/{token_of(job_id)}", desk.client()
    with held(job_id):
        answer = client.post(link)
    assert (answer.status_code, answer.mimetype) == (409, "text/html")
    assert WORDS in answer.text
    assert client.post(link).status_code == 200
