"""Random histories of a lab: jobs that went through the workflow at random times, as rows.

A story is one job's: what hypothesis draws for it, and what the workflow would have written. The
times crowd where figures go wrong: around midnights, week ends, and the changes of the clocks.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from models import Event, Job, PrintRun, Role, Staff

NOW = datetime(2026, 11, 4, 15, 30, tzinfo=UTC)
# The lab is in Chicago: it is 6 hours behind UTC, and 5 from 8 March to 1 November 2026.
ANCHORS = [
    datetime(2026, 2, 28, 6, 0, tzinfo=UTC),  # a midnight, and a month's end
    datetime(2026, 3, 8, 8, 0, tzinfo=UTC),  # the clocks go forward, on a Sunday
    datetime(2026, 3, 9, 5, 0, tzinfo=UTC),  # a week begins
    datetime(2026, 10, 26, 5, 0, tzinfo=UTC),  # a week begins
    datetime(2026, 11, 1, 7, 0, tzinfo=UTC),  # the clocks go back, on a Sunday
    datetime(2026, 11, 2, 6, 0, tzinfo=UTC),  # a week begins
]
PEOPLE = {"a" * 32: "Ada Admin", "b" * 32: "Bo Staff", "c" * 32: "Cy Staff"}
PRINTERS = {"prusa_mk4s": "Filament", "formlabs_form3": "Resin", "sold": "Filament"}
COLORS = {"Filament": ("True Red", "Blue"), "Resin": ("Gray", "Clear")}
DISCIPLINES = ("Art", "Engineering", "Other")
CLASSES = ("ARCH 4000", "arch  4000 ", "ME 3133", "N/A")
REASONS = ("Walls are too thin to print", "Scale or units are wrong", "Mine")
FAILURES = ("Filament tangle", "Power cut")
FACTS = ("too_large", "open_edges", "units")
UNREADABLE = st.just(["unreadable"])  # of such a model the check says nothing else

# From each status: what may happen, the event, and where it leads. By hand anything may.
STEPS = {
    "UPLOADED": [("approve", "StaffApproved", "PENDING"), ("reject", "StaffRejected", "REJECTED")],
    "PENDING": [("confirm", "StudentConfirmed", "READYTOPRINT")],
    "READYTOPRINT": [("mark-printing", "PrintStarted", "PRINTING")],
    "PRINTING": [
        ("mark-complete", "PrintCompleted", "COMPLETED"),
        ("mark-failed", "PrintFailed", "READYTOPRINT"),
    ],
    "COMPLETED": [
        ("mark-picked-up", "PickedUp", "PAIDPICKEDUP"),
        ("revert-completion", "StatusReverted", "PRINTING"),
    ],
    "PAIDPICKEDUP": [
        ("archive", "JobArchived", "ARCHIVED"),
        ("revert-pickup", "StatusReverted", "COMPLETED"),
    ],
    "REJECTED": [("archive", "JobArchived", "ARCHIVED")],
    "ARCHIVED": [],
}
BY_HAND = list(STEPS)


@dataclass
class Happening:
    """One event. `moved_to` is None where no status changed."""

    at: datetime
    type: str
    by: str
    details: dict[str, Any]
    moved_to: str | None = None


@dataclass
class Run:
    printer: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    reason: str | None = None


@dataclass
class Story:
    """A job as it is at last, and all that happened to it."""

    id: str
    created_at: datetime
    printer: str
    material: str
    color: str
    discipline: str
    class_number: str
    facts: tuple[str, ...]
    status: str = "UPLOADED"
    status_changed_at: datetime = NOW
    weight_g: float | None = None
    cost_cents: int | None = None
    confirmed: bool = False
    expired: bool = False
    reject_reasons: list[str] | None = None
    happened: list[Happening] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    @property
    def moves(self) -> list[Happening]:
        return [each for each in self.happened if each.moved_to]

    def move(self, at: datetime, type: str, by: str, target: str, **details: Any) -> None:
        details |= {"new_status": target}
        if self.happened:
            details["old_status"] = self.status
        self.happened.append(Happening(at, type, by, details, target))
        self.status, self.status_changed_at = target, at


@st.composite
def stories(draw: Any, most: int = 8) -> list[Story]:
    return [draw(_story(number)) for number in range(draw(st.integers(0, most)))]


def moments() -> st.SearchStrategy[datetime]:
    """Whole seconds near an anchor; often on it."""
    near = st.integers(-36 * 3600, 36 * 3600) | st.sampled_from([0, -1, 1, 3600, -3600])
    return st.builds(lambda at, s: at + timedelta(seconds=s), st.sampled_from(ANCHORS), near)


def _delays() -> st.SearchStrategy[timedelta]:
    seconds = st.integers(0, 7200) | st.integers(0, 86_400) | st.integers(0, 9 * 86_400)
    return seconds.map(lambda number: timedelta(seconds=number))


@st.composite
def _story(draw: Any, number: int) -> Story:
    printer = draw(st.sampled_from(sorted(PRINTERS)))
    material = PRINTERS[printer]
    story = Story(
        id=f"{number:08x}" + "0" * 24,
        created_at=draw(moments()),
        printer=printer,
        material=material,
        color=draw(st.sampled_from(COLORS[material])),
        discipline=draw(st.sampled_from(DISCIPLINES)),
        class_number=draw(st.sampled_from(CLASSES)),
        facts=tuple(draw(st.lists(st.sampled_from(FACTS), unique=True, max_size=2) | UNREADABLE)),
    )
    story.move(story.created_at, "JobCreated", "student", "UPLOADED")
    at = story.created_at
    for _ in range(draw(st.integers(0, 9))):
        at += draw(_delays())
        if at >= NOW:
            break
        _happen(draw, story, at)
    story.expired = story.status == "PENDING" and draw(st.booleans())
    return story


def _happen(draw: Any, story: Story, at: datetime) -> None:
    """One more event: mostly what the workflow leads to, sometimes a look, or a change by hand."""
    by = draw(st.sampled_from(sorted(PEOPLE)))
    kind = draw(st.sampled_from(["step"] * 8 + ["look", "hand"]))
    if kind == "look":
        story.happened.append(Happening(at, "Reviewed", by, {}))
    elif kind == "hand" and story.status != "ARCHIVED":
        target = draw(st.sampled_from([each for each in BY_HAND if each != story.status]))
        _by_hand(story, at, by, target)
    elif STEPS[story.status]:
        _step(draw, story, at, by, *draw(st.sampled_from(STEPS[story.status])))


def _step(
    draw: Any, story: Story, at: datetime, by: str, action: str, type: str, target: str
) -> None:
    details: dict[str, Any] = {}
    if action == "approve":
        story.weight_g = draw(st.integers(1, 400)) / 2
        story.cost_cents = draw(st.integers(300, 5000))
        story.reject_reasons = None
        details = {"cost_cents": story.cost_cents}
    elif action == "reject":
        reasons = draw(st.lists(st.sampled_from(REASONS), unique=True, min_size=1))
        story.reject_reasons = reasons
        details = {"reasons": reasons}
    elif action == "confirm":
        by, story.confirmed = "student", True
    elif action == "mark-printing":
        story.runs.append(Run(story.printer, at))
    elif action == "mark-complete":
        _close(story, at, "completed")
    elif action == "mark-failed":
        details = {"reason": draw(st.sampled_from(FAILURES))}
        _close(story, at, "failed", details["reason"])
    elif action == "revert-completion":
        _reopen(story, at)
    old = story.status
    story.move(at, type, by, target, **details)
    if action == "mark-failed":
        again = {"old_status": old, "new_status": target, "action": action, "override": True}
        story.happened.append(Happening(at, "AdminAction", by, details | again))


def _by_hand(story: Story, at: datetime, by: str, target: str) -> None:
    if story.status == "PRINTING":
        _close(story, at, "completed" if target == "COMPLETED" else "cancelled", "by hand")
    if target == "PRINTING":
        story.runs.append(Run(story.printer, at))
    if target in ("UPLOADED", "PENDING"):
        story.confirmed = False
    story.move(at, "AdminAction", by, target, action="change-status", override=True)


def _close(story: Story, at: datetime, outcome: str, reason: str | None = None) -> None:
    for run in story.runs:
        if run.ended_at is None:
            run.ended_at, run.outcome, run.reason = at, outcome, reason


def _reopen(story: Story, at: datetime) -> None:
    if story.runs and story.runs[-1].outcome == "completed":
        run = story.runs[-1]
        run.ended_at = run.outcome = run.reason = None
    else:
        story.runs.append(Run(story.printer, at))


def write(session: Session, told: list[Story]) -> None:
    """The rows of the stories, and of the people in them."""
    session.execute(insert(Staff), [_staff(*each) for each in PEOPLE.items()])
    if not told:
        return
    session.execute(insert(Job), [_job(story) for story in told])
    happened = sorted(
        ((each.at, place, story.id, each) for story in told for place, each in _numbered(story)),
        key=lambda row: row[:3],
    )
    session.execute(insert(Event), [_event(job_id, each) for _, _, job_id, each in happened])
    runs = [_run(story.id, run) for story in told for run in story.runs]
    if runs:
        session.execute(insert(PrintRun), runs)


def empty(session: Session) -> None:
    """Rid of all rows in this transaction; rolled back, nothing has happened."""
    session.execute(text("SET LOCAL printdesk.allow_event_deletion = 'on'"))
    for table in ("mails", "confirmations", "events", "print_runs", "jobs", "staff"):
        session.execute(text(f"DELETE FROM {table}"))


def _numbered(story: Story) -> list[tuple[int, Happening]]:
    return list(enumerate(story.happened))


def _staff(staff_id: str, name: str) -> dict[str, Any]:
    email = f"{name[:2].lower()}@lab.example"
    return {"id": staff_id, "email": email, "name": name, "role": Role.STAFF, "active": True}


def _model(story: Story) -> dict[str, Any]:
    if "unreadable" in story.facts:
        return {"state": "failed", "error": "...", "warnings": []}
    warnings = [{"code": fact, "text": "..."} for fact in story.facts]
    return {"state": "ok", "size_mm": [10, 20, 30], "warnings": warnings}


def _job(story: Story) -> dict[str, Any]:
    return {
        "id": story.id,
        "short_id": story.id[:8],
        "student_name": "=Jane Doe",
        "student_email": "jane@uni.example",
        "discipline": story.discipline,
        "class_number": story.class_number,
        "original_filename": "gear.stl",
        "original_name": "gear.stl",
        "display_name": f"gear_{story.id[:8]}.stl",
        "folder": f"Uploaded/{story.id}",
        "file_hash": story.id * 2,
        "file_size": 684,
        "model": _model(story),
        "thumbnail": {"state": "ok"},
        "status": story.status,
        "status_changed_at": story.status_changed_at,
        "printer": story.printer,
        "color": story.color,
        "material": story.material,
        "weight_g": story.weight_g,
        "time_hours": 2.5 if story.weight_g else None,
        "cost_cents": story.cost_cents,
        "acknowledged_minimum_charge": True,
        "student_confirmed": story.confirmed,
        "student_confirmed_at": story.created_at if story.confirmed else None,
        "is_confirmation_expired": story.expired,
        "reject_reasons": story.reject_reasons,
        "created_at": story.created_at,
        "updated_at": story.created_at,
    }


def _event(job_id: str, each: Happening) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "timestamp": each.at,
        "event_type": each.type,
        "details": json.loads(json.dumps(each.details)),
        "triggered_by": each.by,
        "user_name": PEOPLE.get(each.by, each.by),
    }


def _run(job_id: str, run: Run) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "printer": run.printer,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "outcome": run.outcome,
        "operator_id": "b" * 32,
        "operator_name": "Bo Staff",
        "reason": run.reason,
    }
