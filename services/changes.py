"""Detects changes with one cheap query, which reads no rows except the next lock to expire.

PostgreSQL's snapshot lists the finished transactions. If two snapshots are equal, no transaction
was committed in between, so equal tokens guarantee equal answers; a slow transaction changes the
snapshot as soon as it commits. A token may differ although nothing visible has changed, for example
when another database of the same server is written to: then the answer is sent again, which costs
time but is never wrong.
"""

from sqlalchemy import ColumnElement, String, literal_column, select
from sqlalchemy.orm import Session

# The start time and the name distinguish this server and database from others, such as a restored
# one. The last part is needed because an expiring lease changes what is shown without a commit.
_TOKEN = """
    concat_ws(
        ' ',
        pg_current_snapshot(),
        pg_postmaster_start_time(),
        current_database(),
        (SELECT min(locked_until) FROM jobs WHERE locked_until > statement_timestamp())
    )
"""


def token() -> ColumnElement[str]:
    """The token of the database's state, as a column for a query that reads something else too."""
    return literal_column(_TOKEN, String)


def read_token(session: Session) -> str:
    """The token of the database's state. Read it before the data that it stands for."""
    return str(session.scalar(select(token())))
