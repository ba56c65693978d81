"""What each printer did: the hours it printed of those it could, its runs, and what failed.

Hours are cut where the period begins and ends, and a run that is under way counts up to now.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from services.reports.asking import opening_hours, periods
from services.reports.asking.question import Question
from settings import Printer, lab

TIMELINE_DAYS = 14
TIMELINE_RUNS = 500


@dataclass(frozen=True)
class PrinterUse:
    """What was printed by one printer. `hours` are those of runs that ended in the period,
    `running_hours` those of runs that went on beyond it. Grams are those of completed runs, and
    `jobs` counts those of ended runs."""

    printer: str
    name: str
    jobs: int
    hours: float
    running_hours: float
    grams: float
    completed: int
    failed: int
    cancelled: int
    available_hours: float

    @property
    def share(self) -> float | None:
        """Of the hours in which it could have printed."""
        printed = self.hours + self.running_hours
        return printed / self.available_hours if self.available_hours else None


@dataclass(frozen=True)
class Printers:
    """Those that printed, or could have, the busiest first. `jobs` counts a job once, whatever it
    was printed on, and whether its run has ended or not."""

    uses: list[PrinterUse]
    jobs: int


@dataclass(frozen=True)
class Run:
    """One print run. `ended_at` None and no outcome: it is under way. Times are UTC."""

    job_id: str
    short_id: str
    display_name: str
    status: str
    printer: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    operator_name: str
    reason: str | None


@dataclass(frozen=True)
class Timeline:
    """The runs of the last days of the period, oldest first; `left_out` of them are not listed."""

    first: date
    last: date
    runs: list[Run]
    left_out: int


@dataclass(frozen=True)
class FailureCount:
    printer: str
    reason: str
    count: int


def read_printers(ask: Question) -> Printers:
    rows = {row[0]: row[1:] for row in ask(_printers(ask), until=ask.until)}
    could = _available(ask)
    nothing = (0,) * 8
    uses = [_use(printer, rows.get(printer, nothing), could) for printer in {**rows, **could}]
    uses.sort(key=lambda use: (-use.hours - use.running_hours, use.printer))
    return Printers(uses, jobs=sum(row[-1] for row in rows.values()))


def _use(printer: str, row: tuple[Any, ...], could: dict[str, float]) -> PrinterUse:
    jobs, ended, running, grams, completed, failed, cancelled, _ = row
    return PrinterUse(
        printer=printer,
        name=lab().printer_name(printer),
        jobs=jobs,
        hours=round(ended, 2),
        running_hours=round(running, 2),
        grams=round(grams, 1),
        completed=int(completed),
        failed=int(failed),
        cancelled=int(cancelled),
        available_hours=could.get(printer, 0.0),
    )


def _printers(ask: Question) -> str:
    """The last column counts each job at one of its printers, so that their sum counts jobs."""
    return f"""
    WITH each AS (
        SELECT r.job_id, r.printer,
            sum(date_part('epoch', least(r.ended_at, :until) - greatest(r.started_at, :start)))
                FILTER (WHERE r.ended_at < :until) AS ended,
            sum(date_part('epoch', :until - greatest(r.started_at, :start)))
                FILTER (WHERE r.ended_at IS NULL OR r.ended_at >= :until) AS running,
            count(*) FILTER (WHERE r.outcome = 'completed' AND r.ended_at < :until) AS completed,
            count(*) FILTER (WHERE r.outcome = 'failed' AND r.ended_at < :until) AS failed,
            count(*) FILTER (WHERE r.outcome = 'cancelled' AND r.ended_at < :until) AS cancelled
        FROM print_runs r {ask.join_jobs("r")}
        WHERE r.started_at < :until AND (r.ended_at IS NULL OR r.ended_at >= :start) {ask.of_run}
        GROUP BY 1, 2
    ), numbered AS (
        SELECT *, row_number() OVER (PARTITION BY job_id ORDER BY printer) AS place FROM each
    )
    SELECT r.printer, count(ended), coalesce(sum(ended), 0) / 3600,
        coalesce(sum(running), 0) / 3600, coalesce(sum(completed * j.weight_g), 0),
        sum(completed), sum(failed), sum(cancelled), count(*) FILTER (WHERE place = 1)
    FROM numbered r JOIN jobs j ON j.id = r.job_id GROUP BY 1
    """


def _available(ask: Question) -> dict[str, float]:
    """The hours that each of the lab's printers could have printed, of those the filters leave."""
    stretches = opening_hours.open_stretches(ask.period, ask.now)
    every = [each for week in stretches.values() for each in week]
    return {printer.id: opening_hours.available(printer, every) for printer in asked_for(ask)}


def asked_for(ask: Question) -> list[Printer]:
    wanted = ask.filters
    return [
        printer
        for printer in lab().printers
        if wanted.printer in ("", printer.id) and wanted.material in ("", printer.material)
    ]


def read_timeline(ask: Question) -> Timeline:
    """The runs of the period's last days, each on its printer."""
    last = ask.last_day
    first = max(ask.period.first, last - timedelta(days=TIMELINE_DAYS - 1))
    rows = ask(
        f"""
        SELECT j.id, j.short_id, j.display_name, j.status, r.printer, r.started_at, r.ended_at,
            r.outcome, r.operator_name, r.reason, count(*) OVER ()
        FROM print_runs r JOIN jobs j ON j.id = r.job_id
        WHERE r.started_at < :until AND (r.ended_at IS NULL OR r.ended_at > :since) {ask.of_run}
        ORDER BY r.started_at DESC, r.id DESC LIMIT :limit
        """,
        until=ask.until,
        since=periods.midnight(first),
        limit=TIMELINE_RUNS,
    )
    runs = [Run(*row[:-1]) for row in reversed(rows)]
    return Timeline(first, last, runs, rows[0][-1] - len(rows) if rows else 0)


def read_failures(ask: Question) -> list[FailureCount]:
    """Failed runs that ended in the period, the most frequent reason first."""
    rows = ask(
        f"""
        SELECT r.printer, coalesce(r.reason, ''), count(*)
        FROM print_runs r {ask.join_jobs("r")}
        WHERE r.outcome = 'failed' AND r.ended_at >= :start AND r.ended_at < :end {ask.of_run}
        GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 200
        """
    )
    return [FailureCount(*row) for row in rows]
