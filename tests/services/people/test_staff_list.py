"""The staff list: who may change it, the effects, and the last administrator."""

import threading

import pytest
from sqlalchemy import select

from models import AuditEntry, Job, Role, Staff
from services import work
from services.actors import SYSTEM
from services.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn
from services.jobs import locks
from services.people import accounts, staff_list
from tests.support import jobs

EMAIL = "new.person@lab.example"


@pytest.fixture
def lab(database, storage_root):
    return jobs.add_people()


def do(function, *arguments, actor):
    with work.unit() as session:
        return function(session, *arguments, actor=actor)


def row(staff_id):
    with work.unit() as session:
        return session.get_one(Staff, staff_id)


def audited(action):
    with work.unit() as session:
        chosen = select(AuditEntry).where(AuditEntry.action == action)
        return [(entry.triggered_by, entry.details) for entry in session.scalars(chosen)]


CHANGES = [
    (staff_list.list_people,),
    (staff_list.get, "ID"),
    (staff_list.add, EMAIL, "New Person", "staff"),
    (staff_list.deactivate, "ID"),
    (staff_list.reactivate, "ID"),
    (staff_list.change_role, "ID", "admin"),
    (staff_list.reset_password, "ID"),
    (staff_list.forget_sign_in, "ID"),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[0].__name__)
@pytest.mark.parametrize("role", ["manager", "staff", "student"])
def test_only_administrators_see_and_change_the_list(lab, change, role):
    function, *arguments = [lab.other.id if part == "ID" else part for part in change]
    with pytest.raises(Forbidden):
        do(function, *arguments, actor=lab.of_role(role))
    person = row(lab.other.id)
    assert person.active and person.role == Role.STAFF and person.password_hash is None


@pytest.mark.parametrize("change", CHANGES[3:], ids=lambda change: change[0].__name__)
@pytest.mark.parametrize("staff_id", ["", "nobody", "\x00", "\ud800", "' OR 1=1"])
def test_somebody_who_is_not_there_cannot_be_changed(lab, change, staff_id):
    function, *arguments = [staff_id if part == "ID" else part for part in change]
    with pytest.raises(NotFound):
        do(function, *arguments, actor=lab.admin)


def test_an_added_person_signs_in_with_the_password_that_was_made(lab):
    added, password = do(
        staff_list.add, " New.Person@Lab.example ", "New Person", "staff", actor=lab.admin
    )
    with work.unit() as session:
        identity = accounts.sign_in(session, EMAIL, password)
    assert identity.actor.role is added.role is Role.STAFF
    assert added.email == EMAIL and added.active and not added.is_self
    [(who, details)] = audited("PersonAdded")
    assert who == lab.admin.id and details["email"] == EMAIL
    assert password not in str(details)


@pytest.mark.parametrize(
    ("email", "name", "role", "field"),
    [
        ("not an address", "Name", "staff", "email"),
        ("", "Name", "staff", "email"),
        ("sam.staff@lab.example", "Name", "staff", "email"),
        (EMAIL, "  ", "staff", "name"),
        (EMAIL, "x" * 101, "staff", "name"),
        (EMAIL, "a\x00b", "staff", "name"),
        (EMAIL, "Name", "owner", "role"),
        (EMAIL, "Name", "", "role"),
    ],
)
def test_what_is_wrong_with_a_new_person_is_said(lab, email, name, role, field):
    with pytest.raises(Invalid) as refused:
        do(staff_list.add, email, name, role, actor=lab.admin)
    assert list(refused.value.fields) == [field]


