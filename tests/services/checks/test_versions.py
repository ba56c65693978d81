"""What is due to be made again is found without reading the whole table."""

import pytest
from sqlalchemy import event

from services import work
from services.checks import modelchecks


@pytest.mark.parametrize("index", ["ix_jobs_model_checker", "ix_jobs_thumbnail_version"])
def test_an_index_finds_it(database, index):
    """Three conditions on one index; the planner prefers the table only while that is small."""
    asked = []
    with work.unit() as session:
        event.listen(
            session.connection(),
            "before_cursor_execute",
            lambda _connection, _cursor, statement, values, *_: asked.append((statement, values)),
        )
        modelchecks.sweep(session)
        [(statement, values)] = asked
        cursor = session.connection().connection.cursor()
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", values)
        plan = "\n".join(row[0] for row in cursor)
    assert index in plan and "Seq Scan" not in plan, plan
