"""Empties what a test begins with: for one by conftest.py's fixtures, or for several at once."""

import shutil
from pathlib import Path

from settings import settings
from tests.support import servers


def empty_database() -> str:
    """All tables and the process's Redis database emptied; returns the URL."""
    import redis

    from models import Base

    url = settings().database_url
    tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    with servers.connect(url) as connection:
        connection.execute("SET lock_timeout = '10s'")
        servers.silence_triggers(connection)
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
    with redis.Redis.from_url(settings().redis_url) as client:
        client.flushdb()
    return url


def empty_storage() -> Path:
    """STORAGE_DIR, empty but for the status folders."""
    from services import storage

    root = settings().storage_dir
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    storage.prepare_root(False)
    return root
