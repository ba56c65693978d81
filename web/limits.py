"""Rate limits per address, counted in Redis, or per process while Redis is unavailable.

Every request is counted before its view runs, atomically with the check, so that simultaneous
requests cannot exceed the limit. Requests that turn out not to count are removed from the count
when the answer is known.
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

# Removes the earliest entry since this request began; another one from the same moment is as good.
# The list is not quite in chronological order: times are taken before the entries reach Redis.
_REMOVE_COUNT = b"""
local ours = false
for _, at in ipairs(redis.call('lrange', KEYS[1], 0, -1)) do
    local is_later = tonumber(at) >= tonumber(ARGV[1])
    if is_later and not (ours and tonumber(ours) <= tonumber(at)) then ours = at end
end
if ours then redis.call('lrem', KEYS[1], -1, ours) end
"""


def client_address() -> str:
    """The caller's address; behind TRUSTED_PROXIES proxies, as the first of them saw it."""
    return request.remote_addr or "unknown"


def init(app: Flask) -> None:
    app.config["RATELIMIT_STORAGE_URI"] = _storage_uri()
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"socket_connect_timeout": 1, "socket_timeout": 2}
    limiter.init_app(app)
    app.before_request(_note_time)
    app.after_request(_uncount_request)  # before the limiter's hook, which reports what is left


def count_refusal() -> bool:
    """Whether a refusal of this address should still be written to the audit log; not without
    Redis, because then nothing limits their number."""
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
    """A limit on POST. Answers for which `counts` is false are not counted."""
    if counts is not None:
        _counts[scope] = counts
    return limiter.shared_limit(often, scope=scope, methods=["POST"], error_message=words)


def _is_accepted(response: Response) -> bool:
    """Whether a submission was accepted: 201 from the API, or a redirect to the success page."""
    return response.status_code in (201, 303)


def _times(limit: str, factor: int) -> str:
    parsed = parse(limit)
    return f"{parsed.amount * factor} per {parsed.multiples} {parsed.GRANULARITY.name}"


# Only accepted submissions count against the limit, so that typing mistakes cost nothing; a higher
# limit on all attempts keeps a script from sending files for ever.
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
# Only failures count: frequent successful sign-ins are not an attack.
sign_ins = _limit(
    lambda: settings().rate_limit_login,
    "login",
    "Too many attempts to sign in. Please try again later.",
    counts=lambda response: response.status_code == 401,
)
# Against guessing the current password of somebody who left their screen unlocked.
password_changes = _limit(
    lambda: settings().rate_limit_login,
    "password",
    "Too many attempts to change the password. Please try again later.",
    counts=lambda response: response.status_code == 400,
)
look_ups = _limit("60/hour", "track", "Too many attempts. Please try again later.")


def _note_time() -> None:
    g.asked_at = time.time()


def _uncount_request(response: Response) -> Response:
    """Removes this request from the limits for which it does not count."""
    for limit in limiter.current_limits:
        counts = _counts.get(limit.request_args[-1])
        if counts is not None and not limit.breached and not counts(response):
            _remove_count(limit.key, g.asked_at)
    return response


def _remove_count(key: str, since: float) -> None:
    storage = limiter.limiter.storage
    if isinstance(storage, RedisStorage):
        try:
            take_out = storage.get_connection().register_script(_REMOVE_COUNT)
            take_out([storage.prefixed_key(key)], [since])
        except RedisError as problem:  # it stays counted until the limit's period has passed
            log.warning("limit_not_given_back", problem=str(problem)[:300])
    elif isinstance(storage, MemoryStorage):
        with storage.locks[key]:
            events = storage.events.get(key, [])
            ours = [event for event in events if event.atime >= since]
            if ours:
                events.remove(ours[-1])


def _storage_uri() -> str:
    """REDIS_URL in the format of the limits library, which uses `redis+unix://` for unix
    sockets."""
    url = urlsplit(settings().redis_url)
    if url.scheme != "unix":
        return settings().redis_url
    database = parse_qs(url.query).get("db", ["0"])[0]
    return f"redis+unix://{url.path}?db={database}"
