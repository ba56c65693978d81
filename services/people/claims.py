"""Finds the person of an identity provider's verified claims, for the console's sign-in and for the
API's bearer tokens."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Row, Select, literal, select
from sqlalchemy.orm import Session

from models import Role, Staff
from services import changes, events
from services.actors import SYSTEM
from services.errors import Forbidden, NotSignedIn
from services.people import accounts
from services.people.accounts import Identity
from settings import lab, settings, split_list


def sign_in_with_claims(session: Session, claims: dict[str, Any]) -> Identity:
    """Signs in the person of the claims. Somebody in OIDC_ADMIN_EMAILS who is not on the list yet
    becomes an administrator. Raises NotSignedIn, Forbidden."""
    _add_first_admin(session, claims)
    identity = find_by_claims(session, claims)
    events.audit(session, "SignedIn", identity.actor, email=identity.email, by="oidc")
    return identity


def find_by_claims(
    session: Session,
    claims: dict[str, Any],
    *,
    by_subject: bool = True,
    with_state: bool = False,
) -> Identity:
    """The person of a provider's verified claims, found by `sub`, or the first time by a verified
    e-mail; then the `sub` is stored, and from then on only it counts, because addresses get
    reassigned.

    With `by_subject` false, the `sub` belongs to a provider other than the console's, and is
    neither used nor stored. If requested, the same query returns the state of the database. Raises
    NotSignedIn, Forbidden.
    """
    subject = claims.get("sub")
    if not _is_text(subject, 255):
        raise NotSignedIn("Invalid or expired token")
    chosen = _selected(with_state).where(Staff.subject == subject)
    row = session.execute(chosen).one_or_none() if by_subject else None
    if row is None:
        row = _find_by_email(session, claims, str(subject) if by_subject else None, with_state)
    if row is None:
        raise Forbidden(
            "You are signed in with the provider, but you are not on this lab's staff list. "
            f"Write to {_contact_address()} if you should be."
        )
    staff, state = row
    if not staff.active:
        raise Forbidden(f"Your account here is deactivated. Write to {_contact_address()}.")
    return replace(accounts.identity_of(staff), state=state)


def _selected(with_state: bool) -> Select[Staff, str]:
    """A query for people, each with the state of the database or ""."""
    return select(Staff, changes.token() if with_state else literal(""))


def _find_by_email(
    session: Session, claims: dict[str, Any], subject: str | None, with_state: bool
) -> Row[Staff, str] | None:
    """The person with the verified e-mail. Their subject is stored if there is none yet."""
    if not (email := _verified_email(claims)):
        return None
    chosen = _selected(with_state).where(Staff.email == email).with_for_update(of=Staff)
    row = session.execute(chosen).one_or_none()
    staff = row[0] if row is not None else None
    if staff is None or subject is None or not staff.active:
        return row
    if staff.subject is None:
        staff.subject = subject
        events.audit(session, "SignInLinked", accounts.identity_of(staff).actor, email=email)
    elif staff.subject != subject:
        raise Forbidden(
            "This e-mail is already linked to another account of the sign-in provider. "
            f"Ask an administrator to reset your sign-in, or write to {_contact_address()}."
        )
    return row


def _add_first_admin(session: Session, claims: dict[str, Any]) -> None:
    email = email_of(claims)
    if not _is_verified(claims) or email not in split_list(settings().oidc_admin_emails.lower()):
        return
    known = Staff.email == email
    if _is_text(claims.get("sub"), 255):
        known |= Staff.subject == claims["sub"]
    if session.scalar(select(Staff.id).where(known)) is None:
        name = claims["name"] if _is_text(claims.get("name"), 100) else ""
        accounts.add(session, email, name, Role.ADMIN, None, actor=SYSTEM)


def _verified_email(claims: dict[str, Any]) -> str:
    """The verified e-mail; "" if there is none."""
    return email_of(claims) if _is_verified(claims) or settings().oidc_trust_email else ""


def email_of(claims: dict[str, Any]) -> str:
    """The e-mail in the claims, verified or not; "" if there is none."""
    email = claims.get("email")
    return str(email).strip().lower() if _is_text(email, 254) else ""


def _is_text(value: Any, longest: int) -> bool:
    """Whether it is a non-empty text without control characters and unpaired surrogates, which the
    database does not accept."""
    return isinstance(value, str) and 0 < len(value) <= longest and value.isprintable()


def _is_verified(claims: dict[str, Any]) -> bool:
    # Some providers send the text "true" instead of the boolean.
    verified = claims.get("email_verified")
    return verified is True or verified == "true"


def _contact_address() -> str:
    return lab().lab.contact_email
