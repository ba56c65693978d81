"""Every figure of the reports, against a slow and plain recount of random histories."""

from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from models import STATUS_LABELS, Role
from services import work
from services.actors import Actor
from services.reports import tables
from services.reports.asking.periods import Period
from services.reports.asking.question import Question
from services.reports.asking.report_filters import Confirmation, Filters
from services.reports.counting import (
    activity,
    demand,
    flow,
    key_figures,
    materials,
    printers,
    rejections,
    utilisation,
)
from settings import lab
from tests.support import recount
from tests.support.histories import DISCIPLINES, NOW, PRINTERS, empty, stories, write
from tests.support.recount import Asked

ADMIN = Actor("a" * 32, "Ada Admin", Role.ADMIN)
EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
DAYS = (date(2026, 2, 20), date(2026, 11, 4))


@st.composite
def periods(draw):
    """Days of which one is often where something happens."""
    near = st.sampled_from(
        [
            *(date(2026, 2, 28), date(2026, 3, 8), date(2026, 3, 9), date(2026, 10, 26)),
            *(date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 4)),
        ]
    )
    days = draw(st.lists(near | st.dates(*DAYS), min_size=2, max_size=2).map(sorted))
    return Period(*days, "chosen", None)


@st.composite
def wanted(draw):
    """Often nothing is filtered, sometimes one thing, and sometimes all."""
    kind = draw(st.sampled_from(["nothing", "nothing", "one", "all"]))
    options = {
        "printer": st.sampled_from(sorted(PRINTERS)),
        "material": st.sampled_from(["Filament", "Resin"]),
        "discipline": st.sampled_from(DISCIPLINES),
        "confirmation": st.sampled_from(Confirmation),
    }
    if kind == "nothing":
        return Filters(period="custom")
    names = options if kind == "all" else [draw(st.sampled_from(sorted(options)))]
    return Filters(period="custom", **{name: draw(options[name]) for name in names})


@contextmanager
def asking(told, filters, period, actor=ADMIN):
    """The question, in a transaction that is rolled back, and what is to be recounted."""
    with Session(work.engine()) as session:
        empty(session)
        write(session, told)
        ask = Question(session, filters, actor=actor, period=period)
        ask.now, ask.today = NOW, recount.local(NOW).date()
        yield ask, Asked(told, filters, period, NOW)
        session.rollback()


def counted(found):
    """What a frame counts, by row and column, where it counts anything."""
    return {
        (row, column): count
        for row, counts in found.iterrows()
        for column, count in counts.items()
        if count
    }


