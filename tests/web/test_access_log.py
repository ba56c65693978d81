"""The access log: who changed which job or was refused. Polls are not logged."""

import io
import json

import pytest
import structlog
from sqlalchemy import select

from models import AuditEntry, Role, Staff
from services import work
from tests.support.callbacks import ENDPOINT, run, with_output
from tests.support.client import API, NAMES, email_of, sign_in, token_of
from web import accesslog

FIELD = '{"name":["ALL"],"type":"dialog-field"}'
SUBMIT = ("dialog-modal.is_open", "dialog-submit.n_clicks")
APPROVED = {"weight_g": 42.5, "time_hours": 3.2}


@pytest.fixture
def lines(desk, monkeypatch):
    """`lines()` gives the lines of the access log since it was asked last."""
    written = io.StringIO()
    logger = structlog.wrap_logger(structlog.PrintLogger(file=written))
    monkeypatch.setattr(accesslog, "log", logger)

    def take():
        found = [json.loads(line) for line in written.getvalue().splitlines()]
        written.seek(0)
        written.truncate()
        return [line for line in found if line["event"] == "request"]

    return take


def refusals():
    """What the audit log says of refused access."""
    with work.unit() as session:
        chosen = select(AuditEntry).where(AuditEntry.action == "AccessRefused")
        return list(session.scalars(chosen.order_by(AuditEntry.id)))


def id_of(role=Role.STAFF):
    with work.unit() as session:
        return session.scalars(select(Staff.id).where(Staff.name == NAMES[role])).one()


def press(browser, action, job_id):
    """A button of a job is pressed in the console."""
    pressed = {"dialog-pressed.data": {"action": action, "job": job_id}}
    return run(browser, with_output(browser, "dialog-title.children"), pressed)


def send_dialog(browser, action, job_id, fields):
    pairs = [({"name": name}, value) for name, value in fields.items()]
    values = {
        "dialog-about.data": {"job": job_id, "action": action, "locked": True},
        f"{FIELD}.value": pairs,
        f"{FIELD}.id": [(rest, {"type": "dialog-field"} | rest) for rest, _ in pairs],
    }
    return run(browser, with_output(browser, *SUBMIT), values)


def test_a_change_by_the_api_is_logged(desk, lines):
    job_id, caller = desk.job(), desk.staff
    lines()
    assert caller.post(f"/jobs/{job_id}/lock").status_code == 200
    [line] = lines()
    assert line["method"] == "POST" and line["route"] == f"{API}/jobs/<job_id>/lock"
    assert (line["status"], line["refused"]) == (200, None)
    assert (line["actor"], line["job_id"]) == (id_of(), job_id)
    assert line["address"] == "127.0.0.1" and line["ms"] >= 0


def test_a_change_by_the_console_is_logged(desk, lines):
    job_id, browser = desk.job(), desk.browser()
    lines()
    press(browser, "approve", job_id)
    [opened] = lines()  # the dialog has taken the lock
    assert (opened["actor"], opened["job_id"], opened["status"]) == (id_of(), job_id, 200)
    send_dialog(browser, "approve", job_id, APPROVED)
    [line] = lines()
    assert desk.staff.get(f"/jobs/{job_id}").json["status"] == "PENDING"
    assert (line["method"], line["route"]) == ("POST", ENDPOINT)
    assert "dialog-modal.is_open" in line["callback"]
    assert (line["actor"], line["job_id"]) == (id_of(), job_id)
    assert (line["status"], line["refused"]) == (200, None)
    assert refusals() == []


def test_a_batch_names_every_job_that_it_has_changed(desk, lines):
    chosen, browser = sorted(desk.job() for _ in range(2)), desk.browser()
    lines()
    about = {"dialog-about.data": {"jobs": chosen, "action": "review", "locked": False}}
    run(browser, with_output(browser, *SUBMIT), about)
    [line] = lines()
    assert (line["job_id"], line["job_ids"]) == (None, chosen)


def test_a_deleted_job_is_named(desk, lines):
    job_id = desk.job()
    lines()
    browser = desk.browser(Role.ADMIN)
    press(browser, "delete", job_id)
    lines()
    send_dialog(browser, "delete", job_id, {"short_id": job_id[:8]})
    [line] = lines()
    assert (line["refused"], line["job_id"]) == (None, job_id)
    assert desk.staff.get(f"/jobs/{job_id}").status_code == 404


def test_polls_and_reads_are_not_logged(desk, lines):
    job_id, browser = desk.job(), desk.browser(Role.ADMIN)
    lines()
    for path in (
        *("/dashboard", "/mail", "/people", "/reports", f"/job/{job_id}", "/account", "/submit"),
        *(f"{API}/jobs", f"{API}/jobs/{job_id}", f"{API}/news"),
        *(f"/track/{job_id}", "/_dash-layout", "/_dash-dependencies"),
    ):
        assert browser.get(path).status_code == 200, path
    asked = {
        "queue-list.children": {"queue-view.data": {"status": "UPLOADED", "page": 1}},
        "detail-top.children": {"queue-selected.data": job_id},
        "mail-list.children": {},
        "people-list.children": {},
        "debug-server.children": {"debug-open.data": True},
    }
    for output, values in asked.items():
        assert run(browser, with_output(browser, output), values).status_code == 200, output
    gone = {"queue-selected.data": "0" * 32}
    assert run(browser, with_output(browser, "detail-top.children"), gone).status_code == 200
    assert lines() == []