def test_a_deactivated_person_is_signed_out_and_holds_no_locks(lab):
    password = do(staff_list.reset_password, lab.staff.id, actor=lab.admin)
    job = jobs.submit()
    do(locks.acquire, job.id, actor=lab.staff)
    do(staff_list.deactivate, lab.staff.id, actor=lab.admin)
    with work.unit() as session:
        assert accounts.find_identity(session, lab.staff.id) is None
        found = session.get_one(Job, job.id)
        assert (found.locked_by_id, found.locked_by_name, found.locked_until) == (None, None, None)
    with work.unit() as session, pytest.raises(NotSignedIn):
        accounts.sign_in(session, row(lab.staff.id).email, password)
    [(who, details)] = audited("PersonDeactivated")
    assert who == lab.admin.id and details["locks_released"] == 1
    with pytest.raises(Conflict):
        do(staff_list.deactivate, lab.staff.id, actor=lab.admin)
    do(staff_list.reactivate, lab.staff.id, actor=lab.admin)
    with work.unit() as session:
        assert accounts.sign_in(session, row(lab.staff.id).email, password)
    assert len(audited("PersonReactivated")) == 1
    with pytest.raises(Conflict):
        do(staff_list.reactivate, lab.staff.id, actor=lab.admin)


def test_a_role_takes_effect_at_once_and_a_manager_holds_no_locks(lab):
    job = jobs.submit()
    do(locks.acquire, job.id, actor=lab.staff)
    do(staff_list.change_role, lab.staff.id, "manager", actor=lab.admin)
    with work.unit() as session:
        assert accounts.find_identity(session, lab.staff.id).actor.role is Role.MANAGER
        assert session.get_one(Job, job.id).locked_by_id is None
    [(_, details)] = audited("RoleChanged")
    assert (details["old"], details["new"]) == ("staff", "manager")
    with pytest.raises(Conflict):
        do(staff_list.change_role, lab.staff.id, "manager", actor=lab.admin)
    with pytest.raises(Invalid):
        do(staff_list.change_role, lab.staff.id, "owner", actor=lab.admin)


@pytest.mark.parametrize("actor", ["self", "system"])
@pytest.mark.parametrize("change", [(staff_list.deactivate,), (staff_list.change_role, "staff")])
def test_the_last_active_administrator_cannot_be_removed(lab, change, actor):
    other = jobs.add_person("Gone Admin", Role.ADMIN)
    do(staff_list.deactivate, other.id, actor=lab.admin)
    function, *arguments = change
    with pytest.raises(Forbidden) as refused:
        do(function, lab.admin.id, *arguments, actor=SYSTEM if actor == "system" else lab.admin)
    assert "last active administrator" in refused.value.message
    assert row(lab.admin.id).active and row(lab.admin.id).role == Role.ADMIN


@pytest.mark.parametrize("change", [(staff_list.deactivate,), (staff_list.change_role, "manager")])
def test_nobody_can_reduce_their_own_role(lab, change):
    jobs.add_person("Other Admin", Role.ADMIN)
    function, *arguments = change
    with pytest.raises(Forbidden) as refused:
        do(function, lab.admin.id, *arguments, actor=lab.admin)
    assert "Ask another administrator" in refused.value.message


