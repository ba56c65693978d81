"""Errors as HTTP: the one place where an error's meaning becomes a number."""

from datetime import UTC, datetime
from typing import Any

from flask import Response, jsonify
from werkzeug.exceptions import HTTPException

from services import errors

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


def status_of(error: errors.PrintdeskError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 400)


def body_of(code: str, message: str, details: dict[str, Any]) -> dict[str, Any]:
    """The error format. Details also stand at the top, where the plan's section 6 names them."""
    details = {name: _plain(value) for name, value in details.items()}
    return {**details, "error": code, "message": message, "details": details}


def _plain(value: Any) -> Any:
    """Times as the API speaks them: UTC, ISO 8601, Z."""
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
    """The answer to what Flask itself refuses: unknown route, wrong method, body too large."""
    status = error.code or 500
    message = error.description or error.name
    response = jsonify(body_of(_HTTP_CODES.get(status, "error"), message, {}))
    response.status_code = status
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def answer_unknown(reference: str) -> Response:
    """The answer to a fault of ours: the person gets a reference, the log has the rest."""
    response = jsonify(
        body_of(
            "internal_error",
            f"Something went wrong here. Tell the lab this reference: {reference}.",
            {"reference": reference},
        )
    )
    response.status_code = 500
    return response
