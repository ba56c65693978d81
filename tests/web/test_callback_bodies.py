"""What is sent to Dash by people who are signed in, and by no page of ours."""

import pytest

from models import Role
from tests.support.callbacks import ENDPOINT, body_of, dependencies, of_server, run, send
from tests.support.client import refusal_of, rows

VIEW = {"queue-view.data": {"status": "UPLOADED", "page": 1}}
WRONG = (None, 7, "x", [], {}, [7], {"a": [1]}, [{"id": 7, "property": "value"}], [[{"id": "x"}]])


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
def test_what_is_no_request_of_a_page_is_refused(browser, options):
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


def test_a_character_that_no_text_has_is_refused_wherever_it_stands(browser):
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
