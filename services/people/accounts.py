"""Accounts of staff: passwords, API tokens, and the identity behind a session."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email
from itsdangerous import BadSignature, URLSafeTimedSerializer
from psycopg2.errors import UniqueViolation
from sqlalchemy import literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Role, Staff
from services import changes, events
from services.actors import SYSTEM, Actor
from services.errors import Forbidden, Invalid, NotSignedIn
from services.people import ended_sessions
from settings import settings

MIN_PASSWORD = 10
MAX_PASSWORD = 200
DEFAULT_ADMIN = "admin@printdesk.example"
_hasher = PasswordHasher()


@dataclass(frozen=True)
class Identity:
    """A signed-in person, and the stamp of their sessions, which changes with the password and when
    the person is deactivated."""

    actor: Actor
    email: str
    stamp: str
    state: str = ""  # of the database, if requested: services/changes.py


def sign_in(session: Session, email: str, password: str) -> Identity:
    """Checks an e-mail and a password. Raises NotSignedIn, with the same message whatever is wrong,
    and Forbidden if people sign in with an identity provider."""
    if settings().auth_mode == "oidc":
        raise Forbidden("Passwords are not used here: sign in with your organisation's account.")
    staff = session.scalars(select(Staff).where(Staff.email == email.strip().lower())).one_or_none()
    known = staff is not None and staff.active and staff.password_hash is not None
    stored = (staff.password_hash if known and staff else None) or _dummy_hash()
    try:
        _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        known = False
    if not known or staff is None:
        raise NotSignedIn("The e-mail or the password is wrong.")
    if _hasher.check_needs_rehash(stored):
        staff.password_hash = _hasher.hash(password)
    identity = identity_of(staff)
    events.audit(session, "SignedIn", identity.actor, email=staff.email)
    return identity


def note_refusal(session: Session, email: str, address: str) -> None:
    events.audit(session, "SignInRefused", SYSTEM, email=email[:100], address=address)


def note_denied(
    session: Session,
    actor: Actor | None,
    method: str,
    route: str,
    address: str | None,
    **about: Any,
) -> None:
    """Records refused access to a staff function, with its details."""
    asked = {"method": method, "route": route, "address": address, **about}
    events.audit(session, "AccessRefused", actor or SYSTEM, **asked)


def find_identity(
    session: Session, staff_id: str, *, session_id: str | None = None, with_state: bool = False
) -> Identity | None:
    """The person of a session or token, as they are now; None if deleted or deactivated, or if that
    session has ended.

    The same query can return the state of the database, which is all that polling pages need.
    """
    state = changes.token() if with_state else literal("")
    chosen = select(Staff, state).where(Staff.id == staff_id)
    if session_id is not None:
        chosen = chosen.where(~ended_sessions.has_ended(session_id))
    row = session.execute(chosen).one_or_none()
    return replace(identity_of(row[0]), state=row[1]) if row and row[0].active else None


def issue_token(identity: Identity) -> str:
    """A bearer token for the API, valid for `token_minutes`."""
    return _serializer().dumps([identity.actor.id, identity.stamp])


def read_token(session: Session, token: str, *, with_state: bool = False) -> Identity:
    """The person of a bearer token. Raises NotSignedIn."""
    if settings().auth_mode == "oidc":
        raise NotSignedIn("Invalid or expired token")
    try:
        staff_id, stamp = _serializer().loads(token, max_age=int(settings().token_minutes * 60))
    except (BadSignature, ValueError, TypeError):
        raise NotSignedIn("Invalid or expired token") from None
    identity = find_identity(session, str(staff_id), with_state=with_state)
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
    if password is not None:
        check_password(password, address)
    known = Invalid(email="Somebody with this e-mail is already on the list.")
    if session.scalar(select(Staff.id).where(Staff.email == address)) is not None:
        raise known
    staff = Staff(
        email=address,
        name=name.strip()[:100] or address.partition("@")[0][:100],
        role=role,
        password_hash=hash_password(password) if password is not None else None,
    )
    try:
        with session.begin_nested():
            session.add(staff)
    except IntegrityError as problem:  # somebody else has just added them
        if not isinstance(problem.orig, UniqueViolation):
            raise
        raise known from None
    events.audit(session, "PersonAdded", actor, staff_id=staff.id, email=address, role=role)
    return staff


def change_own_password(session: Session, old: str, new: str, *, actor: Actor) -> Identity:
    """Changes the person's own password, and ends all their other sessions.

    Returns the identity with which this session continues. Raises Forbidden, Invalid with the
    fields `old` and `new`.
    """
    if settings().auth_mode == "oidc":
        raise Forbidden("Your password is managed by your organisation: change it there.")
    chosen = select(Staff).where(Staff.id == actor.id).with_for_update(key_share=True)
    staff = session.scalars(chosen).one_or_none()
    if staff is None or not staff.active or staff.password_hash is None:
        raise Forbidden("You have no password here.")
    try:
        _hasher.verify(staff.password_hash, old)
    except (VerificationError, InvalidHashError):
        raise Invalid(old="This is not your current password.") from None
    check_password(new, staff.email, "new")
    if new == old:
        raise Invalid(new="Choose a password that differs from your current one.")
    staff.password_hash = hash_password(new)
    events.audit(session, "PasswordChanged", actor, email=staff.email)
    return identity_of(staff)


def check_password(password: str, email: str, field: str = "password") -> None:
    """Raises Invalid, with the field's name, for a password that is too easy to guess."""
    wrong = ""
    if len(password) < MIN_PASSWORD:
        wrong = f"Use a password of at least {MIN_PASSWORD} characters."
    elif len(password) > MAX_PASSWORD:
        wrong = f"Use a password of at most {MAX_PASSWORD} characters."
    elif len(set(password)) < 4 or password.lower() in (email, email.partition("@")[0]):
        wrong = (
            "This password is easy to guess. Use several words, or let a password manager make one."
        )
    if wrong:
        raise Invalid(**{field: wrong})


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def make_password() -> str:
    """A password of 96 random bits."""
    return secrets.token_urlsafe(12)


