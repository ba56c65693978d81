"""The link that opens a job's file in the slicer of a staff computer (the plan's section 4.4).

The plan's scheme, 3dprint, begins with a digit, which RFC 3986, 3.1 does not allow: browsers treat
such a link as a relative path. So each link has a second form that browsers do open.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

from sqlalchemy.orm import Session

from models import Role, Status
from services import events
from services.actors import Actor, require
from services.files import storage
from services.jobs import records
from services.jobs.records import JobView
from settings import settings

# Archived files are not for printing.
OPENABLE = frozenset(Status) - {Status.ARCHIVED, Status.REJECTED}


@dataclass(frozen=True)
class SlicerLink:
    """The file's path on a staff computer, and the link for its handler, in the plan's form and in
    the form that browsers open."""

    path: str
    url: str
    browser_url: str


def link(job: JobView) -> SlicerLink:
    """The link to the job's authoritative file, with its path on staff computers."""
    base = settings().staff_storage_path or str(storage.root())
    windows = "\\" in base or re.match(r"[A-Za-z]:", base) is not None
    mark = "\\" if windows else "/"
    path = mark.join((base.rstrip("\\/"), *job.folder.split("/"), job.display_name))
    rest = f"://open?path={quote(path, safe='')}"
    return SlicerLink(path, f"3dprint{rest}", f"printdesk{rest}")


def note_opened(session: Session, job_id: str, *, actor: Actor) -> None:
    """Records in the history who opened which file. Raises NotFound, Forbidden."""
    require(actor, Role.STAFF)
    job = records.get(session, job_id, actor=actor)
    events.record(session, job.id, "OpenedInSlicer", actor, file=job.display_name)
