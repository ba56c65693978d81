"""Conditional reads: `ETag` and `If-None-Match`, answered with one cheap query (RFC 9110, 13.1.2).

That query is the guard's, which looks who is asking: it brings the state of the database with it.

    @bp.get("/jobs")
    @bp.output(...)
    @conditional()
    def list_jobs(...): ...

The tag is weak: it vouches for the content, not for the bytes, which a proxy may compress.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, after_this_request, g, request

from services import changes, work
from services.files import storage

SHAPE = 1  # raise it when an answer's form changes, so that no caller keeps the old one

View = TypeVar("View", bound=Callable[..., Any])


def conditional(also: Callable[[], str] = str) -> Callable[[View], View]:
    """Answers 304 without a body when nothing has changed since the caller's answer was made.

    `also` gives what the answer depends on besides the database, the URL and the person.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(*args: Any, **kwargs: Any) -> Any:
            tag = _make_tag(also())  # before the view reads: the answer may be newer, never older
            after_this_request(lambda response: _mark(response, tag))
            asked = request.if_none_match
            if not asked.star_tag and asked.contains_weak(tag):
                return Response(status=304)
            given = view(*args, **kwargs)
            return Response(status=304) if asked.star_tag else given

        return cast(View, answer)

    return decorate


def _make_tag(also: str) -> str:
    token = g.state or _read_state()
    about = (SHAPE, token, request.full_path, g.actor.id, g.actor.role, storage.root(), also)
    return hashlib.sha256(repr(about).encode()).hexdigest()[:20]


def _read_state() -> str:
    with work.unit() as session:
        return changes.read_token(session)


def _mark(response: Response, tag: str) -> Response:
    """Tells caches to ask each time, and to keep people apart."""
    if response.status_code in (200, 304):
        response.set_etag(tag, weak=True)
        response.headers["Cache-Control"] = "private, no-cache"
        response.vary.update(("Authorization", "Cookie"))
    return response
