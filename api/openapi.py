"""The OpenAPI document: APIFlask's description of the routes, completed.

Added here is what routes have in common: who may call them, shared error statuses, the error
format, examples, and where a job's id comes from.
"""

from collections.abc import Iterator
from typing import Any

from apiflask import APIFlask

from api import actions, answers, requests
from api.examples import EXAMPLES, PREVIEW, REFUSALS
from web.guard import PUBLIC

_TAGS = {
    "Health": "For monitoring.",
    "Sign-in": "A bearer token for programs.",
    "Students": "Called by students' browsers; public.",
    "Jobs": "The queue, one job, and its edit lock.",
    "Actions": "Actions of staff on a job.",
    "People": "The staff list, for administrators.",
    "Numbers": "Counts and reports.",
    "Administration": "Archiving and deletion, and the integrity audit.",
}
_DESCRIPTION = """\
Times are UTC in ISO 8601 with `Z`, money is in cents, file sizes in bytes, lengths in millimetres.

Staff routes take `Authorization: Bearer <token>`, or the console's session cookie. Errors have one
format: `{"error": code, "message": text, "details": {...}}`. Unknown fields and query parameters
are refused, and values are not converted: `"12"` is not a number. `GET /jobs`, `/jobs/{job_id}`,
`/news` and `/stats` answer `If-None-Match` with 304 when nothing has changed.
"""
_WORDS = {
    400: "Something in the request is wrong; `details.fields` says what.",
    401: "Not signed in, or the token has expired.",
    403: "The role is not sufficient, the job's lock is missing, or the request is from "
    "another site.",
    404: "Not found.",
    409: "It has changed in the meantime, or somebody else holds its lock.",
    410: "The link was valid, and has expired, been used or replaced, or is no longer needed.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    429: "Too many requests; `Retry-After` says how long to wait.",
    503: "The database or the storage is unavailable. Nothing was changed.",
    507: "The storage is full. Nothing was changed.",
}
_CONDITIONAL = {"list_jobs", "get_job", "read_news", "read_stats", "read_report"}
_ALSO = {
    "login": (401, 429),
    "archive": (507,),
    "prune": (507,),
    "delete_orphaned_file": (507,),
}
_PATH_VALUES = {
    "job_id": {"pattern": "^[0-9a-f]{32}$", "format": "job-id"},
    "person_id": {"pattern": "^[0-9a-f]{32}$"},
    "token": {"pattern": r"^[A-Za-z0-9_.\-]+$"},
}
_JOBS_SOURCES = {"submit": "$response.body#/id", "list_jobs": "$response.body#/jobs/0/id"}
_ERROR = {"$ref": "#/components/schemas/ErrorOut"}
# Answers without a schema.
_CONTENTS: dict[str, dict[str, Any]] = {
    "read_thumbnail": {kind: {"schema": {}} for kind in ("image/png", "image/webp")},
    "read_preview": {"application/json": {"schema": {"type": "object"}, "example": PREVIEW}},
}

Operation = dict[str, Any]


def init(app: APIFlask) -> None:
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_200_RESPONSE=False,  # otherwise pages and callbacks would be in the document too
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        AUTO_SERVERS=False,
    )
    app.servers = [{"url": "/", "description": "This Printdesk"}]

    @app.spec_processor
    def complete(document: dict[str, Any] | str) -> dict[str, Any] | str:
        return document if isinstance(document, str) else _complete(document, app)


def _complete(document: dict[str, Any], app: APIFlask) -> dict[str, Any]:
    document["info"]["description"] = _DESCRIPTION
    document["tags"] = [{"name": name, "description": text} for name, text in _TAGS.items()]
    document["security"] = [{"bearer": []}, {"session": []}]
    components = document["components"]
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": app.config["SESSION_COOKIE_NAME"]},
    }
    for model in (answers.ErrorOut, requests.SubmissionIn):
        components["schemas"][model.__name__] = model.model_json_schema()
    for name, example in (EXAMPLES | actions.examples()).items():
        if name in components["schemas"]:
            components["schemas"][name]["examples"] = [example]
    endpoints = _endpoints(app)
    for path, method, operation in list(_operations(document)):
        endpoint = endpoints[path, method.upper()]
        operation["operationId"] = endpoint.rpartition(".")[2]
        _secure(operation, endpoint)
        _describe_parameters(operation)
        _describe_body(operation, method)
        _describe_refusals(operation, method, path)
        _describe_answers(operation)
    _link_jobs(document)
    return document


