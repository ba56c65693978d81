"""How the database is asked: who may, how often, and with which plan."""

import pytest

from models import Role
from services import actors, work
from services.actors import Actor
from services.errors import Forbidden
from services.reports import tables
from services.reports.asking.question import Question
from services.reports.asking.report_filters import Filters
from tests.support import jobs as made
from tests.support import queries

MANAGER = Actor("m", "Mona Manager", Role.MANAGER)


def test_reports_are_for_people_of_the_lab(people):
    with work.unit() as session, pytest.raises(Forbidden):
        Question(session, Filters(), actor=actors.student("Jane Doe"))


def test_charts_that_are_made_of_one_answer_ask_once(people):
    made.job_in("PAIDPICKEDUP", people)
    with work.unit() as session:
        ask = Question(session, Filters(), actor=MANAGER)
        with queries.noted() as first:
            tables.TABLES["funnel"](ask)
        with queries.noted() as more:
            tables.TABLES["money"](ask)
        assert (len(first), len(more)) == (1, 0)
        with queries.noted() as every:
            for read in tables.TABLES.values():
                read(ask)
    assert len(every) < len(tables.TABLES) + 10


def test_the_settings_of_a_report_end_with_its_transaction(people):
    def present(session):
        names = ("work_mem", "jit", "random_page_cost")
        return [session.connection().exec_driver_sql(f"SHOW {name}").scalar() for name in names]

    with work.unit() as session:
        before = present(session)
    with work.unit() as session:
        Question(session, Filters(), actor=MANAGER)
        assert present(session)[0] == "16MB"
    with work.unit() as session:
        assert present(session) == before


def test_the_filters_stay_values_whatever_they_are(people):
    made.job_in("PAIDPICKEDUP", people)
    nasty = Filters(printer="x' OR '1'='1", material="'; DROP TABLE jobs; --", discipline=":start")
    with work.unit() as session:
        ask = Question(session, nasty, actor=MANAGER)
        for read in tables.TABLES.values():
            assert read(ask).columns
    with work.unit() as session:
        assert tables.TABLES["submissions"](Question(session, Filters(), actor=MANAGER)).rows
