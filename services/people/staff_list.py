"""The staff list: who may sign in, and with which role. Administrators manage it.

Before an administrator loses the role, all administrators' rows are locked, in the order of their
ids: two who remove each other at the same moment cannot leave the lab without one.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import Job, Role, Staff
from services import events
from services.actors import SYSTEM, Actor, require
from services.errors import Conflict, Forbidden, Invalid, NotFound
from services.people import accounts
from settings import settings


@dataclass(frozen=True)
class PersonView:
    """A row of the staff list. `signs_in` is how: "password", "provider" or "not yet"."""

    id: str
    email: str
    name: str
    role: Role
    active: bool
    created_at: datetime
    signs_in: str
    is_self: bool


def list_people(session: Session, *, actor: Actor) -> list[PersonView]:
    """Everybody, active people first, by name. Raises Forbidden."""
    require(actor, Role.ADMIN)
    rows = session.scalars(select(Staff).order_by(Staff.active.desc(), Staff.name, Staff.email))
    return [_view(row, actor) for row in rows]


def get(session: Session, staff_id: str, *, actor: Actor) -> PersonView:
    """Raises Forbidden, NotFound."""
    require(actor, Role.ADMIN)
    return _view(_get(session, staff_id), actor)


def find(session: Session, staff_id: str, actor: Actor) -> PersonView:
    """The person after an action on them. Raises NotFound."""
    return _view(_get(session, staff_id), actor)


def add(
    session: Session, email: str, name: str, role: str, *, actor: Actor
) -> tuple[PersonView, str | None]:
    """Adds a person. Returns them and their generated password, which is stored nowhere else; None
    if people sign in with an identity provider. Raises Forbidden, Invalid."""
    require(actor, Role.ADMIN)
    wrong = {}
    if not 0 < len(name.strip()) <= 100 or not name.strip().isprintable():
        wrong["name"] = "Enter the person's name, with at most 100 characters."
    if role not in Role.__members__.values():
        wrong["role"] = "Choose a role."
    if wrong:
        raise Invalid(**wrong)
    password = None if settings().auth_mode == "oidc" else accounts.make_password()
    added = accounts.add(session, email, name, Role(role), password, actor=actor)
    return _view(added, actor), password


def deactivate(session: Session, staff_id: str, *, actor: Actor) -> None:
    """Signs the person out from their next request, and releases their locks. Old sessions stay
    ended even if the person is reactivated. Raises Forbidden, NotFound, Conflict."""
    staff = _get_to_restrict(session, staff_id, actor)
    if not staff.active:
        raise Conflict(f"{staff.name} is already deactivated.")
    _refuse_self(staff, actor, "deactivate yourself")
    staff.active = False
    staff.sessions_ended += 1
    released = _release_locks(session, staff.id)
    _note(session, "PersonDeactivated", staff, actor, locks_released=released)


def reactivate(session: Session, staff_id: str, *, actor: Actor) -> None:
    """Raises Forbidden, NotFound, Conflict."""
    require(actor, Role.ADMIN)
    staff = _get(session, staff_id, lock=True)
    if staff.active:
        raise Conflict(f"{staff.name} is already active.")
    staff.active = True
    _note(session, "PersonReactivated", staff, actor)


def change_role(session: Session, staff_id: str, role: str, *, actor: Actor) -> None:
    """Takes effect at the person's next request. Raises Forbidden, NotFound, Invalid, Conflict."""
    if role not in Role.__members__.values():
        raise Invalid(role="Choose a role.")
    staff = _get_to_restrict(session, staff_id, actor)
    old, new = Role(staff.role), Role(role)
    if old is new:
        raise Conflict(f"{staff.name} already has the role {new.value}.")
    if not new.includes(old):
        _refuse_self(staff, actor, "reduce your own role")
    staff.role = new
    if not new.includes(Role.STAFF):
        _release_locks(session, staff.id)
    _note(session, "RoleChanged", staff, actor, old=old.value, new=new.value)


def reset_password(session: Session, staff_id: str, *, actor: Actor) -> str:
    """Replaces the password, which ends the person's sessions and tokens. Returns the new one,
    which is stored nowhere else. Raises Forbidden, NotFound, Conflict."""
    require(actor, Role.ADMIN)
    if settings().auth_mode == "oidc":
        raise Conflict("Passwords are managed by your organisation: reset it there.")
    staff = _get(session, staff_id, lock=True)
    if staff.id == actor.id:
        raise Forbidden(
            "Change your own password on your account page."
        )  # there, the old one is asked
    password = accounts.make_password()
    staff.password_hash = accounts.hash_password(password)
    _note(session, "PasswordReset", staff, actor)
    return password


def forget_sign_in(session: Session, staff_id: str, *, actor: Actor) -> None:
    """Unlinks the person from their account at the identity provider; the next account with their
    verified e-mail is linked. Raises Forbidden, NotFound, Conflict."""
    require(actor, Role.ADMIN)
    staff = _get(session, staff_id, lock=True)
    if staff.subject is None:
        raise Conflict(f"{staff.name} has not signed in with the provider yet.")
    staff.subject = None
    _note(session, "SignInForgotten", staff, actor)


def _get_to_restrict(session: Session, staff_id: str, actor: Actor) -> Staff:
    """The locked row of a person whose rights the actor may reduce, read after all administrators'
    rows are locked. Raises Forbidden, NotFound."""
    require(actor, Role.ADMIN)
    # Not FOR UPDATE: that would conflict with everybody who takes a job's lock.
    chosen = select(Staff).where(Staff.role == Role.ADMIN, Staff.active).order_by(Staff.id)
    admins = session.scalars(chosen.with_for_update(key_share=True)).all()
    if actor is not SYSTEM and actor.id not in {admin.id for admin in admins}:
        raise Forbidden("You are no longer an administrator.", role=Role.ADMIN.value)
    staff = _get(session, staff_id, lock=True)
    if [admin.id for admin in admins] == [staff.id]:
        raise Forbidden(
            f"{staff.name} is the last active administrator. Make another person administrator"
            " first."
        )
    return staff


def _refuse_self(staff: Staff, actor: Actor, what: str) -> None:
    if staff.id == actor.id:
        raise Forbidden(f"You cannot {what}. Ask another administrator.")


def _get(session: Session, staff_id: str, lock: bool = False) -> Staff:
    chosen = select(Staff).where(Staff.id == (staff_id if staff_id.isalnum() else ""))
    if lock:
        chosen = chosen.with_for_update(key_share=True).execution_options(populate_existing=True)
    staff = session.scalars(chosen).one_or_none()
    if staff is None:
        raise NotFound("There is no such person on the staff list.")
    return staff


def _release_locks(session: Session, staff_id: str) -> int:
    freed = update(Job).where(Job.locked_by_id == staff_id)
    freed = freed.values(locked_by_id=None, locked_by_name=None, locked_until=None)
    return len(session.execute(freed.returning(Job.id)).all())


def _note(session: Session, action: str, staff: Staff, actor: Actor, **details: object) -> None:
    events.audit(session, action, actor, staff_id=staff.id, email=staff.email, **details)


def _view(row: Staff, actor: Actor) -> PersonView:
    if settings().auth_mode == "oidc":
        signs_in = "provider" if row.subject else "not yet"
    else:
        signs_in = "password" if row.password_hash else "not yet"
    role = Role(row.role)
    return PersonView(
        *(row.id, row.email, row.name, role, row.active, row.created_at),
        signs_in=signs_in,
        is_self=row.id == actor.id,
    )
