"""Records refused access to staff functions in the audit log, which outlives the access log."""

import structlog
from flask import Flask, Response, g, request

from services import work
from services.errors import Forbidden, NotSignedIn
from services.people import accounts
from web import accesslog, guard, limits

log = structlog.get_logger()

_AUDITED = (Forbidden.code, NotSignedIn.code)


def init(app: Flask) -> None:
    app.after_request(_audit)


def _audit(response: Response) -> Response:
    """Limited per minute and address, so that nobody can fill the audit log. If the entry cannot be
    written, the request is refused all the same."""
    if accesslog.refusal() not in _AUDITED or request.endpoint in guard.PUBLIC:
        return response
    if limits.count_refusal():
        rule = request.url_rule
        asked = request.method, rule.rule if rule else "", request.remote_addr
        try:
            with work.unit() as unit:
                accounts.note_denied(unit, g.get("actor"), *asked, **accesslog.about())
        except work.DATABASE_ERRORS:
            log.warning("refusal_not_audited", status=response.status_code)
    return response
