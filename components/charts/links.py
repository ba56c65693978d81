"""What a click in a chart does: filter the page, or open the queue.

A part of a chart carries its link as JSON in `customdata`, read by assets/reports.js: `set` changes
filters of the page, `queue` is a view of the queue (components/queueview.py), `go` an address.
"""

import json
from typing import Any

from models import STATUS_LABELS, Status
from services.reports.asking import periods
from services.reports.asking.periods import CUSTOM
from services.reports.tables import PIECES, Table
from settings import lab

_STATUS_OF = {label: status for status, label in STATUS_LABELS.items()}


def filter_page(name: str, value: str | None) -> str:
    return json.dumps({"set": {name: value}}) if value else ""


def filter_printers(names: list[str]) -> list[str]:
    """For each printer, by the name that people see: the page, filtered by it."""
    ids = {each.name: each.id for each in lab().printers}
    return [filter_page("printer", ids.get(name)) for name in names]


def filter_days(table: Table) -> list[str]:
    """For each day, week or month of a table: the page, filtered by its days."""
    firsts = table.values(0)
    lasts = periods.last_days_of(firsts, grain_of(table))
    return [
        json.dumps({"set": {"period": CUSTOM, "from": f"{first}", "to": f"{last}"}})
        for first, last in zip(firsts, lasts, strict=True)
    ]


def grain_of(table: Table) -> str:
    return next(grain for grain, name in PIECES.items() if name == table.columns[0].name)


def queue(status: Status, *, in_period: bool = False, **view: Any) -> str:
    """The queue, filtered as the page is: jobs of this status, and of the page's days when they are
    what the chart counts."""
    return json.dumps({"queue": {"status": status.value, **view}, "in_period": in_period})


def queues(labels: list[str]) -> list[str]:
    """The queue of each status, by its label."""
    return [queue(_STATUS_OF[label]) for label in labels]


def job(short_id: str) -> str:
    return json.dumps({"go": f"/job/{short_id}"})
