"""Authentication: everything that is not on the list of public routes is denied to strangers.

The guard runs before every request: pages, API, and Dash's one endpoint for all callbacks. It never
trusts the body of a callback. The services decide what a signed-in person may do; the console's
pages and callbacks check before that, by the groups that are set here at each request.
"""

import time
from collections.abc import Callable, Sequence
from functools import cache
from urllib.parse import quote, urlsplit

from flask import Flask, Response, g, redirect, request
from werkzeug.exceptions import MethodNotAllowed, NotFound

from services import work
from services.errors import Forbidden, NotSignedIn
from services.people import accounts
from services.people.accounts import Identity
from settings import settings
from web import sessions

# The endpoints that strangers may use. There is no public Dash callback.
PUBLIC = frozenset(
    {
        "health.read_health",
        "auth.login",
        "student.submit",
        "student.confirm",
        "student.read_expired",
        "student.resend",
        "public.show_submit",
        "public.send_submit",
        "public.show_success",
        "public.show_track_form",
        "public.find_job",
        "public.show_job",
        "public.show_confirm",
        "public.send_confirm",
        "public.show_expired",
        "public.send_resend",
        "sign_in.show_login",
        "sign_in.send_login",
        "sign_in.sign_out",
        "openapi.spec",
        "docs.show_docs",
        "provider.finish_sign_in",
        "provider.show_signed_out",
        "public.favicon",
        "_dash_assets.static",
        "api_unknown",
    }
)
CONSOLE_PAGE = "/<path:path>"  # Dash's name for the route of all its pages
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def init(app: Flask) -> None:
    app.before_request(_identify)
    app.before_request(_refuse_foreign_origin)
    app.before_request(_require_sign_in)
    app.after_request(_add_headers)


def safe_next(target: str) -> str:
    """Where to go after signing in: the target if it is a Printdesk path, otherwise the console."""
    parts = urlsplit(target)
    is_ours = (
        target.startswith("/")
        and not target.startswith(("//", "/\\"))
        and not parts.scheme
        and not parts.netloc
        and target.isprintable()
        and "\\" not in target
    )
    return target if is_ours else "/dashboard"


def _identify() -> None:
    g.started, g.actor, g.state = time.monotonic(), None, ""
    if request.endpoint in ("_dash_assets.static", "health.read_health"):
        return
    found = _find_identity()
    if found is not None:
        g.actor, g.state = found.actor, found.state
        sessions.set_groups(found.actor)


def _find_identity() -> Identity | None:
    """The person of the bearer token, or without one of the cookie. Raises NotSignedIn."""
    header = request.headers.get("Authorization", "")
    if not header:
        return sessions.find_identity(with_state=_asks_again())
    scheme, _, token = header.partition(" ")
    if request.endpoint in PUBLIC:
        return None
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("Invalid or expired token")
    return _read_bearer(token.strip())


def _asks_again() -> bool:
    """Whether the request is conditional, and its answer depends on the database's state."""
    return "If-None-Match" in request.headers


def _read_bearer(token: str) -> Identity:
    """The person of a bearer token, issued by the identity provider or by Printdesk."""
    if settings().jwt_jwks_url:
        from services.people import (
            bearer,  # slow to import, and needed only with an identity provider
        )

        if bearer.looks_like_jwt(token):
            claims = bearer.verify(token)  # may ask the provider: not while a connection is held
            with work.unit() as unit:
                return bearer.find_identity(unit, claims, with_state=_asks_again())
    with work.unit() as unit:
        return accounts.read_token(unit, token, with_state=_asks_again())


def _refuse_foreign_origin() -> None:
    """A page of another site cannot change anything here with the visitor's cookie."""
    if request.method in SAFE_METHODS:
        return
    origin = request.headers.get("Origin")
    allowed = {request.host_url.rstrip("/"), settings().base_url, *cors_origins()}
    if origin is not None and origin not in allowed and _names_another_site(origin):
        raise Forbidden("This request comes from another site.")
    if origin is None and request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        raise Forbidden("This request comes from another site.")


def _names_another_site(origin: str) -> bool:
    """Behind a proxy that ends TLS the scheme may differ; the host and port must not."""
    return urlsplit(origin).netloc != request.host


def cors_origins() -> list[str]:
    return [origin.strip() for origin in settings().cors_origins.split(",") if origin.strip()]


def _require_sign_in() -> Response | None:
    if g.actor is not None or request.endpoint in PUBLIC or _is_preflight() or _is_no_route():
        return None
    if request.path.startswith("/api/") or request.method not in SAFE_METHODS or is_dash_call():
        raise NotSignedIn("Invalid or expired token")
    if "signed_out" in g:
        g.refused = NotSignedIn.code  # redirected to the sign-in page, and still counted as refused
    wanted = request.full_path.rstrip("?")
    suffix = "" if wanted == "/" else f"?next={quote(safe_next(wanted))}"
    return redirect(f"/login{suffix}")  # type: ignore[return-value]


def _is_preflight() -> bool:
    """Whether this is a CORS preflight, which browsers send without credentials; the answer is only
    headers, from CORS_ORIGINS."""
    return (
        request.method == "OPTIONS"
        and request.path.startswith("/api/")
        and bool(cors_origins())
        and "Access-Control-Request-Method" in request.headers
    )


def _is_no_route() -> bool:
    """Whether the API has no such route or method: everybody gets 404 or 405. The console's
    catch-all page does not count."""
    wrong = isinstance(request.routing_exception, MethodNotAllowed | NotFound)
    return request.path.startswith("/api/") and (wrong or request.endpoint == CONSOLE_PAGE)


def is_dash_call() -> bool:
    return request.path.startswith(("/_dash", "/_reload-hash", "/_favicon"))


def _add_headers(response: Response) -> Response:
    headers = response.headers
    if response.status_code != 304:  # the answer that it confirms has them (RFC 9110, 15.4.5)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Content-Security-Policy", _DATA if response.is_json else _policy())
        if sessions.is_https():
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if g.get("actor") is not None or request.endpoint in ("public.show_job", "public.show_confirm"):
        headers.setdefault("Cache-Control", "no-store")
    return response


# JSON is not a page: opened in a browser, it may not load anything.
_DATA = "default-src 'none'; frame-ancestors 'none'"
_inline_scripts: Callable[[], Sequence[str]] = tuple


def allow_inline_scripts(hashes: Callable[[], Sequence[str]]) -> None:
    """Dash's own inline scripts, by hash; no other inline script runs. Asked for when a page of the
    console is served, because Dash adds scripts until its first request."""
    global _inline_scripts
    _inline_scripts = cache(hashes)


def _policy() -> str:
    hashes = _inline_scripts() if request.endpoint == CONSOLE_PAGE else ()
    scripts = " ".join(["'self'", *hashes])
    # Plotly and Dash set style attributes; no style can run code.
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
