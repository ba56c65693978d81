"""What the console's pages send to Dash, refused where it is nothing that they could send.

Dash trusts the script that it has sent to the browser, and fails half-way on anything else. Here
the frame of a request is checked; what its values mean is the callbacks' to check.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from flask import Flask, request

from services.errors import Invalid

PATH = "/_dash-update-component"
# An open page that is older than the server sends such a thing, too.
_WORDS = "This page of the console is out of date. Reload it."

Callback: TypeAlias = Mapping[str, Any]


def init(app: Flask, list_callbacks: Callable[[], Mapping[str, Callback]]) -> None:
    """`list_callbacks` gives every callback by its output; it is asked at each request, because
    Dash knows them all only then."""

    def check() -> None:
        if request.path == PATH and request.method == "POST":
            body = request.get_json()
            if not _could_be_sent(body, list_callbacks()) or _has_nul(body):
                raise Invalid(_WORDS)

    app.before_request(check)


def _could_be_sent(body: Any, known: Mapping[str, Callback]) -> bool:
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        return False
    callback = known.get(body["output"])
    changed = body.get("changedPropIds", [])
    return (
        callback is not None
        and _fit(body.get("inputs"), callback["inputs"])
        and _fit(body.get("state", []), callback["state"])
        and _are_outputs(body.get("outputs"), body["output"], callback)
        and isinstance(changed, list)
        and all(isinstance(name, str) for name in changed)
    )


def _fit(given: Any, wanted: Sequence[Mapping[str, Any]]) -> bool:
    return (
        isinstance(given, list)
        and len(given) == len(wanted)
        and all(_fits(one, other) for one, other in zip(given, wanted, strict=True))
    )


def _fits(given: Any, wanted: Mapping[str, Any]) -> bool:
    """An id that stands for many comes as a list of them; one with MATCH as one of them."""
    if not wanted["id"].startswith("{"):
        return _is_part(given) and all(given[name] == wanted[name] for name in ("id", "property"))
    parts = given if isinstance(given, list) else [given]
    pattern = json.loads(wanted["id"])
    return all(
        _is_part(part)
        and isinstance(part["id"], dict)
        and part["id"].keys() == pattern.keys()
        and part["property"] == wanted["property"]
        for part in parts
    )


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


def _is_part(given: Any) -> bool:
    return (
        isinstance(given, dict)
        and isinstance(given.get("id"), str | dict)
        and isinstance(given.get("property"), str)
    )


def _has_nul(body: Any) -> bool:
    """No text of ours holds it, and PostgreSQL cannot even be asked for it."""
    return b"\\u0000" in request.get_data() and any("\x00" in text for text in _texts(body))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
