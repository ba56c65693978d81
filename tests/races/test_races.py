"""Twenty simultaneous actions on one job: one wins, the others fail, nothing happens twice."""

from functools import partial

import pytest
from sqlalchemy import func, select

from models import AuditEntry, Confirmation, Event, Job, PrintRun, Status
from services import work
from services.actions import retention
from services.errors import (
    Conflict,
    Duplicate,
    LinkGone,
    LockedByOther,
    NotFound,
    NotLockHolder,
    TooSoon,
)
from services.jobs import locks
from services.students import confirmations, tracking
from tests.support import jobs, whole
from tests.support.races import at_once, check_whole

MANY = 20
ROUNDS = range(3)


def call(action, *arguments, **named):
    with work.unit() as session:
        return action(session, *arguments, **named)


def locked(job, actor):
    call(locks.acquire, job.id, actor=actor)
    return job


def alternating(*actions):
    return [actions[number % len(actions)] for number in range(MANY)]


@pytest.mark.parametrize("_", ROUNDS)
def test_one_of_many_approvals_by_the_holder_of_the_lock_wins(people, _):
    job = locked(jobs.submit(), people.staff)
    outcome = at_once([partial(jobs.move, job.id, "approve", people.staff)] * MANY)
    assert len(outcome.won) == 1
    assert outcome.refusals == {Conflict: MANY - 1}
    assert all("Sam Staff was first" in refusal.message for refusal in outcome.refused)
    assert jobs.event_types(job.id) == ["JobCreated", "StaffApproved"]
    assert len(jobs.mails(job.id, "approval")) == 1
    assert whole.folders() == {f"Pending/{job.folder.partition('/')[2]}"}
    check_whole()


@pytest.mark.parametrize("_", ROUNDS)
def test_of_two_who_approve_only_the_holder_of_the_lock_can_win(people, _):
    job = locked(jobs.submit(), people.staff)
    outcome = at_once(
        alternating(
            partial(jobs.move, job.id, "approve", people.staff),
            partial(jobs.move, job.id, "approve", people.other),
        )
    )
    assert [won.last_updated_by for won in outcome.won] == [people.staff.id]
    assert outcome.refusals.keys() <= {Conflict, NotLockHolder}
    assert outcome.refusals[Conflict] >= MANY // 2 - 1
    assert len(jobs.mails(job.id, "approval")) == 1
    check_whole()


@pytest.mark.parametrize("_", ROUNDS)
def test_of_two_opposite_decisions_one_wins(people, _):
    job = jobs.submit()
    outcome = at_once(
        alternating(
            partial(jobs.act, job.id, "approve", people.staff),
            partial(jobs.act, job.id, "reject", people.other),
        )
    )
    assert len(outcome.won) == 1
    assert outcome.refusals.keys() <= {Conflict, LockedByOther, NotLockHolder}
    assert len(jobs.mails(job.id, "approval") + jobs.mails(job.id, "rejection")) == 1
    check_whole()


@pytest.mark.parametrize("_", ROUNDS)
def test_one_of_many_gets_the_lock(people, _):
    job = jobs.submit()
    crowd = [jobs.add_person(f"Number {_} {number}") for number in range(MANY)]
    outcome = at_once([partial(call, locks.acquire, job.id, actor=person) for person in crowd])
    (lease,) = outcome.won
    assert outcome.refusals == {LockedByOther: MANY - 1}
    assert {refusal.details["locked_by"] for refusal in outcome.refused} == {lease.locked_by}
    assert jobs.read(job.id).locked_by == lease.locked_by


@pytest.mark.parametrize("_", ROUNDS)
def test_one_of_many_submissions_of_a_file_becomes_a_job(people, _):
    content = jobs.model()
    emails = alternating("jane@uni.example", "JANE@uni.example")
    outcome = at_once([partial(jobs.submit, content, student_email=email) for email in emails])
    (job,) = outcome.won
    assert outcome.refusals == {Duplicate: MANY - 1}
    assert {refusal.details["existing_job_id"] for refusal in outcome.refused} == {job.id}
    assert whole.folders() == {job.folder}
    assert len(jobs.mails(job.id)) == 1
    check_whole()


def test_many_different_submissions_all_become_jobs(people):
    outcome = at_once([jobs.submit] * MANY)
    assert len({job.id for job in outcome.won}) == MANY
    check_whole()


@pytest.mark.parametrize("_", ROUNDS)
def test_a_link_confirms_once(people, _):
    job = jobs.job_in(Status.PENDING, people)
    token = jobs.token(job.id)
    outcome = at_once([partial(call, tracking.confirm, token)] * MANY)
    assert len(outcome.won) == 1
    assert outcome.refusals == {LinkGone: MANY - 1}
    assert {refusal.details["reason"] for refusal in outcome.refused} == {"used"}
    assert jobs.event_types(job.id).count("StudentConfirmed") == 1
    check_whole()


