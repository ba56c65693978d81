"""Validates the structure of callback requests, and refuses any that our pages could not have sent.

Dash trusts its own script in the browser, and fails half-way on anything else. Only the structure
of a request is checked here; the callbacks validate the values.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from flask import Flask, request

from services.errors import Malformed

PATH = "/_dash-update-component"
MAX_DEPTH = 60  # of nested dictionaries and lists
_ADDRESS = "_pages_location"  # Dash's own callback, which expects path and query to be texts
# An open page from before an update of the server may send such a request, too.
_PAGE_OUTDATED = "This page of the console is out of date. Reload it."

Callback: TypeAlias = Mapping[str, Any]


def init(app: Flask, list_callbacks: Callable[[], Mapping[str, Callback]]) -> None:
    """`list_callbacks` returns every callback by its output; it is called at each request, because
    Dash does not know them all before the first one."""

    def check() -> None:
        if request.path == PATH and request.method == "POST":
            body = request.get_json()
            if not _is_storable(body) or not _could_be_sent(body, list_callbacks()):
                raise Malformed(_PAGE_OUTDATED)

    app.before_request(check)


def _could_be_sent(body: Any, known: Mapping[str, Callback]) -> bool:
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        return False
    callback = known.get(body["output"])
    return (
        callback is not None
        and "callback" in callback  # otherwise it runs in the browser
        and _fit(body.get("inputs"), callback["inputs"])
        and _fit(body.get("state", []), callback["state"])
        and _are_outputs(body.get("outputs"), body["output"], callback)
        and _are_names(body.get("changedPropIds", []))
    )


def _fit(given: Any, wanted: Sequence[Mapping[str, Any]]) -> bool:
    return (
        isinstance(given, list)
        and len(given) == len(wanted)
        and all(_fits(one, other) for one, other in zip(given, wanted, strict=True))
    )


def _fits(given: Any, wanted: Mapping[str, Any]) -> bool:
    """A wildcard id (ALL) comes as a list of values; one with MATCH as a single value."""
    if not wanted["id"].startswith("{"):
        is_part = _is_part(given) and all(
            given[name] == wanted[name] for name in ("id", "property")
        )
        return is_part and (wanted["id"] != _ADDRESS or _is_address_part(given))
    pattern = json.loads(wanted["id"])
    if not isinstance(given, list) and any(value == ["ALL"] for value in pattern.values()):
        return False
    parts = given if isinstance(given, list) else [given]
    return all(
        _is_part(part)
        and isinstance(part["id"], dict)
        and part["id"].keys() == pattern.keys()
        and part["property"] == wanted["property"]
        for part in parts
    )


def _is_address_part(given: Mapping[str, Any]) -> bool:
    value = given.get("value")
    return isinstance(value, str) and (given["property"] != "pathname" or value.startswith("/"))


def _are_outputs(given: Any, output: str, callback: Callback) -> bool:
    if callback.get("no_output"):
        return True  # Dash does not read them
    if not output.startswith(".."):
        return _is_part(given) or _are_parts(given)
    return (
        isinstance(given, list)
        and len(given) == len(output[2:-2].split("..."))
        and all(_is_part(one) or _are_parts(one) for one in given)
    )


def _are_parts(given: Any) -> bool:
    return isinstance(given, list) and all(map(_is_part, given))


def _are_names(given: Any) -> bool:
    """Whether it is a list of property names, each "id.property", where an id may be JSON."""
    return isinstance(given, list) and all(
        isinstance(name, str) and _is_name(name) for name in given
    )


def _is_name(name: str) -> bool:
    component_id = name.rpartition(".")[0]
    if not component_id.startswith("{"):
        return True
    try:
        json.loads(component_id)
    except ValueError:
        return False
    return True


def _is_part(given: Any) -> bool:
    return (
        isinstance(given, dict)
        and isinstance(given.get("id"), str | dict)
        and isinstance(given.get("property"), str)
    )


def _is_storable(body: Any) -> bool:
    """Whether it is not nested too deeply, and without NUL and unpaired surrogates: our pages never
    send them, and PostgreSQL does not accept them in a query."""
    level = [body]
    for _ in range(MAX_DEPTH):
        if not all(_is_text(value) for value in level if isinstance(value, str)):
            return False
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return True
    return False


def _is_text(value: str) -> bool:
    try:
        return b"\x00" not in value.encode()
    except UnicodeEncodeError:
        return False


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return (*value, *value.values())
    return value if isinstance(value, list) else ()
