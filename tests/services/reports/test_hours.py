"""Hours that printers could print: opening hours, maintenance, and the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.reports.asking import opening_hours
from services.reports.asking.periods import Span
from settings import Hours, LabInfo, Maintenance, Printer, lab

FAR = datetime(2100, 1, 1, tzinfo=UTC)
SPRING = Span(date(2026, 3, 2), date(2026, 3, 15))  # two weeks; the first ends with a 23-hour day
PRINTER = Printer(id="xl", name="XL", material="Filament", build_volume_mm=(1, 1, 1), units=2)


@pytest.fixture
def facts(monkeypatch):
    """Changes what lab.toml says."""

    def use(**changed):
        known = lab().model_copy(update=changed)
        monkeypatch.setattr(opening_hours, "lab", lambda: known)

    return use


def by_week(span, until=FAR):
    return {
        week: opening_hours.available(PRINTER, stretches)
        for week, stretches in opening_hours.open_stretches(span, until).items()
    }


def test_always_is_every_hour_of_the_clock_for_every_unit():
    assert by_week(SPRING) == {date(2026, 3, 2): 2 * 167, date(2026, 3, 9): 2 * 168}


def test_a_week_that_is_cut_or_not_over_counts_what_there_is():
    assert by_week(Span(date(2026, 11, 3), date(2026, 11, 4))) == {date(2026, 11, 2): 2 * 48}
    until = datetime(2026, 3, 9, 5, 30, tzinfo=UTC)  # half past midnight in Chicago
    assert by_week(SPRING, until) == {date(2026, 3, 2): 2 * 167, date(2026, 3, 9): 2 * 0.5}


def test_opening_hours_by_weekday_with_days_off(facts):
    facts(
        hours=Hours(
            available="open",
            monday=("09:00-12:00", "13:00-17:30"),
            saturday=("20:00-02:00",),
            closed=(date(2026, 3, 10),),
        )
    )
    ordinary = 7.5 + 4 * 8
    # The night to 8 March has its hour less only after two o'clock.
    assert by_week(SPRING) == {
        date(2026, 3, 2): 2 * (ordinary + 6),
        date(2026, 3, 9): 2 * (ordinary + 6 - 8),
    }


def test_a_day_may_be_open_until_midnight(facts):
    facts(hours=Hours(available="open", monday=("22:00-24:00",), tuesday=()))
    assert by_week(Span(date(2026, 3, 9), date(2026, 3, 10))) == {date(2026, 3, 9): 2 * 2}


def test_maintenance_is_taken_off_where_it_falls_into_open_hours(facts):
    at = datetime(2026, 3, 9, 8, 0)
    still = Maintenance(printer="xl", begin=at, end=at + timedelta(hours=5), units=1)
    other = Maintenance(printer="other", begin=at, end=at + timedelta(days=5))
    facts(maintenance=(still, other))
    assert by_week(SPRING)[date(2026, 3, 9)] == 2 * 168 - 5
    facts(maintenance=(still,), hours=Hours(available="open"))
    assert by_week(SPRING)[date(2026, 3, 9)] == 2 * 5 * 8 - 4
    whole = still.model_copy(update={"units": None, "end": at + timedelta(days=30)})
    facts(maintenance=(whole,))
    assert by_week(SPRING)[date(2026, 3, 9)] == 2 * 8


def test_more_units_than_there_are_cannot_stand_still(facts):
    at = datetime(2026, 3, 9)
    facts(maintenance=(Maintenance(printer="xl", begin=at, end=at + timedelta(days=9), units=5),))
    assert by_week(Span(date(2026, 3, 9), date(2026, 3, 12))) == {date(2026, 3, 9): 0.0}


@pytest.mark.parametrize("zone", ["America/Chicago", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_every_change_of_the_clocks_is_found_to_the_second(facts, zone):
    info = lab().lab.model_dump() | {"timezone": zone}
    facts(lab=LabInfo(**info))
    start, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    found = opening_hours.clock_changes(start, end)
    second = timedelta(seconds=1)
    for change in found:
        before, after = (at.astimezone(ZoneInfo(zone)) for at in (change - second, change))
        assert before.utcoffset() != after.utcoffset()
    changing = {"America/Chicago": 14, "Australia/Lord_Howe": 14, "Asia/Kathmandu": 0}
    assert len(found) == changing[zone]


@pytest.mark.parametrize("wrong", ["9-17", "09:00", "09:00-25:00", "always"])
def test_an_opening_needs_two_times(wrong):
    with pytest.raises(ValueError):
        Hours(monday=(wrong,))
