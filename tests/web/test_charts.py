"""The figures of the reports' charts, and the links of their parts."""

import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import plotly.io as pio
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy.orm import Session

import components.reports
from components import queueview
from components.charts import printers, templates
from components.charts.catalogue import CHARTS, figure, is_empty
from models import Role
from services import work
from services.actors import Actor
from services.reports.asking import report_filters
from services.reports.asking.question import Question
from services.reports.asking.report_filters import Filters
from services.reports.tables import TABLES, Kind
from tests.support import charttables
from tests.support.histories import empty, stories, write

ADMIN = Actor("a" * 32, "Ada Admin", Role.ADMIN)
ALL_TIME = Filters(period="all")


def draw_all(session):
    ask = Question(session, ALL_TIME, actor=ADMIN)
    for name, chart in CHARTS.items():
        table = TABLES[name](ask)
        if not is_empty(chart, table):
            yield name, chart, figure(chart, table, "light").to_plotly_json()


def links_of(figure):
    for trace in figure["data"]:
        written = trace.get("customdata") or []
        points = len(trace["y"])
        assert len(written) in (0, points)
        yield from (json.loads(link) for link in written if link)


def check_link(link):
    [kind] = set(link) & {"set", "queue", "go"}
    if kind == "set":
        days = set(link["set"]) & {"from", "to"}
        assert report_filters.read(link["set"]) != report_filters.read({})
        assert len(days) in (0, 2)
    elif kind == "queue":
        understood = queueview.parts(link["queue"])
        for name, value in link["queue"].items():
            assert understood[name] in (value, True), name
    else:
        assert link["go"].startswith("/job/")


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=stories())
def test_every_figure_can_be_sent_and_every_link_leads_somewhere(database, told):
    with Session(work.engine()) as session:
        empty(session)
        write(session, told)
        for name, chart, drawn in draw_all(session):
            json.dumps(drawn, default=str, allow_nan=False)
            links = list(links_of(drawn))
            for link in links:
                check_link(link)
            assert bool(chart.click) >= bool(links), name
        session.rollback()


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-03-08T06:00", "2026-03-08T12:00", 7),  # from 1:00 to 8:00, in six hours
        ("2026-11-01T04:30", "2026-11-01T06:10", 2 / 3),  # from 0:30 to 1:10, in an hour and more
        ("2026-11-01T05:50", "2026-11-01T06:10", 0),  # from 1:50 to 1:10
        ("2026-07-01T05:50", "2026-07-01T06:20", 0.5),
    ],
)
def test_a_run_ends_where_the_labs_clock_says(start, end, hours):
    """New York's clock: 2 o'clock becomes 3 in March, and 2 becomes 1 in November."""
    begin, done = (datetime.fromisoformat(at).replace(tzinfo=UTC) for at in (start, end))
    shown = printers.clock_ms(begin, done, ZoneInfo("America/New_York"))
    assert shown == pytest.approx(hours * 3_600_000)


def test_a_printer_that_still_prints_its_first_run_is_no_empty_chart():
    run = ("Prusa XL", 1.5, 24.0, 0.06, 0, 0, 0, 0, 0.0)
    table = charttables.of_rows(charttables.COLUMNS["printers"], [run])
    assert not is_empty(CHARTS["printers"], table)


def test_a_chart_is_saved_twice_as_large_and_on_a_background():
    assert components.reports._config("money")["toImageButtonOptions"] == {
        "format": "png",
        "scale": 2,
        "filename": "printdesk-money",
    }
    for theme, color in (("light", "#ffffff"), ("dark", "#161f2d")):
        template = pio.templates[templates.THEMES[theme]]
        assert template.layout.paper_bgcolor == color


@pytest.mark.parametrize(("jobs", "step"), [(4, 1), (5, 1), (6, None), (1300, None)])
def test_an_axis_of_a_few_jobs_counts_whole_ones(jobs, step):
    columns = {"Link": Kind.TEXT, "Jobs": Kind.NUMBER}
    table = charttables.of_rows(columns, [("works", jobs), ("expired", 0)])
    drawn = figure(CHARTS["quotes"], table, "light").to_plotly_json()
    assert drawn["layout"].get("xaxis", {}).get("dtick") == step


@pytest.mark.parametrize(
    ("grain", "first", "last"),
    [
        ("Day", "2026-03-08", "2026-03-08"),
        ("Week from", "2026-03-02", "2026-03-08"),
        ("Month from", "2026-02-01", "2026-02-28"),
        ("Month from", "2026-12-01", "2026-12-31"),
    ],
)
def test_a_click_on_a_piece_of_time_narrows_to_all_its_days(grain, first, last):
    columns = {grain: Kind.DAY, "Submissions": Kind.NUMBER, "Trend": Kind.DECIMAL}
    table = charttables.of_rows(columns, [(date.fromisoformat(first), 3, 1.0)])
    drawn = CHARTS["submissions"].draw(table).to_plotly_json()
    [link] = list(links_of({"data": drawn["data"][:1]}))
    assert link == {"set": {"period": "custom", "from": first, "to": last}}
