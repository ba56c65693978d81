"""The person of verified claims: found by subject, or once by a verified e-mail."""

import pytest
from sqlalchemy import select

from models import AuditEntry, Role, Staff
from services import work
from services.errors import Forbidden, NotSignedIn
from services.people import bearer, claims, staff_list
from tests.support import jobs

SAM = {"sub": "user_1", "email": "Sam.Staff@lab.example", "email_verified": True}


@pytest.fixture
def lab(database, storage_root):
    return jobs.add_people()


def find(found, **options):
    with work.unit() as session:
        return claims.find_by_claims(session, found, **options)


def sign_in(found):
    with work.unit() as session:
        return claims.sign_in_with_claims(session, found)


def subject_of(actor):
    with work.unit() as session:
        return session.get_one(Staff, actor.id).subject


def everybody():
    with work.unit() as session:
        return {row.email: row for row in session.scalars(select(Staff))}


def test_a_verified_email_finds_the_person_and_keeps_the_subject(lab):
    assert find(SAM).actor == lab.staff
    assert subject_of(lab.staff) == "user_1"
    with work.unit() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "SignInLinked"))
    assert entry.triggered_by == lab.staff.id


def test_then_the_subject_counts_whatever_the_email(lab):
    find(SAM)
    assert find({"sub": "user_1"}).actor == lab.staff
    assert find(SAM | {"email": "ada.admin@lab.example"}).actor == lab.staff
    assert subject_of(lab.admin) is None


def test_another_account_with_the_same_email_is_refused_until_it_is_reset(lab):
    find(SAM)
    with pytest.raises(Forbidden) as refused:
        find(SAM | {"sub": "user_2"})
    assert "reset your sign-in" in refused.value.message
    with work.unit() as session:
        staff_list.forget_sign_in(session, lab.staff.id, actor=lab.admin)
    assert find(SAM | {"sub": "user_2"}).actor == lab.staff
    with pytest.raises(Forbidden):
        find(SAM)


@pytest.mark.parametrize(
    "change",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": 1},
        {"email_verified": "yes"},
        {"email": None},
        {"email": ["sam.staff@lab.example"]},
        {"email": "sam.staff@lab.example\x00"},
        {"email": "\ud800"},
        {"email": "nobody@lab.example"},
        {"email": ""},
    ],
    ids=str,
)
def test_without_a_verified_email_of_the_list_a_stranger_is_refused(lab, change):
    with pytest.raises(Forbidden) as refused:
        find(SAM | change)
    assert "not on this lab's staff list" in refused.value.message
    assert subject_of(lab.staff) is None


@pytest.mark.parametrize("subject", [None, "", 7, ["user_1"], "x" * 256, "a\x00", "\ud800"])
def test_a_subject_must_be_a_plain_text(lab, subject):
    with pytest.raises(NotSignedIn):
        find(SAM | {"sub": subject})


def test_the_text_true_counts_as_verified_and_trust_is_a_setting(lab, configure):
    assert find(SAM | {"email_verified": "true"}).actor == lab.staff
    unverified = {"sub": "user_9", "email": "ada.admin@lab.example"}
    configure(OIDC_TRUST_EMAIL="true")
    assert find(unverified).actor == lab.admin


def test_a_deactivated_person_is_refused_and_not_linked(lab):
    with work.unit() as session:
        staff_list.deactivate(session, lab.staff.id, actor=lab.admin)
    with pytest.raises(Forbidden) as refused:
        find(SAM)
    assert "deactivated" in refused.value.message
    assert subject_of(lab.staff) is None


def test_the_subject_of_another_provider_neither_counts_nor_is_kept(lab, configure):
    find(SAM)
    other = {"sub": "user_1", "email": "ada.admin@lab.example", "email_verified": True}
    assert find(other, by_subject=False).actor == lab.admin
    with pytest.raises(Forbidden):
        find({"sub": "user_1"}, by_subject=False)
    assert subject_of(lab.admin) is None
    configure(AUTH_MODE="oidc", OIDC_ISSUER="https://a.example", JWT_ISSUER="https://b.example")
    with work.unit() as session:
        assert bearer.find_identity(session, other).actor == lab.admin
    configure(JWT_ISSUER="https://a.example/")
    with work.unit() as session:
        assert bearer.find_identity(session, other).actor == lab.staff


BOSS = {"sub": "boss", "email": "Boss@lab.example", "email_verified": True, "name": "Bea Boss"}


def test_the_first_administrators_are_named_in_the_settings(database, configure):
    configure(OIDC_ADMIN_EMAILS="other@lab.example, BOSS@lab.example")
    identity = sign_in(BOSS)
    assert (identity.actor.name, identity.actor.role) == ("Bea Boss", Role.ADMIN)
    assert sign_in(BOSS).actor == identity.actor
    row = everybody()["boss@lab.example"]
    assert (row.subject, row.password_hash) == ("boss", None)
    assert len(everybody()) == 1


@pytest.mark.parametrize("name", [None, 7, "", "x" * 300, "\ud800"])
def test_an_invalid_name_is_replaced_by_the_email(database, configure, name):
    configure(OIDC_ADMIN_EMAILS="boss@lab.example")
    assert sign_in(BOSS | {"name": name}).actor.name == "boss"


@pytest.mark.parametrize("trusted", ["true", "false"])
@pytest.mark.parametrize("verified", [False, None, "yes"])
def test_an_unverified_email_makes_no_administrator(database, configure, verified, trusted):
    configure(OIDC_ADMIN_EMAILS="boss@lab.example", OIDC_TRUST_EMAIL=trusted)
    with pytest.raises(Forbidden):
        sign_in(BOSS | {"email_verified": verified})
    assert everybody() == {}


def test_a_listed_person_keeps_their_role(lab, configure):
    configure(OIDC_ADMIN_EMAILS="sam.staff@lab.example")
    assert sign_in(SAM).actor.role is Role.STAFF
    with work.unit() as session:
        staff_list.deactivate(session, lab.staff.id, actor=lab.admin)
    with pytest.raises(Forbidden):
        sign_in(SAM)


def test_an_api_token_makes_no_administrator(database, configure):
    configure(OIDC_ADMIN_EMAILS="boss@lab.example")
    with pytest.raises(Forbidden):
        find(BOSS)
    assert everybody() == {}