def _endpoints(app: APIFlask) -> dict[tuple[str, str], str]:
    return {
        (rule.rule.replace("<", "{").replace(">", "}"), method): rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    for path, found in document["paths"].items():
        for method, operation in found.items():
            yield path, method, operation


def _secure(operation: Operation, endpoint: str) -> None:
    if endpoint in PUBLIC:
        operation["security"] = []
    else:
        _refuse(operation, 401, 403)


def _describe_parameters(operation: Operation) -> None:
    for parameter in operation.get("parameters", ()):
        schema = parameter["schema"]
        if parameter["in"] == "path":
            schema |= _PATH_VALUES[parameter["name"]]
        elif "anyOf" in schema:  # a URL has no null: a parameter is present or absent
            [given] = [kind for kind in schema["anyOf"] if kind != {"type": "null"}]
            parameter["schema"] = given


def _describe_body(operation: Operation, method: str) -> None:
    if operation["operationId"] == "submit":
        named = {"example": 'form-data; name="file"; filename="gear.stl"'}
        encoding = {"file": {"headers": {"Content-Disposition": named}}}
        content = {"multipart/form-data": {"schema": _ref("SubmissionIn"), "encoding": encoding}}
        operation["requestBody"] = {"required": True, "content": content}
    body = operation.get("requestBody")
    if body is None:
        if method != "get":
            _refuse(
                operation, 413
            )  # the route takes no body; a small one is refused because of its fields
        return
    examples = EXAMPLES | actions.examples()
    for content in body["content"].values():
        content["example"] = examples[_name_of(content["schema"])]
        body["required"] = _name_of(content["schema"]) != "RetentionIn"
    _refuse(operation, 413, *([415] if "application/json" in body["content"] else []))


def _describe_refusals(operation: Operation, method: str, path: str) -> None:
    _refuse(operation, 400, 503, *_ALSO.get(operation["operationId"], ()))
    if method != "get":
        _refuse(operation, 403)  # requests from another site, whoever sends them
    if "{job_id}" in path:
        _refuse(operation, 404)
    if operation["operationId"] in ("submit", "confirm"):
        _refuse(operation, 409, 507)
    for status, answer in operation["responses"].items():
        if int(status) >= 400:
            answer["description"] = _WORDS[int(status)]
            example = REFUSALS[int(status)]
            answer["content"] = {"application/json": {"schema": _ERROR, "example": example}}
    if operation["operationId"] == "read_health":
        answer = operation["responses"]["503"]
        answer["description"] = "A component is down."
        example = EXAMPLES["HealthOut"] | {"status": "error"}
        example["components"] = example["components"] | {"workers": "error"}
        answer["content"] = {"application/json": {"schema": _ref("HealthOut"), "example": example}}


def _describe_answers(operation: Operation) -> None:
    for status, answer in operation["responses"].items():
        bodies = answer.get("content", {}).values()
        if status in ("204", "304") or not any(content["schema"] for content in bodies):
            answer.pop("content", None)
    if contents := _CONTENTS.get(operation["operationId"]):
        operation["responses"]["200"]["content"] = contents
    for status, answer in operation["responses"].items():
        if int(status) < 300:
            for content in answer.get("content", {}).values():
                if "$ref" in content["schema"]:
                    content["example"] = EXAMPLES[_name_of(content["schema"])]
    if operation["operationId"] in _CONDITIONAL:
        tag = {"description": "Send it back in `If-None-Match`.", "schema": {"type": "string"}}
        operation["responses"]["200"]["headers"] = {"ETag": tag}
        operation["responses"]["304"] = {"description": "Nothing has changed."}
        operation["parameters"] = [
            *operation.get("parameters", ()),
            {
                "name": "If-None-Match",
                "in": "header",
                "required": False,
                "schema": {"type": "string"},
                "description": "The `ETag` of the answer that the caller has.",
            },
        ]
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _link_jobs(document: dict[str, Any]) -> None:
    """Adds OpenAPI links: which answers contain a job's id, and which routes take it."""
    by_id = {operation["operationId"]: operation for _, _, operation in _operations(document)}
    of_jobs = [
        operation["operationId"]
        for path, _, operation in _operations(document)
        if "{job_id}" in path
    ]
    for source, expression in _JOBS_SOURCES.items():
        answers = by_id[source]["responses"]
        links = {
            target: {"operationId": target, "parameters": {"job_id": expression}}
            for target in of_jobs
        }
        answers["201" if "201" in answers else "200"]["links"] = links


def _refuse(operation: Operation, *statuses: int) -> None:
    for status in statuses:
        operation["responses"].setdefault(str(status), {})


def _name_of(schema: dict[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
