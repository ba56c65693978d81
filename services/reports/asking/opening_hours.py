"""When printers could be printing, from lab.toml: open hours, less maintenance.

Hours are real ones: a day on which the clocks change has 23 or 25.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from services.reports.asking import periods
from services.reports.asking.periods import Span
from settings import Printer, lab

Stretch: TypeAlias = tuple[datetime, datetime]  # UTC; the second is after the first


def available(printer: Printer, stretches: list[Stretch]) -> float:
    """The hours of all units of a printer in some stretches that are open, less maintenance."""
    total = sum(_hours(each) for each in stretches) * printer.units
    for known in lab().maintenance:
        if known.printer != printer.id:
            continue
        still = (_moment(known.begin), _moment(known.end))
        units = printer.units if known.units is None else min(known.units, printer.units)
        total -= units * sum(_hours(_overlap(each, still)) for each in stretches)
    return max(0.0, round(total, 4))


def open_stretches(span: Span, until: datetime) -> dict[date, list[Stretch]]:
    """When printers could print, in each week of a span, by its Monday; up to `until`."""
    limits = (span.start, min(span.end, until))
    found: dict[date, list[Stretch]] = {day: [] for day in periods.cut(span, "week")}
    for week in found:
        for stretch in _of_week(week):
            begin, end = _overlap(stretch, limits)
            if begin < end:
                found[week].append((begin, end))
    return found


def _of_week(monday: date) -> Iterator[Stretch]:
    if lab().hours.available == "always":
        yield periods.midnight(monday), periods.midnight(monday + timedelta(days=7))
        return
    for weekday in range(7):
        day = monday + timedelta(days=weekday)
        if day not in lab().hours.closed:
            yield from (_opening(day, each) for each in lab().hours.of_weekday(weekday))


def _opening(day: date, written: str) -> Stretch:
    """ "09:00-17:00" on a day; one that ends at or before its begin ends on the next day."""
    begin, _, end = written.partition("-")
    first = datetime.combine(day, time.fromisoformat(begin))
    last = datetime.combine(day, time.fromisoformat("00:00" if end == "24:00" else end))
    return _moment(first), _moment(last if last > first else last + timedelta(days=1))


def _moment(at: datetime) -> datetime:
    """A time on the lab's clock, in UTC."""
    return (at if at.tzinfo else at.replace(tzinfo=lab().lab.zone)).astimezone(UTC)


def _overlap(one: Stretch, other: Stretch) -> Stretch:
    return max(one[0], other[0]), min(one[1], other[1])


def _hours(stretch: Stretch) -> float:
    return max(0.0, (stretch[1] - stretch[0]).total_seconds() / 3600)


def clock_changes(start: datetime, end: datetime) -> list[datetime]:
    """When the lab's clocks change between two moments, in UTC, to the second."""
    zone, day = lab().lab.zone, timedelta(days=1)
    found = []
    low = start
    while low < end:
        high = min(low + day, end)
        before, after = (each.astimezone(zone).utcoffset() for each in (low, high))
        if before != after:
            found.append(_find_change(low, high))
        low = high
    return found


def _find_change(low: datetime, high: datetime) -> datetime:
    """The first second, between two that differ in their offset, with the later one's."""
    zone = lab().lab.zone
    low, after = low.replace(microsecond=0), high.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high
