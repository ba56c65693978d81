"""Checks of every API request before its route runs: method, query, content type."""

import json
from typing import Any

from apiflask.schema_adapters.pydantic import PydanticAdapter
from flask import Response, current_app, request
from werkzeug.exceptions import (
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from services.errors import Invalid
from web.guard import CONSOLE_PAGE, SAFE_METHODS
from web.receiving import drain_after_answer

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CATCH_ALL = "api_unknown"
_TAKES_A_FORM = "student.submit"  # and streams it itself
_NO_ROUTE = "There is no such route in the API."


def check_request() -> Response | None:
    """Answers OPTIONS; refuses query parameters that a route does not know, bodies that are not
    JSON, and bodies where none is taken. The values themselves are the schemas' to check."""
    if not request.path.startswith("/api/"):
        return None
    methods = list_methods()
    if request.method == "OPTIONS" and methods:
        return Response(status=204, headers={"Allow": ", ".join(_with_implied(methods))})
    if methods and request.method not in _with_implied(methods):
        words = f"Use {' or '.join(methods)} here."
        raise MethodNotAllowed(_with_implied(methods), words)
    if not methods and request.routing_exception is not None:  # an unknown method
        raise NotFound(_NO_ROUTE)
    view = current_app.view_functions.get(request.endpoint or "")
    spec: dict[str, Any] | None = getattr(view, "_spec", None)
    if spec is None:
        return None
    _refuse_unknown_query(spec)
    if "body" in spec:
        _refuse_other_than_json(spec["body"])
    elif request.method not in SAFE_METHODS and request.endpoint != _TAKES_A_FORM:
        _refuse_any_body()
    return None


def list_methods() -> list[str]:
    """The methods that the API knows for this path; none for an unknown path."""
    adapter = current_app.url_map.bind_to_environ(request.environ)
    return [method for method in METHODS if _serves(adapter, method)]


def refuse_unknown_route(path: str) -> Response:
    """The catch-all route: check_request has already refused known routes with a wrong method."""
    raise NotFound(_NO_ROUTE)


def _serves(adapter: Any, method: str) -> bool:
    if not adapter.test(method=method):
        return False
    endpoint, values = adapter.match(method=method)
    # GET /confirm/expired is a route of its own, and no token.
    return endpoint not in (CATCH_ALL, CONSOLE_PAGE) and values.get("token") != "expired"


def _with_implied(methods: list[str]) -> list[str]:
    return [*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"]


def _refuse_unknown_query(spec: dict[str, Any]) -> None:
    known: set[str] = set()
    for schema, location in spec.get("args", ()):
        if location == "query":
            known |= set(PydanticAdapter(schema).model_class.model_fields)
    wrong = {name: "This parameter does not exist." for name in request.args if name not in known}
    repeated = {name for name, values in request.args.lists() if len(values) > 1}
    wrong |= {name: "Give this parameter once." for name in repeated if name not in wrong}
    if wrong:
        raise Invalid(**{str(name): words for name, words in wrong.items()})


def _refuse_other_than_json(schema: Any) -> None:
    """An empty body needs no content type. `null` is a body, but not an object."""
    try:
        body = request.get_data(cache=True)
    except RequestEntityTooLarge:
        drain_after_answer()
        if field := _find_only_text(schema):
            raise Invalid(**{field: "This is far too long."}) from None
        raise
    if not body:
        return
    if not request.is_json:
        raise UnsupportedMediaType("Send the body as application/json.")
    if request.get_json() is None:
        raise Invalid("Send a JSON object.")


def _refuse_any_body() -> None:
    """For routes without a body. An empty object is accepted, whatever its content type."""
    try:
        body = request.get_data(cache=True)
    except RequestEntityTooLarge:
        drain_after_answer()
        raise
    try:
        given = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Invalid("This takes no body: send none, or {}.")
    if given:
        raise Invalid(**dict.fromkeys(given, "This field does not exist."))


def _find_only_text(schema: Any) -> str | None:
    """The one field that can make a body large, if there is exactly one, preferring required
    fields."""
    known = PydanticAdapter(schema).model_class.model_json_schema()
    large = [name for name, about in known["properties"].items() if not _is_small(about)]
    large = [name for name in large if name in known.get("required", ())] or large
    return large[0] if len(large) == 1 else None


def _is_small(about: dict[str, Any]) -> bool:
    return about.get("type") in ("boolean", "integer", "number") or bool(
        {"enum", "$ref"} & set(about)
    )