def test_a_refusal_of_the_api_is_logged_and_audited(desk, lines):
    job_id, manager = desk.job(), desk.caller(Role.MANAGER)
    lines()
    assert manager.post(f"/jobs/{job_id}/lock").status_code == 403
    [line] = lines()
    assert (line["status"], line["refused"]) == (403, "forbidden")
    assert (line["actor"], line["job_id"]) == (id_of(Role.MANAGER), job_id)
    [entry] = refusals()
    assert entry.triggered_by == id_of(Role.MANAGER)
    assert entry.details["route"] == f"{API}/jobs/<job_id>/lock"
    assert entry.details["job_id"] == job_id


@pytest.mark.parametrize("way", [press, lambda *which: send_dialog(*which, APPROVED)])
def test_a_refusal_shown_in_a_toast_is_logged_and_audited(desk, lines, way):
    job_id, browser = desk.job(), desk.browser(Role.MANAGER)
    lines()
    answer = way(browser, "approve", job_id)
    assert answer.status_code == 200 and "This needs the role staff" in answer.text
    [line] = lines()
    assert (line["status"], line["refused"]) == (200, "forbidden")
    assert (line["actor"], line["job_id"]) == (id_of(Role.MANAGER), job_id)
    [entry] = refusals()
    assert entry.triggered_by == id_of(Role.MANAGER)
    assert entry.details["route"] == ENDPOINT
    assert "dialog-modal.is_open" in entry.details["callback"]
    assert entry.details["job_id"] == job_id


def test_a_refusal_that_ends_a_callback_is_logged_and_audited(desk, lines):
    browser = desk.browser(Role.MANAGER)
    callback = with_output(browser, "debug-server.children")
    lines()
    assert "This needs the role staff" in run(browser, callback, {"debug-open.data": True}).text
    [line] = lines()
    assert (line["refused"], line["callback"]) == ("forbidden", "debug-server.children")
    assert [entry.triggered_by for entry in refusals()] == [id_of(Role.MANAGER)]


def test_a_conflict_in_the_console_is_logged_but_not_audited(desk, lines):
    job_id, browser = desk.job("PENDING"), desk.browser()
    lines()
    press(browser, "approve", job_id)
    [line] = lines()
    assert (line["refused"], line["job_id"]) == ("conflict", job_id)
    assert refusals() == []


def deactivate(name=NAMES[Role.STAFF]):
    with work.unit() as session:
        person = session.scalars(select(Staff).where(Staff.name == name)).one()
        person.active = False
        return person.id


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{API}/jobs", 401),
        ("POST", ENDPOINT, 401),
        ("GET", "/dashboard", 302),
    ],
)
def test_a_deactivated_persons_cookie_is_logged_with_their_id(desk, lines, method, path, status):
    browser = desk.browser()
    staff_id = deactivate()
    lines()
    options = {"json": {}} if method == "POST" else {}
    assert browser.open(path, method=method, **options).status_code == status
    [line] = lines()
    assert (line["status"], line["refused"]) == (status, "not_signed_in")
    assert (line["actor"], line["staff_id"]) == (None, staff_id)
    [entry] = refusals()
    assert (entry.triggered_by, entry.details["staff_id"]) == ("system", staff_id)
    assert entry.details["method"] == method


def test_a_stranger_is_logged_and_audited(desk, lines):
    desk.client().post(ENDPOINT, json={"output": "a-forged-one.children"})
    [line] = lines()
    assert (line["status"], line["refused"], line["actor"]) == (401, "not_signed_in", None)
    assert "callback" not in line
    [noted] = refusals()
    assert (noted.triggered_by, noted.details["method"]) == ("system", "POST")


def test_signing_in_and_out_are_logged_with_the_person(desk, lines):
    email = email_of(NAMES[Role.STAFF])
    client = desk.client()
    assert sign_in(client, email).status_code == 303
    assert client.post("/logout").status_code == 303
    assert desk.caller(Role.STAFF)
    found = [(line["route"], line["status"], line["actor"]) for line in lines()]
    who = id_of()
    expected = [("/login", 303), ("/logout", 303), (f"{API}/auth/login", 200)]
    assert found == [(*one, who) for one in expected]


def test_what_students_do_names_the_job(desk, lines):
    submitted = desk.submit()["id"]
    [line] = lines()
    assert (line["route"], line["status"]) == (f"{API}/submit", 201)
    assert line["job_id"] == submitted
    job_id = desk.job("PENDING")
    lines()
    assert desk.client().post(f"/confirm/{token_of(job_id)}").status_code == 200
    [line] = lines()
    assert (line["route"], line["job_id"]) == ("/confirm/<token>", job_id)
