"""`python -m launch.recheck`, that is `make recheck`: has every model checked again.

It only notes that all results are out of date. A running Printdesk does the work in the background,
a few at a time, and shows the old results until the new ones are there.
"""

import os
import sys

from sqlalchemy.exc import OperationalError

from launch import embedded
from services import modelchecks, work
from settings import settings


def main() -> int:
    if not settings().database_url:
        folder = settings().var_dir
        postgres = embedded.Postgres(folder, folder / "log" / "postgres.log")
        os.environ["DATABASE_URL"] = postgres.url
        settings.cache_clear()
    try:
        with work.unit() as session:
            count = modelchecks.forget_versions(session)
    except OperationalError:
        print("printdesk: the database does not answer. Start Printdesk first.", file=sys.stderr)
        return 1
    print(f"{count:,} models will be checked again. Printdesk does it in the background.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
