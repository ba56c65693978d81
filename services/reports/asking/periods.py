"""Which days a report is about, and which days it is compared with. Days are days of the lab."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pandas as pd

from settings import Semester, lab

CUSTOM = "custom"
PRESETS = {
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "semester": "This semester",
    "last-semester": "Last semester",
    "year": "Last 12 months",
    "all": "All time",
}
# How pandas calls what a period is cut into; a week begins on Monday.
FREQUENCIES = {"day": "D", "week": "W-SUN", "month": "M"}
_DAYS = {"7d": 7, "30d": 30, "90d": 90, "year": 365}


@dataclass(frozen=True)
class Span:
    """Whole days, both ends included. `start` and `end` are UTC; `end` is the midnight after."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        return midnight(self.first)

    @property
    def end(self) -> datetime:
        return midnight(self.last + timedelta(days=1))

    @property
    def grain(self) -> str:
        """How it is cut for a chart over time: as few pieces as still show what happened when."""
        if self.days <= 45:
            return "day"
        return "week" if self.days <= 750 else "month"


@dataclass(frozen=True)
class Period(Span):
    """A span with a name for people, and the span it is compared with, if there is one."""

    label: str
    before: Span | None


def midnight(day: date) -> datetime:
    """When a day of the lab begins, in UTC."""
    return datetime.combine(day, time.min, lab().lab.zone).astimezone(UTC)


def choose(
    preset: str, first: date | None, last: date | None, *, today: date, beginning: date
) -> Period:
    """The period of a preset, or the days of a custom one. `beginning`: of the lab's records."""
    if preset == CUSTOM:
        return _custom(first or beginning, last or today, today)
    if preset == "all":
        return Period(min(beginning, today), today, PRESETS[preset], None)
    if preset in _DAYS:
        return last_days(_DAYS[preset], today, PRESETS[preset])
    return _semester(preset, today)


def last_days(days: int, today: date, label: str = "") -> Period:
    first = today - timedelta(days=days - 1)
    return Period(first, today, label or f"Last {days} days", _just_before(first, days))


def month(day: date) -> Period:
    """The calendar month that the day is in, compared with the one before."""
    first = day.replace(day=1)
    last = _next_month(first) - timedelta(days=1)
    end_before = first - timedelta(days=1)
    return Period(first, last, f"{first:%B %Y}", Span(end_before.replace(day=1), end_before))


def _custom(first: date, last: date, today: date) -> Period:
    last = max(first, min(last, today))
    days = (last - first).days + 1
    return Period(first, last, "Chosen days", _just_before(first, days))


def _just_before(first: date, days: int) -> Span:
    return Span(first - timedelta(days=days), first - timedelta(days=1))


def _semester(preset: str, today: date) -> Period:
    """The semester that has begun last, or the one before; each compared with the one before it.

    One that is under way is compared with as many days from the start of the other.
    """
    begun = [each for each in _semesters(today.year) if each[1].first <= today]
    place = 1 if preset == "semester" else 2
    if len(begun) < place:
        return last_days(180, today)
    name, span = begun[-place]
    last = min(span.last, today)
    before = begun[-place - 1][1] if len(begun) > place else None
    if before is not None and last < span.last:
        before = Span(before.first, min(before.last, before.first + (last - span.first)))
    return Period(span.first, last, f"{name} {span.first.year}", before)


def _semesters(year: int) -> list[tuple[str, Span]]:
    """Those of three years and more before, in order."""
    known = lab().semesters
    dated = [(each.name, _span(each, 0)) for each in known if len(each.first) > 5]
    taken = {(name, span.first.year) for name, span in dated}
    yearly = [
        (each.name, _span(each, number))
        for each in known
        if len(each.first) == 5
        for number in range(year - 3, year + 1)
        if (each.name, number) not in taken
    ]
    return sorted(dated + yearly, key=lambda each: each[1].first)


def _span(semester: Semester, year: int) -> Span:
    first, last = _day(semester.first, year), _day(semester.last, year)
    if last < first:  # over the turn of the year
        last = _day(semester.last, year + 1)
    return Span(first, last)


def _day(written: str, year: int) -> date:
    if len(written) > 5:
        return date.fromisoformat(written)
    month_number, day = map(int, written.split("-"))
    if (month_number, day) == (2, 29):
        return _next_month(date(year, 2, 1)) - timedelta(days=1)
    return date(year, month_number, day)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def cut(span: Span, grain: str) -> list[date]:
    """The first days of the weeks or months (or the days) that a span touches, in order."""
    return list(pd.period_range(span.first, span.last, freq=FREQUENCIES[grain]).start_time.date)


def last_days_of(firsts: list[date], grain: str) -> list[date]:
    """The last day of each week or month (or day) that begins on the given days."""
    return list(pd.PeriodIndex(firsts, freq=FREQUENCIES[grain]).end_time.date)
