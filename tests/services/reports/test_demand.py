"""Who asks for prints, where there are more classes than the chart has room for."""

import pytest

from models import Role
from services import work
from services.actors import Actor
from services.reports import tables
from services.reports.asking.question import Question
from services.reports.asking.report_filters import Filters
from services.reports.counting import demand
from tests.support import rows

ADMIN = Actor("a" * 32, "Ada Admin", Role.ADMIN)


def test_the_classes_that_are_not_listed_are_counted_together(database):
    rows.add(4, class_number="ARCH 1000")
    for number in range(demand.CLASSES + 2):
        rows.add(1, class_number=f"ME {number}", weight_g=10, cost_cents=300)
    with work.unit() as session:
        found = demand.read_demand(Question(session, Filters(), actor=ADMIN))
    assert found.classes["jobs"].iloc[0] == 4
    others = found.other_classes.itertuples(index=False, name=None)
    assert list(others) == [("3 other classes", 3, 30, 900)]
    table = tables.classes(found)
    assert sum(row[1] for row in table.rows) == found.jobs == demand.CLASSES + 6
    assert sum(row[2] for row in table.rows) == pytest.approx(1)
