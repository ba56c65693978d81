"""Administrators' actions on the staff list, one row each."""

from typing import Any

from sqlalchemy.orm import Session

from models import Role
from services.actions import choices
from services.actions.fields import Choice, Text, Values
from services.actions.rows import (
    Action,
    Answer,
    Look,
    Outcome,
    Place,
    Route,
    Subject,
    Words,
)
from services.actors import Actor
from services.people import staff_list
from services.people.staff_list import PersonView
from settings import settings

NAME = Text(
    name="name",
    label="Name",
    missing="Enter the person's name, with at most 100 characters.",
    max_length=100,
    format="printable",
    example="Noor Haddad",
)
EMAIL = Text(
    name="email",
    label="E-mail",
    missing="Enter a full e-mail address, such as jane@uni.edu.",
    max_length=200,
    format="email",
    example="noor.haddad@university.example",
)
ROLE = Choice(
    name="role",
    label="Role",
    missing="Choose a role.",
    options=choices.roles,
    values=choices.role_names,
    keeps=True,
    start=Role.STAFF.value,
    example="staff",
)


def _add(session: Session, _none: str, values: Values, *, actor: Actor) -> Outcome:
    person, password = staff_list.add(session, **values, actor=actor)
    return Outcome(person, password=password)


def _change_role(session: Session, staff_id: str, values: Values, *, actor: Actor) -> Outcome:
    staff_list.change_role(session, staff_id, values["role"], actor=actor)
    return Outcome(staff_list.find(session, staff_id, actor))


def _reset_password(session: Session, staff_id: str, _: Values, *, actor: Actor) -> Outcome:
    password = staff_list.reset_password(session, staff_id, actor=actor)
    return Outcome(staff_list.find(session, staff_id, actor), password=password)


def _forget(session: Session, staff_id: str, _: Values, *, actor: Actor) -> Outcome:
    staff_list.forget_sign_in(session, staff_id, actor=actor)
    return Outcome(staff_list.find(session, staff_id, actor))


def _deactivate(session: Session, staff_id: str, _: Values, *, actor: Actor) -> Outcome:
    staff_list.deactivate(session, staff_id, actor=actor)
    return Outcome(staff_list.find(session, staff_id, actor))


def _reactivate(session: Session, staff_id: str, _: Values, *, actor: Actor) -> Outcome:
    staff_list.reactivate(session, staff_id, actor=actor)
    return Outcome(staff_list.find(session, staff_id, actor))


def _has_password(person: PersonView, _actor: Actor) -> bool:
    return person.active and settings().auth_mode == "local" and not person.is_self


def _has_signed_in(person: PersonView, _actor: Actor) -> bool:
    return person.active and person.signs_in == "provider"


def _is_active(person: PersonView, _actor: Actor) -> bool:
    return person.active


def _is_active_other(person: PersonView, _actor: Actor) -> bool:
    return person.active and not person.is_self


def _is_inactive(person: PersonView, _actor: Actor) -> bool:
    return not person.active


def _row(
    name: str,
    label: str,
    perform: Any,
    path: str,
    operation: str,
    summary: str,
    answer: Answer = Answer.SUBJECT,
    **rest: Any,
) -> Action:
    return Action(
        name=name,
        label=label,
        subject=Subject.PERSON,
        role=Role.ADMIN,
        perform=perform,
        route=Route("POST", f"/people{path}", summary, answer=answer, operation=operation),
        **rest,
    )


PERSON_ACTIONS: tuple[Action, ...] = (
    _row(
        *(
            "add",
            "Add a person",
            _add,
            "",
            "add_person",
            "Adds a person, who can then sign in.",
        ),
        answer=Answer.PASSWORD,
        is_new=True,
        fields=(NAME, EMAIL, ROLE),
        places=Place.PAGE_HEAD,
        look=Look.MAIN,
        words=Words(
            title="Add a person",
            done="Added. They can sign in now.",
            submit="Add",
            icon="bi-person-plus",
        ),
    ),
    _row(
        *("role", "Change role", _change_role, "/<person_id>/role", "change_role"),
        "Changes a person's role, effective from their next request.",
        fields=(ROLE,),
        when=_is_active,
        places=Place.LIST,
        words=Words(
            title="Change the role",
            text="The new role applies from the person's next action.",
            done="The role is changed.",
            submit="Save role",
        ),
    ),
    _row(
        *("password", "Reset password", _reset_password, "/<person_id>/password", "reset_password"),
        "Replaces a person's password, and ends their sessions.",
        answer=Answer.PASSWORD,
        when=_has_password,
        places=Place.LIST,
        is_dangerous=True,
        words=Words(
            title="Reset the password",
            text="A new password is made and shown to you once. The old one stops working, and the "
            "person is signed out everywhere.",
            done="The password is reset.",
            submit="Reset the password",
        ),
    ),
    _row(
        *("forget", "Reset sign-in", _forget, "/<person_id>/forget", "reset_sign_in"),
        "Unlinks a person from their account at the sign-in provider.",
        when=_has_signed_in,
        places=Place.LIST,
        is_dangerous=True,
        words=Words(
            title="Reset the sign-in",
            text="The next account with this person's verified e-mail becomes theirs. Use this "
            "when they got a new account at your sign-in provider.",
            done="The sign-in is reset.",
            submit="Reset the sign-in",
        ),
    ),
    _row(
        *("deactivate", "Deactivate", _deactivate, "/<person_id>/deactivate", "deactivate_person"),
        "Signs a person out at once, and for good.",
        when=_is_active_other,
        places=Place.LIST,
        look=Look.DANGER,
        is_dangerous=True,
        undone_by="reactivate",
        words=Words(
            title="Deactivate",
            text="The person is signed out at once and cannot sign in. Jobs they hold are "
            "released. What they did stays in the history.",
            done="Deactivated.",
        ),
    ),
    _row(
        *("reactivate", "Reactivate", _reactivate, "/<person_id>/reactivate", "reactivate_person"),
        "Lets a deactivated person sign in again.",
        when=_is_inactive,
        places=Place.LIST,
        undone_by="deactivate",
        words=Words(
            title="Reactivate",
            text="The person may sign in again, in the role and with the password they had.",
            done="Reactivated.",
        ),
    ),
)
