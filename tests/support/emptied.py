"""Empties what a test begins with: for one by conftest.py's fixtures, or for several at once."""

import shutil
from pathlib import Path

from settings import settings
from tests.support import servers

# A TRUNCATE makes new files for a table and all its indexes, which takes far longer than deleting
# the few rows of most tests; a large table is emptied so, and its dead rows go with it.
_LARGE_BYTES = 256 * 1024
_USED_TABLES = """
    SELECT relname, pg_relation_size(oid) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s) AND pg_relation_size(oid) > 0
"""
_RESTART_SEQUENCES = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE last_value IS NOT NULL
"""


def empty_database() -> str:
    """All tables and the process's Redis database emptied; returns the URL."""
    import redis

    from models import Base

    url = settings().database_url
    tables = [table.name for table in Base.metadata.sorted_tables]
    with servers.connect(url) as connection:
        connection.execute("SET lock_timeout = '10s'")
        servers.silence_triggers(connection)
        for table, size in connection.execute(_USED_TABLES, [tables]).fetchall():
            if size > _LARGE_BYTES:
                connection.execute(f'TRUNCATE "{table}" CASCADE')
            else:
                connection.execute(f'DELETE FROM "{table}"')
        connection.execute(_RESTART_SEQUENCES)
    with redis.Redis.from_url(settings().redis_url) as client:
        client.flushdb()
    return url


def empty_storage() -> Path:
    """STORAGE_DIR, empty but for the status folders."""
    from services.files import storage

    root = settings().storage_dir
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    storage.prepare_root(False)
    return root
