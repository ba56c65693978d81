"""Fetches JSON from an identity provider with limits on time and size, so that a slow, broken or
hostile provider causes nothing worse than an error."""

import http.client
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.request import HTTPRedirectHandler, Request, build_opener

from services.errors import Retryable

TIMEOUT_S = 5.0
MAX_BYTES = 512 * 1024
_PIECE = 16 * 1024


class ProviderAway(Retryable):
    """The identity provider did not answer, or not correctly."""


class _NoRedirects(HTTPRedirectHandler):
    """Refuses redirects: keys and metadata are fetched only from the configured addresses."""

    def redirect_request(self, *_args: Any, **_options: Any) -> None:
        return None


_opener = build_opener(_NoRedirects)


def get_object(url: str, *, token: str = "") -> dict[str, Any]:
    """The JSON object at an http(s) address, requested with a bearer token. Raises ProviderAway."""
    headers = {"Accept": "application/json", "User-Agent": "Printdesk"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if not url.startswith(("https://", "http://")):
        raise away("the address is not http or https")
    deadline = time.monotonic() + TIMEOUT_S
    try:
        with _opener.open(Request(url, headers=headers), timeout=TIMEOUT_S) as answer:
            found = json.loads(read_bounded(answer.read1, deadline))
    except RecursionError:
        raise away("RecursionError") from None
    except (OSError, ValueError, http.client.HTTPException) as problem:
        if isinstance(problem, Retryable):
            raise
        close = getattr(problem, "close", None)  # an answer such as 404 keeps its connection open
        if close is not None:
            close()
        raise away(type(problem).__name__) from None
    if not isinstance(found, dict):
        raise away("not a JSON object")
    return found


def away(problem: str) -> ProviderAway:
    """The error for people; `problem` goes to the log, and contains nothing from the provider."""
    return ProviderAway(
        "The sign-in provider is not responding correctly. Try again in a few minutes.",
        problem=problem,
    )


def read_bounded(read1: Callable[[int], bytes], deadline: float) -> bytes:
    """Everything that `read1` of an answer returns. Raises ValueError if it is too large, or not
    complete by the deadline (time.monotonic), even if it arrives in small pieces."""
    body = b""
    while piece := read1(_PIECE):
        body += piece
        if len(body) > MAX_BYTES or time.monotonic() > deadline:
            raise ValueError("too large or too slow")
    return body
