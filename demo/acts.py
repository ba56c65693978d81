"""How the services are told what happens: one function for each kind of act.

Every act is a unit of work, or several, as at the edges: the lock is taken first where an action
asks for it, the service decides, and what it sends to the worker is done after the commit.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from demo import slicing
from demo.arrivals import Sent
from demo.cast import Person
from demo.plot import Act
from demo.stage import Stage
from models import Confirmation, MailKind, Role, Staff
from services import actors, work
from services.actions import registry, retention
from services.actions.rows import Lock
from services.actors import Actor
from services.files import storage, uploads
from services.jobs import locks, records, resending
from services.jobs.plans import PrintPlan
from services.people import accounts, staff_list
from services.students import confirmations, submissions, tracking
from settings import lab

PASSWORD = "two years of prints"  # of everybody in the demo; printed at the start


class Players:
    """Performs acts. Knows which job is which, and whose sign-in is whose."""

    def __init__(self, stage: Stage, sent: Mapping[str, Sent]) -> None:
        self.stage, self.sent = stage, sent
        self.ids: dict[str, str] = {}
        self.staff: dict[str, Actor] = {}
        self._chances: dict[str, random.Random] = {}

    def perform(self, act: Act) -> None:
        stage = self.stage
        stage.go_to(act.at)
        if act.key not in self._chances:
            self._chances[act.key] = random.Random(f"{act.key}/ids")
        stage.rng = self._chances[act.key]
        ACTS[act.kind](self, act)
        stage.do_tasks()

    def actor(self, person: Person | None) -> Actor:
        assert person is not None
        if person.email not in self.staff:
            with work.unit() as session:
                found = session.scalars(select(Staff).where(Staff.email == person.email)).one()
            self.staff[person.email] = Actor(found.id, found.name, person.role)
        return self.staff[person.email]

    def move(self, act: Act, action: str, **values: Any) -> None:
        job_id, actor = self.ids[act.key], self.actor(act.who)
        with work.unit() as session:
            if registry.get(action).lock is Lock.HELD:
                locks.acquire(session, job_id, actor=actor)
            registry.perform(session, action, job_id, values, actor=actor)


def _submit(players: Players, act: Act) -> None:
    sent = players.sent[act.key]
    form = submissions.read_form(
        {
            "student_name": sent.student.name,
            "student_email": sent.email,
            "discipline": sent.student.discipline,
            "class_number": sent.student.class_number,
            "print_method": sent.material,
            "color": sent.color,
            "printer": sent.printer,
            "acknowledged_minimum_charge": "Yes",
        }
    )
    receiver = uploads.Receiver(lab().upload.max_bytes)
    receiver.write(sent.content())
    upload = receiver.finish(sent.filename)
    players.stage.looks[upload.sha256] = sent.look
    with work.unit() as session:
        players.ids[act.key] = submissions.submit(session, form, upload).id


def _review(players: Players, act: Act) -> None:
    with work.unit() as session:
        records.set_reviewed(session, players.ids[act.key], True, actor=players.actor(act.who))


def _note(players: Players, act: Act) -> None:
    job_id, actor = players.ids[act.key], players.actor(act.who)
    with work.unit() as session:
        locks.acquire(session, job_id, actor=actor)
        records.set_notes(session, job_id, act.details["text"], actor=actor)
        locks.release(session, job_id, actor=actor)


def _approve(players: Players, act: Act) -> None:
    plan = PrintPlan(
        act.details["weight_g"], act.details["time_hours"], printer=act.details["printer"]
    )
    if act.details["is_sliced"]:
        _slice(players.ids[act.key], plan)
    players.move(act, "approve", **asdict(plan))


def _slice(job_id: str, plan: PrintPlan) -> None:
    """A slicer saves beside the student's file."""
    with work.unit() as session:
        job = records.find(session, job_id)
    extension, content = slicing.sliced(plan, job.material)
    folder: Path = storage.path_of(job.folder)
    (folder / f"{PurePath(job.original_name).stem}{extension}").write_bytes(content)


def _confirm(players: Players, act: Act) -> None:
    with work.unit() as session:
        link = session.scalars(
            select(Confirmation.id).where(
                Confirmation.job_id == players.ids[act.key],
                Confirmation.used_at.is_(None),
                Confirmation.replaced_at.is_(None),
            )
        ).one()
        tracking.confirm(session, confirmations.token_of(link))


def _ask_link(players: Players, act: Act) -> None:
    with work.unit() as session:
        tracking.resend(session, players.ids[act.key])


def _resend(players: Players, act: Act) -> None:
    kind = MailKind(act.details["mail"])
    with work.unit() as session:
        resending.resend_email(session, players.ids[act.key], kind, actor=players.actor(act.who))


def _expire(_: Players, __: Act) -> None:
    with work.unit() as session:
        confirmations.expire_due(session)


def _reject(players: Players, act: Act) -> None:
    players.move(act, "reject", reasons=act.details["reasons"])


def _change_status(players: Players, act: Act) -> None:
    told = {"new_status": act.details["to"], "reason": act.details["reason"]}
    players.move(act, "change-status", **told)


def _archive(players: Players, act: Act) -> None:
    retention.archive_old(None, actor=players.actor(act.who))


def _plain(action: str) -> Callable[[Players, Act], None]:
    """An action that is told no more than a reason."""
    return lambda players, act: players.move(act, action, reason=act.details.get("reason", ""))


def _join(players: Players, act: Act) -> None:
    person = act.who
    assert person is not None
    with work.unit() as session:
        hiring = _hiring(session)
        accounts.add(session, person.email, person.name, person.role, PASSWORD, actor=hiring)


def _hiring(session: Session) -> Actor:
    """The first administrator; before there is one, the system."""
    row = session.scalars(select(Staff).where(Staff.role == Role.ADMIN).limit(1)).one_or_none()
    return Actor(row.id, row.name, Role.ADMIN) if row else actors.SYSTEM


def _leave(players: Players, act: Act) -> None:
    with work.unit() as session:
        staff_list.deactivate(session, players.actor(act.who).id, actor=_hiring(session))


ACTS: Mapping[str, Callable[[Players, Act], None]] = {
    "submit": _submit,
    "review": _review,
    "note": _note,
    "approve": _approve,
    "reject": _reject,
    "delete": _plain("delete"),
    "confirm": _confirm,
    "expire": _expire,
    "ask-link": _ask_link,
    "resend": _resend,
    "force-confirm": _plain("force-confirm"),
    "print": _plain("mark-printing"),
    "complete": _plain("mark-complete"),
    "fail": _plain("mark-failed"),
    "revert-completion": _plain("revert-completion"),
    "pick-up": _plain("mark-picked-up"),
    "revert-pickup": _plain("revert-pickup"),
    "change-status": _change_status,
    "archive": _archive,
    "prune": _plain("prune"),
    "join": _join,
    "leave": _leave,
}
