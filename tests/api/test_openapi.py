"""The API's OpenAPI document, its page, and the validation of every request."""

import re

import pytest
from pydantic import BaseModel

from api import actions, answers, requests
from api.bodies import body_of
from api.examples import EXAMPLES, REFUSALS
from models import Role
from settings import ROOT
from tests.support.client import API, refusal_of
from web.guard import PUBLIC

METHODS = {"get", "post", "put", "patch", "delete"}
COMMON = {"400", "503"}


@pytest.fixture
def document(desk):
    answer = desk.staff.get("/openapi.json")
    assert answer.status_code == 200
    return answer.json


def operations(document):
    for path, found in document["paths"].items():
        for method, operation in found.items():
            assert method in METHODS
            yield path, method, operation


def test_every_operation_has_a_summary_an_id_and_a_tag(document):
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) >= 33
    tags = {tag["name"] for tag in document["tags"]}
    for path, _, operation in operations(document):
        assert operation["summary"].endswith("."), path
        assert set(operation["tags"]) <= tags, path


def test_only_public_operations_need_no_authentication(desk, document):
    public = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in desk.app.url_map.iter_rules()
        if rule.endpoint in PUBLIC
        for method in rule.methods
    }
    assert set(document["components"]["securitySchemes"]) == {"bearer", "session"}
    assert document["security"] == [{"bearer": []}, {"session": []}]
    for path, method, operation in operations(document):
        if (path, method) in public:
            assert operation["security"] == [], path
        else:
            assert "security" not in operation, path
            assert {"401", "403"} <= set(operation["responses"]), path


def test_every_refusal_has_the_error_format(document):
    for path, _, operation in operations(document):
        assert set(operation["responses"]) >= COMMON, path
        assert "default" not in operation["responses"]
        for status, answer in operation["responses"].items():
            assert answer["description"], (path, status)
            if int(status) >= 400 and (path, status) != (f"{API}/health", "503"):
                [reference] = [found["schema"]["$ref"] for found in answer["content"].values()]
                assert reference.endswith("/ErrorOut")
    error = document["components"]["schemas"]["ErrorOut"]
    assert error["required"] == ["error", "message", "details"]
    assert {"fields", "existing_job_id", "locked_by", "retry_after_s"} <= set(error["properties"])


def test_routes_without_a_body_document_none(document):
    deleted = document["paths"][f"{API}/jobs/{{job_id}}"]["delete"]["responses"]["204"]
    assert "content" not in deleted
    for _, _, operation in operations(document):
        assert "content" not in operation["responses"].get("304", {})


def test_every_body_has_an_example_that_fits(document):
    given = set()
    for path, _, operation in operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        bodies += [found for status, found in operation["responses"].items() if status < "300"]
        for body in bodies:
            for content in body.get("content", {}).values():
                if "$ref" in content["schema"]:
                    assert content["example"], path
                    given.add(content["schema"]["$ref"].rpartition("/")[2])
    of_actions = {actions.body_name(row): row for row in actions.list_rows()}
    of_rows = {n: b for n, row in of_actions.items() if (b := body_of(row, n))}
    assert given == {*EXAMPLES, *of_rows}
    for name, example in (EXAMPLES | actions.examples()).items():
        model: type[BaseModel] = (
            of_rows.get(name) or getattr(answers, name, None) or getattr(requests, name)
        )
        assert model.model_validate(example)
        assert set(example) <= set(model.model_fields)


def test_every_answer_has_an_example(document):
    for path, method, operation in operations(document):
        examples = 0
        for status, answer in operation["responses"].items():
            for kind, content in answer.get("content", {}).items():
                assert content.get("example") or kind.startswith("image/"), (path, method, status)
                examples += "example" in content
        assert examples, (path, method)


def test_every_refusal_s_example_has_the_error_format():
    for status, example in REFUSALS.items():
        out = answers.ErrorOut.model_validate(example)
        assert out.details.items() <= example.items(), status


