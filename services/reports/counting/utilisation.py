"""How busy the printers were: by week, and by hour of the week.

Every run is two moments, a beginning (+1) and an end (-1). How many runs go on is the sum of all
moments before; so the hours between two marks follow from sums of moments, and no run has to be
cut into pieces. A run during which the clocks change is taken for two, with the change between
them: on the clock, then, each of the two lasts as long as it did.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from services.reports.asking import opening_hours, periods
from services.reports.asking.periods import Span
from services.reports.asking.question import Question
from services.reports.counting.printers import asked_for
from settings import lab

_MONDAY = date(1970, 1, 5)  # weeks are counted from here


@dataclass(frozen=True)
class WeekUse:
    """A printer's week, by its Monday; the first and the last may be cut by the period."""

    printer: str
    name: str
    week: date
    hours: float
    available_hours: float


@dataclass(frozen=True)
class Cell:
    """An hour of the week, on the lab's clock; weekday 0 is Monday. `hours` were printed in it by
    all printers together, and `clock_hours` is how long it lasted, over all weeks."""

    weekday: int
    hour: int
    hours: float
    clock_hours: float

    @property
    def printing(self) -> float | None:
        """How many printers were printing, on average."""
        return self.hours / self.clock_hours if self.clock_hours else None


@dataclass(frozen=True)
class Utilisation:
    """`weeks` by printer, then week; `cells` from Monday 0:00 on."""

    weeks: list[WeekUse]
    cells: list[Cell]
    runs: int


def read_utilisation(ask: Question) -> Utilisation:
    weeks = list(periods.cut(Span(ask.period.first, ask.last_day), "week"))
    marks = [periods.midnight(week).timestamp() for week in (*weeks, weeks[-1] + timedelta(days=7))]
    changes = opening_hours.clock_changes(ask.period.start, ask.until)
    rows = ask(
        _utilisation(ask),
        until=ask.until,
        start_s=ask.period.start.timestamp(),
        until_s=ask.until.timestamp(),
        monday_s=datetime(1970, 1, 5, tzinfo=UTC).timestamp(),
        changes=[change.timestamp() for change in changes],
        offsets=[_ahead(ask, moment) for moment in (ask.period.start, *changes)],
        weeks=[(week - _MONDAY).days // 7 for week in weeks],
        begins=marks[:-1],
        ends=marks[1:],
    )
    [(_, _, _, runs, _)] = [row for row in rows if row[0] == "total"]
    cells = [
        Cell(*divmod(int(place), 24), round(printed / 3600, 4), round(clock / 3600, 4))
        for what, _, place, printed, clock in rows
        if what == "cell"
    ]
    used = {
        (printer, _MONDAY + timedelta(days=7 * int(place))): round(printed / 3600, 4)
        for what, printer, place, printed, _ in rows
        if what == "week"
    }
    return Utilisation(_weeks(ask, used), cells, int(runs))


def _ahead(ask: Question, moment: datetime) -> float:
    """How far the lab's clock is ahead of UTC, in seconds."""
    offset = moment.astimezone(ask.zone).utcoffset()
    return offset.total_seconds() if offset else 0.0


def _weeks(ask: Question, used: dict[tuple[str, date], float]) -> list[WeekUse]:
    """Every printer in every week, those of the lab first; one that was sold has no hours left."""
    stretches = opening_hours.open_stretches(ask.period, ask.now)
    known = {printer.id: printer for printer in asked_for(ask)}
    printers = [*known, *sorted({printer for printer, _ in used} - set(known))]
    return [
        WeekUse(
            printer,
            lab().printer_name(printer),
            week,
            used.get((printer, week), 0.0),
            opening_hours.available(known[printer], each) if printer in known else 0.0,
        )
        for printer in printers
        for week, each in stretches.items()
    ]


def _utilisation(ask: Question) -> str:
    """Rows of what they say, printer, place, seconds, seconds: of each week and printer; of each
    hour of the week, with how long it lasted; and how many runs there were.

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
    ), sums AS MATERIALIZED (
        SELECT printer, week, is_clock, hour, sum(sign) AS number, sum(sign * at) AS at,
            sum(sign * into_hour) AS into_hour, sum(sign * week) AS weeks
        FROM moments GROUP BY GROUPING SETS ((printer, week), (is_clock, hour))
    ), week_sums AS (
        SELECT printer, week, number, at FROM sums WHERE printer IS NOT NULL
    ), hour_sums AS (
        SELECT is_clock, hour, number, into_hour, weeks FROM sums WHERE hour IS NOT NULL
    ), weeks AS (
        SELECT printer, week, begins - :start_s AS begins, ends - :start_s AS ends,
            coalesce(number, 0) AS number, coalesce(at, 0) AS at,
            coalesce(sum(number) OVER (
                PARTITION BY printer ORDER BY week
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ), 0) AS carried
        FROM (SELECT DISTINCT printer FROM week_sums) AS known
        CROSS JOIN unnest(
            CAST(:weeks AS float8[]), CAST(:begins AS float8[]), CAST(:ends AS float8[])
        ) AS grid (week, begins, ends)
        LEFT JOIN week_sums USING (printer, week)
    ), cells AS (
        SELECT is_clock, hour, -coalesce(into_hour, 0)
            - 3600 * coalesce(sum(weeks) OVER (PARTITION BY is_clock), 0)
            - 3600 * coalesce(sum(number) OVER (
                PARTITION BY is_clock ORDER BY hour DESC
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ), 0) AS seconds
        FROM generate_series(0, 167) AS hour
        CROSS JOIN (VALUES (true), (false)) AS kind (is_clock)
        LEFT JOIN hour_sums USING (is_clock, hour)
    )
    SELECT 'week', printer, week, number * ends - at + carried * (ends - begins), NULL
    FROM weeks
    UNION ALL
    SELECT 'cell', NULL, hour, max(seconds) FILTER (WHERE NOT is_clock),
        max(seconds) FILTER (WHERE is_clock)
    FROM cells GROUP BY hour
    UNION ALL
    SELECT 'total', NULL, NULL, count(printer), NULL FROM runs
    ORDER BY 1, 2, 3
    """
