"""What can be taken along: the jobs behind a report, its charts' tables, a month's transactions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import IO

from services.errors import Invalid, NotFound
from services.reports.asking.question import Question
from services.reports.asking.report_filters import CONFIRMATION_LABELS
from services.reports.exports import joblists, spreadsheets
from services.reports.exports.joblists import JOB_COLUMNS, TRANSACTION_COLUMNS
from services.reports.exports.spreadsheets import Sheet
from services.reports.tables import TABLES
from settings import lab

JOBS = "jobs"
TRANSACTIONS = "transactions"
EVERYTHING = "everything"  # a workbook with a sheet for each chart; there is no CSV of it
KINDS = ("csv", "xlsx")


@dataclass(frozen=True)
class Export:
    """`name` is one of JOBS, TRANSACTIONS, EVERYTHING or a chart's; `kind` is one of KINDS."""

    name: str
    kind: str

    def __post_init__(self) -> None:
        known = {JOBS, TRANSACTIONS, *TABLES} | ({EVERYTHING} if self.kind == "xlsx" else set())
        if self.kind not in KINDS or self.name not in known:
            raise NotFound("There is no such export.")


def read_month(written: str) -> date:
    """The first day of "2026-10". Raises Invalid."""
    try:
        day = date.fromisoformat(f"{written}-01")
    except ValueError:
        day = date.min
    if not 2000 <= day.year < 2100:
        raise Invalid(month="Write the month as YYYY-MM.")
    return day


def write(export: Export, ask: Question, target: IO[bytes]) -> str:
    """Writes the file into `target`, and returns the name it should have."""
    sheets = _sheets(export, ask)
    if export.kind == "csv":
        for each in sheets:
            spreadsheets.write_csv(target, each)
    else:
        spreadsheets.write_xlsx(target, sheets, _about(ask))
    span = ask.period
    return f"printdesk-{export.name}-{span.first}-to-{span.last}.{export.kind}"


def _sheets(export: Export, ask: Question) -> Iterator[Sheet]:
    if export.name == JOBS:
        yield Sheet("Jobs", JOB_COLUMNS, joblists.list_jobs(ask))
    elif export.name == TRANSACTIONS:
        yield Sheet("Transactions", TRANSACTION_COLUMNS, joblists.list_transactions(ask))
    else:
        names = list(TABLES) if export.name == EVERYTHING else [export.name]
        for name in names:
            yield spreadsheets.sheet(name.replace("-", " ").capitalize(), TABLES[name](ask))


def _about(ask: Question) -> list[tuple[str, str]]:
    wanted = ask.filters
    confirmation = wanted.confirmation
    return [
        ("Lab", lab().lab.name),
        ("Period", f"{ask.period.label}: {ask.period.first} to {ask.period.last}"),
        ("Clock", f"{lab().lab.timezone}; days begin at midnight there"),
        ("Made", f"{ask.now.astimezone(ask.zone):%Y-%m-%d %H:%M}"),
        ("Printer", lab().printer_name(wanted.printer) if wanted.printer else "all"),
        ("Material", wanted.material or "all"),
        ("Discipline", wanted.discipline or "all"),
        ("Confirmation", CONFIRMATION_LABELS[confirmation] if confirmation else "all"),
        ("Money", "in cents"),
    ]
