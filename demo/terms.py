"""The academic year, and when somebody is in the lab. Days are the lab's, moments are UTC."""

import bisect
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

Season = Literal["fall", "spring", "summer", "break"]

# How much is submitted in each week of a term: it grows to the midterm and to the final reviews.
_TERM_WEEKS = (
    *(0.30, 0.45, 0.60, 0.75, 0.85, 1.00, 1.35, 1.45),
    *(0.85, 0.85, 0.95, 1.00, 1.15, 1.35, 1.55, 0.90),
)  # fmt: skip
_SPRING_BREAK = 9
_WEEKDAYS = (1.05, 1.15, 1.15, 1.10, 0.90, 0.35, 0.55)
_SUMMER, _BREAK, _THANKSGIVING = 0.42, 0.12, 0.2
_LIVELY = (0.85, 1.3)
LIVELY_DAYS = 24  # so many at the end
# Who works towards reviews feels the deadlines more, and who prints for fun does not.
_RUSHES = (("architect", 1.25), ("landscape", 1.2), ("interior", 1.15), ("engineer", 1.1))
_FOR_FUN = ("hobby", "personal")


_AHEAD = 400  # days after the last one, for what is put off


class Week(NamedTuple):
    """`number` counts from 0 within the season."""

    season: Season
    number: int


def week_of(day: date) -> Week:
    """Where in the academic year a day lies."""
    for season, start, weeks in (
        ("fall", _monday(date(day.year, 8, 24)), len(_TERM_WEEKS)),
        ("spring", _monday(date(day.year, 1, 14)), len(_TERM_WEEKS)),
        ("summer", _monday(date(day.year, 6, 3)), 9),
    ):
        number = (day - start).days // 7
        if 0 <= number < weeks:
            return Week(season, number)  # type: ignore[arg-type]  # the words of the table above
    return Week("break", 0)


def is_term(day: date) -> bool:
    return week_of(day).season in ("fall", "spring")


def demand(day: date, discipline: str, *, is_lively: bool = False) -> float:
    """How much people of a discipline submit on a day; 1 is an ordinary day of a term.

    A lively day is never far from that: the demo's last weeks have something to do at any time of
    the year, and no more than anybody can look through.
    """
    name = discipline.lower()
    if any(word in name for word in _FOR_FUN):
        return 0.75 * _WEEKDAYS[(day.weekday() + 1) % 7]
    pull = _pull(day, name)
    if is_lively:
        pull = min(max(pull, _LIVELY[0]), _LIVELY[1])
    return pull * _WEEKDAYS[day.weekday()]


def _pull(day: date, name: str) -> float:
    week = week_of(day)
    if _is_thanksgiving(day):
        return _THANKSGIVING
    if week.season == "break":
        return _BREAK
    if week.season == "summer" or week == Week("spring", _SPRING_BREAK):
        return _SUMMER
    pull = _TERM_WEEKS[week.number]
    rush = next((more for word, more in _RUSHES if word in name), 1.0)
    return pull * rush if pull > 1.1 else pull


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _is_thanksgiving(day: date) -> bool:
    """The Thursday, and the days until Sunday."""
    return 0 <= (day - _nth(day.year, 11, 3, 4)).days <= 3


def is_closed(day: date) -> bool:
    """A holiday on which nobody is in the lab."""
    winter = (day.month, day.day) >= (12, 23) or (day.month, day.day) <= (1, 2)
    single = ((7, 4), (6, 19), (11, 11))
    others = (
        _nth(day.year, 9, 0, 1),
        _nth(day.year, 1, 0, 3),
        _nth(day.year, 6, 0, 1) - timedelta(days=7),
    )
    return winter or (day.month, day.day) in single or day in others or _is_thanksgiving(day)


def _hours(day: date, *, is_lively: bool) -> tuple[int, int] | None:
    """From when to when somebody of the staff is there."""
    if is_lively:
        return (9, 21) if day.weekday() < 5 else (11, 18)
    if is_closed(day):
        return None
    weekday = day.weekday()
    if not is_term(day):
        return (9, 17) if weekday < 5 else None
    return (
        (9, 21) if weekday < 4 else (9, 17) if weekday == 4 else (11, 16) if weekday == 5 else None
    )


class Opening:
    """When somebody is in the lab, for a range of days; every day on the lively ones."""

    def __init__(self, first: date, last: date, zone: ZoneInfo) -> None:
        self.zone = zone
        self._shifts: list[tuple[datetime, datetime]] = []
        for number in range((last - first).days + _AHEAD):
            day = first + timedelta(days=number)
            is_lively = day > last - timedelta(days=LIVELY_DAYS)
            if hours := _hours(day, is_lively=is_lively):
                self._shifts.append((self.at(day, hours[0]), self.at(day, hours[1])))
        self._starts = [start for start, _ in self._shifts]

    def at(self, day: date, hour: float) -> datetime:
        """The moment of a day's hour in the lab's zone."""
        minutes = round(hour * 60)
        clock = time(minutes // 60 % 24, minutes % 60)
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def hour_of(self, moment: datetime) -> float:
        local = moment.astimezone(self.zone)
        return local.hour + local.minute / 60

    def next(self, moment: datetime) -> datetime:
        """The moment itself while somebody is there, else when somebody comes."""
        return max(self._shift(moment)[0], moment)

    def closing(self, moment: datetime) -> datetime:
        """When those who are there, or come next, go home."""
        return self._shift(moment)[1]

    def reopening(self, moment: datetime) -> datetime:
        """When somebody comes after that."""
        return self._shift(self.closing(moment))[0]

    def after(self, moment: datetime, hours: float) -> datetime:
        """When so many hours of work have passed."""
        left = timedelta(hours=hours)
        while True:
            start, end = self._shift(moment)
            begin = max(start, moment)
            if begin + left < end:
                return begin + left
            left -= end - begin
            moment = end

    def desk(self, moment: datetime) -> datetime:
        """The next moment at which people collect: on weekdays, from 9 to 17."""
        while True:
            moment = self.next(moment)
            day = self.day_of(moment)
            if day.weekday() < 5 and moment < self.at(day, 16.9):
                return moment
            moment = self.at(day + timedelta(days=1), 9)

    def _shift(self, moment: datetime) -> tuple[datetime, datetime]:
        """The shift that is on, or the next one."""
        place = bisect.bisect_right(self._starts, moment)
        if place and moment < self._shifts[place - 1][1]:
            return self._shifts[place - 1]
        return self._shifts[place]


def first_mondays(first: date, last: date) -> list[date]:
    """The first Monday of each month within the days."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [day for before, day in pairwise(days) if day.weekday() == 0 and day.day <= 7]
