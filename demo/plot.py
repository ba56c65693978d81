"""What happens in the demo, and when: every job's way, thought out before anything is written.

One moment follows the other on a heap. What comes of it is a list of acts in the order of their
time, for demo/acts.py to perform. Each job has random numbers of its own.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from demo import arrivals, cast, judging, terms
from demo.arrivals import Fate, Sent
from demo.cast import Person
from demo.printing import Floor, Run, Waiting
from demo.team import Team
from demo.terms import Opening
from settings import lab

Check = Callable[[Sent], dict[str, Any]]
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

_GROWTH = 0.22  # of what is submitted, in a year
_NOTES = (
    "Brim added, and supports only from the bed.",
    "Lies on its back, so that the front needs no supports.",
    "Student wants it before the review on Friday.",
    "0.15 mm layers, the student asked for a smooth top.",
    "Asked by e-mail which size is meant.",
    "Part of a set of four: keep together.",
    "Scaled as agreed at the desk.",
)
# What must be there at the end, however little the last days bring: hours before it.
_ENDINGS: tuple[tuple[float, Fate], ...] = (
    *((7 * 24, "silent"), (9.5 * 24, "silent"), (50, "undelivered"), (60, "long"), (30, "keen")),
    *((0.6, "unseen"), (1.7, "unsound"), (3.1, "unseen"), (4.4, "unsound")),
)
# How long before the end those students confirm: one print still runs then, one is yet to begin.
_ANSWERS = {"long": 20 * HOUR, "keen": 3 * MINUTE}
_AT_THE_DESK = ("The student agreed at the front desk.", "Agreed by phone.", "Paid in advance.")
_UNDELIVERED = "The address was mistyped; the student agreed at the front desk."


@dataclass(frozen=True)
class Act:
    """One thing that is done, for acts.py: `who` is None where no staff does it, and `key` is empty
    where it is not about one job."""

    at: datetime
    kind: str
    key: str
    who: Person | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass
class Story:
    """One job, as far as it has come."""

    sent: Sent
    rng: random.Random
    printer: str = ""
    time_hours: float = 0.0
    failures: int = 0
    ready_at: datetime = datetime.min


class Plot:
    """`check` tells what the model check says of a file. `coming` are all first submissions."""

    def __init__(
        self, seed: int, first: date, until: datetime, check: Check, *, pace: float = 1.0
    ) -> None:
        zone = lab().lab.zone
        self.seed, self.until, self.check, self.pace = seed, until, check, pace
        self.opening = Opening(first, until.astimezone(zone).date(), zone)
        self.begin = self.opening.at(first, 8)
        self.team = Team(seed, self.begin, until, self.opening)
        self.floor = Floor(seed, self.opening, self.later, self._on_run, self._age)
        self.acts: list[Act] = []
        self.sent: dict[str, Sent] = {}
        self.now = self.begin
        self._agenda: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._count = 0
        self.coming = self._foresee(first, self.opening.day_of(until))
        self._plan_lab(first)
        for sent in self.coming:
            self._plan_arrival(sent)

    def play(self) -> list[Act]:
        """All acts, in the order of their time."""
        while self._agenda:
            self.now, _, happen = heapq.heappop(self._agenda)
            happen(self.now)
        return self.acts

    def later(self, at: datetime, happen: Callable[[datetime], None]) -> None:
        """What lies beyond the demo's end does not happen any more."""
        if at < self.until:
            self._count += 1
            heapq.heappush(self._agenda, (max(at, self.now), self._count, happen))

    def _age(self, at: datetime) -> float:
        """Years of the demo."""
        return max(0.0, (at - self.begin) / (365 * DAY))

    def _act(self, kind: str, story: Story | None, who: Person | None = None, **about: Any) -> None:
        self.acts.append(Act(self.now, kind, story.sent.key if story else "", who, about))

    def _somebody(self, story: Story) -> Person:
        return self.team.somebody(self.now, story.rng)

    def _plan_lab(self, first: date) -> None:
        for person in cast.STAFF:
            self.later(self.team.joins_at(person), self._doing("join", person))
            leaves_at = self.team.leaves_at(person)
            if leaves_at is not None:
                self.later(leaves_at, self._doing("leave", person))
        for monday in terms.first_mondays(first, self.opening.day_of(self.until)):
            at = self.opening.next(self.opening.at(monday, 10.5))
            self.later(at, self._doing("archive", self.team.admin()))

    def _doing(self, kind: str, person: Person) -> Callable[[datetime], None]:
        return lambda _: self._act(kind, None, person)

    def _foresee(self, first: date, last: date) -> list[Sent]:
        """All that is submitted, but for what is sent a second time."""
        found = []
        for number in range((last - first).days + 1):
            day = first + number * DAY
            pace = self.pace * (1 + _GROWTH * self._age(self.opening.at(day, 0)))
            is_lively = day > last - terms.LIVELY_DAYS * DAY
            found += arrivals.of_day(self.seed, day, pace, self.opening, is_lively=is_lively)
        for hours, fate in _ENDINGS:
            at = self.until - hours * HOUR
            found.append(arrivals.staged(self.seed, at, fate, self.opening))
        return [sent for sent in found if self.begin < sent.at < self.until]

    def _plan_arrival(self, sent: Sent) -> None:
        self.later(sent.at, lambda _: self._arrive(sent))

    def _arrive(self, sent: Sent) -> None:
        story = Story(sent, random.Random(f"{sent.key}/story"))
        self.sent[sent.key] = sent
        rng = story.rng
        self._act("submit", story)
        if story.sent.fate in ("unseen", "unsound"):
            return
        puzzled = rng.random() < 0.025
        wait = rng.uniform(16, 45) if puzzled else min(rng.lognormvariate(0.9, 0.75), 45.0)
        if story.sent.fate:
            puzzled, wait = False, min(wait, 2.0)
        if rng.random() < 0.3 or puzzled:
            looked = self.opening.after(self.now, wait * rng.uniform(0.2, 0.7))
            self.later(looked, lambda _: self._look(story, puzzled))
        self.later(self.opening.after(self.now, wait), lambda _: self._decide(story))

    def _look(self, story: Story, puzzled: bool) -> None:
        who = self._somebody(story)
        self._act("review", story, who)
        if puzzled:
            self._act("note", story, who, text=_NOTES[4])

    def _decide(self, story: Story) -> None:
        rng, who = story.rng, self._somebody(story)
        if rng.random() < 0.008 and not story.sent.fate:
            self._act("delete", story, who)
            return
        verdict = judging.judge(story.sent, self.check(story.sent), self.floor.backlog(), rng)
        if verdict.reasons:
            self._act("reject", story, who, reasons=verdict.reasons)
            self._plan_second_try(story)
            return
        story.printer, story.time_hours = verdict.printer, verdict.time_hours
        if rng.random() < 0.1:
            self._act("note", story, who, text=rng.choice(_NOTES))
        self._act(
            "approve",
            story,
            who,
            weight_g=verdict.weight_g,
            time_hours=verdict.time_hours,
            printer=verdict.printer,
            is_sliced=rng.random() < 0.7,
        )
        self._await_confirmation(story)

    def _plan_second_try(self, story: Story) -> None:
        """Most put it right and send it once more, for a deadline sooner than otherwise."""
        if story.rng.random() < 0.55 and not story.sent.key.endswith("++"):
            at = self._awake(self.now + story.rng.lognormvariate(2.4, 1.0) * HOUR)
            self._plan_arrival(story.sent.mended(at))

    def _awake(self, at: datetime) -> datetime:
        """Students sleep too."""
        hour = self.opening.hour_of(at)
        return at + (8.2 - hour) * HOUR if 1.5 < hour < 8 else at

    def _await_confirmation(self, story: Story) -> None:
        rng = story.rng
        if story.sent.fate in _ANSWERS:
            self._plan_confirming(story, self.until - _ANSWERS[story.sent.fate])
            return
        if story.sent.email.endswith(cast.MISTYPED):
            self.later(
                self.opening.desk(self.now + rng.uniform(20, 60) * HOUR),
                lambda _: self._force(story, _UNDELIVERED),
            )
            return
        answer = self._awake(self.now + rng.lognormvariate(0.9, 1.35) * HOUR)
        is_silent = story.sent.fate == "silent" or rng.random() < 0.06
        if not is_silent and answer < self._link_ends() - HOUR:
            self._plan_confirming(story, answer)
        else:
            self.later(self._link_ends(), lambda _: self._expire(story))

    def _link_ends(self) -> datetime:
        """When the worker has noticed that a link of now has run out."""
        return self.now + lab().workflow.confirm_hours * HOUR + 3 * MINUTE

    def _plan_confirming(self, story: Story, at: datetime) -> None:
        """With a link of now, and so before it runs out."""
        self.later(min(at, self._link_ends() - HOUR), lambda _: self._confirm(story))

    def _confirm(self, story: Story) -> None:
        self._act("confirm", story)
        self._ready(story)

    def _force(self, story: Story, reason: str) -> None:
        self._act("force-confirm", story, self._somebody(story), reason=reason)
        self._ready(story)

    def _expire(self, story: Story) -> None:
        rng = story.rng
        self._act("expire", None)
        way = rng.random()
        if story.sent.fate == "silent":
            return
        if way < 0.42:
            again = self._awake(self.now + rng.lognormvariate(2.2, 1.1) * HOUR)
            self.later(again, lambda _: self._ask_again(story))
        elif way < 0.62:
            self.later(
                self.opening.after(self.now, rng.uniform(1, 9)), lambda _: self._remind(story)
            )
        elif way < 0.76:
            self.later(
                self.opening.desk(self.now + rng.uniform(4, 90) * HOUR),
                lambda _: self._force(story, rng.choice(_AT_THE_DESK)),
            )
        else:
            self._plan_clearing(story, rng.uniform(9, 24))

    def _ask_again(self, story: Story) -> None:
        """The student asks for a new link, and uses it."""
        self._act("ask-link", story)
        self._plan_confirming(story, self._awake(self.now + story.rng.uniform(0.05, 2) * HOUR))

    def _remind(self, story: Story) -> None:
        """Staff send a new link; it helps in most cases."""
        self._act("resend", story, self._somebody(story), mail="approval")
        if story.rng.random() < 0.7:
            self._plan_confirming(story, self._awake(self.now + story.rng.uniform(0.2, 30) * HOUR))
        else:
            self.later(self._link_ends(), lambda _: self._act("expire", None))
            self._plan_clearing(story, story.rng.uniform(8, 16))

    def _plan_clearing(self, story: Story, days: float) -> None:
        """Nobody wants it any more."""
        reason = "Not confirmed for weeks, and no answer to our e-mails."
        self.later(
            self.opening.after(self.now + days * DAY, story.rng.uniform(0.3, 6)),
            lambda _: self._give_up(story, reason),
        )

    def _give_up(self, story: Story, reason: str) -> None:
        self._act("change-status", story, self._somebody(story), to="REJECTED", reason=reason)

    def _ready(self, story: Story) -> None:
        self.floor.add(story, self.now)

    def _on_run(self, waiting: Waiting, run: Run) -> None:
        assert isinstance(waiting, Story)
        story = waiting
        self._act("print", story, self._somebody(story))
        self.later(run.seen_at, lambda _: self._run_ends(story, run))

    def _run_ends(self, story: Story, run: Run) -> None:
        rng, who = story.rng, self._somebody(story)
        if run.failure is None and rng.random() < 0.006:
            reason = "The wrong colour was loaded: stopped."
            self._act("change-status", story, who, to="READYTOPRINT", reason=reason)
            self._ready(story)
        elif run.failure is None:
            self._act("complete", story, who)
            if rng.random() < 0.008:
                self._act("revert-completion", story, who)
                self.later(self.now + rng.uniform(2, 9) * MINUTE, lambda _: self._finish(story))
            else:
                self._await_student(story)
        else:
            self._fail(story, who, run.failure)

    def _finish(self, story: Story) -> None:
        self._act("complete", story, self._somebody(story))
        self._await_student(story)

    def _fail(self, story: Story, who: Person, reason: str) -> None:
        self._act("fail", story, who, reason=reason)
        story.failures += 1
        if story.failures < 3:
            self._ready(story)
            return
        reason = "It failed three times; the model must be changed. Told the student."
        self.later(self.opening.after(self.now, 1), lambda _: self._give_up(story, reason))

    def _await_student(self, story: Story) -> None:
        rng = story.rng
        if rng.random() < 0.035:
            self.later(self.opening.after(self.now + 11 * DAY, 2), lambda _: self._call_for(story))
            return
        come = self.opening.desk(self.now + rng.lognormvariate(3.0, 0.85) * HOUR)
        self.later(
            self.opening.desk(come + rng.uniform(1, 150) * MINUTE), lambda _: self._collect(story)
        )

    def _call_for(self, story: Story) -> None:
        """The mail once more; some come then, and in the end the shelf is cleared."""
        self._act("resend", story, self._somebody(story), mail="completion")
        if story.rng.random() < 0.4:
            self.later(
                self.opening.desk(self.now + story.rng.uniform(1, 6) * DAY),
                lambda _: self._collect(story),
            )
        else:
            reason = "Not collected within 60 days: recycled."
            self.later(
                self.opening.after(self.now + 50 * DAY, 3), lambda _: self._give_up(story, reason)
            )

    def _collect(self, story: Story) -> None:
        rng, who = story.rng, self._somebody(story)
        self._act("pick-up", story, who)
        if rng.random() < 0.008:
            self._act("revert-pickup", story, who)
            self.later(
                self.opening.desk(self.now + rng.uniform(0.2, 50) * HOUR),
                lambda _: self._act("pick-up", story, self._somebody(story)),
            )
        elif rng.random() < 0.02:
            self._plan_pruning(story)

    def _plan_pruning(self, story: Story) -> None:
        """Some want their data gone for good, long after."""
        days = lab().workflow.archive_after_days + story.rng.uniform(45, 200)
        at = self.opening.after(self.now + days * DAY, 1)
        self.later(at, lambda _: self._act("prune", story, self.team.admin()))