@pytest.mark.parametrize("_", ROUNDS)
def test_a_student_and_the_staff_who_confirm_at_once_confirm_once(people, _):
    job = jobs.job_in(Status.PENDING, people)
    token = jobs.token(job.id)
    outcome = at_once(
        alternating(
            partial(call, tracking.confirm, token),
            partial(jobs.move, job.id, "force-confirm", people.staff),
            partial(call, confirmations.expire_due),
        )
    )
    won = [answer for answer in outcome.won if not isinstance(answer, int)]
    assert len(won) == 1
    assert outcome.refusals.keys() <= {Conflict, LinkGone}
    check_whole()


@pytest.mark.parametrize("_", ROUNDS)
def test_a_print_is_started_only_once(people, _):
    job = locked(jobs.job_in(Status.READYTOPRINT, people), people.staff)
    outcome = at_once([partial(jobs.move, job.id, "mark-printing", people.staff)] * MANY)
    assert len(outcome.won) == 1
    assert outcome.refusals == {Conflict: MANY - 1}
    assert len(jobs.rows(PrintRun, job.id)) == 1
    check_whole()


@pytest.mark.parametrize("_", ROUNDS)
def test_a_job_is_approved_or_deleted_and_not_both(people, _):
    job = locked(jobs.submit(), people.staff)
    outcome = at_once(
        alternating(
            partial(jobs.move, job.id, "approve", people.staff),
            partial(jobs.move, job.id, "delete", people.staff),
        )
    )
    (winner,) = outcome.won
    if winner is None:
        assert outcome.refusals == {NotFound: MANY - 1}
        assert whole.folders() == set()
        assert jobs.rows(Event, job.id) == jobs.mails(job.id) == []
    else:
        # A deletion would still fit the status; it fails for the lock, which the approval took.
        assert outcome.refusals == {Conflict: MANY // 2 - 1, NotLockHolder: MANY // 2}
    check_whole()


@pytest.mark.parametrize("_", ROUNDS)
def test_a_job_is_deleted_once(people, _):
    job = locked(jobs.job_in(Status.PENDING, people), people.staff)
    outcome = at_once([partial(jobs.move, job.id, "delete", people.staff)] * MANY)
    assert len(outcome.won) == 1
    assert outcome.refusals == {NotFound: MANY - 1}
    assert whole.folders() == set()
    with work.unit() as session:
        audited = select(func.count()).select_from(AuditEntry)
        assert session.scalar(audited.where(AuditEntry.action == "JobDeleted")) == 1


@pytest.mark.parametrize("_", ROUNDS)
def test_a_completion_is_reverted_or_picked_up_but_not_both(people, _):
    job = locked(jobs.job_in(Status.COMPLETED, people), people.staff)
    outcome = at_once(
        alternating(
            partial(jobs.move, job.id, "revert-completion", people.staff),
            partial(jobs.move, job.id, "mark-picked-up", people.staff),
        )
    )
    assert len(outcome.won) == 1
    assert outcome.refusals == {Conflict: MANY - 1}
    check_whole()


def test_repeated_requests_send_one_new_link(people, configure):
    configure(RATE_LIMIT_RESEND="1/hour")
    job = jobs.job_in(Status.PENDING, people)
    outcome = at_once([partial(call, tracking.resend, job.id)] * MANY)
    assert len(outcome.won) == 1
    assert outcome.refusals == {TooSoon: MANY - 1}
    assert len(jobs.rows(Confirmation, job.id)) == 2
    assert len(jobs.mails(job.id, "approval")) == 2


def test_an_expired_link_is_flagged_once(people):
    made = [jobs.job_in(Status.PENDING, people) for _ in range(3)]
    past = made[0].created_at.replace(year=2020)
    for job in made:
        jobs.change(job.id, confirmation_expires_at=past)
    outcome = at_once([partial(call, confirmations.expire_due)] * MANY)
    assert sum(outcome.won) == len(made)
    for job in made:
        assert jobs.event_types(job.id).count("ConfirmationExpired") == 1


def test_jobs_are_archived_once_by_two_administrators(people):
    made = [jobs.job_in(Status.REJECTED, people) for _ in range(5)]
    outcome = at_once([partial(retention.archive_old, 0, actor=people.admin)] * 4)
    assert sum(outcome.won) == len(made)
    for job in made:
        assert jobs.event_types(job.id).count("JobArchived") == 1
    check_whole()
    outcome = at_once([partial(retention.prune_old, 0, actor=people.admin)] * 4)
    assert sum(outcome.won) == len(made)
    assert whole.folders() == set()
    with work.unit() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0
