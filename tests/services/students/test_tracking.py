"""Confirmation links, tracking a job, and requesting a new link."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from itsdangerous import URLSafeSerializer
from sqlalchemy import String, cast, func, select, update

from models import Base, Confirmation, Job, Mail, Status, utcnow
from services import work
from services.errors import LinkGone, NotFound, TooSoon
from services.jobs import locks
from services.mail.letters import CONFIRM_URL_MARK
from services.students import confirmations, tracking
from settings import settings
from tests.support import jobs, whole


def confirm(token):
    with work.unit() as session:
        return tracking.confirm(session, token)


def link_state(token):
    with work.unit() as session:
        return tracking.read_link(session, token)[0].state


def resend(job_id):
    with work.unit() as session:
        tracking.resend(session, job_id)


def expire(job_id):
    """The job's link has run out a second ago."""
    past = utcnow() - timedelta(seconds=1)
    jobs.change(job_id, confirmation_expires_at=past)
    with work.unit() as session:
        session.execute(
            update(Confirmation).where(Confirmation.job_id == job_id).values(expires_at=past)
        )


def refusal(token):
    with pytest.raises(LinkGone) as refused:
        confirm(token)
    return refused.value.details["reason"]


def expire_due():
    with work.unit() as session:
        return confirmations.expire_due(session)


@pytest.fixture
def job(people):
    return jobs.job_in(Status.PENDING, people)


def test_a_link_confirms_once(job):
    token = jobs.token(job.id)
    assert link_state(token) == "open"
    confirmed = confirm(token)
    assert confirmed.status is Status.READYTOPRINT
    assert confirmed.student_confirmed and confirmed.student_confirmed_at is not None
    assert link_state(token) == "used"
    assert refusal(token) == "used"
    assert jobs.event_types(job.id).count("StudentConfirmed") == 1
    with work.unit() as session:
        whole.assert_whole(session)


def test_reading_a_link_does_not_use_it(job):
    token = jobs.token(job.id)
    for _ in range(3):
        assert link_state(token) == "open"
    assert jobs.read(job.id).status is Status.PENDING


def test_a_link_works_for_72_hours(job):
    left = jobs.open_link(job.id).expires_at - utcnow()
    assert timedelta(hours=71, minutes=59) < left <= timedelta(hours=72)
    assert jobs.read(job.id).confirmation_expires_at == jobs.open_link(job.id).expires_at


def test_an_expired_link_is_refused(job):
    token = jobs.token(job.id)
    expire(job.id)
    assert link_state(token) == "expired"
    assert refusal(token) == "expired"
    assert jobs.read(job.id).status is Status.PENDING


def forgeries(job):
    link = jobs.open_link(job.id)
    token = confirmations.token_of(link.id)
    head, _, signature = token.rpartition(".")
    flipped = signature[:-2] + ("A" if signature[-2] != "A" else "B") + signature[-1]
    key = settings().secret_key
    return {
        "nothing": "",
        "words": "not-a-token",
        "the bare id": link.id,
        "the stored hash": link.token_hash,
        "no signature": head,
        "an empty signature": head + ".",
        "another signature": f"{head}.{flipped}",
        "another body": "x" + token,
        "something after it": token + "x",
        "a space after it": token + " ",
        "quoted": quote(token, safe="") + "%2E",
        "another key": URLSafeSerializer("other", salt="printdesk-confirmation").dumps(link.id),
        "another salt": URLSafeSerializer(key, salt="printdesk-api-token").dumps(link.id),
        "no salt": URLSafeSerializer(key).dumps(link.id),
        "an id never given": confirmations.token_of("0" * 32),
        "the job's id": confirmations.token_of(job.id),
        "not an id": URLSafeSerializer(key, salt="printdesk-confirmation").dumps([link.id, 1]),
        "another script": "токен.подпись",
    }


def test_a_forged_token_is_not_found(job):
    for name, token in forgeries(job).items():
        with pytest.raises(NotFound):
            confirm(token)
            pytest.fail(name)
        with pytest.raises(NotFound):
            link_state(token)
    assert jobs.read(job.id).status is Status.PENDING


def test_a_newer_link_replaces_the_older(job):
    old = jobs.token(job.id)
    resend(job.id)
    new = jobs.token(job.id)
    assert new != old
    assert (link_state(old), link_state(new)) == ("replaced", "open")
    assert refusal(old) == "replaced"
    confirm(new)
    assert (refusal(old), refusal(new)) == ("settled", "used")