def about(number):
    return None if number is None else pytest.approx(number, abs=0.006)


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_key_figures(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = key_figures.read_figures(ask, period)
        expected = recount.figures(asked)
        for name in ("median_hours", "p90_hours"):
            expected[name] = about(expected[name])
        assert vars(found) == expected


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_submissions(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        for grain, (days, pieces) in flow.TRENDS.items():
            found = flow.read_submissions(ask, grain)
            expected = recount.submissions(asked, grain, days, pieces)
            points = list(found.points.itertuples(index=False, name=None))
            assert [each[:2] for each in points] == [each[:2] for each in expected]
            assert [each[2] for each in points] == about([each[2] for each in expected])
            assert found.total == len(asked.submitted())


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_time_in_each_status(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        expected = recount.status_times(asked)
        found = {each.status: each for each in flow.read_status_times(ask).itertuples()}
        assert set(found) == set(expected)
        for status, stays in expected.items():
            each = found[status]
            assert each.stays == len(stays)
            assert [each.p10, each.p25, each.median, each.p75, each.p90] == about(
                [recount.percentile(stays, share) for share in (0.1, 0.25, 0.5, 0.75, 0.9)]
            )


def test_all_time_takes_every_stay(database):
    """It is asked for in another way than a narrower period."""

    @EXAMPLES
    @given(told=stories())
    def check(told):
        period = Period(*DAYS, "all", None)
        with asking(told, Filters(period="all"), period) as (ask, asked):
            expected = recount.status_times(asked)
            stays = flow.read_status_times(ask)
            found = dict(zip(stays["status"], stays["stays"], strict=True))
            assert found == {status: len(stays) for status, stays in expected.items()}

    check()


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_where_jobs_wait_now(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        expected = recount.waiting(asked)
        waiting = tables.waiting(flow.read_waiting(ask)).rows
        assert [status for status, *_ in waiting] == list(map(STATUS_LABELS.get, expected))
        for (_, jobs, *hours), status in zip(waiting, expected, strict=True):
            number, median, longest, ages = expected[status]
            assert jobs == number
            assert hours[:2] == [
                None if median is None else pytest.approx(median, abs=0.06),
                None if longest is None else pytest.approx(longest, abs=0.06),
            ]
            classes = [*pairwise(flow.AGES), (flow.AGES[-1], 10**6)]
            assert hours[2:] == [sum(low <= age < high for age in ages) for low, high in classes]
        quotes = [story for story in asked.jobs() if story.status == "PENDING"]
        for each in flow.read_quotes(ask).itertuples():
            there = [story for story in quotes if story.expired == each.expired]
            assert each.jobs == len(there)
            assert each.cents == sum(story.cost_cents or 0 for story in there)


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_funnel_and_money(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = flow.read_funnel(ask)
        stages = [recount.stage(story) for story in asked.submitted()]
        assert found.steps["jobs"].tolist() == [
            sum(stage >= place for stage in stages) for place in range(len(flow.STEPS))
        ]
        assert found.closed == sum(
            story.status in ("REJECTED", "ARCHIVED") and recount.stage(story) < 4
            for story in asked.submitted()
        )
        expected = recount.money(asked, lab().reports.uncollected_after_days)
        money = found.money.itertuples()
        assert {each.outcome: (each.jobs, each.cents) for each in money if each.jobs} == expected
        assert sum(flow.count_by_status(ask).values()) == len(asked.submitted())


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_hours_by_printer(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = printers.read_printers(ask)
        uses = found.uses.set_index("printer")
        printed = (uses["hours"] + uses["running_hours"]).to_dict()
        expected = recount.printer_hours(asked)
        assert set(expected) <= set(printed)
        for printer, each in printed.items():
            assert each == pytest.approx(expected.get(printer, 0), abs=0.011)
        clipped = recount.clipped(asked)
        assert found.jobs == len({story.id for story, *_ in clipped})
        assert uses["grams"].sum() == pytest.approx(recount.figures(asked)["grams"])
        for outcome in ("completed", "failed", "cancelled"):
            assert uses[outcome].sum() == sum(
                run.outcome == outcome and asked.within(run.ended_at) for _, run, *_ in clipped
            )


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_hours_by_week(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = utilisation.read_utilisation(ask)
        expected = recount.weeks(asked)
        used = found.weeks.set_index(["printer", "week"])["hours"].to_dict()
        assert set(expected) <= set(used)
        for place, each in used.items():
            assert each == pytest.approx(expected.get(place, 0), abs=0.001), place


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_hours_by_hour_of_the_week(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = utilisation.read_utilisation(ask)
        printed, shown = recount.cells(asked)
        assert list(zip(found.cells["weekday"], found.cells["hour"], strict=True)) == [
            divmod(place, 24) for place in range(168)
        ]
        for cell in found.cells.itertuples():
            place = (cell.weekday, cell.hour)
            assert cell.hours == pytest.approx(printed.get(place, 0), abs=0.001), place
            assert cell.clock_hours == pytest.approx(shown.get(place, 0), abs=0.001), place


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_runs_on_the_timeline(database, told, filters, period):
    with asking(told, filters, period) as (ask, _):
        found = printers.read_timeline(ask)
        last_days = Period(found.first, found.last, "last", None)
        expected = recount.clipped(Asked(told, filters, last_days, NOW))
        begin = last_days.start
        listed = sorted(
            (story.id, run.started_at)
            for story, run, *_ in expected
            if run.ended_at is None or run.ended_at > begin
        )
        assert sorted((run.job_id, run.started_at) for run in found.runs.itertuples()) == listed
        assert found.left_out == 0
        assert (found.last - found.first).days < printers.TIMELINE_DAYS


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_rejections(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = rejections.read_rejections(ask)
        number, plain, disciplines, facts = recount.reasons(asked)
        assert found.number == number
        counts = found.reasons["count"].tolist()
        assert dict(zip(found.reasons["reason"], counts, strict=True)) == plain
        assert counts == sorted(counts, reverse=True)
        assert found.reasons["share"].tolist() == pytest.approx(
            [sum(counts[: place + 1]) / sum(counts) for place in range(len(counts))]
        )
        assert counted(found.by_discipline) == disciplines
        assert set(found.by_discipline.index) == {discipline for discipline, _ in disciplines}
        assert counted(found.reasons.set_index("reason")[list(rejections.FACTS)]) == facts
        assert found.over_time.to_numpy().sum() == sum(counts)
        said = rejections.read_facts(ask).itertuples()
        rates = {each.fact: (each.submitted, each.rejected) for each in said}
        assert rates == recount.fact_rates(asked)


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_failures(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = printers.read_failures(ask).set_index(["printer", "reason"])["count"]
        assert found.to_dict() == recount.failures(asked)


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_demand(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = demand.read_demand(ask)
        assert found.jobs == len(asked.submitted())
        assert found.other_classes.empty  # there are few; see test_demand.py
        for demands, key in (
            (found.disciplines, lambda story: story.discipline),
            (found.classes, lambda story: " ".join(story.class_number.upper().split())),
        ):
            rows = demands.itertuples(index=False, name=None)
            assert {name: tuple(counts) for name, *counts in rows} == recount.demand(asked, key)


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_what_the_staff_do(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        expected = recount.activity(asked)
        found = activity.read_activity(ask)
        people = found.droplevel("name")
        assert counted(people) == expected
        reviews = recount.first_reviews(asked)
        for each in activity.read_first_reviews(ask).itertuples():
            waited = reviews.pop(each.staff_id)
            assert each.jobs == len(waited)
            assert each.median_hours == about(recount.percentile(waited, 0.5))
            assert each.p90_hours == about(recount.percentile(waited, 0.9))
        assert not reviews
        own = Question(ask.session, filters, actor=Actor("b" * 32, "Bo", Role.STAFF), period=period)
        one = people[people.index == "b" * 32]
        assert counted(activity.read_activity(own).droplevel("name")) == counted(one)
        assert set(activity.read_first_reviews(own)["staff_id"]) <= {"b" * 32}


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_materials(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = materials.read_materials(ask)
        colors = found.colors.itertuples(index=False, name=None)
        assert {(material, color): tuple(used) for material, color, *used in colors} == (
            recount.materials(asked, found.grain)
        )
        assert found.over_time.to_numpy().sum() == pytest.approx(found.colors["grams"].sum())
        days = (period.last - period.first) / timedelta(days=1)
        assert len(found.over_time) >= days // 31
