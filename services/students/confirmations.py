"""Confirmation links: signed, single use, replaced by any newer one, stored only as a hash.

A token is the signed id of its row, so it can be rebuilt when the e-mail is delivered; whoever has
only the database, without the secret key, cannot confirm anything.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session, aliased

from models import Confirmation, Job, Status, new_id
from services import events
from services.actors import SYSTEM
from services.errors import NotFound
from services.jobs import records
from settings import lab, settings

EXPIRE_AT_ONCE = 50  # each waits for its metadata.json to be written

# "settled": the job no longer needs the link, and no newer one is open.
LinkState = Literal["open", "expired", "used", "replaced", "settled"]


@dataclass(frozen=True)
class Link:
    """A confirmation link as it is now. `expires_at` is UTC."""

    confirmation_id: str
    job_id: str
    state: LinkState
    expires_at: datetime


def token_of(confirmation_id: str) -> str:
    return _serializer().dumps(confirmation_id)


def url_of(confirmation_id: str) -> str:
    return f"{settings().base_url}/confirm/{token_of(confirmation_id)}"


def issue(session: Session, job: Job, now: datetime) -> Confirmation:
    """A new link for a job whose row the caller has locked; every older link stops working."""
    void(session, job.id, now)
    confirmation_id = new_id()
    link = Confirmation(
        id=confirmation_id,
        job_id=job.id,
        token_hash=_hash(token_of(confirmation_id)),
        created_at=now,
        expires_at=now + timedelta(hours=lab().workflow.confirm_hours),
    )
    session.add(link)
    job.confirmation_expires_at = link.expires_at
    job.is_confirmation_expired = False
    session.flush()
    return link


def void(session: Session, job_id: str, now: datetime) -> None:
    """Ends a job's open link, if there is one."""
    session.execute(
        update(Confirmation)
        .where(Confirmation.job_id == job_id)
        .where(Confirmation.used_at.is_(None), Confirmation.replaced_at.is_(None))
        .values(replaced_at=now)
    )


def use(session: Session, confirmation_id: str, now: datetime) -> None:
    session.execute(
        update(Confirmation).where(Confirmation.id == confirmation_id).values(used_at=now)
    )


def read(session: Session, token: str) -> Link:
    """The link that the token belongs to, as it is now.

    Raises NotFound with `reason` "forged" for a token that was never issued here, and "gone" for
    one whose job has been deleted.
    """
    try:
        _serializer().loads(token)
    except BadSignature:
        raise NotFound(_FORGED, reason="forged") from None
    newer = aliased(Confirmation)
    is_replaced = exists().where(
        newer.job_id == Confirmation.job_id,
        newer.id != Confirmation.id,
        newer.used_at.is_(None),
        newer.replaced_at.is_(None),
    )
    row = session.execute(
        select(Confirmation, Job.status, Job.student_confirmed, is_replaced, func.clock_timestamp())
        .join(Job, Job.id == Confirmation.job_id)
        .where(Confirmation.token_hash == _hash(token))
    ).one_or_none()
    if row is None:
        raise NotFound(_GONE, reason="gone")
    link, status, confirmed, replaced, now = row
    state = _state(link, Status(status), is_confirmed=confirmed, has_newer=bool(replaced), now=now)
    return Link(link.id, link.job_id, state, link.expires_at)


def expire_due(session: Session) -> int:
    """Flags the jobs whose link has expired, with an event each. Returns how many.

    A job that somebody is working on at this moment is left for the next sweep.
    """
    due = session.scalars(
        select(Job)
        .where(Job.status == Status.PENDING, Job.is_confirmation_expired.is_(False))
        .where(Job.confirmation_expires_at < func.clock_timestamp())
        .with_for_update(skip_locked=True)
        .limit(EXPIRE_AT_ONCE)
    ).all()
    for job in due:
        job.is_confirmation_expired = True
        events.record(session, job.id, "ConfirmationExpired", SYSTEM)
        records.touch(session, job, SYSTEM)
    return len(due)


_FORGED = "This confirmation link is not valid. Open the link from the e-mail again."
_GONE = "The job for this confirmation link has been deleted. There is nothing to confirm."


def _state(
    link: Confirmation, status: Status, *, is_confirmed: bool, has_newer: bool, now: datetime
) -> LinkState:
    if link.used_at is not None and is_confirmed and status is not Status.REJECTED:
        return "used"
    if status is not Status.PENDING:
        return "settled"
    if link.used_at is not None or link.replaced_at is not None:
        return "replaced" if has_newer else "settled"
    return "expired" if link.expires_at <= now else "open"


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="printdesk-confirmation")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
