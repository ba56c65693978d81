"""Overrides: setting any status, resending e-mails, bulk archiving and pruning."""

from datetime import timedelta
from itertools import count, permutations

import pytest
from sqlalchemy import select

from models import AuditEntry, Job, MailKind, PrintRun, Status, utcnow
from services import work
from services.actions import registry, retention, workflow
from services.errors import (
    Conflict,
    Forbidden,
    Invalid,
    LockedByOther,
    NotFound,
    StorageUnavailable,
    TooSoon,
)
from services.files import storage
from services.jobs import locks
from tests.support import jobs, whole
from tests.support.table import STATUSES

PAIRS = list(permutations(STATUSES, 2))


def resend(job_id, kind, actor):
    with work.unit() as session:
        told = {"email_type": kind}
        return registry.perform(session, "resend", job_id, told, actor=actor).token


def audit_actions():
    with work.unit() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def change_status(job_id, target, people, actor=None):
    """By an administrator, who alone brings jobs into the archive and out of it."""
    return jobs.act(job_id, "change-status", actor or people.admin, new_status=target)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_any_status_can_be_set_manually_with_its_consequences(people, old, new):
    job = jobs.job_in(old, people)
    changed = change_status(job.id, new, people)
    assert changed.status == new
    # The student's word counts for one offer: before a new one it is void.
    if new in ("UPLOADED", "PENDING"):
        assert not changed.student_confirmed and changed.student_confirmed_at is None
    # No link is open after a change by hand: a waiting job asks staff to send one.
    assert changed.is_confirmation_expired == (new == "PENDING")
    with work.unit() as session:
        whole.assert_whole(session)  # runs and links among it


@pytest.mark.parametrize("status", STATUSES)
def test_the_status_a_job_has_can_not_be_chosen(people, status):
    job = jobs.job_in(status, people)
    with pytest.raises(Invalid):
        change_status(job.id, status, people)


def test_no_status_at_all_is_refused(people):
    job = jobs.submit()
    with pytest.raises(Invalid) as refused:
        jobs.act(job.id, "change-status", people.staff, new_status=None)
    assert set(refused.value.fields) == {"new_status"}


@pytest.mark.parametrize(
    ("target", "outcome"), [("COMPLETED", "completed"), ("REJECTED", "cancelled")]
)
def test_leaving_printing_manually_ends_the_run(people, target, outcome):
    job = jobs.job_in("PRINTING", people)
    change_status(job.id, target, people)
    (run,) = jobs.rows(PrintRun, job.id)
    assert (run.outcome, run.reason) == (outcome, jobs.REASON)


@pytest.mark.parametrize(
    ("status", "kind"),
    [("PENDING", "approval"), ("REJECTED", "rejection"), ("COMPLETED", "completion")],
)
def test_an_unsent_email_is_cancelled_with_its_status(people, status, kind):
    job = jobs.job_in(status, people)
    change_status(job.id, "UPLOADED", people)
    assert [mail.state for mail in jobs.mails(job.id, kind)] == ["cancelled"]
    assert [mail.state for mail in jobs.mails(job.id, "received")] == ["queued"]


def test_a_job_put_back_to_pending_gets_a_link_when_the_mail_is_sent_again(people):
    job = jobs.job_in("READYTOPRINT", people)
    change_status(job.id, "PENDING", people)
    assert resend(job.id, MailKind.APPROVAL, people.staff) == jobs.token(job.id)
    assert not jobs.read(job.id).is_confirmation_expired


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (MailKind.APPROVAL, "PENDING"),
        (MailKind.REJECTION, "REJECTED"),
        (MailKind.COMPLETION, "COMPLETED"),
    ],
)
def test_a_mail_can_be_sent_again_only_where_it_belongs(people, kind, status):
    for where in STATUSES:
        job = jobs.job_in(where, people)
        if where == status:
            resend(job.id, kind, people.staff)
            states = sorted(mail.state for mail in jobs.mails(job.id, kind))
            assert states == ["cancelled", "queued"]
            assert jobs.event_types(job.id)[-1] == "EmailResent"
        else:
            with pytest.raises(Conflict):
                resend(job.id, kind, people.staff)


def test_the_received_mail_is_not_sent_again(people):
    job = jobs.submit()
    with pytest.raises(Invalid) as refused:
        resend(job.id, MailKind.RECEIVED, people.staff)
    assert set(refused.value.fields) == {"email_type"}


def test_a_job_without_a_price_has_nothing_to_confirm(people):
    job = jobs.submit()
    change_status(job.id, "PENDING", people)
    with pytest.raises(Conflict, match="no price"):
        resend(job.id, MailKind.APPROVAL, people.staff)


def test_resending_needs_staff_and_respects_locks(people):
    job = jobs.job_in("PENDING", people)
    with pytest.raises(Forbidden):
        resend(job.id, MailKind.APPROVAL, people.manager)
    with pytest.raises(NotFound):
        resend("0" * 32, MailKind.APPROVAL, people.staff)
    with work.unit() as session:
        locks.acquire(session, job.id, actor=people.other)
    with pytest.raises(LockedByOther):
        resend(job.id, MailKind.APPROVAL, people.staff)
    assert resend(job.id, MailKind.APPROVAL, people.other)


