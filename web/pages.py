"""Answers unknown console paths with 404; Dash alone answers every path with the same page."""

import re
from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from web.guard import CONSOLE_PAGE


def init(app: Flask, registry: Mapping[str, Mapping[str, Any]]) -> None:
    """`registry` is Dash's, by module: it grows while pages are imported."""

    def check() -> ResponseReturnValue | None:
        if "\x00" in request.path:
            raise NotFound()  # no id contains NUL, and PostgreSQL does not accept it
        if request.path == "/":
            return redirect("/dashboard")
        leads_to_a_page = any(_leads_to(page, request.path) for page in registry.values())
        if _endpoint() == CONSOLE_PAGE and not leads_to_a_page:
            raise NotFound()
        return None

    app.before_request(check)


def _endpoint() -> str | None:
    """The endpoint of the path, whatever the method: an unknown page is unknown for every
    method."""
    if not isinstance(request.routing_exception, MethodNotAllowed):
        return request.endpoint
    try:
        return str(current_app.url_map.bind_to_environ(request.environ).match(method="GET")[0])
    except HTTPException:
        return None


def _leads_to(page: Mapping[str, Any], path: str) -> bool:
    """Whether the path is the page's own, or one that its template describes."""
    template = page["path_template"]
    if template is None:
        return bool(path == page["path"])
    return re.fullmatch(re.sub(r"<[^>]+>", "[^/]+", template), path) is not None
