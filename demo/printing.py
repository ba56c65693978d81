"""The printers of the demo: what waits for each, what runs when, and what goes wrong."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from demo.terms import Opening
from settings import Printer, lab

_FAILURES = {
    "Lost adhesion to the bed": 5,
    "Spaghetti: a part came loose": 4,
    "Layer shift": 3,
    "Nozzle clogged": 3,
    "Corners warped": 3,
    "Filament tangled on the spool": 2,
    "Filament ran out": 2,
    "Power cut": 1,
}
_RESIN_FAILURES = {
    "Detached from the build platform": 5,
    "Supports broke": 4,
    "Layers delaminated": 2,
    "Resin ran out": 2,
    "Part stuck in the tank": 2,
}
# By the printer's place in the lab's list: some are worse than others, and the third grows old.
_RISKS = (0.015, 0.035, 0.04, 0.06)
_RISK_OF_AN_HOUR = 0.0045
_AGEING = 0.05
_OUTAGE_A_MONTH = 0.1


class Waiting(Protocol):
    """What the printers need to know of a job."""

    rng: random.Random
    printer: str
    time_hours: float
    ready_at: datetime


@dataclass
class Run:
    """One attempt: `seen_at` is when somebody notices that it ended, `failure` why it did."""

    started_at: datetime
    seen_at: datetime
    failure: str | None


@dataclass
class Unit:
    """One machine. `is_called`: somebody is on the way to it."""

    printer: Printer
    rank: int
    is_busy: bool = False
    is_called: bool = False


@dataclass
class Floor:
    """All printers. `later` puts off what is to happen, `begin` tells of a run."""

    seed: int
    opening: Opening
    later: Callable[[datetime, Callable[[datetime], None]], None]
    begin: Callable[[Waiting, Run], None]
    age: Callable[[datetime], float]
    queues: dict[str, list[Waiting]] = field(default_factory=dict)
    units: list[Unit] = field(default_factory=list)

    def __post_init__(self) -> None:
        for rank, printer in enumerate(lab().printers):
            self.queues[printer.id] = []
            self.units += [Unit(printer, rank) for _ in range(printer.units)]

    def add(self, job: Waiting, now: datetime) -> None:
        job.ready_at = now
        self.queues[job.printer].append(job)
        self._call(job.printer, now)

    def backlog(self) -> dict[str, float]:
        """The hours that wait for each printer."""
        return {
            printer: sum(job.time_hours for job in jobs) for printer, jobs in self.queues.items()
        }

    def free(self, unit: Unit, now: datetime) -> None:
        unit.is_busy = False
        self._call(unit.printer.id, now)

    def _call(self, printer: str, now: datetime) -> None:
        for unit in self.units:
            if unit.printer.id == printer and not unit.is_busy and not unit.is_called:
                unit.is_called = True
                rng = random.Random(f"{self.seed}/{printer}/{now.isoformat()}")
                come = self.opening.next(now) + timedelta(minutes=rng.uniform(4, 35))
                self.later(come, lambda at, unit=unit: self._serve(unit, at))  # type: ignore[misc]

    def _serve(self, unit: Unit, now: datetime) -> None:
        unit.is_called = False
        queue = self.queues[unit.printer.id]
        if unit.is_busy or not queue:
            return
        repaired = self._outage_end(unit.printer.id, now)
        if repaired > now or self.opening.next(now) > now:
            self._call(unit.printer.id, max(repaired, now))
            return
        job = self._pick(queue, now)
        queue.remove(job)
        unit.is_busy = True
        run = self._run(unit, job, now)
        self.begin(job, run)
        self.later(run.seen_at + timedelta(minutes=1), lambda at: self.free(unit, at))

    def _pick(self, queue: list[Waiting], now: datetime) -> Waiting:
        """The oldest, but by day what ends before people go home, and for the night what lasts."""
        oldest = min(queue, key=lambda job: job.ready_at)
        left = (self.opening.closing(now) - now) / timedelta(hours=1)
        night = (self.opening.reopening(now) - now) / timedelta(hours=1)
        if now - oldest.ready_at > timedelta(days=4):
            return oldest
        if left < 3.5:
            fitting = [job for job in queue if job.time_hours <= night + 1]
            return max(fitting or queue, key=lambda job: job.time_hours)
        short = [job for job in queue if job.time_hours <= left + 1.5]
        return min(short, key=lambda job: job.ready_at) if short else oldest

    def _run(self, unit: Unit, job: Waiting, now: datetime) -> Run:
        rng = job.rng
        hours = job.time_hours * rng.uniform(0.9, 1.05)
        failure = None
        if rng.random() < self._risk(unit, hours, now):
            is_resin = unit.printer.material != lab().materials[0].name
            reasons = _RESIN_FAILURES if is_resin else _FAILURES
            failure = rng.choices(list(reasons), list(reasons.values()))[0]
            hours *= rng.betavariate(1.3, 1.6)
        return Run(now, self._seen(now + timedelta(hours=hours), rng), failure)

    def _risk(self, unit: Unit, hours: float, now: datetime) -> float:
        risk = _RISKS[min(unit.rank, len(_RISKS) - 1)] + _RISK_OF_AN_HOUR * hours
        return min(0.45, risk + (_AGEING * self.age(now) if unit.rank == 2 else 0.0))

    def _seen(self, ended: datetime, rng: random.Random) -> datetime:
        """Somebody passes by, or looks through the camera from home; nobody does at night."""
        if 7 <= self.opening.hour_of(ended) < 23:
            return ended + timedelta(minutes=rng.uniform(3, 40))
        day = self.opening.day_of(ended)
        if self.opening.hour_of(ended) >= 23:
            day += timedelta(days=1)
        return self.opening.at(day, rng.uniform(7.2, 9.3))

    def _outage_end(self, printer: str, now: datetime) -> datetime:
        """When a printer works again that is out of order now and then; `now` if it works."""
        day = self.opening.day_of(now)
        rng = random.Random(f"{self.seed}/{printer}/{day:%Y-%m}/outage")
        if rng.random() > _OUTAGE_A_MONTH:
            return now
        begin = self.opening.at(day.replace(day=rng.randint(1, 20)), 9)
        end = begin + timedelta(days=rng.uniform(2, 6))
        return end if begin <= now < end else now
