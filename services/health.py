"""Health checks of every component. Each is short, and none waits for another's lock."""

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from services import work
from services.errors import PrintdeskError
from services.files import storage
from settings import settings

WORKER_ALIVE_KEY = "printdesk:worker-alive"  # set by the worker every two seconds, and expires


def check_components() -> dict[str, str]:
    """`ok` or `error` for database, broker, workers and storage, and `details` when one is down."""
    problems = {
        "database": _database(),
        "broker": _broker(),
        "workers": _workers(),
        "storage": _storage(),
    }
    components = {name: "error" if problem else "ok" for name, problem in problems.items()}
    details = " ".join(problem for problem in problems.values() if problem)
    return components | ({"details": details} if details else {})


def database_version(session: Session) -> str:
    return str(session.scalar(text("SHOW server_version")))


def _database() -> str:
    try:
        work.ping()
    except SQLAlchemyError:
        return "Could not connect to the database."
    return ""


def _broker() -> str:
    try:
        _redis().ping()
    except RedisError:
        return "Could not connect to message broker."
    return ""


def _workers() -> str:
    try:
        alive = _redis().exists(WORKER_ALIVE_KEY)
    except RedisError:
        return "The workers cannot be reached: the message broker is down."
    return "" if alive else "No background worker is running."


def _storage() -> str:
    try:
        storage.check()
    except PrintdeskError:
        return "The file storage is not reachable."
    return ""


def _redis() -> Redis:
    return Redis.from_url(settings().redis_url, socket_connect_timeout=2, socket_timeout=2)
