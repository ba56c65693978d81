"""The change token: it changes with every commit and every expired lease, and only then."""

import threading
from datetime import timedelta

from sqlalchemy import text, update

from models import Job, utcnow
from services import changes, work
from services.jobs import locks
from tests.support import jobs as made


def token():
    with work.unit() as session:
        return changes.read_token(session)


def steady_token():
    """The token once the server has nothing of its own to do, as autovacuum may have."""
    before = token()
    for _ in range(50):
        after = token()
        if after == before:
            return after
        before = after
    raise AssertionError("the token never rests")


def test_reading_changes_nothing(people):
    job = made.submit()
    for _ in range(200):  # other databases of the server commit too
        before = token()
        made.read(job.id)
        if token() == before:
            return
    raise AssertionError("reading is taken for a change")


def test_a_commit_changes_it_and_a_rollback_may(people):
    job = made.submit()
    before = steady_token()
    with work.unit() as session:
        locks.acquire(session, job.id, actor=people.staff)
    assert token() != before


def test_a_slow_transaction_that_commits_later_changes_it(people):
    """Its number is older than the token: a greatest number alone would not show it."""
    job = made.submit()
    written, go_on = threading.Event(), threading.Event()

    def write_slowly():
        with work.unit() as session:
            session.execute(update(Job).where(Job.id == job.id).values(notes="late"))
            written.set()
            assert go_on.wait(20)

    thread = threading.Thread(target=write_slowly)
    thread.start()
    assert written.wait(20)
    made.submit()  # a younger transaction, done before the slow one
    before = steady_token()
    assert made.read(job.id).notes is None
    go_on.set()
    thread.join()
    assert token() != before
    assert made.read(job.id).notes == "late"


def test_a_lease_that_runs_out_changes_it(people):
    job, other = made.submit(), made.submit()
    with work.unit() as session:
        locks.acquire(session, job.id, actor=people.staff)
        locks.acquire(session, other.id, actor=people.staff)
        soon = {"locked_until": utcnow() + timedelta(seconds=0.5)}
        session.execute(update(Job).where(Job.id == job.id).values(soon))
    before = steady_token()
    assert made.read(job.id).locked_by == "Sam Staff"
    threading.Event().wait(0.6)
    assert made.read(job.id).locked_by is None
    assert token() != before


def test_it_needs_no_walk_through_the_jobs(people):
    with work.unit() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = session.execute(text(f"EXPLAIN SELECT {changes._TOKEN}")).scalars().all()
    assert any("ix_jobs_locked_until" in line for line in plan), plan