def ensure_first_admin(session: Session, *, email: str, password: str) -> str | None:
    """Creates the first administrator if nobody can sign in yet. If people sign in with an identity
    provider, only for a given e-mail, and without a password.

    Returns the password if one was generated; it is stored nowhere else. Raises Invalid.
    """
    if session.scalar(select(Staff.id).limit(1)) is not None:
        return None
    if settings().auth_mode == "oidc":
        if email:
            add(session, email, "", Role.ADMIN, None, actor=SYSTEM)
        return None
    made = None if password else make_password()
    address = email or DEFAULT_ADMIN
    name = address.partition("@")[0].replace(".", " ").title()
    add(session, address, name, Role.ADMIN, password or made, actor=SYSTEM)
    return made


def first_admin_email(session: Session) -> str:
    """The oldest active administrator's e-mail, to be printed at the start; "" if there is none."""
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
def _dummy_hash() -> str:
    """Verified if the e-mail is unknown, so that the response time does not reveal that."""
    return _hasher.hash(secrets.token_hex(16))


def identity_of(staff: Staff) -> Identity:
    """The person of a row, with the stamp of their sessions."""
    actor = Actor(staff.id, staff.name, Role(staff.role))
    # A hash of the hash: it changes with the password, but does not help to guess it.
    marked = f"{staff.password_hash or ''}:{staff.sessions_ended}"
    return Identity(actor, staff.email, hashlib.sha256(marked.encode()).hexdigest()[:12])


def _checked_email(email: str) -> str:
    try:
        validate_email(email.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise Invalid(email="Enter a full e-mail address, such as jane@uni.edu.") from None
    return email.strip().lower()


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="printdesk-api-token")
