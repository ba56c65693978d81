"""The access log: a line for each request that changes something or is refused, with the person.

The method and the status of a console callback do not show whether it changed something or was
refused; the unit of work does (services/work.py). Requests that only read, such as polls, are not
logged.
"""

import re
import time
from collections.abc import Iterator
from typing import Any

import structlog
from flask import Flask, Response, g, has_request_context, request
from werkzeug.exceptions import HTTPException

from services import work
from services.actions import batches
from services.errors import NotFound
from web import callbodies, guard

log = structlog.get_logger()

_MAX_CALLBACK_NAME = 300  # characters
_JOB_ID = re.compile(r"[0-9a-f]{32}")


def init(app: Flask) -> None:
    work.report_outcomes_to(_note_outcome)
    app.after_request(_log_request)


def _note_outcome(outcome: work.Outcome) -> None:
    """Remembers the outcome for the log: a callback that shows a refusal to the person is answered
    with 200."""
    if not has_request_context():
        return
    is_gone = isinstance(outcome.refusal, NotFound)  # reported to the person, but not a refusal
    if outcome.refusal is None:
        g.changed = g.get("changed", frozenset()) | outcome.job_ids
    elif _is_callback() and not is_gone:
        g.setdefault("refused", outcome.refusal.code)


def refusal() -> str | None:
    """Why this request was refused, in a word."""
    refused: str | None = g.get("refused")
    return refused


def about() -> dict[str, Any]:
    """Details of this request: `job_id`, or `job_ids` for several; `callback`, the output of the
    called console callback; `staff_id`, if the request came with a session that has ended.
    """
    body = _body()
    named = (request.view_args or {}).get("job_id")
    found = sorted(g.get("changed", ())) or ([named] if named else sorted({*_jobs_of(body)}))
    known = {
        "job_id": found[0] if len(found) == 1 else None,
        "job_ids": found if len(found) > 1 else None,
        "callback": str(body["output"])[:_MAX_CALLBACK_NAME] if "output" in body else None,
        "staff_id": g.get("signed_out"),
    }
    return {name: value for name, value in known.items() if value is not None}


def _is_callback() -> bool:
    return request.path == callbodies.PATH


def _log_request(response: Response) -> Response:
    """Logs every change and every refusal with the person; polls are left out."""
    refused = refusal()
    asks_for_a_change = request.method not in guard.SAFE_METHODS and not guard.is_dash_call()
    if response.status_code >= 400 or refused or asks_for_a_change or "changed" in g:
        actor = g.get("actor")
        rule = request.url_rule
        log.info(
            "request",
            method=request.method,
            # The route, not the path: a path may hold a confirmation token.
            route=rule.rule if rule else None,
            **{"job_id": None, **about()},
            status=response.status_code,
            refused=refused,
            actor=actor.id if actor else None,
            address=request.remote_addr,
            ms=round((time.monotonic() - g.get("started", time.monotonic())) * 1000),
        )
    return response


def _body() -> dict[str, Any]:
    """The body that a signed-in person's page has sent to Dash. Bodies of strangers are not
    logged."""
    known = g.get("actor") is not None or "signed_out" in g
    try:
        body = request.get_json(silent=True) if _is_callback() and known else None
    except (HTTPException, RecursionError):  # too large, nested too deeply: refused for that
        body = None
    return body if isinstance(body, dict) else {}


def _jobs_of(body: dict[str, Any]) -> Iterator[str]:
    """The ids of the jobs in a callback's body."""
    for part in (*_listed(body.get("inputs")), *_listed(body.get("state"))):
        value = part.get("value") if isinstance(part, dict) else None
        if isinstance(value, dict):
            for job_id in (value.get("job"), *_listed(value.get("jobs"))[: batches.MAX_JOBS]):
                if isinstance(job_id, str) and _JOB_ID.fullmatch(job_id):
                    yield job_id


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
