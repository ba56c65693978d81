"""How busy the printers were: by week, and by hour of the week.

Every run is two moments, a beginning (+1) and an end (-1). How many runs go on is the sum of all
moments before; so the hours between two marks follow from sums of moments, and no run has to be
cut into pieces. A run during which the clocks change is taken for two, with the change between
them: on the clock, then, each of the two lasts as long as it did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from services.reports import frames
from services.reports.asking import opening_hours, periods
from services.reports.asking.periods import Span
from services.reports.asking.question import Question
from services.reports.counting.printers import asked_for
from services.reports.frames import OBJECT, REAL
from settings import lab

_MONDAY = date(1970, 1, 5)  # weeks are counted from here


_SUMS = {"printer": OBJECT, "is_clock": OBJECT, "week": REAL, "hour": REAL} | dict.fromkeys(
    ("number", "at", "into_hour", "weeks", "runs"), REAL
)


@dataclass(frozen=True, eq=False)
class Utilisation:
    """`weeks` has a row for each `printer`, then `week` (its Monday; the first and the last may be
    cut by the period): the `hours` printed, the `available_hours`, and the `share` of these.

    `cells` has a row for each hour of the week on the lab's clock, from Monday 0:00 on (`weekday` 0
    is Monday). `hours` were printed in it by all printers together, `clock_hours` is how long it
    lasted over all weeks, and `printing` how many printers were printing, on average.
    """

    weeks: pd.DataFrame
    cells: pd.DataFrame
    runs: int


def read_utilisation(ask: Question) -> Utilisation:
    weeks = periods.cut(Span(ask.period.first, ask.last_day), "week")
    changes = opening_hours.clock_changes(ask.period.start, ask.until)
    sums = ask.frame(
        _utilisation(ask),
        _SUMS,
        until=ask.until,
        start_s=ask.period.start.timestamp(),
        until_s=ask.until.timestamp(),
        monday_s=datetime(1970, 1, 5, tzinfo=UTC).timestamp(),
        changes=[change.timestamp() for change in changes],
        offsets=[_ahead(ask, moment) for moment in (ask.period.start, *changes)],
    )
    printed = _hours_by_week(sums[sums["printer"].notna()], weeks, ask.period.start)
    return Utilisation(
        weeks=_with_available(ask, printed),
        cells=_cells(sums[sums["hour"].notna()]),
        runs=int(sums["runs"].iloc[0]),
    )


def _ahead(ask: Question, moment: datetime) -> float:
    """How far the lab's clock is ahead of UTC, in seconds."""
    offset = moment.astimezone(ask.zone).utcoffset()
    return offset.total_seconds() if offset else 0.0


