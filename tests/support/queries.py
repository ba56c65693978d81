"""What is asked of the database: every statement, as it is sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from services import work


@contextmanager
def noted() -> Iterator[list[str]]:
    """The statements of this process from here on, in their order."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(work.engine(), "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(work.engine(), "before_cursor_execute", note)
