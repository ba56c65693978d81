"""The figures of the reports, counted once more: slowly, in plain Python, over stories.

Nothing here is clever. A period is looped over by the quarter of an hour, a list is sorted to find
its middle. What is asked of each function is what its namesake in services/reports says.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from services.reports.asking.periods import Span
from services.reports.asking.report_filters import Confirmation, Filters
from tests.support.histories import PEOPLE, Run, Story

ZONE = ZoneInfo("America/Chicago")
QUARTER = 900
WAITING = ("UPLOADED", "PENDING", "READYTOPRINT", "PRINTING", "COMPLETED")
REVIEWS = ("Reviewed", "StaffApproved", "StaffRejected")


@dataclass(frozen=True)
class Asked:
    """What is asked of a history."""

    stories: list[Story]
    filters: Filters
    span: Span
    now: datetime

    def jobs(self) -> list[Story]:
        return [story for story in self.stories if self.fits(story, story.printer)]

    def submitted(self) -> list[Story]:
        return [story for story in self.jobs() if self.within(story.created_at)]

    def runs(self) -> list[tuple[Story, Run]]:
        return [
            (story, run)
            for story in self.stories
            for run in story.runs
            if self.fits(story, run.printer)
        ]

    def within(self, at: datetime) -> bool:
        return self.span.first <= local(at).date() <= self.span.last

    def fits(self, story: Story, printer: str) -> bool:
        wanted = self.filters
        return (
            wanted.printer in ("", printer)
            and wanted.material in ("", story.material)
            and wanted.discipline in ("", story.discipline)
            and wanted.confirmation in (None, confirmation_of(story))
        )


def local(at: datetime) -> datetime:
    return at.astimezone(ZONE)


def confirmation_of(story: Story) -> Confirmation:
    if story.confirmed:
        return Confirmation.CONFIRMED
    if story.expired:
        return Confirmation.EXPIRED
    return Confirmation.WAITING if story.status == "PENDING" else Confirmation.NONE


def percentile(values: Iterable[float], share: float) -> float | None:
    """Between the two nearest in the sorted list, as far along as the share says."""
    ordered = sorted(values)
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low, high = math.floor(place), math.ceil(place)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def hours(stretch: timedelta) -> float:
    return stretch.total_seconds() / 3600


def collected_at(story: Story) -> datetime | None:
    """When it was picked up for good: nothing but archiving came after."""
    moves = [each for each in story.moves if each.moved_to != "ARCHIVED"]
    return moves[-1].at if moves and moves[-1].moved_to == "PAIDPICKEDUP" else None


def figures(asked: Asked) -> dict[str, Any]:
    decisions = [
        each.type
        for story in asked.jobs()
        for each in story.happened
        if each.type in ("StaffApproved", "StaffRejected") and asked.within(each.at)
    ]
    ended = [(s, run) for s, run in asked.runs() if run.ended_at and asked.within(run.ended_at)]
    completed = [(story, run) for story, run in ended if run.outcome == "completed"]
    ready = {}
    for story, run in completed:
        ready[story.id] = max(ready.get(story.id, run.ended_at), run.ended_at)
    took = [hours(ready[s.id] - s.created_at) for s in asked.stories if s.id in ready]
    picked = [s for s in asked.jobs() if (at := collected_at(s)) and asked.within(at)]
    return {
        "submissions": len(asked.submitted()),
        "decided": len(decisions),
        "rejected": decisions.count("StaffRejected"),
        "completed": len(completed),
        "failed": sum(run.outcome == "failed" for _, run in ended),
        "grams": sum(story.weight_g or 0 for story, _ in completed),
        "ready": len(ready),
        "median_hours": percentile(took, 0.5),
        "p90_hours": percentile(took, 0.9),
        "picked_up": len(picked),
        "revenue_cents": sum(story.cost_cents or 0 for story in picked),
    }


def submissions(asked: Asked, grain: str, days: int, pieces: int) -> list[tuple[date, int, float]]:
    """Each piece's first day, its submissions, and the average of the pieces before its end."""
    by_day = Counter(local(story.created_at).date() for story in asked.jobs())
    found: dict[date, list[date]] = defaultdict(list)
    day = asked.span.first
    while day <= asked.span.last:
        found[begin_of(day, grain)].append(day)
        day += timedelta(days=1)
    return [
        (
            piece,
            sum(by_day[day] for day in within),
            sum(by_day[within[-1] - timedelta(days=back)] for back in range(days)) / pieces,
        )
        for piece, within in sorted(found.items())
    ]


