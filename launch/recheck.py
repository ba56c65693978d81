"""`python -m launch.recheck` (`make recheck`): requests a new check of every model.

It only marks all results as out of date. A running Printdesk does the work in the background, a few
at a time, and shows the old results until the new ones are ready.
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
        f"{count:,} models will be checked again, and their pictures redrawn."
        " Printdesk does it in the background."
    )
    return 0


def _find_database() -> None:
    """Sets the address of a running Printdesk's embedded PostgreSQL, unless DATABASE_URL is set."""
    values = checks.read_settings()
    if not values.database_url:
        postgres = embedded.Postgres(values.var_dir, values.var_dir / "log" / "postgres.log")
        os.environ["DATABASE_URL"] = postgres.url
        settings.cache_clear()


if __name__ == "__main__":
    sys.exit(main())
