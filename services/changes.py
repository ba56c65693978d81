"""Has anything changed? One cheap query that touches no table's rows but the next lock to run out.

PostgreSQL's snapshot says which transactions are done. Two equal snapshots mean that none was
committed in between, so equal tokens promise equal answers; a slow transaction is in the second
snapshot as soon as it commits. A token may differ although nothing visible has changed, as when
another database of the same server is written to: then the answer is sent again, which costs time
and is never wrong.
"""

from sqlalchemy import ColumnElement, String, literal_column, select
from sqlalchemy.orm import Session

# The start time and the name tell another server, or a restored database, from this one. A lease
# that runs out changes what is shown without any commit; hence the last part.
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
    """The mark of the database's state, as a column: for a query that reads something else too."""
    return literal_column(_TOKEN, String)


def read_token(session: Session) -> str:
    """A mark of the database's state. Take it before what it stands for is read."""
    return str(session.scalar(select(token())))
