"""Refused access to what is for staff, kept in the audit log: it outlives the ordinary one."""

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
    """At most so many a minute from one address, so that nobody can fill the audit log; and without
    it, the refusal stands all the same."""
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