def test_pictures_document_their_media_type(document):
    job = document["paths"][f"{API}/jobs/{{job_id}}/thumbnail"]["get"]["responses"]["200"]
    assert set(job["content"]) == {"image/png", "image/webp"}
    preview = document["paths"][f"{API}/jobs/{{job_id}}/preview"]["get"]["responses"]["200"]
    assert preview["content"]["application/json"]["example"]["state"] == "ok"


def test_every_reference_resolves(document):
    references = re.findall(r"'\$ref': '#/([^']+)'", str(document))
    assert references
    for reference in references:
        found = document
        for part in reference.split("/"):
            found = found[part]


def test_submissions_are_described_as_a_form(document):
    body = document["paths"][f"{API}/submit"]["post"]["requestBody"]["content"]
    assert set(body) == {"multipart/form-data"}
    form = document["components"]["schemas"]["SubmissionIn"]
    assert set(form["required"]) == {
        *("student_name", "student_email", "discipline", "class_number", "print_method"),
        *("color", "printer", "acknowledged_minimum_charge", "file"),
    }
    assert "prusa_mk4s" in form["properties"]["printer"]["enum"]


def test_ids_in_paths_have_their_pattern(document):
    for path, _, operation in operations(document):
        named = {one["name"]: one for one in operation.get("parameters", ()) if one["in"] == "path"}
        assert set(named) == set(re.findall(r"{(\w+)}", path))
        assert all(one["required"] and one["schema"]["pattern"] for one in named.values())


def test_the_page_loads_its_own_files_and_no_inline_script(desk):
    answer = desk.staff.get("/docs")
    assert answer.status_code == 200 and answer.mimetype == "text/html"
    sources = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert sources and all(source.startswith("/assets/") for source in sources)
    assert all((ROOT / source.lstrip("/")).is_file() for source in sources)
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", answer.text)
    assert (ROOT / "assets/vendor/swagger-ui/LICENSE").is_file()


def test_the_console_does_not_load_the_page_s_scripts(desk):
    page = desk.browser().get("/dashboard").text
    assert "swagger" not in page and "/assets/api/" not in page


def test_options_lists_the_methods_of_a_route(desk):
    for path, methods in (
        ("/jobs", {"GET"}),
        (f"/jobs/{'0' * 32}", {"GET", "PATCH", "DELETE"}),
        ("/confirm/expired", {"GET"}),
        ("/admin/audit/orphaned-file", {"DELETE"}),
    ):
        answer = desk.staff.call("OPTIONS", path)
        assert answer.status_code == 204 and answer.data == b""
        allowed = set(answer.headers["Allow"].split(", "))
        assert allowed - {"HEAD", "OPTIONS"} == methods


def test_head_is_get_without_the_body(desk):
    for path in ("/jobs", "/stats", "/health"):
        answer = desk.staff.call("HEAD", path)
        assert answer.data == b"" and answer.status_code == desk.staff.get(path).status_code
    refusal = desk.staff.call("HEAD", "/submit")
    assert (refusal.status_code, refusal.headers["Allow"]) == (405, "POST, OPTIONS")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "BREW"])
def test_an_unknown_http_method_is_refused(desk, method):
    refusal_of(desk.staff.call(method, "/jobs"), 405, "method_not_allowed")


@pytest.mark.parametrize(
    ("path", "method"), [("/jobs/{id}", "GET"), ("/jobs/{id}/lock", "POST"), ("/health", "GET")]
)
def test_an_unknown_query_parameter_is_named(desk, path, method):
    answer = desk.staff.call(method, path.replace("{id}", desk.job()) + "?a=1")
    assert set(refusal_of(answer, 400, "invalid")["fields"]) == {"a"}


def test_a_parameter_is_given_once(desk):
    answer = desk.staff.get("/jobs?page=1&page=2")
    assert set(refusal_of(answer, 400, "invalid")["fields"]) == {"page"}


