"""How often one address may ask, counted in Redis; per process when Redis is away."""

from urllib.parse import parse_qs, urlsplit

from flask import Flask, Response, request
from flask_limiter import Limiter
from limits import parse

from settings import settings

limiter = Limiter(
    key_func=lambda: client_address(),
    headers_enabled=True,
    strategy="moving-window",
    in_memory_fallback_enabled=True,
    default_limits=[],
)

_TRIES_PER_SUBMISSION = 10
_NOTED_REFUSALS = parse("30/minute")


def client_address() -> str:
    """The caller's address; behind TRUSTED_PROXIES proxies, the one that the first of them saw."""
    return request.remote_addr or "unknown"


def init(app: Flask) -> None:
    app.config["RATELIMIT_STORAGE_URI"] = _storage_uri()
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"socket_connect_timeout": 1}
    limiter.init_app(app)


def count_refusal() -> bool:
    """Whether this address is still within what the audit log notes of its refusals."""
    return limiter.limiter.hit(_NOTED_REFUSALS, "refusals", client_address())


# Only what was taken in counts against the limit, so that a typing mistake costs nothing; a wider
# limit on all tries keeps a script from sending files for ever.
submissions = limiter.shared_limit(
    lambda: settings().rate_limit_submit,
    scope="submit",
    methods=["POST"],
    deduct_when=lambda response: _is_accepted(response),
    error_message="Submission limit exceeded. Please try again later.",
)
submission_tries = limiter.shared_limit(
    lambda: _times(settings().rate_limit_submit, _TRIES_PER_SUBMISSION),
    scope="submit-tries",
    methods=["POST"],
    error_message="Submission limit exceeded. Please try again later.",
)
# Only failures count: people who sign in all day are no attack.
sign_ins = limiter.shared_limit(
    lambda: settings().rate_limit_login,
    scope="login",
    methods=["POST"],
    deduct_when=lambda response: response.status_code == 401,
    error_message="Too many attempts to sign in. Please try again later.",
)
# Guesses at the old password of somebody who left their screen open.
password_changes = limiter.shared_limit(
    lambda: settings().rate_limit_login,
    scope="password",
    methods=["POST"],
    deduct_when=lambda response: response.status_code == 400,
    error_message="Too many attempts to change the password. Please try again later.",
)
look_ups = limiter.shared_limit(
    "60/hour",
    scope="track",
    methods=["POST"],
    error_message="Too many attempts. Please try again later.",
)


def _is_accepted(response: Response) -> bool:
    """A submission was taken in: 201 from the API, or the way to the success page."""
    return response.status_code in (201, 303)


def _times(limit: str, factor: int) -> str:
    parsed = parse(limit)
    return f"{parsed.amount * factor} per {parsed.multiples} {parsed.GRANULARITY.name}"


def _storage_uri() -> str:
    """REDIS_URL in the words of the limits library: a unix socket is `redis+unix://` there."""
    url = urlsplit(settings().redis_url)
    if url.scheme != "unix":
        return settings().redis_url
    database = parse_qs(url.query).get("db", ["0"])[0]
    return f"redis+unix://{url.path}?db={database}"
