"""Presets, semesters, and what a period is compared with."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import Invalid
from services.reports.asking import periods, report_filters
from services.reports.asking.periods import Span
from services.reports.asking.report_filters import Confirmation, Filters
from settings import Semester, lab

TODAY = date(2026, 11, 23)
BEGINNING = date(2024, 9, 5)


def choose(preset, today=TODAY, first=None, last=None):
    return periods.choose(preset, first, last, today=today, beginning=BEGINNING)


@pytest.fixture
def semesters(monkeypatch):
    """Sets lab.toml's semesters."""

    def use(*named):
        facts = lab().model_copy(update={"semesters": tuple(Semester(**each) for each in named)})
        monkeypatch.setattr(periods, "lab", lambda: facts)

    return use


def test_days_end_today_and_are_compared_with_as_many_before():
    for preset, days in (("7d", 7), ("30d", 30), ("90d", 90), ("year", 365)):
        period = choose(preset)
        assert (period.days, period.last, period.before.days) == (days, TODAY, days)
        assert period.before.last == period.first - timedelta(days=1)


def test_all_time_begins_with_the_first_job_and_has_nothing_before():
    period = choose("all")
    assert (period.first, period.last, period.before) == (BEGINNING, TODAY, None)


def test_a_semester_under_way_is_compared_with_as_much_of_the_last():
    period = choose("semester")
    assert (period.label, period.first, period.last) == ("Fall 2026", date(2026, 8, 20), TODAY)
    assert period.before == Span(date(2026, 1, 10), date(2026, 1, 10) + timedelta(days=95))
    assert period.before.days == period.days


def test_last_semester_is_whole_and_compared_with_a_whole_one():
    period = choose("last-semester")
    assert (period.label, period.first, period.last) == (
        *("Spring 2026", date(2026, 1, 10)),
        date(2026, 5, 20),
    )
    assert period.before == Span(date(2025, 8, 20), date(2025, 12, 20))


def test_between_semesters_the_one_that_is_over_is_this_one():
    period = choose("semester", today=date(2026, 7, 4))
    assert (period.label, period.last) == ("Spring 2026", date(2026, 5, 20))
    assert choose("last-semester", today=date(2026, 1, 9)).label == "Spring 2025"


def test_whole_dates_stand_in_for_one_year(semesters):
    semesters(
        {"name": "Fall", "first": "08-20", "last": "12-20"},
        {"name": "Fall", "first": "2026-08-31", "last": "2026-12-11"},
    )
    assert choose("semester").first == date(2026, 8, 31)
    assert choose("last-semester").first == date(2025, 8, 20)


def test_a_semester_may_go_over_the_turn_of_the_year(semesters):
    semesters({"name": "Winter", "first": "10-01", "last": "02-29"})
    period = choose("semester", today=date(2027, 5, 1))
    assert (period.label, period.last) == ("Winter 2026", date(2027, 2, 28))
    assert choose("semester", today=date(2028, 3, 1)).last == date(2028, 2, 29)


def test_without_semesters_there_is_still_a_period(semesters):
    semesters()
    assert choose("semester").days == choose("last-semester").days == 180
    semesters({"name": "Only", "first": "2026-09-01", "last": "2026-12-01"})
    assert choose("semester").before is None
    assert choose("last-semester").days == 180


@pytest.mark.parametrize("wrong", ["13-01", "02-30", "2026-13-01", "1-1", "today", ""])
def test_a_semester_needs_real_days(wrong):
    with pytest.raises(ValueError):
        Semester(name="Fall", first=wrong, last="12-20")


def test_chosen_days_end_today_at_the_latest():
    period = choose("custom", first=date(2026, 11, 1), last=date(2027, 1, 1))
    assert (period.first, period.last, period.before.days) == (date(2026, 11, 1), TODAY, 23)
    assert choose("custom", first=date(2030, 1, 1)).days == 1
    assert choose("custom", last=date(2026, 11, 1)).first == BEGINNING


def test_days_of_the_lab_are_23_and_25_hours_long_when_the_clocks_change():
    for day, hours in ((date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (TODAY, 24)):
        span = Span(day, day)
        assert span.end - span.start == timedelta(hours=hours)
    assert Span(TODAY, TODAY).start == datetime(2026, 11, 23, 6, tzinfo=UTC)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from(["day", "week", "month"]))
def test_pieces_follow_each_other_without_a_gap(day, grain):
    pieces = periods.cut(Span(day, day + timedelta(days=100)), grain)
    ends = periods.last_days_of(pieces, grain)
    assert pieces[0] <= day <= ends[0]
    assert pieces[-1] <= day + timedelta(days=100) <= ends[-1]
    assert [end + timedelta(days=1) for end in ends[:-1]] == pieces[1:]


def test_months_are_compared_with_the_month_before():
    period = periods.month(date(2024, 3, 31))
    assert (period.first, period.last) == (date(2024, 3, 1), date(2024, 3, 31))
    assert period.before == Span(date(2024, 2, 1), date(2024, 2, 29))
    assert period.label == "March 2024"


@given(
    st.builds(
        Filters,
        period=st.sampled_from([*periods.PRESETS]),
        printer=st.sampled_from(["", "prusa_xl", "sold"]),
        material=st.sampled_from(["", "Resin"]),
        discipline=st.sampled_from(["", "Hobby/Personal"]),
        confirmation=st.none() | st.sampled_from(Confirmation),
    )
)
def test_an_address_says_the_filters_and_nothing_else(wanted):
    assert report_filters.read(wanted.to_query()) == wanted


def test_chosen_days_are_in_the_address():
    wanted = report_filters.read(
        {"from": "2026-01-02", "to": "2026-03-04", "period": "7d", "x": "y"}
    )
    assert (wanted.period, wanted.first) == ("custom", date(2026, 1, 2))
    assert wanted.to_query() == {"from": "2026-01-02", "to": "2026-03-04"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"period": "century"}, "period"),
        ({"from": "2026-02-30"}, "from"),
        ({"to": "0001-01-01"}, "to"),
        ({"from": "2026-02-02", "to": "2026-02-01"}, "from"),
        ({"confirmation": "maybe"}, "confirmation"),
        ({"printer": "x" * 65}, "printer"),
        ({"discipline": "a\x00b"}, "discipline"),
    ],
)
def test_what_is_wrong_is_named(query, field):
    with pytest.raises(Invalid) as refused:
        report_filters.read(query)
    assert set(refused.value.fields) == {field}


def test_what_is_no_text_counts_as_absent():
    assert report_filters.read({"period": ["7d", "90d"], "printer": None, "from": 7}) == Filters()
