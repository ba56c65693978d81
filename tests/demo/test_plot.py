"""The plot of the demo, for many seeds and ends: only people on the staff list do anything."""

from datetime import UTC, datetime, timedelta

import pytest

from demo.plot import Plot
from settings import lab

DAYS = 300  # Diego, Meiling and Oksana leave and join within it, as within two years
SOUND = {
    "state": "ok",
    "warnings": [],
    "open_edges": 0,
    "fits": {printer.id: "yes" for printer in lab().printers},
    "estimate_g": [20.0, 30.0],
}
ENDS = {
    "a day on which it broke off": datetime(2026, 11, 29, 11, tzinfo=UTC),
    "the first day of a term": datetime(2026, 8, 24, 13, tzinfo=UTC),
    "the day after a term": datetime(2026, 5, 10, 3, tzinfo=UTC),
    "a leap day": datetime(2028, 2, 29, 17, tzinfo=UTC),
    "the night in which clocks go forward": datetime(2026, 3, 8, 8, tzinfo=UTC),
    "the night in which clocks go back": datetime(2026, 11, 1, 7, tzinfo=UTC),
    "New Year": datetime(2027, 1, 1, 6, tzinfo=UTC),
}
WEEK = [datetime(2026, 4, 6, tzinfo=UTC) + timedelta(hours=hours) for hours in range(168)]


def plot(seed, end, days=DAYS, pace=0.3):
    return Plot(seed, (end - timedelta(days=days)).date(), end, lambda _: SOUND, pace=pace)


def assert_only_members_act(seed, end, **how):
    members, before = set(), None
    for act in plot(seed, end, **how).play():
        assert before is None or before <= act.at <= end
        before = act.at
        if act.kind == "join":
            members.add(act.who)
        elif act.kind == "leave":
            members.remove(act.who)
        else:
            assert act.who is None or act.who in members, (act.at, act.kind, act.who.name)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
@pytest.mark.parametrize("seed", [1, 2, 20261129])
def test_only_people_on_the_staff_list_act(seed, end):
    assert_only_members_act(seed, end)


def test_so_it_is_whatever_hour_of_a_week_it_ends_in():
    for end in WEEK:
        assert_only_members_act(1, end, days=45, pace=0.1)
