"""Dash's one endpoint for all callbacks: closed to strangers whatever they send, and safe from
people who send what their page never would."""

import json

import pytest

from models import Mail, MailState, Role
from services import work
from tests.support.callbacks import (
    ENDPOINT,
    body_of,
    dependencies,
    name_of,
    of_server,
    run,
    send,
    with_output,
)
from tests.support.client import APPROVAL, STUDENT, STUDENT_EMAIL, rows

SUBMIT = ("dialog-modal.is_open", "dialog-submit.n_clicks")
FIELD = '{"name":["ALL"],"type":"dialog-field"}'
VIEW = {"queue-view.data": {"status": "UPLOADED", "page": 1}}
REASON = {"reason": "Because of the test"}
# action: the status it begins in, the fields of its dialog
DIALOGS = {
    "approve": ("UPLOADED", APPROVAL),
    "reject": ("UPLOADED", {"reasons": ["Walls are too thin to print"], "custom_reason": ""}),
    "edit": ("UPLOADED", {"color": "Blue"}),
    "delete": ("UPLOADED", {}),
    "confirm": ("PENDING", {}),
    "force-confirm": ("PENDING", REASON),
    "resend": ("PENDING", {}),
    "mark-printing": ("READYTOPRINT", {}),
    "mark-complete": ("PRINTING", {}),
    "mark-failed": ("PRINTING", REASON),
    "mark-picked-up": ("COMPLETED", {}),
    "revert-completion": ("COMPLETED", {}),
    "revert-pickup": ("PAIDPICKEDUP", {}),
    "change-status": ("UPLOADED", REASON | {"new_status": "PRINTING"}),
    "archive": ("REJECTED", {}),
    "prune": ("ARCHIVED", {}),
    "force-unlock": ("UPLOADED", REASON),
}
BY_ADMINISTRATORS = {"archive", "prune", "force-unlock"}


def tells_of(job_id, answer):
    return [word for word in (STUDENT, STUDENT_EMAIL, job_id, job_id[:8]) if word in answer.text]


def send_dialog(client, action, job_id, fields):
    """What the browser sends when the dialog's button is pressed."""
    pairs = [({"name": name}, value) for name, value in fields.items()]
    values = {
        "dialog-about.data": {"job": job_id, "action": action, "locked": True},
        f"{FIELD}.value": pairs,
        f"{FIELD}.id": [(rest, {"type": "dialog-field"} | rest) for rest, _ in pairs],
    }
    return run(client, with_output(client, *SUBMIT), values)


def fields_of(action, job_id):
    extra = {"short_id": job_id[:8]} if action in ("delete", "prune") else {}
    return DIALOGS[action][1] | extra


def forgeries(callback):
    """Bodies that claim to be something else; what dash-auth and others have fallen for."""
    body = body_of(callback, VIEW)
    location = {"id": "_pages_location", "property": "pathname", "value": "/login"}
    yield body | {"output": "login.children"}
    yield body | {"output": "..a.children...b.children.."}
    yield body | {"output": "_pages_content.children"}
    yield body | {"outputs": {"id": "public", "property": "children"}}
    yield body | {"outputs": []}
    yield body | {"inputs": [location, *body["inputs"]]}
    yield body | {"inputs": [location]}
    yield body | {"state": [location | {"id": "url"}]}
    yield body | {"changedPropIds": ["_pages_location.pathname"]}
    yield body | {"inputs": [{"id": {"type": "x", "index": 1}, "property": "value", "value": 1}]}
    for key in body:
        yield {name: value for name, value in body.items() if name != key}
        yield body | {key: None}
        yield body | {key: 7}
        yield body | {key: {"a": [1]}}
    yield from ({}, [], None, 1, "x", [body], {"output": ["x"]}, {"output": {"a": 1}})


def test_no_forged_body_opens_the_endpoint(desk):
    job_id = desk.job()
    before_signing_in = rows()
    found = of_server(dependencies(desk.browser()))
    before = rows()
    assert before["jobs"] == before_signing_in["jobs"]
    client = desk.client()
    for callback in found:
        for body in forgeries(callback):
            answer = send(client, body)
            assert answer.status_code in (400, 401, 403), body
            assert not tells_of(job_id, answer)
    assert rows() == before


@pytest.mark.parametrize(
    "options",
    [
        {"data": b"not json", "content_type": "application/json"},
        {"data": b"", "content_type": "application/json"},
        {"data": b"\xff\xfe", "content_type": "application/json"},
        {"data": b"[" * 100_000, "content_type": "application/json"},
        {"data": {"output": "x.y"}},
        {"data": b"x", "content_type": "text/plain"},
        {"query_string": {"next": "/login", "pathname": "/submit"}, "json": {}},
        {"json": {}, "headers": {"Referer": "http://localhost/login"}},
        {"json": {}, "headers": {"X-Original-URL": "/login", "X-Rewrite-URL": "/login"}},
        {"json": {}, "headers": {"Authorization": "Bearer x"}},
        {"json": {}, "headers": {"Cookie": "printdesk=eyJzdGFmZl9pZCI6IjEifQ.x.y"}},
    ],
)
def test_no_request_of_another_shape_opens_it(desk, options):
    answer = desk.client().post(ENDPOINT, **options)
    assert answer.status_code in (400, 401, 403)


