"""The number of jobs in each status always equals a full count."""

import random
import threading

import pytest
from sqlalchemy import delete, func, select, text, update

from models import Job, JobCount, Status
from services import work
from services.jobs import counts, queue
from services.jobs.filters import Filters
from tasks.app import celery
from tasks.sweeps import recount_jobs
from tests.support import queries, rows

SEVERAL = (Status.UPLOADED, Status.PENDING, Status.ARCHIVED)


def counted(session):
    """By walking through the jobs."""
    found = dict(session.execute(select(Job.status, func.count()).group_by(Job.status)).all())
    return {status: found.get(status, 0) for status in Status}


def assert_true():
    """Both ways of counting at one moment, whatever others do meanwhile."""
    with work.unit() as session:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        assert counts.read(session) == counted(session)


def many_changes():
    """More rows than are left to be summed up."""
    with work.unit() as session:
        session.add_all(JobCount(status="PENDING", change=sign) for sign in (1, -1) * 150)


def test_an_empty_lab_has_every_status(people):
    with work.unit() as session:
        assert counts.read(session) == dict.fromkeys(Status, 0)


def test_every_way_to_change_a_number_is_counted(people):
    ids = rows.add(5)
    rows.add(3, Status.ARCHIVED)
    assert_true()
    with work.unit() as session:
        session.execute(update(Job).where(Job.id.in_(ids[:2])).values(status=Status.PENDING))
        session.execute(update(Job).values(notes="no change of status", status=Job.status))
    assert_true()
    with work.unit() as session:
        session.execute(delete(Job).where(Job.id.in_(ids[1:4])))
    assert_true()
    with work.unit() as session:
        assert counts.read(session)[Status.ARCHIVED] == 3
        # What is append-only would refuse to go along.
        session.execute(text("ALTER TABLE events DISABLE TRIGGER USER"))
        session.execute(text("TRUNCATE jobs CASCADE"))
        session.execute(text("ALTER TABLE events ENABLE TRIGGER USER"))
    assert_true()


def test_a_rollback_is_not_counted(people):
    rows.add(2)
    with pytest.raises(ZeroDivisionError), work.unit() as session:
        session.add(rows.make())
        session.flush()
        assert counts.read(session)[Status.UPLOADED] == 3
        raise ZeroDivisionError
    assert_true()


def test_a_recount_leaves_one_row_for_each_status(people):
    rows.add(4)
    with work.unit() as session:
        assert not counts.recount(session)  # a few changes are summed up in no time
    many_changes()
    with work.unit() as session:
        assert counts.recount(session)
        assert session.scalar(select(func.count(JobCount.id))) == 1
    assert_true()


def test_the_worker_recounts_now_and_then(people):
    assert celery.conf.beat_schedule["jobs.recount"]["task"] == recount_jobs.name
    rows.add(4)
    many_changes()
    recount_jobs()
    with work.unit() as session:
        assert session.scalar(select(func.count(JobCount.id))) == 1


def test_a_recount_corrects_wrong_numbers(people):
    rows.add(4)
    with work.unit() as session:
        session.add(JobCount(status="PRINTING", change=7))
    many_changes()
    with work.unit() as session:
        counts.recount(session)
    assert_true()


def test_jobs_that_move_while_others_recount_are_counted_once(people):
    ids = rows.add(30)
    stop, problems = threading.Event(), []

    def run(action):
        try:
            while not stop.is_set():
                action()
        except Exception as problem:
            problems.append(problem)

    def move():
        with work.unit() as session:
            wanted = update(Job).where(Job.id == random.choice(ids))
            session.execute(wanted.values(status=random.choice(SEVERAL)))

    def recount():
        many_changes()
        with work.unit() as session:
            counts.recount(session)

    threads = [threading.Thread(target=run, args=[each]) for each in (move, move, recount, recount)]
    for thread in threads:
        thread.start()
    for _ in range(60):
        assert_true()
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert_true()


def test_two_moves_do_not_wait_for_each_other(people):
    """A row for each number, updated by every move, would make the second one wait."""
    first, second = rows.add(2)
    with work.unit() as one:
        one.execute(update(Job).where(Job.id == first).values(status=Status.PENDING))
        with work.unit() as other:
            other.execute(text("SET LOCAL lock_timeout = '1s'"))
            other.execute(update(Job).where(Job.id == second).values(status=Status.PENDING))
    assert_true()


def test_matching_jobs_are_counted_up_to_a_bound(people, monkeypatch):
    rows.add(30)
    rows.add(5, Status.ARCHIVED)
    wanted = Filters(search="student")
    for few in (0, 10, 100):  # with the index of texts, with it for some of them, and without
        monkeypatch.setattr(counts, "FEW", few)
        exact = count(people, wanted)
        assert (exact[Status.UPLOADED], exact[Status.ARCHIVED]) == (30, 5)
        bounded = count(people, wanted, at_most=10)
        assert bounded[Status.UPLOADED] > 10 and bounded[Status.ARCHIVED] == 5
        only = count(people, Filters(search="student", status=Status.ARCHIVED))
        assert only == dict.fromkeys(Status, 0) | {Status.ARCHIVED: 5}


def count(people, wanted, **options):
    with work.unit() as session:
        return queue.count_by_status(session, actor=people.manager, filters=wanted, **options)


def test_counting_reads_no_job(people):
    rows.add(10)
    with queries.noted() as asked:
        count(people, Filters())
        count(people, Filters(status=Status.UPLOADED))
    assert len(asked) == 2
    assert not any("FROM jobs" in statement for statement in asked)
