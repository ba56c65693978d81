"""Callback requests by signed-in people that none of our pages would send."""

import pytest

from models import Mail, Role
from services import work
from services.files import storage
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
from tests.support.client import NAMES, email_of, refusal_of, rows

VIEW = {"queue-view.data": {"status": "UPLOADED", "page": 1}}
WRONG = (None, 7, "x", [], {}, [7], {"a": [1]}, [{"id": 7, "property": "value"}], [[{"id": "x"}]])
DEEP: list = []
for _ in range(200):
    DEEP = [DEEP]
# What stands in for any value that a page sends.
FORGED = (
    *(None, True, 0, -1, 7, 1.5, float("nan"), float("inf"), 10**400),
    *("", "x", "\x00", "\ud800", "9" * 100_000, "../../etc/passwd", "' OR 1=1 --"),
    *([], ["x"], [None, 7, {}], [["x"]], DEEP),
    *({}, {"a": [1]}, {"action": "approve"}, {"job": "x"}, {"mail": 7}, {"jobs": "x"}),
    *(
        {"action": 7, "job": ["x"]},
        {"action": "approve", "job": {}},
        {"action": "add", "person": 7},
    ),
    {"action": "mark-printing", "job": "x", "since": "yesterday", "locked": "x"},
)
# action: the status it begins in, and its fields as a form sends them
FIELDS = {
    "approve": ("UPLOADED", ("weight_g", "time_hours", "material", "printer", "color")),
    "edit": ("UPLOADED", ("weight_g", "time_hours", "material", "printer", "color")),
    "reject": ("UPLOADED", ("reasons", "custom_reason")),
    "force-confirm": ("PENDING", ("reason",)),
    "change-status": ("UPLOADED", ("reason", "new_status")),
    "delete": ("UPLOADED", ("short_id",)),
}
FAULT = "Something went wrong here."  # the toast of whatever is logged as a callback_fault
FIELD = '{"name":["ALL"],"type":"dialog-field"}'


@pytest.fixture
def browser(desk):
    desk.job()
    return desk.browser(Role.ADMIN)


def same(one, other):
    return [one] == [other] or (not one and one == other)


@pytest.mark.parametrize(
    "options",
    [
        {"data": b"not json", "content_type": "application/json"},
        {"data": b"", "content_type": "application/json"},
        {"data": b"\xff\xfe", "content_type": "application/json"},
        {"data": b"[" * 100_000, "content_type": "application/json"},
        {"data": b'{"output": ' * 50_000, "content_type": "application/json"},
        {"data": b"null", "content_type": "application/json"},
        *({"json": body} for body in ([], {}, 1, "x", [{}], {"output": "x.y"})),
        *({"json": {"output": output}} for output in (None, 7, [], {}, "", ".", "..", "\x00")),
    ],
)
def test_a_body_that_no_page_sends_is_refused(browser, options):
    before = rows()
    answer = browser.post(ENDPOINT, **options)
    assert answer.status_code == 400, answer.text
    assert "reference" not in answer.text
    assert rows() == before


def test_what_is_not_sent_as_json_is_refused(browser):
    assert browser.post(ENDPOINT, data=b"x", content_type="text/plain").status_code == 415


def test_every_part_of_every_request_must_be_there_and_of_its_kind(browser):
    before = rows()
    for callback in of_server(dependencies(browser)):
        body = body_of(callback, VIEW)
        for key in ("output", "inputs", "state", "changedPropIds"):
            for wrong in WRONG:
                is_fine = same(wrong, body[key]) or (key == "changedPropIds" and wrong == [])
                if not is_fine:
                    assert send(browser, body | {key: wrong}).status_code == 400, (key, wrong)
        for key in ("output", "inputs"):
            less = {name: value for name, value in body.items() if name != key}
            refusal_of(send(browser, less), 400, "invalid")
        for wrong in (None, 7, "x", {}, [7], {"id": "x"}, [{"id": "x"}] * 99):
            assert send(browser, body | {"outputs": wrong}).status_code in (200, 204, 400)
        extra = [*body["inputs"], {"id": "login", "property": "value", "value": 1}]
        refusal_of(send(browser, body | {"inputs": extra}), 400, "invalid")
        for name in ("id", "property"):
            other = [part if isinstance(part, list) else part | {name: "x"} for part in extra[:-1]]
            if other != body["inputs"]:
                assert send(browser, body | {"inputs": other}).status_code == 400
    assert rows() == before