def _hours_by_week(sums: pd.DataFrame, weeks: list[date], start: datetime) -> pd.DataFrame:
    """A row for each week, a column for each printer. At a mark, as many runs go on as have begun
    and not ended before it; each has printed since it began, or since the mark before."""
    marks = [periods.midnight(week) for week in (*weeks, weeks[-1] + timedelta(days=7))]
    seconds = np.array([(mark - start).total_seconds() for mark in marks])[:, np.newaxis]
    places = [(week - _MONDAY).days // 7 for week in weeks]
    printers = sorted(sums["printer"].unique())
    begun, at = _grids(sums, ("number", "at"), {"week": places, "printer": printers})
    before = np.cumsum(begun, axis=0) - begun
    printed = begun * seconds[1:] - at + before * np.diff(seconds, axis=0)
    index = pd.Index(weeks, dtype=OBJECT)
    return pd.DataFrame((printed / 3600).round(4), index=index, columns=printers)


def _with_available(ask: Question, printed: pd.DataFrame) -> pd.DataFrame:
    """Every printer in every week, those of the lab first; one that was sold has no hours left."""
    stretches = opening_hours.open_stretches(ask.period, ask.now)
    could = pd.DataFrame(
        {
            printer.id: [opening_hours.available(printer, each) for each in stretches.values()]
            for printer in asked_for(ask)
        },
        index=pd.Index(stretches, dtype=OBJECT),
    )
    every = [*could, *sorted(set(printed) - set(could), key=str)]
    weeks = pd.DataFrame(
        {
            "hours": printed.reindex(could.index, columns=every, fill_value=0.0).unstack(),
            "available_hours": could.reindex(columns=every, fill_value=0.0).unstack(),
        }
    ).reset_index(names=["printer", "week"])
    weeks.insert(1, "name", weeks["printer"].map(lab().printer_name))
    return weeks.assign(share=frames.share(weeks["hours"], weeks["available_hours"]))


def _grids(
    sums: pd.DataFrame, names: tuple[str, ...], grid: Mapping[str, Sequence[Any]]
) -> "np.ndarray[Any, Any]":
    """For each name a grid of its sums; 0 where there are none. These are plain numbers: frames
    would match their rows and columns at each step."""
    down, across = grid.values()
    wide = sums.set_index(list(grid))[list(names)].unstack()
    assert isinstance(wide, pd.DataFrame)  # several columns are unstacked into one
    full = wide.reindex(
        index=pd.Index(down), columns=pd.MultiIndex.from_product([names, across])
    ).fillna(0)
    cells = full.to_numpy(dtype=float).reshape(len(down), len(names), len(across))
    return cells.transpose(1, 0, 2)


def _cells(sums: pd.DataFrame) -> pd.DataFrame:
    """In each hour of the week: a run has spent all of it that began before and ended after it."""
    grid = {"hour": range(168), "is_clock": [False, True]}
    number, into_hour, weeks = _grids(sums, ("number", "into_hour", "weeks"), grid)
    later = np.cumsum(number[::-1], axis=0)[::-1] - number
    seconds = -(into_hour + 3600 * (later + weeks.sum(axis=0)))
    hours = (seconds / 3600).round(4) + 0.0
    places = np.arange(168)
    cells = {"weekday": places // 24, "hour": places % 24}
    found = pd.DataFrame(cells | {"hours": hours[:, 0], "clock_hours": hours[:, 1]})
    return found.assign(printing=frames.share(found["hours"], found["clock_hours"]))


def _utilisation(ask: Question) -> str:
    """Sums of moments as _SUMS: of each printer and week, and of each hour of the week. `at` is in
    seconds since the period's start; `runs`, the same in each row, counts all.

    The period itself is among the runs, without a printer: it tells how long each hour lasted.
    """
    return f"""
    WITH clock AS (
        SELECT CAST(:changes AS float8[]) AS changes, CAST(:offsets AS float8[]) AS offsets
    ), runs AS MATERIALIZED (
        SELECT printer, began, ended,
            width_bucket(began, changes) AS zone, width_bucket(ended, changes) AS last_zone
        FROM (
            SELECT r.printer,
                date_part('epoch', greatest(r.started_at, :start)) AS began,
                date_part('epoch', least(coalesce(r.ended_at, :until), :until)) AS ended
            FROM print_runs r {ask.join_jobs("r")}
            WHERE r.started_at < :until AND (r.ended_at IS NULL OR r.ended_at > :start)
            {ask.of_run}
            UNION ALL SELECT NULL, :start_s, :until_s
        ) AS each, clock
    ), pieces AS (
        SELECT printer, began, ended, offsets[zone + 1] AS ahead
        FROM runs, clock WHERE zone = last_zone
        UNION ALL
        SELECT printer, greatest(began, changes[each]), least(ended, changes[each + 1]),
            offsets[each + 1]
        FROM runs, clock, generate_series(zone, last_zone) AS each WHERE zone < last_zone
    ), moments AS (
        SELECT printer, printer IS NULL AS is_clock, sign, at - :start_s AS at,
            floor(wall / 604800) AS week,
            floor(wall / 3600) - 168 * floor(wall / 604800) AS hour,
            wall - 3600 * floor(wall / 3600) AS into_hour
        FROM pieces,
            LATERAL (VALUES (began, 1), (ended, -1)) AS moment (at, sign),
            LATERAL (SELECT at + ahead - :monday_s AS wall) AS walled
    )
    SELECT printer, is_clock, week, hour, sum(sign), sum(sign * at), sum(sign * into_hour),
        sum(sign * week), (SELECT count(printer) FROM runs)
    FROM moments GROUP BY GROUPING SETS ((printer, week), (is_clock, hour))
    """
