"""Errors as HTTP: the one place that turns an error into a status, and JSON or a page."""

import secrets
from datetime import UTC, datetime
from typing import Any

import structlog
from apiflask import APIFlask
from flask import Response, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from services import errors, work
from services.errors import Invalid, PrintdeskError, Retryable
from settings import lab

log = structlog.get_logger()

DATABASE_AWAY_WORDS = "The database is not reachable at the moment. Nothing was changed."

_STATUS = (
    (errors.Duplicate, 409),
    (errors.Conflict, 409),
    (errors.NotSignedIn, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.LinkGone, 410),
    (errors.TooLarge, 413),
    (errors.TooSoon, 429),
    (errors.StorageFull, 507),
    (errors.Retryable, 503),
    (errors.Invalid, 400),
)

_HTTP_CODES = {
    400: "bad_request",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
}


def init(app: APIFlask) -> None:
    app.register_error_handler(PrintdeskError, _show_refusal)
    app.register_error_handler(HTTPException, _show_http_error)
    app.register_error_handler(Exception, _show_fault)
    app.error_callback = _show_invalid_input  # type: ignore[assignment]  # its own, narrower union
    for away in work.DATABASE_AWAY:
        app.register_error_handler(away, _show_database_away)


def new_reference() -> str:
    """A reference for an error, shown to the person and written to the log."""
    return secrets.token_hex(4)


def status_of(error: errors.PrintdeskError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 400)


def body_of(code: str, message: str, details: dict[str, Any]) -> dict[str, Any]:
    """The error format. Details are repeated at the top level, as the plan's section 6 requires."""
    details = {name: _plain(value) for name, value in details.items()}
    return {**details, "error": code, "message": message, "details": details}


def _plain(value: Any) -> Any:
    """Times in the API's format: UTC, ISO 8601, Z."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def answer(error: errors.PrintdeskError) -> Response:
    """The answer to a refusal, in the error format."""
    response = jsonify(body_of(error.code, error.message, error.details))
    response.status_code = status_of(error)
    if "retry_after_s" in error.details:
        response.headers["Retry-After"] = str(error.details["retry_after_s"])
    if response.status_code == 503:
        response.headers["Retry-After"] = "10"
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def answer_http(error: HTTPException) -> Response:
    """The answer to errors of Flask itself: unknown route, wrong method, body too large."""
    status = error.code or 500
    message = error.description or error.name
    response = jsonify(body_of(_HTTP_CODES.get(status, "error"), message, {}))
    response.status_code = status
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def answer_unknown(reference: str) -> Response:
    """The answer to an unexpected error: the person gets a reference, the log has the details."""
    response = jsonify(
        body_of(
            "internal_error",
            f"Something went wrong here. Give the lab this reference: {reference}.",
            {"reference": reference},
        )
    )
    response.status_code = 500
    return response


def _show_refusal(error: PrintdeskError) -> ResponseReturnValue:
    g.refused = error.code
    if _wants_json():
        return answer(error)
    status = status_of(error)
    return _error_page(status, error.message), status


def _show_http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is not None and error.code < 400:
        return error.get_response()
    if _wants_json():
        return answer_http(error)
    status = error.code or 500
    # Flask's messages are for programmers; the error page has its own for each status.
    said = error.description if status == 429 else None
    return _error_page(status, said or ""), status


def _show_invalid_input(error: Any) -> ResponseReturnValue:
    """APIFlask's validation errors in our format: `fields` maps field to message."""
    fields = {
        name: "; ".join(messages)
        for place in (error.detail or {}).values()
        for name, messages in place.items()
    }
    return answer(Invalid(**fields))


def _show_database_away(error: Exception) -> ResponseReturnValue:
    log.error("database_away", problem=str(error)[:300])
    return _show_refusal(Retryable(DATABASE_AWAY_WORDS))


def _show_fault(error: Exception) -> ResponseReturnValue:
    """An unexpected error: logged with a reference that is shown to the person."""
    if isinstance(error, RecursionError):
        return _show_refusal(Invalid("This is nested too deeply."))
    reference = new_reference()
    log.exception("fault", reference=reference, endpoint=request.endpoint, exc_info=error)
    if _wants_json():
        return answer_unknown(reference)
    return _error_page(500, "", reference), 500


def _wants_json() -> bool:
    return request.path.startswith(("/api/", "/_dash", "/_reload"))


def _error_page(status: int, message: str, reference: str = "") -> str:
    return render_template(
        "error.html",
        title="Page not found" if status == 404 else "Sorry",
        code=status,
        message=message,
        reference=reference,
        lab=lab(),
    )
