"""The size of the storage: measured by a task, so that no request walks the folders."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog
from redis import Redis
from redis.exceptions import RedisError

from services.files import storage
from settings import settings

log = structlog.get_logger()

_KEY = "printdesk:storage-usage"
_REST_FACTOR = 20  # after a walk of one second, the next waits this many seconds


@dataclass(frozen=True)
class Usage:
    """`size` in bytes, over `files` regular files."""

    size: int
    files: int


def measure(*, force: bool = False) -> Usage | None:
    """Walks the storage and records its size; None if a slow walk has just been made.

    Raises StorageUnavailable.
    """
    redis = _redis()
    if not force and redis.exists(f"{_KEY}:rest"):
        return None
    storage.check()
    began, size, files = time.monotonic(), 0, 0
    for entry in _walk(storage.root()):
        try:
            size += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue  # moved while we walked: it is counted where it is now, or next time
        files += 1
    storage.check()
    rest = int((time.monotonic() - began) * _REST_FACTOR)
    redis.set(_KEY, f"{size} {files}")
    if rest:
        redis.set(f"{_KEY}:rest", 1, ex=rest)
    return Usage(size, files)


def read() -> Usage | None:
    """The last measurement; None before the first one, and while Redis is unavailable."""
    try:
        noted = _redis().get(_KEY)
    except RedisError as problem:
        log.warning("storage_usage_not_read", problem=str(problem))
        return None
    if noted is None:
        return None
    size, files = bytes(noted).split()  # type: ignore[arg-type]  # redis types both clients at once
    return Usage(int(size), int(files))


def _walk(folder: Path | str) -> Iterator["os.DirEntry[str]"]:
    """Every regular file below a folder, one at a time."""
    pending = [str(folder)]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        yield entry
        except FileNotFoundError:
            continue


def _redis() -> Redis:
    return Redis.from_url(settings().redis_url, socket_connect_timeout=2, socket_timeout=2)
