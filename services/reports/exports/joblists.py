"""The jobs behind a report, and the lab's transactions of a month, for the exports."""

from collections.abc import Iterator

import pandas as pd

from models import STATUS_LABELS
from services.reports import frames
from services.reports.asking.question import Question
from services.reports.asking.report_filters import CONFIRMATION_LABELS
from services.reports.counting.key_figures import COLLECTED_IN_PERIOD
from services.reports.counting.rejections import FACTS
from services.reports.frames import OBJECT
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
    Column("Findings of the check"),
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


_JOB = (
    *("short_id", "created_at", "student_name", "student_email", "discipline", "class_number"),
    *("original_filename", "status", "status_changed_at", "printer", "material", "color"),
    *("weight_g", "time_hours", "cost_cents", "confirmation", "student_confirmed_at"),
    *("completed_at", "completed", "failed", "reasons", "findings"),
)
_TRANSACTION = (
    *("short_id", "student_name", "student_email", "class_number", "discipline", "printer"),
    *("material", "weight_g", "cost_cents", "created_at", "student_confirmed_at", "completed_at"),
    *("collected_at", "collected_by"),
)


def list_jobs(ask: Question) -> Iterator[pd.DataFrame]:
    """The jobs submitted in the period, oldest first, as JOB_COLUMNS; some in each frame."""
    for rows in ask.stream(_jobs(ask)):
        jobs = frames.frame(rows, dict.fromkeys(_JOB, OBJECT))
        yield jobs.assign(
            status=jobs["status"].map(STATUS_LABELS),
            printer=jobs["printer"].map(lab().printer_name),
            confirmation=jobs["confirmation"].map(CONFIRMATION_LABELS),
            reasons=jobs["reasons"].map(lambda given: "; ".join(given or ())),
            findings=jobs["findings"].map(_in_words),
        )


def _in_words(codes: list[str] | None) -> str:
    return "; ".join(FACTS[code] for code in codes or () if code in FACTS)


def _jobs(ask: Question) -> str:
    return f"""
    SELECT j.short_id, j.created_at, j.student_name, j.student_email, j.discipline,
        j.class_number, j.original_filename, j.status, j.status_changed_at, j.printer, j.material,
        j.color, j.weight_g, j.time_hours, j.cost_cents,
        CASE
            WHEN j.student_confirmed THEN 'confirmed'
            WHEN j.is_confirmation_expired THEN 'expired'
            WHEN j.status = 'PENDING' THEN 'waiting'
            ELSE 'none'
        END,
        j.student_confirmed_at, run.completed_at, run.completed, run.failed, j.reject_reasons,
        jsonb_path_query_array(j.model, '$.warnings[*].code')
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


def list_transactions(ask: Question) -> Iterator[pd.DataFrame]:
    """What was paid and picked up in the period, in that order, as TRANSACTION_COLUMNS; some in
    each frame."""
    for rows in ask.stream(_transactions(ask)):
        paid = frames.frame(rows, dict.fromkeys(_TRANSACTION, OBJECT))
        yield paid.assign(printer=paid["printer"].map(lab().printer_name))


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
