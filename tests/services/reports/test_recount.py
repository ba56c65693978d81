"""Every figure of the reports, against a slow and plain recount of random histories."""

from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from models import Role
from services import work
from services.actors import Actor
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
            assert [(p.day, p.count) for p in found.points] == [each[:2] for each in expected]
            assert [p.trend for p in found.points] == about([each[2] for each in expected])
            assert found.total == len(asked.submitted())


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_time_in_each_status(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        expected = recount.status_times(asked)
        found = {each.status: each for each in flow.read_status_times(ask)}
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
            found = {each.status: each.stays for each in flow.read_status_times(ask)}
            assert found == {status: len(stays) for status, stays in expected.items()}

    check()


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_where_jobs_wait_now(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        expected = recount.waiting(asked)
        for each in flow.read_waiting(ask):
            number, median, longest, ages = expected[each.status]
            assert each.jobs == number
            assert (each.median_hours, each.longest_hours) == (
                None if median is None else pytest.approx(median, abs=0.06),
                None if longest is None else pytest.approx(longest, abs=0.06),
            )
            classes = [*pairwise(flow.AGES), (flow.AGES[-1], 10**6)]
            assert each.by_age == tuple(
                sum(low <= age < high for age in ages) for low, high in classes
            )
        quotes = [story for story in asked.jobs() if story.status == "PENDING"]
        for each in flow.read_quotes(ask):
            there = [story for story in quotes if story.expired == each.expired]
            assert each.jobs == len(there)
            assert each.cents == sum(story.cost_cents or 0 for story in there)


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_funnel_and_money(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = flow.read_funnel(ask)
        stages = [recount.stage(story) for story in asked.submitted()]
        assert [step.jobs for step in found.steps] == [
            sum(stage >= place for stage in stages) for place in range(len(flow.STEPS))
        ]
        assert found.closed == sum(
            story.status in ("REJECTED", "ARCHIVED") and recount.stage(story) < 4
            for story in asked.submitted()
        )
        expected = recount.money(asked, lab().reports.uncollected_after_days)
        assert {each.outcome: (each.jobs, each.cents) for each in found.money if each.jobs} == (
            expected
        )
        assert sum(flow.count_by_status(ask).values()) == len(asked.submitted())


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_hours_by_printer(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = printers.read_printers(ask)
        printed = {use.printer: use.hours + use.running_hours for use in found.uses}
        expected = recount.printer_hours(asked)
        assert set(expected) <= set(printed)
        for printer, each in printed.items():
            assert each == pytest.approx(expected.get(printer, 0), abs=0.011)
        clipped = recount.clipped(asked)
        assert found.jobs == len({story.id for story, *_ in clipped})
        assert sum(use.grams for use in found.uses) == pytest.approx(
            recount.figures(asked)["grams"]
        )
        for outcome in ("completed", "failed", "cancelled"):
            assert sum(getattr(use, outcome) for use in found.uses) == sum(
                run.outcome == outcome and asked.within(run.ended_at) for _, run, *_ in clipped
            )


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_hours_by_week(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = utilisation.read_utilisation(ask)
        expected = recount.weeks(asked)
        used = {(each.printer, each.week): each.hours for each in found.weeks}
        assert set(expected) <= set(used)
        for place, each in used.items():
            assert each == pytest.approx(expected.get(place, 0), abs=0.001), place


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_hours_by_hour_of_the_week(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = utilisation.read_utilisation(ask)
        printed, shown = recount.cells(asked)
        assert [(cell.weekday, cell.hour) for cell in found.cells] == [
            divmod(place, 24) for place in range(168)
        ]
        for cell in found.cells:
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
        assert sorted((run.job_id, run.started_at) for run in found.runs) == listed
        assert found.left_out == 0
        assert (found.last - found.first).days < printers.TIMELINE_DAYS


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_rejections(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = rejections.read_rejections(ask)
        number, plain, disciplines, facts = recount.reasons(asked)
        assert found.number == number
        assert {each.reason: each.count for each in found.reasons} == plain
        counts = [each.count for each in found.reasons]
        assert counts == sorted(counts, reverse=True)
        assert [each.share for each in found.reasons] == pytest.approx(
            [sum(counts[: place + 1]) / sum(counts) for place in range(len(counts))]
        )
        assert {
            (discipline, reason): count
            for discipline, by_reason in found.by_discipline.items()
            for reason, count in by_reason.items()
        } == disciplines
        assert {
            (each.reason, fact): count
            for each in found.reasons
            for fact, count in each.facts.items()
            if count
        } == facts
        assert sum(sum(each.values()) for each in found.over_time.values()) == sum(counts)
        rates = {each.fact: (each.submitted, each.rejected) for each in rejections.read_facts(ask)}
        assert rates == recount.fact_rates(asked)


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_failures(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = {(each.printer, each.reason): each.count for each in printers.read_failures(ask)}
        assert found == recount.failures(asked)


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_demand(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = demand.read_demand(ask)
        assert found.jobs == len(asked.submitted())
        assert found.other_classes is None  # there are few; see test_demand.py
        for demands, key in (
            (found.disciplines, lambda story: story.discipline),
            (found.classes, lambda story: " ".join(story.class_number.upper().split())),
        ):
            assert {each.name: (each.jobs, each.grams, each.cents) for each in demands} == (
                recount.demand(asked, key)
            )


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_what_the_staff_do(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        expected = recount.activity(asked)
        found = activity.read_activity(ask)
        assert {
            (each.staff_id, action): count
            for each in found
            for action, count in each.actions.items()
        } == expected
        reviews = recount.first_reviews(asked)
        for each in activity.read_first_reviews(ask):
            waited = reviews.pop(each.staff_id)
            assert each.jobs == len(waited)
            assert each.median_hours == about(recount.percentile(waited, 0.5))
            assert each.p90_hours == about(recount.percentile(waited, 0.9))
        assert not reviews
        own = Question(ask.session, filters, actor=Actor("b" * 32, "Bo", Role.STAFF), period=period)
        assert activity.read_activity(own) == [each for each in found if each.staff_id == "b" * 32]
        assert {each.staff_id for each in activity.read_first_reviews(own)} <= {"b" * 32}


@EXAMPLES
@given(told=stories(), filters=wanted(), period=periods())
def test_materials(database, told, filters, period):
    with asking(told, filters, period) as (ask, asked):
        found = materials.read_materials(ask)
        assert {
            (use.material, use.color): (use.grams, use.runs, use.pieces) for use in found.colors
        } == recount.materials(asked, found.grain)
        by_material = sum(sum(each.values()) for each in found.over_time.values())
        assert by_material == pytest.approx(sum(use.grams for use in found.colors))
        days = (period.last - period.first) / timedelta(days=1)
        assert len(found.over_time) >= days // 31
