"""`python -m launch.recheck`, that is `make recheck`: has every model checked again.

It only notes that all results are out of date. A running Printdesk does the work in the background,
a few at a time, and shows the old results until the new ones are there.
"""

import os
import sys

from sqlalchemy.exc import OperationalError

from launch import checks, embedded
from launch.processes import LaunchError
from services import work
from services.checks import modelchecks
from settings import settings


def main() -> int:
    try:
        _find_database()
        with work.unit() as session:
            count = modelchecks.forget_versions(session)
    except LaunchError as problem:
        print(f"printdesk: {problem}", file=sys.stderr)
        return problem.code
    except OperationalError:
        print("printdesk: the database does not answer. Start Printdesk first.", file=sys.stderr)
        return 1
    print(
        f"{count:,} models will be checked again, and their pictures drawn anew."
        " Printdesk does it in the background."
    )
    return 0


def _find_database() -> None:
    """Where a running Printdesk has its own PostgreSQL, unless DATABASE_URL names another one."""
    values = checks.read_settings()
    if not values.database_url:
        postgres = embedded.Postgres(values.var_dir, values.var_dir / "log" / "postgres.log")
        os.environ["DATABASE_URL"] = postgres.url
        settings.cache_clear()


if __name__ == "__main__":
    sys.exit(main())
