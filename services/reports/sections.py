"""The reports page, section by section: each is read in one go, and several at the same time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.reports import figures, flow, materials, people, printers, rejections, utilisation
from services.reports.figures import KeyFigures
from services.reports.flow import Funnel, Quotes, StatusTime, Submissions, Waiting
from services.reports.materials import MaterialUse
from services.reports.people import Activity, Demands, FirstReview
from services.reports.printers import FailureCount, Printers, Timeline
from services.reports.question import Question
from services.reports.rejections import Fact, Rejections
from services.reports.utilisation import Utilisation


@dataclass(frozen=True)
class Flow:
    submissions: Submissions
    status_times: list[StatusTime]
    waiting: list[Waiting]
    quotes: list[Quotes]


@dataclass(frozen=True)
class Printing:
    printers: Printers
    utilisation: Utilisation
    timeline: Timeline
    failures: list[FailureCount]


@dataclass(frozen=True)
class Rejected:
    rejections: Rejections
    facts: list[Fact]


@dataclass(frozen=True)
class People:
    demands: Demands
    activity: list[Activity]
    first_reviews: list[FirstReview]


def read_key_figures(ask: Question) -> KeyFigures:
    return figures.read_key_figures(ask)


def read_flow(ask: Question) -> Flow:
    return Flow(
        flow.read_submissions(ask),
        flow.read_status_times(ask),
        flow.read_waiting(ask),
        flow.read_quotes(ask),
    )


def read_funnel(ask: Question) -> Funnel:
    return flow.read_funnel(ask)


def read_printing(ask: Question) -> Printing:
    return Printing(
        printers.read_printers(ask),
        utilisation.read_utilisation(ask),
        printers.read_timeline(ask),
        printers.read_failures(ask),
    )


def read_rejected(ask: Question) -> Rejected:
    return Rejected(rejections.read_rejections(ask), rejections.read_facts(ask))


def read_people(ask: Question) -> People:
    return People(
        people.read_demand(ask), people.read_activity(ask), people.read_first_reviews(ask)
    )


def read_materials(ask: Question) -> MaterialUse:
    return materials.read_materials(ask)


READERS: Mapping[str, Callable[[Question], Any]] = {
    "key": read_key_figures,
    "flow": read_flow,
    "funnel": read_funnel,
    "printing": read_printing,
    "rejected": read_rejected,
    "people": read_people,
    "materials": read_materials,
}
