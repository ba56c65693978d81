"""The jobs behind a report, and the lab's transactions of a month, row by row for the exports."""

from collections.abc import Iterator
from typing import Any

from models import STATUS_LABELS, Status
from services.reports.asking.question import Question
from services.reports.asking.report_filters import CONFIRMATION_LABELS, Confirmation
from services.reports.counting.key_figures import COLLECTED_IN_PERIOD
from services.reports.counting.rejections import FACTS
from services.reports.tables import Column, Kind
from settings import lab

_TEXT, _TIME, _DECIMAL = Kind.TEXT, Kind.TIME, Kind.DECIMAL

JOB_COLUMNS = (
    Column("Job"),
    Column("Submitted", _TIME),
    Column("Student"),
    Column("E-mail"),
    Column("Discipline"),
    Column("Class"),
    Column("File"),
    Column("Status"),
    Column("In this status since", _TIME),
    Column("Printer"),
    Column("Material"),
    Column("Colour"),
    Column("Grams", _DECIMAL),
    Column("Hours", _DECIMAL),
    Column("Price (cents)", Kind.CENTS),
    Column("Confirmation"),
    Column("Confirmed", _TIME),
    Column("Last print completed", _TIME),
    Column("Completed runs", Kind.NUMBER),
    Column("Failed runs", Kind.NUMBER),
    Column("Rejected because"),
    Column("The check says"),
)
TRANSACTION_COLUMNS = (
    Column("Job"),
    Column("Student"),
    Column("E-mail"),
    Column("Class"),
    Column("Discipline"),
    Column("Printer"),
    Column("Material"),
    Column("Grams", _DECIMAL),
    Column("Price (cents)", Kind.CENTS),
    Column("Submitted", _TIME),
    Column("Confirmed", _TIME),
    Column("Print completed", _TIME),
    Column("Paid and picked up", _TIME),
    Column("Handed over by"),
)


def list_jobs(ask: Question) -> Iterator[tuple[Any, ...]]:
    """The jobs submitted in the period, oldest first, as JOB_COLUMNS."""
    for row in ask.stream(_jobs(ask)):
        (*first, status, since, printer, material, color, grams, hours, cents) = row[:15]
        confirmed, expired, confirmed_at, completed_at, completed, failed, reasons, codes = row[15:]
        yield (
            *first,
            STATUS_LABELS[Status(status)],
            since,
            lab().printer_name(printer),
            *(material, color, grams, hours, cents),
            _confirmation(status, confirmed, expired),
            *(confirmed_at, completed_at, completed or 0, failed or 0),
            "; ".join(reasons or ()),
            "; ".join(FACTS[code] for code in codes or () if code in FACTS),
        )


def _jobs(ask: Question) -> str:
    return f"""
    SELECT j.short_id, j.created_at, j.student_name, j.student_email, j.discipline,
        j.class_number, j.original_filename, j.status, j.status_changed_at, j.printer, j.material,
        j.color, j.weight_g, j.time_hours, j.cost_cents, j.student_confirmed,
        j.is_confirmation_expired, j.student_confirmed_at, run.completed_at, run.completed,
        run.failed, j.reject_reasons, jsonb_path_query_array(j.model, '$.warnings[*].code')
    FROM jobs j
    LEFT JOIN LATERAL (
        SELECT max(r.ended_at) FILTER (WHERE r.outcome = 'completed') AS completed_at,
            count(*) FILTER (WHERE r.outcome = 'completed') AS completed,
            count(*) FILTER (WHERE r.outcome = 'failed') AS failed
        FROM print_runs r WHERE r.job_id = j.id
    ) AS run ON true
    WHERE j.created_at >= :start AND j.created_at < :end {ask.of_job}
    ORDER BY j.created_at, j.id
    """


def _confirmation(status: str, confirmed: bool, expired: bool) -> str:
    if confirmed:
        return CONFIRMATION_LABELS[Confirmation.CONFIRMED]
    if expired:
        return CONFIRMATION_LABELS[Confirmation.EXPIRED]
    is_waiting = status == Status.PENDING
    return CONFIRMATION_LABELS[Confirmation.WAITING if is_waiting else Confirmation.NONE]


def list_transactions(ask: Question) -> Iterator[tuple[Any, ...]]:
    """What was paid and picked up in the period, in that order, as TRANSACTION_COLUMNS."""
    for row in ask.stream(_transactions(ask)):
        yield (*row[:5], lab().printer_name(row[5]), *row[6:])


def _transactions(ask: Question) -> str:
    return f"""
    SELECT j.short_id, j.student_name, j.student_email, j.class_number, j.discipline, j.printer,
        j.material, j.weight_g, j.cost_cents, j.created_at, j.student_confirmed_at,
        (SELECT max(r.ended_at) FROM print_runs r
            WHERE r.job_id = j.id AND r.outcome = 'completed'),
        collected.at, collected.by
    FROM ({COLLECTED_IN_PERIOD}) AS collected JOIN jobs j ON j.id = collected.job_id
    WHERE true {ask.of_job}
    ORDER BY collected.at, j.id
    """