def test_staff_and_student_share_the_limit_on_mails(people, configure):
    configure(RATE_LIMIT_RESEND="1/hour")
    job = jobs.job_in("PENDING", people)
    resend(job.id, MailKind.APPROVAL, people.staff)
    with pytest.raises(TooSoon):
        resend(job.id, MailKind.APPROVAL, people.admin)
    assert len(jobs.mails(job.id, "approval")) == 2


def test_only_old_jobs_in_a_final_status_are_archived(people):
    kept = [jobs.job_in(status, people) for status in STATUSES[:5]]
    young, old = (jobs.job_in("REJECTED", people) for _ in range(2))
    fetched = jobs.job_in("PAIDPICKEDUP", people)
    for job in (*kept, old, fetched):
        jobs.change(job.id, status_changed_at=utcnow() - timedelta(days=90, seconds=1))
    jobs.change(young.id, status_changed_at=utcnow() - timedelta(days=89, hours=23))
    assert retention.archive_old(None, actor=people.admin) == 2
    archived = {
        job.id for job in (*kept, young, old, fetched) if jobs.read(job.id).status == "ARCHIVED"
    }
    assert archived == {old.id, fetched.id}
    assert audit_actions() == ["AdminAction"]
    with work.unit() as session:
        whole.assert_whole(session)


def test_only_old_archived_jobs_are_pruned(people):
    young, old = (jobs.job_in("ARCHIVED", people) for _ in range(2))
    rejected = jobs.job_in("REJECTED", people)
    for job in (old, rejected):
        jobs.change(job.id, status_changed_at=utcnow() - timedelta(days=366))
    assert retention.prune_old(None, actor=people.admin) == 1
    assert whole.folders() == {young.folder, rejected.folder}
    assert audit_actions() == ["JobDeleted", "AdminAction"]
    with pytest.raises(NotFound):
        jobs.read(old.id)


def test_a_job_without_its_folder_does_not_stop_the_others(people):
    lost, found = (jobs.job_in("REJECTED", people) for _ in range(2))
    jobs.folder_of(lost).rename(storage.root() / "elsewhere")
    assert retention.archive_old(0, actor=people.admin) == 1
    assert jobs.read(found.id).status == "ARCHIVED"
    assert jobs.read(lost.id).status == "REJECTED"


def test_interrupted_archiving_reports_its_progress(people, monkeypatch):
    """The share goes away after the first job of three."""
    old = [jobs.job_in("REJECTED", people) for _ in range(3)]

    real, moves = workflow.move, count(1)

    def move(*arguments, **named):
        if next(moves) == 2:
            (storage.root() / storage.SENTINEL).unlink()
        return real(*arguments, **named)

    monkeypatch.setattr(workflow, "move", move)
    with pytest.raises(StorageUnavailable, match="after 1 of 3 jobs") as refused:
        retention.archive_old(0, actor=people.admin)
    assert refused.value.details == {"jobs_archived": 1}
    assert [jobs.read(job.id).status for job in old].count("ARCHIVED") == 1
    assert audit_actions() == ["AdminAction"]


@pytest.mark.parametrize("work_of", [retention.archive_old, retention.prune_old])
@pytest.mark.parametrize("role", ["student", "manager", "staff"])
def test_archiving_and_pruning_are_for_administrators(people, work_of, role):
    with pytest.raises(Forbidden):
        work_of(0, actor=people.of_role(role))
    assert audit_actions() == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [("PENDING", "approval"), ("REJECTED", "rejection"), ("COMPLETED", "completion")],
)
def test_metadata_follows_a_mail_that_is_sent_again(people, status, kind):
    job = jobs.job_in(status, people)
    resend(job.id, MailKind(kind), people.staff)
    with work.unit() as session:
        row = session.get_one(Job, job.id)
        whole.assert_metadata(row)
        assert row.last_updated_by == people.staff.id


def test_a_job_without_a_price_cannot_be_confirmed_for_the_student(people):
    job = jobs.submit()
    change_status(job.id, "PENDING", people)
    with pytest.raises(Conflict, match="This job has no price yet"):
        jobs.act(job.id, "force-confirm", people.staff)
    assert jobs.read(job.id).status is Status.PENDING
    change_status(job.id, "UPLOADED", people)
    jobs.act(job.id, "approve", people.staff)
    assert jobs.act(job.id, "force-confirm", people.staff).status is Status.READYTOPRINT


def test_a_completion_mail_that_has_not_gone_is_not_sent_after_the_pickup(people):
    job = jobs.job_in("PAIDPICKEDUP", people)
    assert [mail.state for mail in jobs.mails(job.id, "completion")] == ["cancelled"]
    assert [mail.state for mail in jobs.mails(job.id, "received")] == ["queued"]
