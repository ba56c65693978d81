"""The whole play: thought out, then performed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from demo import lanes, stage
from demo.arrivals import Sent
from demo.plot import Act, Plot
from models import Job, Status
from services import work
from services.jobs import records
from settings import lab

Tell = Callable[[float], None]

# The mails of the last act must not lie in the future.
_MARGIN = timedelta(minutes=5)
# So much before the end one act follows the other, as people look at what happened last.
_IN_STEP = timedelta(days=2)
_THINKING = 0.08  # the part of the time that goes before the first act
_AT_ONCE = 150  # acts


def anchor(now: datetime) -> datetime:
    """Where a history ends that is made now: at the beginning of the hour."""
    return now.replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Wanted:
    """A history of so many days that ends at `end`. `pace`: how much happens, 1 is a whole lab."""

    seed: int
    end: datetime
    days: int = 730
    pace: float = 1.0


def make(wanted: Wanted, tell: Tell) -> int:
    """Fills the database and the storage of the settings, both empty. Returns how many jobs there
    were. `tell` hears how far it is, 0 to 1."""
    begin = wanted.end - timedelta(days=wanted.days + 2)
    with stage.clock_in_database(), lanes.started(begin) as company:
        acts, sent = _think(wanted, company)
        company.learn(acts, sent)
        for start, stop in _steps(acts, wanted.end - _IN_STEP):
            tell(_THINKING + (1 - _THINKING) * start / len(acts))
            company.perform(start, stop)
    _rewrite_metadata()
    return len(sent)


def _think(wanted: Wanted, company: lanes.Lanes) -> tuple[list[Act], dict[str, Sent]]:
    first = wanted.end.astimezone(lab().lab.zone).date() - timedelta(days=wanted.days)
    known: dict[str, dict[str, Any]] = {}

    def check(sent: Sent) -> dict[str, Any]:
        return known[sent.key] if sent.key in known else company.check(sent)

    plot = Plot(wanted.seed, first, wanted.end - _MARGIN, check, pace=wanted.pace)
    known |= company.check_all(plot.coming)
    return plot.play(), plot.sent


def _steps(acts: Sequence[Act], in_step: datetime) -> Iterator[tuple[int, int]]:
    """What the lanes may do at once: acts about single jobs. All else is done alone."""
    start = 0
    for place, act in enumerate(acts):
        if not act.key or act.at > in_step:
            if start < place:
                yield start, place
            yield place, place + 1
            start = place + 1
        elif place - start == _AT_ONCE:
            yield start, place
            start = place
    if start < len(acts):
        yield start, len(acts)


def _rewrite_metadata() -> None:
    """A new link, and one that has run out, change the row alone; the next move writes the file."""
    with work.unit() as session:
        for job in session.scalars(select(Job).where(Job.status == Status.PENDING)):
            records.write_metadata(job)