def begin_of(day: date, grain: str) -> date:
    while (grain == "week" and day.weekday() != 0) or (grain == "month" and day.day != 1):
        day -= timedelta(days=1)
    return day


def status_times(asked: Asked) -> dict[str, list[float]]:
    """The hours of each stay that ended in the period, by status."""
    found: dict[str, list[float]] = defaultdict(list)
    for story in asked.jobs():
        moves = [each for each in story.moves if each.moved_to != "ARCHIVED"]
        for one, other in pairwise(moves):
            if one.moved_to in WAITING and asked.within(other.at):
                found[one.moved_to].append(hours(other.at - one.at))
    return found


def waiting(asked: Asked) -> dict[str, tuple[int, float | None, float | None, list[int]]]:
    """Jobs, the median and the longest of their hours, and how many days ago they came in."""
    found = {}
    for status in WAITING:
        there = [story for story in asked.jobs() if story.status == status]
        since = [hours(asked.now - story.status_changed_at) for story in there]
        ages = [(local(asked.now).date() - local(s.created_at).date()).days for s in there]
        found[status] = (len(there), percentile(since, 0.5), max(since, default=None), ages)
    return found


def stage(story: Story) -> int:
    outcomes = {run.outcome for run in story.runs}
    if collected_at(story):
        return 5
    if story.status in ("COMPLETED", "PAIDPICKEDUP") or "completed" in outcomes:
        return 4
    if story.status == "PRINTING" or story.runs:
        return 3
    if story.status == "READYTOPRINT" or story.confirmed:
        return 2
    return 1 if story.status == "PENDING" or story.cost_cents is not None else 0


def money(asked: Asked, uncollected_days: int) -> dict[str, tuple[int, int]]:
    """Jobs and cents by what became of the price."""
    found: dict[str, list[int]] = defaultdict(list)
    for story in asked.submitted():
        if story.cost_cents is None:
            continue
        found[_outcome(story, asked.now - timedelta(days=uncollected_days))].append(
            story.cost_cents
        )
    return {outcome: (len(cents), sum(cents)) for outcome, cents in found.items()}


def _outcome(story: Story, long_ago: datetime) -> str:
    if collected_at(story):
        return "Collected"
    if story.status == "COMPLETED":
        late = story.status_changed_at < long_ago
        return "Never collected" if late else "Ready, to be collected"
    if story.status in ("READYTOPRINT", "PRINTING"):
        return "In work"
    if story.status == "PENDING":
        return "Waiting for confirmation"
    printed = any(run.outcome == "completed" for run in story.runs)
    return "Never collected" if story.status == "ARCHIVED" and printed else "Withdrawn"


def clipped(asked: Asked) -> list[tuple[Story, Run, datetime, datetime]]:
    """The runs with the part of them that is in the period, and not in the future."""
    until = max(asked.span.start, min(asked.span.end, asked.now))
    found = []
    for story, run in asked.runs():
        begin, end = max(run.started_at, asked.span.start), min(run.ended_at or until, until)
        if run.started_at < until and (run.ended_at is None or run.ended_at >= asked.span.start):
            found.append((story, run, begin, end))
    return found


def printer_hours(asked: Asked) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for _, run, begin, end in clipped(asked):
        found[run.printer] += hours(end - begin)
    return found


def weeks(asked: Asked) -> dict[tuple[str, date], float]:
    found: dict[tuple[str, date], float] = defaultdict(float)
    for _, run, begin, end in clipped(asked):
        for at, seconds in quarters(begin, end):
            found[run.printer, begin_of(local(at).date(), "week")] += seconds / 3600
    return found


