"""Dash's callbacks as a browser calls them: through /_dash-update-component."""

import json
import re
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

ENDPOINT = "/_dash-update-component"
# A value for each property, by its name, that a page could have sent.
PLAUSIBLE: dict[str, Any] = {
    "n_clicks": 1,
    "n_intervals": 1,
    "n_submit": 1,
    "is_open": True,
    "value": "",
    "pathname": "/dashboard",
    "search": "",
}
PATTERN = re.compile(r'\["(ALL|MATCH|ALLSMALLER)"\]')
Values = Mapping[str, Any]


def dependencies(client: FlaskClient) -> list[dict[str, Any]]:
    """Every callback, as listed for browsers of signed-in people."""
    answer = client.get("/_dash-dependencies")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.get_json()
    return found


def of_server(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of them that run on the server, not in the browser."""
    return [callback for callback in found if not callback.get("clientside_function")]


def with_output(client: FlaskClient, output: str, trigger: str = "") -> dict[str, Any]:
    """The callback that writes to `output` ("id.property") and, if given, listens to `trigger`."""
    [callback] = [
        callback
        for callback in of_server(dependencies(client))
        if output in re.split(r"@[0-9a-f]+|\.{2,}", callback["output"])
        and (not trigger or trigger in map(name_of, callback["inputs"]))
    ]
    return callback


def name_of(part: Mapping[str, Any]) -> str:
    return f"{part['id']}.{part['property']}"


def body_of(callback: dict[str, Any], values: Values, changed: str = "") -> dict[str, Any]:
    """The request for a callback. `values` maps "id.property" to a value, or for a pattern id to
    pairs of the rest of the id and a value; what is missing is filled in."""
    inputs = [_filled(part, values) for part in callback["inputs"]]
    state = [_filled(part, values) for part in callback.get("state", [])]
    return {
        "output": callback["output"],
        "outputs": outputs_of(callback["output"]),
        "inputs": inputs,
        "changedPropIds": [changed or name_of(callback["inputs"][0])],
        "state": state,
    }


def outputs_of(output: str) -> Any:
    """ "..a.children...b.data.." as the browser spells it out."""
    many = output.startswith("..") and output.endswith("..")
    names = output[2:-2].split("...") if many else [output]
    spelled = [
        {"id": name.rpartition(".")[0], "property": name.rpartition(".")[2]} for name in names
    ]
    return spelled if many else spelled[0]


def send(client: FlaskClient, body: Any, **options: Any) -> TestResponse:
    return client.post(ENDPOINT, json=body, **options)


def run(
    client: FlaskClient, callback: dict[str, Any], values: Values, changed: str = ""
) -> TestResponse:
    return send(client, body_of(callback, values, changed))


def _filled(part: Mapping[str, Any], values: Values) -> Any:
    name = name_of(part)
    if PATTERN.search(part["id"]):
        pattern = {key: rest for key, rest in json.loads(part["id"]).items() if rest != ["ALL"]}
        return [
            {"id": pattern | rest, "property": part["property"], "value": value}
            for rest, value in values.get(name, ())
        ]
    plausible = values[name] if name in values else PLAUSIBLE.get(part["property"])
    return {"id": part["id"], "property": part["property"], "value": plausible}
