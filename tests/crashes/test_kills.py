"""Thirty processes that work on whole jobs are killed at random moments."""

import random

import pytest
from sqlalchemy import select

from models import Job, MailState, Status
from services import work
from services.files import storage
from services.mail import outbox
from tasks.mail import sweep
from tests.support import jobs, whole

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

KILLS = 30


def test_jobs_survive_the_death_of_any_process_at_any_moment(people, crasher, smtp):
    chance, killed, length_s = random.Random(20261123), 0, 0.5
    while killed < KILLS:
        job = jobs.submit()
        crash = crasher("live", after_s=chance.uniform(0.001, length_s), **order(job, people))
        killed += crash.killed
        # However fast this machine is, the instants spread over the whole life.
        length_s *= 1.05 if crash.killed else 0.8
        with work.unit() as session:
            whole.assert_whole(session, stale=1, job_id=job.id)
        storage.sweep_leftovers(older_than_s=0)
        clear_stale()
        assert not crasher("live", **order(job, people)).killed
        assert whole.leftovers() == []
        assert jobs.read(job.id).status in (Status.PRINTING, Status.COMPLETED)
        with work.unit() as session:
            whole.assert_whole(session, job_id=job.id)
        check_mails(job, smtp)
    with work.unit() as session:
        whole.assert_whole(session)


def order(job, people):
    return {"job_id": job.id, "actor_id": people.staff.id}


def clear_stale():
    with work.unit() as session:
        owned = set(session.scalars(select(Job.folder)))
    for folder in whole.folders() - owned:
        storage.remove_folder(folder)


def check_mails(job, smtp):
    """Each mail was seen outside: once, or once more under its Message-ID when the server had
    answered and the child died before it could note that."""
    sweep()
    with work.unit() as session:
        assert outbox.list_due(session) == []
    seen = [message["Message-ID"] for message in smtp.messages]
    for row in jobs.mails(job.id):
        assert row.state in (MailState.SENT, MailState.CANCELLED)
        if row.state == MailState.SENT:
            assert seen.count(row.message_id) in (1, 2)