def cells(asked: Asked) -> tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]]:
    """Hours by weekday and hour: those printed, and those that the clock showed."""
    until = max(asked.span.start, min(asked.span.end, asked.now))
    printed: dict[tuple[int, int], float] = defaultdict(float)
    shown: dict[tuple[int, int], float] = defaultdict(float)
    for _, _, begin, end in clipped(asked):
        for at, seconds in quarters(begin, end):
            printed[local(at).weekday(), local(at).hour] += seconds / 3600
    for at, seconds in quarters(asked.span.start, until):
        shown[local(at).weekday(), local(at).hour] += seconds / 3600
    return printed, shown


def quarters(begin: datetime, end: datetime) -> Iterable[tuple[datetime, float]]:
    """A stretch cut at every quarter of an hour: no clock anywhere changes within one."""
    at = begin
    while at < end:
        mark = at + timedelta(seconds=QUARTER - at.timestamp() % QUARTER)
        yield at, (min(mark, end) - at).total_seconds()
        at = mark


def reasons(asked: Asked) -> tuple[int, Counter[str], Counter[tuple[str, str]], Counter[Any]]:
    """Rejections; and the reasons they gave: by themselves, by discipline, by first fact."""
    number, plain, disciplines, facts = 0, Counter(), Counter(), Counter()
    for story in asked.jobs():
        for each in story.happened:
            if each.type == "StaffRejected" and asked.within(each.at):
                number += 1
                for reason in each.details["reasons"]:
                    plain[reason] += 1
                    disciplines[story.discipline, reason] += 1
                    for fact in story.facts or ("none",):
                        facts[reason, fact] += 1
    return number, plain, disciplines, facts


def fact_rates(asked: Asked) -> dict[str, tuple[int, int]]:
    found = dict.fromkeys(("too_large", "open_edges", "units", "unreadable", "none"), (0, 0))
    for story in asked.submitted():
        for fact in story.facts or ("none",):
            submitted, rejected = found[fact]
            found[fact] = (submitted + 1, rejected + (story.reject_reasons is not None))
    return found


def failures(asked: Asked) -> Counter[tuple[str, str]]:
    return Counter(
        (run.printer, run.reason or "")
        for _, run in asked.runs()
        if run.outcome == "failed" and run.ended_at and asked.within(run.ended_at)
    )


def demand(asked: Asked, key: Any) -> dict[str, tuple[int, float, int]]:
    found: dict[str, tuple[int, float, int]] = {}
    for story in asked.submitted():
        jobs, grams, cents = found.get(key(story), (0, 0.0, 0))
        found[key(story)] = (
            jobs + 1,
            grams + (story.weight_g or 0),
            cents + (story.cost_cents or 0),
        )
    return found


def activity(asked: Asked) -> Counter[tuple[str, str]]:
    return Counter(
        (each.by, each.type)
        for story in asked.jobs()
        for each in story.happened
        if each.by in PEOPLE and asked.within(each.at)
    )


def first_reviews(asked: Asked) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for story in asked.submitted():
        looks = [each for each in story.happened if each.type in REVIEWS]
        if looks:
            found[looks[0].by].append(hours(looks[0].at - story.created_at))
    return found


def materials(asked: Asked, grain: str) -> dict[tuple[str, str], tuple[float, int, int]]:
    """Grams, runs, and in how many pieces, by material and colour."""
    found: dict[tuple[str, str], list[tuple[float, date]]] = defaultdict(list)
    for story, run in asked.runs():
        if run.outcome == "completed" and run.ended_at and asked.within(run.ended_at):
            piece = begin_of(local(run.ended_at).date(), grain)
            found[story.material, story.color].append((story.weight_g or 0, piece))
    return {
        use: (sum(grams for grams, _ in each), len(each), len({piece for _, piece in each}))
        for use, each in found.items()
    }