@pytest.mark.parametrize("change", [(staff_list.deactivate,), (staff_list.change_role, "staff")])
def test_administrators_who_remove_each_other_at_once_leave_one(lab, change):
    function, *arguments = change
    for _ in range(15):
        with work.unit() as session:
            for person in session.scalars(select(Staff).where(Staff.role == Role.ADMIN)):
                person.active = person.id == lab.admin.id
        admins = [lab.admin, *(jobs.add_person(f"Admin {new_name()}", Role.ADMIN) for _ in "12")]
        start, answers = threading.Barrier(3), []

        def remove(actor, target, start=start, answers=answers):  # bound now: the loop goes on
            start.wait()
            try:
                do(function, target.id, *arguments, actor=actor)
                answers.append("done")
            except Forbidden:
                answers.append("refused")

        pairs = zip(admins, admins[1:] + admins[:1], strict=True)
        threads = [threading.Thread(target=remove, args=pair) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        left = [row(person.id) for person in admins]
        left = [person for person in left if person.active and person.role == Role.ADMIN]
        assert len(left) == 3 - answers.count("done") >= 1
        lab = lab.__class__(lab.manager, lab.staff, lab.other, actor_of(left[0]))


def test_taking_locks_and_deactivating_do_not_deadlock(lab):
    found = [jobs.submit() for _ in range(4)]
    start, problems = threading.Barrier(2), []

    def attempt(what):
        start.wait()
        for job in found * 5:
            try:
                what(job)
            except (Conflict, Forbidden):
                pass
            except Exception as problem:
                problems.append(problem)

    def toggle(_job):
        do(staff_list.deactivate, lab.staff.id, actor=lab.admin)
        do(staff_list.reactivate, lab.staff.id, actor=lab.admin)

    threads = [
        threading.Thread(target=attempt, args=(toggle,)),
        threading.Thread(
            target=attempt, args=(lambda job: do(locks.acquire, job.id, actor=lab.staff),)
        ),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_a_reset_password_is_made_and_ends_the_old_one(lab):
    first = do(staff_list.reset_password, lab.staff.id, actor=lab.admin)
    with work.unit() as session:
        before = accounts.sign_in(session, row(lab.staff.id).email, first)
    second = do(staff_list.reset_password, lab.staff.id, actor=lab.admin)
    with work.unit() as session:
        assert accounts.find_identity(session, lab.staff.id).stamp != before.stamp
        with pytest.raises(NotSignedIn):
            accounts.sign_in(session, before.email, first)
    assert first != second
    for _, details in audited("PasswordReset"):
        assert first not in str(details) and second not in str(details)


def test_ones_own_password_needs_the_old_one(lab):
    with pytest.raises(Forbidden):
        do(staff_list.reset_password, lab.admin.id, actor=lab.admin)
    old = do(staff_list.reset_password, lab.staff.id, actor=lab.admin)
    email = row(lab.staff.id).email
    for given, new, field in (
        ("wrong", "a whole new password", "old"),
        ("", "a whole new password", "old"),
        (old, "short", "new"),
        (old, "x" * 201, "new"),
        (old, "aaaaaaaaaaaa", "new"),
        (old, email, "new"),
        (old, old, "new"),
    ):
        with pytest.raises(Invalid) as refused:
            do(accounts.change_own_password, given, new, actor=lab.staff)
        assert list(refused.value.fields) == [field]
    do(accounts.change_own_password, old, "a whole new password", actor=lab.staff)
    with work.unit() as session:
        assert accounts.sign_in(session, email, "a whole new password")
    [(who, details)] = audited("PasswordChanged")
    assert who == lab.staff.id and "whole" not in str(details)


def test_with_a_provider_there_are_no_passwords(lab, configure):
    configure(AUTH_MODE="oidc")
    _, password = do(staff_list.add, EMAIL, "New Person", "staff", actor=lab.admin)
    assert password is None
    with pytest.raises(Conflict):
        do(staff_list.reset_password, lab.staff.id, actor=lab.admin)
    with pytest.raises(Forbidden):
        do(accounts.change_own_password, "", "a whole new password", actor=lab.staff)
    with work.unit() as session, pytest.raises(Forbidden):
        accounts.sign_in(session, EMAIL, "")
    shown = {person.email: person for person in do(staff_list.list_people, actor=lab.admin)}
    assert shown[EMAIL].signs_in == "not yet"


def test_the_first_administrator_of_a_provider_has_no_password(database, configure):
    configure(AUTH_MODE="oidc")
    with work.unit() as session:
        assert accounts.ensure_first_admin(session, email="", password="") is None
        assert session.scalars(select(Staff)).all() == []
        assert accounts.ensure_first_admin(session, email=EMAIL, password="ignored") is None
        assert session.scalars(select(Staff)).one().password_hash is None


_names = iter(range(10_000))


def new_name():
    return next(_names)


def actor_of(person):
    from services.actors import Actor

    return Actor(person.id, person.name, Role(person.role))
