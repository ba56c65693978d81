"""Who may sign in, with what, and as whom."""

import secrets
from dataclasses import dataclass
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Role, Staff
from services import events
from services.actors import SYSTEM, Actor
from services.errors import Invalid, NotSignedIn
from settings import settings

MIN_PASSWORD = 10
DEFAULT_ADMIN = "admin@printdesk.example"
_hasher = PasswordHasher()


@dataclass(frozen=True)
class Identity:
    """A signed-in person, and the mark that a session carries: it changes with the password."""

    actor: Actor
    email: str
    stamp: str


def sign_in(session: Session, email: str, password: str) -> Identity:
    """Checks an e-mail and a password. Raises NotSignedIn in the same words whatever is wrong."""
    staff = session.scalars(select(Staff).where(Staff.email == email.strip().lower())).one_or_none()
    known = staff is not None and staff.active and staff.password_hash is not None
    stored = (staff.password_hash if known and staff else None) or _decoy()
    try:
        _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        known = False
    if not known or staff is None:
        raise NotSignedIn("The e-mail or the password is wrong.")
    if _hasher.check_needs_rehash(stored):
        staff.password_hash = _hasher.hash(password)
    identity = _identity(staff)
    events.audit(session, "SignedIn", identity.actor, email=staff.email)
    return identity


def note_refusal(session: Session, email: str, address: str) -> None:
    events.audit(session, "SignInRefused", SYSTEM, email=email[:100], address=address)


def find_identity(session: Session, staff_id: str) -> Identity | None:
    """The person behind a session or a token, as they are now; None when gone or deactivated."""
    staff = session.get(Staff, staff_id)
    return _identity(staff) if staff is not None and staff.active else None


def issue_token(identity: Identity) -> str:
    """A bearer token for the API, good for `token_minutes`."""
    return _serializer().dumps([identity.actor.id, identity.stamp])


def read_token(session: Session, token: str) -> Identity:
    """Who a bearer token stands for. Raises NotSignedIn."""
    try:
        staff_id, stamp = _serializer().loads(token, max_age=int(settings().token_minutes * 60))
    except (BadSignature, ValueError, TypeError):
        raise NotSignedIn("Invalid or expired token") from None
    identity = find_identity(session, str(staff_id))
    if identity is None or not secrets.compare_digest(identity.stamp, str(stamp)):
        raise NotSignedIn("Invalid or expired token")
    return identity


def add(
    session: Session,
    email: str,
    name: str,
    role: Role,
    password: str | None,
    *,
    actor: Actor,
) -> Staff:
    """Adds a person. Raises Invalid."""
    address = _checked_email(email)
    if password is not None and len(password) < MIN_PASSWORD:
        raise Invalid(password=f"Use a password of at least {MIN_PASSWORD} characters.")
    if session.scalar(select(Staff.id).where(Staff.email == address)) is not None:
        raise Invalid(email="There is already somebody with this e-mail.")
    staff = Staff(
        email=address,
        name=name.strip() or address.partition("@")[0],
        role=role,
        password_hash=_hasher.hash(password) if password is not None else None,
    )
    session.add(staff)
    session.flush()
    events.audit(session, "PersonAdded", actor, staff_id=staff.id, email=address, role=role)
    return staff


def ensure_first_admin(session: Session, *, email: str, password: str) -> str | None:
    """Makes the first administrator if nobody may sign in yet.

    Returns the password when one had to be made; it is nowhere else. Raises Invalid.
    """
    if session.scalar(select(Staff.id).limit(1)) is not None:
        return None
    made = None if password else secrets.token_urlsafe(12)
    address = email or DEFAULT_ADMIN
    name = address.partition("@")[0].replace(".", " ").title()
    add(session, address, name, Role.ADMIN, password or made, actor=SYSTEM)
    return made


def first_admin_email(session: Session) -> str:
    """The oldest active administrator's e-mail, to be told at the start; "" when there is none."""
    return (
        session.scalar(
            select(Staff.email)
            .where(Staff.role == Role.ADMIN, Staff.active)
            .order_by(Staff.created_at)
            .limit(1)
        )
        or ""
    )


@lru_cache
def _decoy() -> str:
    """Verified when the e-mail is unknown, so that the time of the answer tells nothing."""
    return _hasher.hash(secrets.token_hex(16))


def _identity(staff: Staff) -> Identity:
    actor = Actor(staff.id, staff.name, Role(staff.role))
    # The last part of the hash, not the hash: enough to change when the password does.
    stamp = (staff.password_hash or "")[-12:]
    return Identity(actor, staff.email, stamp)


def _checked_email(email: str) -> str:
    try:
        validate_email(email.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise Invalid(email="Enter a full e-mail address, such as jane@uni.edu.") from None
    return email.strip().lower()


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="printdesk-api-token")
