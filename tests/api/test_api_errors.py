"""The error format of every route, and malformed bodies."""

import io
import json

import pytest

from models import Role
from services import work
from tests.support.client import API, refusal_of, rows
from web.guard import PUBLIC

WITH_BODY = {
    "/auth/login": {"email": "a@b.example", "password": "x"},
    "/submit/resend-confirmation": {"job_id": "x"},
    "/jobs/{id}/approve": {"weight_g": 1, "time_hours": 1},
    "/jobs/{id}/reject": {"reasons": ["x"], "custom_reason": "x"},
    "/jobs/{id}/review": {"reviewed": True},
    "/jobs/{id}": {"weight_g": 1, "time_hours": 1, "color": "Blue"},
    "/jobs/{id}/notes": {"notes": "x"},
    "/jobs/{id}/admin/force-unlock": {"reason": "x"},
    "/jobs/{id}/admin/force-confirm": {"reason": "x"},
    "/jobs/{id}/admin/mark-failed": {"reason": "x"},
    "/jobs/{id}/admin/change-status": {"reason": "x", "new_status": "PENDING"},
    "/jobs/{id}/admin/resend-email": {"email_type": "approval"},
    "/admin/archive": {"retention_days": 90},
    "/admin/prune": {"retention_days": 365},
    "/admin/audit/orphaned-file": {"file_path": "x"},
    "/people": {"name": "Ada", "email": "ada@b.example", "role": "staff"},
    "/people/{person}/role": {"role": "manager"},
}
OPTIONAL_BODY = ("/admin/archive", "/admin/prune")
VALUES = [
    *("null", "true", "0", "-1", "1e400", "NaN", "Infinity", "-Infinity", "9" * 5000),
    *('""', '"x"', "[]", "{}", "[[]]", '[{"a":1}]', '"\\u0000"', '"a\\u0000b"'),
    *('"\\ud800"', '"\\udfff\\ud800"', '{"$ne":null}', '"' + "x" * 100_000 + '"'),
    *("[" * 20 + "]" * 20, '"\\u202e"', "0.1e-400", "1" + "0" * 300),
]
BROKEN = [
    *(b"", b"{", b"null", b"[]", b"1", b'"x"', b"true", b"NaN", b"\xff\xfe{}", b'{"a":}', b"{}}"),
    *(b'{"\\u0000":1}', b'{"\\ud800":1}', b'{"a":1,"a":2}', b"\x00", b"\xef\xbb\xbf{}"),
    *(b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
]


def target(desk, route):
    if "{person}" in route:
        email = desk.add_person(Role.STAFF, "Somebody Else")
        people = desk.caller(Role.ADMIN).get("/people").json["people"]
        [person] = [each["id"] for each in people if each["email"] == email]
        return route.replace("{person}", person)
    return route.replace("{id}", desk.job()) if "{id}" in route else route


def method_of(route):
    return {"notes": "PATCH", "{id}": "PATCH", "orphaned-file": "DELETE"}.get(
        route.rpartition("/")[2], "POST"
    )


def test_every_route_with_a_body_is_in_this_list(desk):
    routes = {
        rule.rule.removeprefix(API).replace("<job_id>", "{id}").replace("<person_id>", "{person}")
        for rule in desk.app.url_map.iter_rules()
        if rule.rule.startswith(API)
        and hasattr(desk.app.view_functions[rule.endpoint], "_spec")
        and desk.app.view_functions[rule.endpoint]._spec.get("body")
    }
    assert routes == set(WITH_BODY)


@pytest.mark.parametrize("route", WITH_BODY)
def test_no_value_of_a_field_causes_a_500(desk, route):
    admin, path = desk.caller(Role.ADMIN), target(desk, route)
    for field in WITH_BODY[route]:
        for value in VALUES:
            rest = {name: given for name, given in WITH_BODY[route].items() if name != field}
            fixed = ", ".join(f'"{name}": {json.dumps(given)}' for name, given in rest.items())
            text = f'{{{fixed}{", " if fixed else ""}"{field}": {value}}}'
            answer = send(admin, route, path, text.encode())
            assert answer.status_code < 500, (field, value[:40], answer.text)
            if answer.status_code >= 400:
                assert answer.json["error"] and answer.json["message"], (field, value[:40])


@pytest.mark.parametrize("route", WITH_BODY)
def test_no_body_causes_a_500(desk, route):
    admin, path = desk.caller(Role.ADMIN), target(desk, route)
    before = rows()
    for body in BROKEN:
        answer = send(admin, route, path, body)
        if route in OPTIONAL_BODY and body in (b"", b"\xef\xbb\xbf{}"):
            assert answer.status_code == 200, (body, answer.text)
            continue
        assert 400 <= answer.status_code < 500, (body[:40], answer.text)
        assert answer.json["error"] and answer.json["message"], body[:40]
    if route not in OPTIONAL_BODY:
        assert rows() == before


@pytest.mark.parametrize("route", WITH_BODY)
def test_a_body_of_another_type_is_refused(desk, route):
    admin, path = desk.caller(Role.ADMIN), target(desk, route)
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = admin.call(method_of(route), path, data=b'{"a": 1}', content_type=content_type)
        assert 400 <= answer.status_code < 500, content_type
        assert answer.json["error"] and answer.json["message"]


@pytest.mark.parametrize("route", WITH_BODY)
def test_a_field_that_does_not_exist_is_named(desk, route):
    admin = desk.caller(Role.ADMIN)
    body = WITH_BODY[route] | {"status": "COMPLETED"}
    answer = admin.call(method_of(route), target(desk, route), body)
    assert "status" in refusal_of(answer, 400, "invalid")["fields"]


def test_a_body_of_more_than_a_megabyte_is_refused(desk):
    job_id = desk.job()
    answer = desk.staff.post(f"/jobs/{job_id}/reject", {"reasons": ["x" * 1024**2]})
    refusal_of(answer, 413, "too_large")
    for size in (1024**2, 10 * 1024**2):
        answer = desk.staff.call("PATCH", f"/jobs/{job_id}/notes", {"notes": "x" * size})
        assert "notes" in refusal_of(answer, 400, "invalid")["fields"]


def routes_without_a_body(desk):
    for rule in desk.app.url_map.iter_rules():
        view = desk.app.view_functions[rule.endpoint]
        if rule.rule.startswith(API) and hasattr(view, "_spec") and not view._spec.get("body"):
            for method in rule.methods & {"POST", "PUT", "PATCH", "DELETE"}:
                if rule.endpoint != "student.submit":
                    yield method, rule.rule.removeprefix(API)


def test_a_route_that_takes_no_body_refuses_one_and_changes_nothing(desk):
    admin, job_id = desk.caller(Role.ADMIN), desk.job()
    before = rows()
    routes = list(routes_without_a_body(desk))
    assert len(routes) >= 12
    for method, route in routes:
        path = route.replace("<job_id>", job_id).replace("<token>", "x")
        answer = admin.call(method, path, {"foo": 1, "bar": {}})
        assert set(refusal_of(answer, 400, "invalid")["fields"]) == {"foo", "bar"}, route
        for body in (b"garbage", b"[]", b"null", b"1", b"\xff\xfe", b"[" * 100_000):
            for content_type in ("application/json", "text/plain"):
                answer = admin.call(method, path, data=body, content_type=content_type)
                assert "takes no body" in answer.json["message"], (route, body[:10])
                refusal_of(answer, 400, "invalid")
        answer = admin.call(method, path, {"foo": "x" * 10 * 1024**2})
        refusal_of(answer, 413, "too_large")
    assert rows() == before


def test_an_empty_object_counts_as_no_body(desk):
    job_id = desk.job()
    for data in (b"", b"{}", b" {} "):
        answer = desk.staff.call("POST", f"/jobs/{job_id}/lock", data=data)
        assert answer.status_code == 200, answer.text


def test_a_long_text_is_reported_in_characters(desk):
    job_id = desk.job()
    answer = desk.staff.call("PATCH", f"/jobs/{job_id}/notes", {"notes": "x" * 20_001})
    fields = refusal_of(answer, 400, "invalid")["fields"]
    assert fields == {"notes": "String should have at most 20000 characters"}


def test_a_chunked_body_is_refused_in_the_same_way(desk):
    """As a program sends it that does not know yet: in chunks."""
    job_id = desk.job()
    chunked = {
        "wsgi.input_terminated": True,
        "CONTENT_LENGTH": "",
        "HTTP_TRANSFER_ENCODING": "chunked",
    }

    def send(method, path, body):
        return desk.staff.call(
            method,
            path,
            input_stream=io.BytesIO(json.dumps(body).encode()),
            content_type="application/json",
            environ_overrides=chunked,
        )

    long = "x" * 10 * 1024**2
    refusal_of(send("POST", f"/jobs/{job_id}/reject", {"reasons": [long]}), 413, "too_large")
    answer = send("PATCH", f"/jobs/{job_id}/notes", {"notes": long})
    assert "notes" in refusal_of(answer, 400, "invalid")["fields"]
    assert desk.staff.post(f"/jobs/{job_id}/lock").status_code == 200
    assert send("PATCH", f"/jobs/{job_id}/notes", {"notes": "short"}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/nothing", "/", "/jobs/", "/jobs/1/2", "/JOBS", "/jobs/%2e%2e/x", "/admin"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_an_unknown_route_is_not_found_in_the_format(desk, path, method):
    refusal_of(desk.staff.call(method, path), 404, "not_found")
    refusal_of(desk.stranger().call(method, path), 404, "not_found")


def test_there_is_no_unversioned_api(desk):
    for path in ("/api/v2/jobs", "/api/jobs", "/api/v1"):
        refusal_of(desk.client().get(path), 404, "not_found")
        refusal_of(desk.browser().get(path), 404, "not_found")


def test_a_known_route_with_another_method_says_which_it_has(desk):
    rules = [rule for rule in desk.app.url_map.iter_rules() if rule.rule.startswith(API)]
    assert len(rules) > 30
    for rule in rules:
        path = rule.rule.removeprefix(API).replace("<job_id>", "x").replace("<token>", "x")
        same = [
            other.methods
            for other in desk.app.url_map.iter_rules()
            if other.rule.replace("<job_id>", "x").replace("<token>", "x") == API + path
        ]
        known = set().union(*same) - {"HEAD", "OPTIONS"}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - known:
            answer = desk.staff.call(method, path)
            refusal_of(answer, 405, "method_not_allowed")
            assert set(answer.headers["Allow"].replace(" ", "").split(",")) >= known


def test_no_answer_reveals_the_software(desk):
    answer = desk.staff.get("/nothing")
    shown = answer.text + str(answer.headers)
    assert not any(word in shown for word in ("Traceback", "werkzeug", "sqlalchemy", "psycopg"))


def test_an_unavailable_database_is_reported(desk, configure):
    """On a server that is not there; afterwards the pool is made anew."""
    staff = desk.staff
    work.dispose()
    configure(DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:9/none")
    try:
        answer = staff.get("/jobs")
        refusal_of(answer, 503, "unavailable")
        assert answer.headers["Retry-After"] == "10"
        assert "psycopg" not in answer.text and "127.0.0.1" not in answer.text
        health = desk.stranger().get("/health")
        assert health.status_code == 503
        assert health.json["components"]["database"] == "error"
    finally:
        work.dispose()


def test_the_health_route_says_what_is_missing(desk):
    """No worker runs beside these tests; the rest is there."""
    answer = desk.stranger().get("/health")
    assert answer.status_code == 503
    assert answer.json["status"] == "error" and answer.json["timestamp"].endswith("Z")
    components = answer.json["components"]
    assert components["database"] == components["broker"] == components["storage"] == "ok"
    assert components["workers"] == "error"


def test_the_openapi_document_describes_every_route(desk):
    document = desk.staff.get("/openapi.json").json
    described = {
        (path, method.upper()) for path, found in document["paths"].items() for method in found
    }
    for rule in desk.app.url_map.iter_rules():
        if rule.rule.startswith(API) and rule.endpoint not in ("openapi.spec", "docs.show_docs"):
            path = rule.rule.replace("<", "{").replace(">", "}")
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                assert (path, method) in described
    assert "api_unknown" in PUBLIC  # it answers 404 and 405, and nothing else


def send(caller, route, path, body):
    return caller.call(method_of(route), path, data=body, content_type="application/json")