@pytest.mark.parametrize("action", ["force-confirm", "change-status"])
def test_a_link_is_void_when_the_job_no_longer_needs_it(job, people, action):
    token = jobs.token(job.id)
    jobs.act(job.id, action, people.staff, new_status=Status.REJECTED)
    assert refusal(token) == "settled"


def test_a_void_link_does_not_come_back_with_the_status(job, people):
    token = jobs.token(job.id)
    jobs.act(job.id, "change-status", people.staff, new_status=Status.UPLOADED)
    assert refusal(token) == "settled"
    jobs.act(job.id, "approve", people.staff)
    assert refusal(token) == "replaced"
    assert confirm(jobs.token(job.id)).status is Status.READYTOPRINT


def test_a_link_is_replaced_only_by_one_that_can_be_used(job, people):
    first = jobs.token(job.id)
    resend(job.id)
    second = jobs.token(job.id)
    jobs.act(job.id, "change-status", people.staff, new_status=Status.UPLOADED)
    jobs.act(job.id, "change-status", people.staff, new_status=Status.PENDING)
    assert [refusal(first), refusal(second)] == ["settled", "settled"]
    resend(job.id)
    assert [refusal(first), refusal(second)] == ["replaced", "replaced"]


def test_a_used_link_counts_only_while_the_confirmation_is_valid(job, people):
    token = jobs.token(job.id)
    confirm(token)
    jobs.act(job.id, "change-status", people.staff, new_status=Status.UPLOADED)
    assert refusal(token) == "settled"
    jobs.act(job.id, "approve", people.staff)
    assert refusal(token) == "replaced"


def test_the_state_of_the_newest_link_follows_from_the_job(job, people):
    def state():
        return tracking.newest_link(jobs.read(job.id)), tracking.may_resend(jobs.read(job.id))

    assert state() == ("open", True)
    expire(job.id)  # and no sweep has been by
    assert state() == ("expired", True)
    resend(job.id)
    assert state() == ("open", True)
    jobs.act(job.id, "change-status", people.staff, new_status=Status.UPLOADED)
    assert state() == ("settled", False)
    jobs.act(job.id, "change-status", people.staff, new_status=Status.PENDING)
    assert state() == ("settled", True)  # its last link's time is not up, but it is void


def test_a_job_without_a_price_gets_no_link(people):
    job = jobs.job_in(Status.UPLOADED, people)
    jobs.act(job.id, "change-status", people.staff, new_status=Status.PENDING)
    assert not tracking.may_resend(jobs.read(job.id))
    with pytest.raises(NotFound, match="is not waiting"):
        resend(job.id)


def test_the_link_of_a_deleted_job_is_not_found(job, people):
    token = jobs.token(job.id)
    with work.unit() as session:
        locks.acquire(session, job.id, actor=people.staff)
    jobs.move(job.id, "delete", people.staff)
    with pytest.raises(NotFound, match="has been deleted") as refused:
        confirm(token)
    assert refused.value.details["reason"] == "gone"


def test_the_student_confirms_whoever_edits_the_job(job, people):
    with work.unit() as session:
        locks.acquire(session, job.id, actor=people.staff)
    assert confirm(jobs.token(job.id)).locked_by == "Sam Staff"


def test_the_database_holds_no_token(job):
    """Every column of every table, as text, is searched for the token and for its parts."""
    resend(job.id)
    tokens = [confirmations.token_of(link.id) for link in jobs.rows(Confirmation, job.id)]
    assert len(tokens) == 2
    signatures = [token.rpartition(".")[2] for token in tokens]
    with work.unit() as session:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                words = cast(column, String)
                for secret in (*tokens, *signatures, settings().secret_key):
                    held = select(func.count()).select_from(table).where(words.contains(secret))
                    assert session.scalar(held) == 0, f"{table.name}.{column.name}"
    assert all(CONFIRM_URL_MARK in mail.text for mail in jobs.mails(job.id, "approval"))


def test_the_files_hold_no_token(job):
    token = jobs.token(job.id).encode()
    files = list(jobs.folder_of(job).rglob("*"))
    assert files
    for path in files:
        assert token not in path.read_bytes()


def test_an_expired_link_is_flagged_once(job, people):
    others = [jobs.job_in(Status.PENDING, people), jobs.job_in(Status.READYTOPRINT, people)]
    expire(job.id)
    expire(others[1].id)  # confirmed before
    assert [expire_due(), expire_due()] == [1, 0]
    assert jobs.read(job.id).is_confirmation_expired
    assert not any(jobs.read(other.id).is_confirmation_expired for other in others)
    assert jobs.event_types(job.id).count("ConfirmationExpired") == 1
    assert jobs.rows(Mail, job.id)[-1].kind == "approval"