def test_invalid_characters_are_refused_everywhere(browser):
    for callback in of_server(dependencies(browser)):
        body = body_of(callback, VIEW)
        plain = [number for number, part in enumerate(body["inputs"]) if isinstance(part, dict)]
        for number in plain:
            for value in ("a\x00b", {"job": ["\x00"]}, {"\x00": 1}):
                part = body["inputs"][number] | {"value": value}
                inputs = [*body["inputs"][:number], part, *body["inputs"][number + 1 :]]
                refusal_of(send(browser, body | {"inputs": inputs}), 400, "invalid")


def test_every_request_of_a_page_goes_through(browser):
    for callback in of_server(dependencies(browser)):
        assert run(browser, callback, VIEW).status_code in (200, 204)


def forged(callback):
    """(body, name of the part, value): every plain input and state with every value, in a dialog
    that is open and in one that was closed."""
    parts = [*callback["inputs"], *callback["state"]]
    plain = [name_of(part) for part in parts if not part["id"].startswith("{")]
    opened = [name for name in plain if name.endswith(".is_open")]
    for is_open in (True, False) if opened else (True,):
        for name in plain:
            for value in FORGED:
                values = VIEW | dict.fromkeys(opened, is_open) | {name: value}
                yield body_of(callback, values, name), name, value


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMIN])
def test_no_value_makes_a_callback_fail(desk, role):
    """Nor does it change anything, or tell a manager what is for others."""
    desk.job("PENDING")
    browser = desk.browser(role)
    with work.unit() as session:
        subject = session.query(Mail).first().subject
    hidden = [email_of(NAMES[Role.STAFF]), "printdesk://", "PostgreSQL", subject]
    before = rows()
    for callback in of_server(dependencies(browser)):
        for body, name, value in forged(callback):
            answer = send(browser, body)
            assert answer.status_code in (200, 204, 400), (name, value, answer.text)
            assert FAULT not in answer.text, (name, value, answer.text)
            if role is Role.MANAGER:
                assert not [words for words in hidden if words in answer.text], (name, value)
    assert rows() == before
    assert storage.root().is_dir()


def dialog_of(browser, about, fields):
    """The request of the dialog's button."""
    rests = [({"name": name}, value) for name, value in fields.items()]
    values = {
        "dialog-about.data": about,
        f"{FIELD}.value": rests,
        f"{FIELD}.id": [(rest, {"type": "dialog-field"} | rest) for rest, _ in rests],
    }
    return body_of(with_output(browser, "dialog-modal.is_open", "dialog-submit.n_clicks"), values)


def test_no_value_of_a_field_makes_a_dialog_fail(desk):
    browser = desk.browser(Role.ADMIN)
    asked = [
        ({"action": action, "job": desk.job(status)}, names)
        for action, (status, names) in FIELDS.items()
    ]
    asked.append(({"action": "add", "person": ""}, ("name", "email", "role")))
    for about, names in asked:
        plausible = {"weight_g": 1, "time_hours": 1} if about["action"] == "approve" else {}
        body = dialog_of(browser, about, plausible | dict.fromkeys(names))
        [values] = [
            part
            for part in body["state"]
            if isinstance(part, list) and part[0]["property"] == "value"
        ]
        for part in values:
            for value in FORGED:
                kept, part["value"] = part["value"], value
                answer = send(browser, body)
                part["value"] = kept
                assert answer.status_code in (200, 400), (about, part, value, answer.text)
                assert FAULT not in answer.text, (about, part, value, answer.text)


@pytest.mark.parametrize("name", ["pathname", "search"])
@pytest.mark.parametrize("value", [None, 7, [], {}, ["/queue"]])
def test_the_address_of_a_page_consists_of_texts(browser, name, value):
    callback = with_output(browser, "_pages_content.children")
    refusal_of(run(browser, callback, {f"_pages_location.{name}": value}), 400, "invalid")


@pytest.mark.parametrize("names", [["{.data"], ['{"a.b'], [7], "x", {}])
def test_changed_properties_are_given_by_name(browser, names):
    for callback in of_server(dependencies(browser)):
        body = body_of(callback, VIEW) | {"changedPropIds": names}
        refusal_of(send(browser, body), 400, "invalid")


def test_a_wildcard_id_comes_as_a_list(browser):
    callback = with_output(browser, "dialog-modal.is_open", "dialog-submit.n_clicks")
    body = body_of(callback, VIEW)
    part = {"id": {"name": "x", "type": "dialog-field"}, "property": "n_submit", "value": 1}
    refusal_of(send(browser, body | {"inputs": [body["inputs"][0], part]}), 400, "invalid")
