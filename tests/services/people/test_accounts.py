"""Who may sign in: passwords, tokens, and the first administrator."""

import time
import traceback
from base64 import urlsafe_b64encode

import pytest
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from models import AuditEntry, Role, Staff
from services import work
from services.actors import SYSTEM
from services.errors import Invalid, NotSignedIn
from services.people import accounts
from settings import settings
from tests.support.hashing import PRODUCT_HASHER
from tests.support.races import at_once

PASSWORD = "several words of mine"
EMAIL = "jane@lab.example"


def call(action, *arguments, **named):
    with work.unit() as session:
        return action(session, *arguments, **named)


def add(email=EMAIL, password=PASSWORD, role=Role.STAFF):
    return call(accounts.add, email, "Jane Doe", role, password, actor=SYSTEM).id


def sign_in(email=EMAIL, password=PASSWORD):
    return call(accounts.sign_in, email, password)


def change(staff_id, **values):
    with work.unit() as session:
        person = session.get_one(Staff, staff_id)
        for name, value in values.items():
            setattr(person, name, value)


def refusal(action, *arguments):
    with pytest.raises(NotSignedIn) as refused:
        call(action, *arguments)
    return refused.value.message


def audited():
    with work.unit() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.fixture
def jane(database):
    return add()


def test_a_person_signs_in_with_e_mail_and_password(jane):
    for email in (EMAIL, " Jane@LAB.example "):
        identity = sign_in(email)
        assert (identity.actor.id, identity.actor.name) == (jane, "Jane Doe")
        assert identity.actor.role is Role.STAFF
    assert audited() == ["PersonAdded", "SignedIn", "SignedIn"]


def test_every_refusal_to_sign_in_has_the_same_words(jane):
    change(add("gone@lab.example"), active=False)
    add("elsewhere@lab.example", None)
    said = {
        refusal(accounts.sign_in, EMAIL, "wrong password"),
        refusal(accounts.sign_in, EMAIL, ""),
        refusal(accounts.sign_in, EMAIL, PASSWORD + " "),
        refusal(accounts.sign_in, EMAIL, PASSWORD.upper()),
        refusal(accounts.sign_in, "nobody@lab.example", PASSWORD),
        refusal(accounts.sign_in, "", ""),
        refusal(accounts.sign_in, "gone@lab.example", PASSWORD),
        refusal(accounts.sign_in, "elsewhere@lab.example", PASSWORD),
        refusal(accounts.sign_in, "elsewhere@lab.example", ""),
        refusal(accounts.sign_in, "%@lab.example", PASSWORD),
    }
    assert said == {"The e-mail or the password is wrong."}
    assert "SignedIn" not in audited()


def test_a_password_is_kept_as_an_argon2_hash(jane):
    with work.unit() as session:
        stored = session.get_one(Staff, jane).password_hash
    assert stored is not None and stored.startswith("$argon2id$")
    assert PASSWORD not in stored


def test_the_product_hashes_as_rfc_9106_recommends():
    """Its second choice, for where memory is short: the tests themselves use a cheaper one."""
    hasher = PRODUCT_HASHER
    asked = (hasher.time_cost, hasher.memory_cost, hasher.parallelism)
    assert asked == (3, 64 * 1024, 4)


def test_a_token_identifies_its_person(jane):
    token = accounts.issue_token(sign_in())
    assert call(accounts.read_token, token).actor.id == jane


def test_a_token_expires(jane, configure):
    token = accounts.issue_token(sign_in())
    configure(TOKEN_MINUTES="-1")
    assert refusal(accounts.read_token, token) == "Invalid or expired token"


def test_a_token_is_void_after_a_new_password(jane):
    token = accounts.issue_token(sign_in())
    change(jane, password_hash=accounts.hash_password("other words of mine"))
    refusal(accounts.read_token, token)


@pytest.mark.parametrize("end", [{"active": False}, {"password_hash": None}])
def test_a_token_is_void_once_the_person_may_not_sign_in(jane, end):
    token = accounts.issue_token(sign_in())
    change(jane, **end)
    refusal(accounts.read_token, token)


