"""What must be true of the rows and the folders at any time, whatever has happened before."""

import hashlib
import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Confirmation, Event, Job, Mail, PrintRun
from services.files import storage
from tests.support.table import FOLDERS, STATUSES, TABLE, is_in_graph


def assert_whole(session: Session, stale: int = 0, job_id: str | None = None) -> None:
    """Every job has its complete folder and its whole history, and nothing lies about.

    `stale`: how many folders may be there that no job owns, as after a crash. With `job_id`, the
    other jobs' histories and contents are taken as read.
    """
    jobs = session.scalars(select(Job)).all()
    for job in jobs:
        if job_id in (None, job.id):
            assert_folder(job)
            assert_history(session, job)
    owned = {job.folder for job in jobs}
    assert len(owned) == len(jobs)
    astray, missing = folders() - owned, owned - folders()
    assert not missing, f"without a folder: {missing}"
    assert len(astray) <= stale, f"no job owns {astray}"
    known = [job.id for job in jobs]
    assert not session.scalars(select(Event.job_id).where(Event.job_id.not_in(known))).all()


def folders() -> set[str]:
    """The job folders on disk, relative to the storage root."""
    return {
        f"{name}/{path.name}"
        for name in FOLDERS.values()
        for path in (storage.root() / name).iterdir()
        if not path.name.startswith(".")
    }


def leftovers() -> list[Path]:
    """What interrupted work left in the storage: received files and half-made folders."""
    found = list((storage.root() / ".uploads").iterdir())
    for name in FOLDERS.values():
        found += [path for path in (storage.root() / name).iterdir() if path.name.startswith(".")]
    return found


def assert_folder(job: Job) -> None:
    """The folder stands where its status wants it, with the original as it was sent."""
    assert job.status in STATUSES
    folder = storage.root() / job.folder
    assert folder.parent.name == FOLDERS[job.status], f"{job.status} in {job.folder}"
    original = (folder / job.original_name).read_bytes()
    assert hashlib.sha256(original).hexdigest() == job.file_hash
    assert len(original) == job.file_size
    assert (folder / job.display_name).is_file()
    metadata = json.loads((folder / "metadata.json").read_text())
    assert metadata["id"] == job.id
    assert metadata["status"] == job.status


def assert_metadata(job: Job) -> None:
    """metadata.json says what the row says, column by column; locks are not kept there."""
    metadata = json.loads((storage.root() / job.folder / "metadata.json").read_text())
    columns = [
        name
        for name in (column.name for column in job.__table__.columns)
        if not name.startswith("locked_")
    ]
    assert metadata.keys() == set(columns)
    for name in columns:
        assert _read(metadata[name], getattr(job, name)) == getattr(job, name), name


def assert_history(session: Session, job: Job) -> None:
    """One event per change of status, each a step of the workflow, leading to where the job is;
    one mail per decision; a print run open only while it prints; a link only while it waits."""
    steps = transitions(session, job.id)
    status = None
    for event in steps:
        old, new = event.details.get("old_status"), event.details["new_status"]
        assert old == status, f"{event.event_type} from {old}, but the job was {status}"
        action = event.details.get("action")
        assert old is None or is_in_graph(event.event_type, action, old, new), event.event_type
        status = new
    assert status == job.status
    happened = Counter(event.event_type for event in steps)
    sent = Counter(
        session.scalars(select(Mail.kind).where(Mail.job_id == job.id, Mail.resent_by.is_(None)))
    )
    expected = {"received": 1} | {
        str(row.mail): happened[row.events[0]] for row in TABLE.values() if row.mail
    }
    assert dict(sent) == {kind: count for kind, count in expected.items() if count}
    assert _count(session, PrintRun, job, PrintRun.ended_at.is_(None)) == (job.status == "PRINTING")
    unused = (Confirmation.used_at.is_(None), Confirmation.replaced_at.is_(None))
    assert _count(session, Confirmation, job, *unused) <= (job.status == "PENDING")


def transitions(session: Session, job_id: str) -> list[Event]:
    """The events that tell of a change of status, in order. A failed print tells it twice, as a
    failure and as an override: the second must repeat the first, and is left out."""
    events = session.scalars(select(Event).where(Event.job_id == job_id).order_by(Event.id)).all()
    found: list[Event] = []
    for event in events:
        if "new_status" not in event.details:
            continue
        if event.details.get("action") == "mark-failed" and event.event_type == "AdminAction":
            before = found[-1]
            assert before.event_type == "PrintFailed"
            assert before.details["new_status"] == event.details["new_status"]
            continue
        found.append(event)
    return found


def _count(session: Session, kind: type[Any], job: Job, *conditions: Any) -> int:
    query = select(func.count()).select_from(kind).where(kind.job_id == job.id, *conditions)
    return session.scalar(query) or 0


def _read(stored: Any, like: Any) -> Any:
    return datetime.fromisoformat(stored) if isinstance(like, datetime) else stored