def test_a_body_is_json_or_nothing(desk):
    job_id = desk.job()
    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        options = {"data": b'{"reviewed": true}', "content_type": content_type}
        answer = desk.staff.call("POST", f"/jobs/{job_id}/review", **options)
        refusal_of(answer, 415, "unsupported_media_type")
    assert desk.caller(Role.ADMIN).post("/admin/archive").status_code == 200
    answer = desk.staff.call(
        "POST", f"/jobs/{job_id}/review", data=b"null", content_type="application/json"
    )
    refusal_of(answer, 400, "invalid")


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("approve", {"weight_g": "12", "time_hours": 1}, "weight_g"),
        ("approve", {"weight_g": True, "time_hours": 1}, "weight_g"),
        ("approve", {"weight_g": -1, "time_hours": 1}, "weight_g"),
        ("approve", {"weight_g": 1, "time_hours": 1e9}, "time_hours"),
        ("approve", {"weight_g": 1, "time_hours": 1, "printer": "formlabs_form3"}, "printer"),
        ("approve", {"weight_g": 1, "time_hours": 1, "cost_cents": 1}, "cost_cents"),
        ("reject", {"reasons": "x"}, "reasons"),
        ("reject", {"reasons": [1]}, "reasons.0"),
        ("reject", {"reasons": [" "]}, "reasons.0"),
        ("reject", {}, "reasons"),
        ("review", {"reviewed": 1}, "reviewed"),
        ("review", {"reviewed": "true"}, "reviewed"),
        ("admin/change-status", {"new_status": "printing", "reason": "x"}, "new_status"),
        ("admin/change-status", {"new_status": 1, "reason": "x"}, "new_status"),
        ("admin/force-confirm", {"reason": "x", "bypass_email": "yes"}, "bypass_email"),
        ("admin/force-confirm", {"reason": "a\x00b"}, "reason"),
        ("admin/force-confirm", {"reason": "\ud800"}, "reason"),
        ("admin/force-confirm", {"reason": " \n "}, "reason"),
    ],
)
def test_a_wrong_value_is_refused_and_not_converted(desk, action, body, field):
    answer = desk.staff.act(desk.job(), action, body)
    if body == {}:  # Caller.act would put in a plain body
        answer = desk.staff.post(f"/jobs/{desk_job(desk)}/{action}", body)
    assert set(refusal_of(answer, 400, "invalid")["fields"]) == {field}


def desk_job(desk):
    job_id = desk.job()
    desk.staff.post(f"/jobs/{job_id}/lock")
    return job_id


def test_an_integer_may_be_written_as_a_float(desk):
    admin = desk.caller(Role.ADMIN)
    assert admin.post("/admin/archive", {"retention_days": 90.0}).status_code == 200
    for days in (90.5, "90", True, -1, 1e300, 36_501):
        answer = admin.post("/admin/archive", {"retention_days": days})
        assert "retention_days" in refusal_of(answer, 400, "invalid")["fields"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("unreviewed", "1"),
        ("unreviewed", "True"),
        ("page", "1_0"),
        ("page", "+1"),
        ("page", " 1"),
        ("page", "١"),
        ("submitted_from", "1700000000"),
        ("submitted_from", "2026-01-01T00:00:00"),
    ],
)
def test_a_parameter_has_one_notation(desk, name, value):
    answer = desk.staff.get("/jobs", query_string={name: value})
    assert set(refusal_of(answer, 400, "invalid")["fields"]) == {name}


def test_unreviewed_false_leaves_out_what_is_new(desk):
    new, seen = desk.job(), desk.job()
    desk.staff.post(f"/jobs/{seen}/review", {"reviewed": True})
    listed = {
        value: [job["id"] for job in desk.staff.get(f"/jobs?unreviewed={value}").json["jobs"]]
        for value in ("true", "false")
    }
    assert listed == {"true": [new], "false": [seen]}


def test_a_submission_has_no_other_fields(desk):
    from tests.support.client import submit, unique_model

    answer = submit(desk.client(), unique_model(), status="COMPLETED")
    assert set(refusal_of(answer, 400, "invalid")["fields"]) == {"status"}
