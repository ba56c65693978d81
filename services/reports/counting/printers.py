"""What each printer did: the hours it printed of those it could, its runs, and what failed.

Hours are cut where the period begins and ends, and a run that is under way counts up to now.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from services.reports import frames
from services.reports.asking import opening_hours, periods
from services.reports.asking.question import Question
from services.reports.frames import OBJECT, REAL, WHOLE
from settings import Printer, lab

TIMELINE_DAYS = 14
TIMELINE_RUNS = 500


_RUN = (
    *("job_id", "short_id", "printer", "started_at", "ended_at", "outcome", "reason"),
    "operator_name",
)
_ENDS = ("completed", "failed", "cancelled")


@dataclass(frozen=True, eq=False)
class Printers:
    """`jobs` counts a job once, whatever it was printed on, and whether its run has ended or not.

    `uses` has the printers that printed, or could have, the busiest first, with the hours of runs
    that ended in the period (`hours`) or went on beyond it (`running_hours`), both together
    (`printed_hours`), those in which it could have printed (`available_hours`), and the `share` of
    these. `grams` are those of completed runs; `jobs` counts those of ended runs.
    """

    uses: pd.DataFrame
    jobs: int


@dataclass(frozen=True, eq=False)
class Timeline:
    """The runs of the last days of the period, oldest first; `left_out` of them are not listed. One
    that is under way has neither end nor outcome. Times are UTC."""

    first: date
    last: date
    runs: pd.DataFrame
    left_out: int


def read_printers(ask: Question) -> Printers:
    hours = dict.fromkeys(("hours", "running_hours", "grams"), REAL)
    counts = dict.fromkeys(("jobs", *_ENDS, "jobs_once"), WHOLE)
    found = ask.frame(_printers(ask), {"printer": OBJECT} | hours | counts, until=ask.until)
    found = found.set_index("printer")
    could = pd.Series(_available(ask), dtype=REAL)
    uses = found.reindex(found.index.union(could.index), fill_value=0)
    uses[["hours", "running_hours"]] = uses[["hours", "running_hours"]].round(2)
    uses = uses.assign(
        grams=uses["grams"].round(1),
        name=[lab().printer_name(str(printer)) for printer in uses.index],
        printed_hours=uses["hours"] + uses["running_hours"],
        available_hours=could.reindex(uses.index, fill_value=0.0),
    )
    uses["share"] = frames.share(uses["printed_hours"], uses["available_hours"])
    busiest = uses.sort_values("printed_hours", ascending=False, kind="stable")
    return Printers(busiest.reset_index(names="printer"), jobs=int(found["jobs_once"].sum()))


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
    SELECT r.printer, coalesce(sum(ended), 0) / 3600, coalesce(sum(running), 0) / 3600,
        coalesce(sum(completed * j.weight_g), 0), count(ended), CAST(sum(completed) AS bigint),
        CAST(sum(failed) AS bigint), CAST(sum(cancelled) AS bigint),
        count(*) FILTER (WHERE place = 1)
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
        SELECT j.id, j.short_id, r.printer, r.started_at, r.ended_at, r.outcome, r.reason,
            r.operator_name, count(*) OVER ()
        FROM print_runs r JOIN jobs j ON j.id = r.job_id
        WHERE r.started_at < :until AND (r.ended_at IS NULL OR r.ended_at > :since) {ask.of_run}
        ORDER BY r.started_at DESC, r.id DESC LIMIT :limit
        """,
        until=ask.until,
        since=periods.midnight(first),
        limit=TIMELINE_RUNS,
    )
    runs = frames.frame(rows[::-1], dict.fromkeys(_RUN, OBJECT) | {"number": WHOLE})
    return Timeline(first, last, runs, rows[0][-1] - len(rows) if rows else 0)


def read_failures(ask: Question) -> pd.DataFrame:
    """Failed runs that ended in the period: their `count` by `printer` and `reason`, the most
    frequent first."""
    return ask.frame(
        f"""
        SELECT r.printer, coalesce(r.reason, ''), count(*)
        FROM print_runs r {ask.join_jobs("r")}
        WHERE r.outcome = 'failed' AND r.ended_at >= :start AND r.ended_at < :end {ask.of_run}
        GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 200
        """,
        {"printer": OBJECT, "reason": OBJECT, "count": WHOLE},
    )
