"""One question to the database: a period and filters, asked by somebody who may."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar, cast

import pandas as pd
from sqlalchemy import Result, text
from sqlalchemy.orm import Session

from models import Role
from services.actors import Actor, require
from services.reports import frames
from services.reports.asking import periods
from services.reports.asking.periods import Period, Span
from services.reports.asking.report_filters import Filters
from settings import lab

T = TypeVar("T")
_AT_A_TIME = 500  # rows of a stream
# Compiling a query takes longer than these run, and what is sorted here does not fit into a small
# server's memory.
_PREPARE = text(
    """
    SELECT transaction_timestamp(), (SELECT min(created_at) FROM jobs),
        set_config('jit', 'off', true),
        set_config('work_mem', '16MB', true),
        set_config('random_page_cost', '1.1', true)
    """
)


class Question:
    """What the reports' functions take. `now` is the database's clock at the transaction's start,
    `today` the lab's day then, and `beginning` the day of the lab's first job.

    Raises Forbidden unless the actor may read reports.
    """

    def __init__(
        self, session: Session, filters: Filters, *, actor: Actor, period: Period | None = None
    ) -> None:
        require(actor, Role.MANAGER)
        self.session, self.filters, self.actor = session, filters, actor
        self._answers: dict[Any, Any] = {}
        now, first_job = session.execute(_PREPARE).one()[:2]
        self.zone = lab().lab.zone
        self.now: datetime = now
        self.today: date = now.astimezone(self.zone).date()
        self.beginning: date = (first_job or now).astimezone(self.zone).date()
        self.period = period or periods.choose(
            filters.period, filters.first, filters.last, today=self.today, beginning=self.beginning
        )

    def __call__(self, statement: str, span: Span | None = None, **values: Any) -> list[Any]:
        """The rows of a statement. It may use :start and :end (of the span, else of the period),
        :now, :zone, the filters by name, and the values given here."""
        return list(self._execute(statement, span or self.period, values))

    def frame(self, statement: str, types: Mapping[str, str], **values: Any) -> pd.DataFrame:
        """The same as a DataFrame; `types` names the columns (services/reports/frames.py)."""
        return frames.frame(self(statement, **values), types)

    def once(self, read: "Callable[[Question], T]") -> T:
        """What `read` answers to this question: several charts are made of the same answer."""
        if read not in self._answers:
            self._answers[read] = read(self)
        return cast(T, self._answers[read])

    def stream(self, statement: str) -> Iterator[Sequence[Any]]:
        """The rows as they come, some at a time: no more of them are ever in memory."""
        yield from self._execute(statement, self.period, {}, yield_per=_AT_A_TIME).partitions(
            _AT_A_TIME
        )

    def _execute(
        self, statement: str, span: Span, values: dict[str, Any], **options: Any
    ) -> Result[Any]:
        known = {
            "start": span.start,
            "end": span.end,
            "now": self.now,
            "zone": self.zone.key,
            "printer": self.filters.printer,
            "material": self.filters.material,
            "discipline": self.filters.discipline,
        }
        return self.session.execute(text(statement), known | values, execution_options=options)

    @property
    def until(self) -> datetime:
        """Where the period ends, as far as it has passed."""
        return max(self.period.start, min(self.period.end, self.now))

    @property
    def last_day(self) -> date:
        """The last day of the period that has begun."""
        return min(self.period.last, max(self.period.first, self.today))

    @property
    def of_job(self) -> str:
        """The filters as conditions on `jobs j`."""
        return self.filters.sql()

    @property
    def of_run(self) -> str:
        """The filters as conditions on `print_runs r` and `jobs j`."""
        return self.filters.sql(printer="r.printer")

    def join_jobs(self, other: str) -> str:
        """Joins `jobs j` to `other`'s job_id where the filters need it; else nothing is read."""
        needed = self.filters.narrows_jobs or (self.filters.printer and other != "r")
        return f"JOIN jobs j ON j.id = {other}.job_id" if needed else ""