def test_a_token_has_the_current_role(jane):
    token = accounts.issue_token(sign_in())
    change(jane, role=Role.MANAGER)
    assert call(accounts.read_token, token).actor.role is Role.MANAGER


def test_a_forged_token_is_refused(jane):
    identity = sign_in()
    token = accounts.issue_token(identity)
    content = [jane, identity.stamp]
    key = settings().secret_key
    head, _, signature = token.rpartition(".")
    for forged in (
        "",
        "x",
        head,
        f"{head}.",
        f"{head}.{'A' * len(signature)}",
        "x" + token,
        URLSafeTimedSerializer("other", salt="printdesk-api-token").dumps(content),
        URLSafeTimedSerializer(key, salt="printdesk-confirmation").dumps(content),
        URLSafeTimedSerializer(key, salt="printdesk-api-token").dumps([jane, ""]),
        URLSafeTimedSerializer(key, salt="printdesk-api-token").dumps(["0" * 32, identity.stamp]),
        URLSafeTimedSerializer(key, salt="printdesk-api-token").dumps({"id": jane}),
        URLSafeTimedSerializer(key, salt="printdesk-api-token").dumps("jane"),
        f"{urlsafe_b64encode(b'[]').decode()}.{int(time.time())}.x",
    ):
        refusal(accounts.read_token, forged)


@pytest.mark.parametrize("email", ["", "jane", "jane@", "a b@lab.example", "jane@lab.example\n x"])
def test_a_person_needs_a_whole_e_mail(database, email):
    with pytest.raises(Invalid) as refused:
        add(email)
    assert set(refused.value.fields) == {"email"}


def test_an_e_mail_belongs_to_one_person(jane):
    with pytest.raises(Invalid) as refused:
        add("JANE@lab.example")
    assert set(refused.value.fields) == {"email"}


def test_simultaneous_additions_with_one_email_add_one(database):
    outcome = at_once([add] * 12)
    assert len(outcome.won) == 1
    said = [refusal.fields for refusal in outcome.refused]
    assert said == [{"email": "Somebody with this e-mail is already on the list."}] * 11
    assert audited() == ["PersonAdded"]


def test_an_error_of_the_database_does_not_repeat_what_was_written(jane):
    stored = "$argon2id$the-hash"
    with pytest.raises(IntegrityError) as refused, work.unit() as session:
        session.add(Staff(email=EMAIL, name="Jane", role=Role.STAFF, password_hash=stored))
    told = "".join(traceback.format_exception(refused.value))
    assert "uq_staff_email" in told and stored not in told


@pytest.mark.parametrize("password", ["", "short", "x" * 9])
def test_a_password_that_is_too_short_is_refused(database, password):
    with pytest.raises(Invalid) as refused:
        add(password=password)
    assert set(refused.value.fields) == {"password"}
    assert "at least 10" in refused.value.fields["password"]


def first_admin(email="", password=""):
    return call(accounts.ensure_first_admin, email=email, password=password)


def test_the_first_administrator_is_made_once(database):
    made = first_admin()
    assert made is not None and len(made) >= 16
    email = call(accounts.first_admin_email)
    assert sign_in(email, made).actor.role is Role.ADMIN
    assert first_admin() is None
    assert first_admin("other@lab.example", PASSWORD) is None
    with work.unit() as session:
        assert session.scalar(select(func.count()).select_from(Staff)) == 1


def test_the_first_administrator_can_be_named(database):
    assert first_admin("ada.lovelace@lab.example", PASSWORD) is None
    identity = sign_in("ada.lovelace@lab.example", PASSWORD)
    assert (identity.actor.name, identity.actor.role) == ("Ada Lovelace", Role.ADMIN)


def test_no_first_administrator_is_made_if_somebody_exists(jane):
    assert first_admin("ada@lab.example", PASSWORD) is None
    assert call(accounts.first_admin_email) == ""


def test_a_refused_sign_in_is_noted_without_the_password(database):
    call(accounts.note_refusal, "x" * 500, "192.0.2.1")
    with work.unit() as session:
        (entry,) = session.scalars(select(AuditEntry))
    assert entry.action == "SignInRefused"
    assert entry.details == {"email": "x" * 100, "address": "192.0.2.1"}
