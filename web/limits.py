"""How often one address may ask, counted in Redis; per process when Redis is away.

Every request is counted before its view runs, in one step with the test: so however many ask at
once, no more of them come through than the limit says. What turns out not to count is given back
when the answer is known. Until then it takes a place.
"""

import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import structlog
from flask import Flask, Response, g, request
from flask_limiter import Limiter, RouteLimit
from limits import parse
from limits.storage import MemoryStorage, RedisStorage
from redis.exceptions import RedisError

from settings import settings

log = structlog.get_logger()

limiter = Limiter(
    key_func=lambda: client_address(),
    headers_enabled=True,
    strategy="moving-window",
    in_memory_fallback_enabled=True,
    default_limits=[],
)

_TRIES_PER_SUBMISSION = 10
_NOTED_REFUSALS = parse("30/minute")
_counts: dict[str, Callable[[Response], bool]] = {}  # by scope: whether an answer counts

# Ours is the earliest since this request began; another one from the same moment is as good.
# The list is not quite in the order of time: its times are taken before they come to Redis.
_TAKE_OUT = b"""
local ours = false
for _, at in ipairs(redis.call('lrange', KEYS[1], 0, -1)) do
    local is_later = tonumber(at) >= tonumber(ARGV[1])
    if is_later and not (ours and tonumber(ours) <= tonumber(at)) then ours = at end
end
if ours then redis.call('lrem', KEYS[1], -1, ours) end
"""


def client_address() -> str:
    """The caller's address; behind TRUSTED_PROXIES proxies, the one that the first of them saw."""
    return request.remote_addr or "unknown"


def init(app: Flask) -> None:
    app.config["RATELIMIT_STORAGE_URI"] = _storage_uri()
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"socket_connect_timeout": 1, "socket_timeout": 2}
    limiter.init_app(app)
    app.before_request(_note_time)
    app.after_request(_give_back)  # runs before the limiter's own, which tells what is left


def count_refusal() -> bool:
    """Whether this address is still within what the audit log notes of its refusals; without Redis
    nothing bounds that, and it is not."""
    try:
        return limiter.limiter.hit(_NOTED_REFUSALS, "refusals", client_address())
    except RedisError as problem:
        log.warning("refusal_not_counted", problem=str(problem)[:300])
        return False


def _limit(
    often: str | Callable[[], str],
    scope: str,
    words: str,
    counts: Callable[[Response], bool] | None = None,
) -> RouteLimit:
    """A limit on POST; of answers for which `counts` is false, as many as one likes."""
    if counts is not None:
        _counts[scope] = counts
    return limiter.shared_limit(often, scope=scope, methods=["POST"], error_message=words)


def _is_accepted(response: Response) -> bool:
    """A submission was taken in: 201 from the API, or the way to the success page."""
    return response.status_code in (201, 303)


def _times(limit: str, factor: int) -> str:
    parsed = parse(limit)
    return f"{parsed.amount * factor} per {parsed.multiples} {parsed.GRANULARITY.name}"


# Only what was taken in counts against the limit, so that a typing mistake costs nothing; a wider
# limit on all tries keeps a script from sending files for ever.
submissions = _limit(
    lambda: settings().rate_limit_submit,
    "submit",
    "Submission limit exceeded. Please try again later.",
    counts=_is_accepted,
)
submission_tries = _limit(
    lambda: _times(settings().rate_limit_submit, _TRIES_PER_SUBMISSION),
    "submit-tries",
    "Submission limit exceeded. Please try again later.",
)
# Only failures count: people who sign in all day are no attack.
sign_ins = _limit(
    lambda: settings().rate_limit_login,
    "login",
    "Too many attempts to sign in. Please try again later.",
    counts=lambda response: response.status_code == 401,
)
# Guesses at the old password of somebody who left their screen open.
password_changes = _limit(
    lambda: settings().rate_limit_login,
    "password",
    "Too many attempts to change the password. Please try again later.",
    counts=lambda response: response.status_code == 400,
)
look_ups = _limit("60/hour", "track", "Too many attempts. Please try again later.")


def _note_time() -> None:
    g.asked_at = time.time()


def _give_back(response: Response) -> Response:
    """Takes out again what was counted of this request and does not count."""
    for limit in limiter.current_limits:
        counts = _counts.get(limit.request_args[-1])
        if counts is not None and not limit.breached and not counts(response):
            _take_out(limit.key, g.asked_at)
    return response


def _take_out(key: str, since: float) -> None:
    storage = limiter.limiter.storage
    if isinstance(storage, RedisStorage):
        try:
            take_out = storage.get_connection().register_script(_TAKE_OUT)
            take_out([storage.prefixed_key(key)], [since])
        except RedisError as problem:  # it stays counted, for as long as the limit looks back
            log.warning("limit_not_given_back", problem=str(problem)[:300])
    elif isinstance(storage, MemoryStorage):
        with storage.locks[key]:
            events = storage.events.get(key, [])
            ours = [event for event in events if event.atime >= since]
            if ours:
                events.remove(ours[-1])


def _storage_uri() -> str:
    """REDIS_URL in the words of the limits library: a unix socket is `redis+unix://` there."""
    url = urlsplit(settings().redis_url)
    if url.scheme != "unix":
        return settings().redis_url
    database = parse_qs(url.query).get("db", ["0"])[0]
    return f"redis+unix://{url.path}?db={database}"