@pytest.mark.parametrize("path", ["/_dash-layout", "/_dash-dependencies", "/_reload-hash"])
def test_dashs_own_routes_are_for_staff(desk, path):
    assert desk.client().get(path).status_code == 401


@pytest.mark.parametrize("action", DIALOGS)
def test_a_manager_who_forges_a_dialog_changes_nothing(desk, action):
    job_id = desk.job(DIALOGS[action][0])
    manager = desk.browser(Role.MANAGER)
    with_output(manager, *SUBMIT)
    before = rows()
    answer = send_dialog(manager, action, job_id, fields_of(action, job_id))
    assert answer.status_code < 500
    assert rows() == before


@pytest.mark.parametrize("action", [*DIALOGS, "review", "unreview", "no-such-action"])
def test_a_manager_who_forges_a_press_changes_nothing(desk, action):
    """Not even a lock is taken."""
    job_id = desk.job(DIALOGS.get(action, ("UPLOADED",))[0])
    manager = desk.browser(Role.MANAGER)
    begin = with_output(manager, "dialog-title.children")
    before = rows()
    pressed = {"action": action, "job": job_id}
    answer = run(manager, begin, {name_of(begin["inputs"][0]): pressed})
    assert answer.status_code < 500
    assert rows() == before


@pytest.mark.parametrize("action", sorted(BY_ADMINISTRATORS))
def test_staff_who_forge_an_administrators_dialog_change_nothing(desk, action):
    job_id = desk.job(DIALOGS[action][0])
    staff = desk.browser(Role.STAFF)
    before = rows()
    send_dialog(staff, action, job_id, fields_of(action, job_id))
    assert rows() == before


@pytest.mark.parametrize("action", sorted(set(DIALOGS) - {"confirm"}))
def test_the_same_dialog_of_those_who_may_does_change_it(desk, action):
    """So that the tests above refuse something that would otherwise have worked."""
    job_id = desk.job(DIALOGS[action][0])
    admin = desk.caller(Role.ADMIN)
    browser = desk.browser(Role.ADMIN)
    assert admin.post(f"/jobs/{job_id}/lock").status_code == 200
    before = rows()
    answer = send_dialog(browser, action, job_id, fields_of(action, job_id))
    assert answer.status_code == 200
    assert rows() != before, answer.text


def test_nobody_confirms_for_a_student_through_the_console(desk):
    """The student's own action is in the same table, and belongs to the link alone."""
    job_id = desk.job("PENDING")
    for role in Role:
        browser = desk.browser(role)
        before = rows()
        send_dialog(browser, "confirm", job_id, {})
        assert rows() == before


@pytest.mark.parametrize("role", [Role.MANAGER, Role.STAFF])
def test_only_staff_retry_an_email(desk, role):
    desk.job()
    with work.unit() as session:
        mail = session.query(Mail).one()
        mail.state, mail.attempts = MailState.FAILED, 10
        mail_id = mail.id
    browser = desk.browser(role)
    [show] = [
        callback
        for callback in of_server(dependencies(browser))
        if callback["output"] == "mail-list.children"
    ]
    before = rows()
    answer = run(browser, show, {"mail-pressed.data": {"mail": mail_id}}, "mail-pressed.data")
    assert answer.status_code < 500
    assert (rows() != before) == (role is Role.STAFF)
    assert (STUDENT_EMAIL in answer.text) == (role is Role.STAFF)


@pytest.mark.parametrize(
    "pressed",
    [
        {"action": "approve", "job": "0" * 32},
        {"action": "approve", "job": "a\x00b"},
        {"action": "approve", "job": None},
        {"action": None, "job": "x"},
        {"action": {"a": 1}, "job": ["x"]},
        {"action": "approve"},
        {"job": "x"},
        ["approve"],
        "approve",
        7,
    ],
)
def test_a_forged_click_changes_nothing(desk, pressed):
    desk.job()
    browser = desk.browser()
    begin = with_output(browser, "dialog-title.children")
    before = rows()
    answer = run(browser, begin, {name_of(begin["inputs"][0]): pressed})
    assert rows() == before
    assert "Traceback" not in answer.text


def test_what_a_student_typed_is_text_in_the_console(desk):
    """It goes out as JSON for React to write as text; no component is made of it."""
    name = '{"props":{"children":"x"},"type":"Script","namespace":"dash_html_components"}'
    desk.submit(student_name="<script>alert(1)</script>", class_number=name[:50])
    browser = desk.browser()
    answer = run(browser, with_output(browser, "queue-list.children"), VIEW)
    assert "<script>alert(1)</script>" in json.dumps(answer.json)
    assert '"type": "Script"' not in json.dumps(answer.json)
