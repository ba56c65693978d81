"""Conditional reads: `ETag` and `If-None-Match`, answered with one cheap query (RFC 9110, 13.1.2).

It is the guard's query for the person, which also returns the state of the database.

    @bp.get("/jobs")
    @bp.output(...)
    @conditional()
    def list_jobs(...): ...

The tag is weak: it identifies the content, not the bytes, which a proxy may compress.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, after_this_request, g, request

from services import changes, work
from services.files import storage

SHAPE = 1  # increase it when the format of an answer changes, so that no caller keeps an old one

View = TypeVar("View", bound=Callable[..., Any])


def conditional(also: Callable[[], str] = str) -> Callable[[View], View]:
    """Answers 304 without a body if nothing has changed since the answer that the caller has.

    `also` returns whatever the answer depends on besides the database, the URL and the person.
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
    """Tells caches to revalidate each time, and not to share answers between people."""
    if response.status_code in (200, 304):
        response.set_etag(tag, weak=True)
        response.headers["Cache-Control"] = "private, no-cache"
        response.vary.update(("Authorization", "Cookie"))
    return response