def test_a_new_link_clears_the_flag(job):
    expire(job.id)
    expire_due()
    resend(job.id)
    assert not jobs.read(job.id).is_confirmation_expired
    assert confirm(jobs.token(job.id)).is_confirmation_expired is False


def test_an_expired_job_can_still_be_confirmed_by_staff(job, people):
    expire(job.id)
    expire_due()
    assert not jobs.act(job.id, "force-confirm", people.staff).is_confirmation_expired


def test_a_new_link_can_be_asked_for_once_an_hour(job, configure):
    configure(RATE_LIMIT_RESEND="1/hour")
    resend(job.id)
    with pytest.raises(TooSoon, match="You can request a new email in 60 minutes") as refused:
        resend(job.id)
    assert 3590 < refused.value.details["retry_after_s"] <= 3600
    with work.unit() as session:
        session.execute(
            update(Mail)
            .where(Mail.resent_by.is_not(None))
            .values(created_at=utcnow() - timedelta(minutes=59, seconds=30))
        )
    with pytest.raises(TooSoon, match="in 1 minute"):
        resend(job.id)
    with work.unit() as session:
        session.execute(update(Mail).values(created_at=utcnow() - timedelta(minutes=61)))
        assert tracking.seconds_until_resend(session, job.id) == 0
    resend(job.id)
    assert len(jobs.rows(Confirmation, job.id)) == 3


def test_a_limit_of_two_an_hour_allows_two_at_once(job, configure):
    configure(RATE_LIMIT_RESEND="2/hour")
    resend(job.id)
    resend(job.id)
    with pytest.raises(TooSoon, match="in 60 minutes"):
        resend(job.id)


def test_a_new_link_goes_to_the_students_own_address(job):
    resend(job.id)
    old, new = jobs.mails(job.id, "approval")
    assert (old.state, new.state) == ("cancelled", "queued")
    assert (new.recipient, new.resent_by) == ("jane@uni.example", "student")
    assert new.confirmation_id == jobs.open_link(job.id).id


@pytest.mark.parametrize("status", ["UPLOADED", "READYTOPRINT", "REJECTED", "ARCHIVED"])
def test_a_job_that_is_not_waiting_gets_no_new_link(people, status):
    job = jobs.job_in(status, people)
    before = len(jobs.rows(Confirmation, job.id))
    with pytest.raises(NotFound, match="is not waiting"):
        resend(job.id)
    with pytest.raises(NotFound, match="is not waiting"):
        resend("0" * 32)
    assert len(jobs.rows(Confirmation, job.id)) == before


def test_a_tracked_job_shows_its_steps(people):
    job = jobs.job_in(Status.PRINTING, people)
    with work.unit() as session:
        seen, steps = tracking.track(session, job.id)
        with pytest.raises(NotFound):
            tracking.track(session, job.short_id)
    assert seen.id == job.id
    way = sorted(steps, key=lambda step: step.at)
    assert [step.status for step in way] == ["UPLOADED", "PENDING", "READYTOPRINT", "PRINTING"]


def test_a_job_is_found_by_its_email_and_id(job):
    with work.unit() as session:
        for words in (job.short_id, job.short_id.upper(), f" {job.short_id} ", job.id):
            assert tracking.find_by_short_id(session, " JANE@uni.example ", words) == job.id


def test_a_job_is_not_found_by_one_of_them(job):
    said = set()
    with work.unit() as session:
        for email, words in (
            ("jane@uni.example", job.short_id[:7]),
            ("jane@uni.example", ""),
            ("jane@uni.example", "%" * 8),
            ("jane@uni.example", job.short_id + "%"),
            ("jane@uni.example", "0" * 8),
            ("joe@uni.example", job.short_id),
            ("", job.short_id),
        ):
            with pytest.raises(NotFound) as refused:
                tracking.find_by_short_id(session, email, words)
            said.add(refused.value.message)
    assert len(said) == 1


def test_metadata_follows_an_expired_and_a_new_link(job):
    expire(job.id)
    expire_due()
    with work.unit() as session:
        whole.assert_metadata(session.get_one(Job, job.id))
    resend(job.id)
    with work.unit() as session:
        row = session.get_one(Job, job.id)
        whole.assert_metadata(row)
        assert not row.is_confirmation_expired
