"""Jobs made like real ones: submitted, and moved to any status by real actions."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from models import Confirmation, Event, Job, Mail, MailKind, PrintRun, Role, Staff, Status
from services import actors, work
from services.actions import registry
from services.actions.rows import Lock
from services.actors import Actor
from services.files import storage, uploads
from services.files.uploads import Upload
from services.jobs import locks, records
from services.jobs.records import JobView
from services.students import confirmations, submissions
from tests.support import meshes

FORM = {
    "student_name": "Jane Doe",
    "student_email": "jane@uni.example",
    "discipline": "Engineering",
    "class_number": "ARCH 4000",
    "print_method": "Filament",
    "color": "True Red",
    "printer": "prusa_mk4s",
    "acknowledged_minimum_charge": "Yes",
}
PLAN = {"weight_g": 42.5, "time_hours": 3.2}
REASON = "Because of the test"
MAX_BYTES = 50 * 1024**2

# What each action is told. change-status and confirm are told more by their callers.
REQUESTS: dict[str, dict[str, Any]] = {
    "approve": PLAN,
    "reject": {"reasons": ("Walls are too thin to print",)},
    "force-confirm": {"reason": REASON},
    "mark-failed": {"reason": REASON},
    "change-status": {"reason": REASON},
}
PATH_TO = {
    Status.UPLOADED: (),
    Status.PENDING: ("approve",),
    Status.READYTOPRINT: ("approve", "confirm"),
    Status.PRINTING: ("approve", "confirm", "mark-printing"),
    Status.COMPLETED: ("approve", "confirm", "mark-printing", "mark-complete"),
    Status.PAIDPICKEDUP: ("approve", "confirm", "mark-printing", "mark-complete", "mark-picked-up"),
    Status.REJECTED: ("reject",),
    Status.ARCHIVED: ("reject", "archive"),
}  # fmt: skip

_numbers = itertools.count(1)


@dataclass(frozen=True)
class People:
    """The lab's people: two of the staff, so that one can stand in the other's way."""

    manager: Actor
    staff: Actor
    other: Actor
    admin: Actor

    def of_role(self, role: str) -> Actor:
        """The person of a role; "student" has no account."""
        return actors.student("Jane Doe") if role == "student" else getattr(self, role)


def add_people() -> People:
    return People(
        add_person("Mona Manager", Role.MANAGER),
        add_person("Sam Staff"),
        add_person("Kim Colleague"),
        add_person("Ada Admin", Role.ADMIN),
    )


def add_person(name: str, role: Role = Role.STAFF) -> Actor:
    """Somebody without a password: the services never ask for it."""
    email = name.lower().replace(" ", ".") + "@lab.example"
    with work.unit() as session:
        person = Staff(email=email, name=name, role=role)
        session.add(person)
        session.flush()
        return Actor(person.id, name, role)


def model() -> bytes:
    """A small valid STL that was not made before in this process."""
    return meshes.binary_stl(header=f"cube {next(_numbers)}".encode())


def receive(content: bytes | None = None, filename: str = "gear.stl") -> Upload:
    """A file as it has come in, in the upload folder."""
    receiver = uploads.Receiver(MAX_BYTES)
    receiver.write(model() if content is None else content)
    return receiver.finish(filename)


def submit(content: bytes | None = None, filename: str = "gear.stl", **form: str) -> JobView:
    """A job as a student submits it; what is received and refused is discarded, as at the edge."""
    checked = submissions.read_form(FORM | form)
    receiver = uploads.Receiver(MAX_BYTES)
    try:
        receiver.write(model() if content is None else content)
        with work.unit() as session:
            return submissions.submit(session, checked, receiver.finish(filename))
    finally:
        receiver.discard()


def move(job_id: str, action: str, actor: Actor, **request: Any) -> JobView | None:
    """One action in a unit of work of its own; the lock is as it is."""
    told = REQUESTS.get(action, {}) | request
    with work.unit() as session:
        return registry.perform(session, action, job_id, told, actor=actor).view


def act(job_id: str, action: str, actor: Actor, **request: Any) -> JobView:
    """One action, by the person who takes the lock for it where it is needed."""
    if action == "confirm":
        request |= {"confirmation_id": open_link(job_id).id}
    if registry.get(action).lock is Lock.HELD:
        with work.unit() as session:
            locks.acquire(session, job_id, actor=actor)
    moved = move(job_id, action, actor, **request)
    return moved if moved is not None else _gone()


def job_in(status: Status | str, people: People, **form: str) -> JobView:
    """A new job, brought to a status by the moves that lead there."""
    job = submit(**form)
    for action in PATH_TO[Status(status)]:
        job = act(job.id, action, people.admin if action == "archive" else people.staff)
    return job


def read(job_id: str) -> JobView:
    with work.unit() as session:
        return records.find(session, job_id)


def change(job_id: str, **values: Any) -> None:
    """Writes values into the row that otherwise only change with time. Never the status."""
    assert "status" not in values
    with work.unit() as session:
        session.execute(update(Job).where(Job.id == job_id).values(**values))


def rows(kind: type[Any], job_id: str) -> list[Any]:
    """A job's events, mails, links or print runs, oldest first."""
    order = kind.id if kind in (Event, PrintRun) else kind.created_at
    with work.unit() as session:
        return list(session.scalars(select(kind).where(kind.job_id == job_id).order_by(order)))


def open_link(job_id: str) -> Confirmation:
    return next(
        link
        for link in rows(Confirmation, job_id)
        if link.used_at is None and link.replaced_at is None
    )


def token(job_id: str) -> str:
    """The token of the job's open link, as the mail would carry it."""
    return confirmations.token_of(open_link(job_id).id)


def event_types(job_id: str) -> list[str]:
    return [event.event_type for event in rows(Event, job_id)]


def mails(job_id: str, kind: str | None = None) -> list[Mail]:
    return [mail for mail in rows(Mail, job_id) if kind is None or mail.kind == MailKind(kind)]


def folder_of(job: JobView) -> Path:
    return storage.path_of(job.folder)


def save_beside(job: JobView, extension: str, content: bytes = b"G28\n") -> Path:
    """A file as a slicer saves it: beside the student's, with an extension of its own."""
    stem = Path(job.original_name).stem
    path = folder_of(job) / f"{stem}{extension}"
    path.write_bytes(content)
    return path


def _gone() -> JobView:
    raise AssertionError("the job is gone")
