"""The unit of work: all or nothing, and the actions after it."""

import threading
from functools import partial

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from models import AuditEntry
from services import events, work
from services.actors import SYSTEM
from services.errors import Conflict, StorageUnavailable


def entries():
    with work.unit() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_what_a_block_does_is_committed_when_it_ends_well(database):
    done = []
    with work.unit() as session:
        events.audit(session, "First", SYSTEM)
        work.after_commit(session, lambda: done.append(entries()))
        work.on_rollback(session, lambda: done.append("undone"))
        assert done == []
    assert done == [["First"]]


def test_what_a_block_does_is_undone_when_it_raises(database):
    done = []
    with pytest.raises(KeyError), work.unit() as session:
        events.audit(session, "First", SYSTEM)
        session.flush()
        work.after_commit(session, lambda: done.append("committed"))
        work.on_rollback(session, lambda: done.append("first"))
        work.on_rollback(session, lambda: done.append("second"))
        raise KeyError
    assert done == ["second", "first"]
    assert entries() == []


def test_an_interruption_undoes_too(database):
    done = []
    with pytest.raises(KeyboardInterrupt), work.unit() as session:
        work.on_rollback(session, lambda: done.append("undone"))
        raise KeyboardInterrupt
    assert done == ["undone"]


def test_what_the_database_refuses_at_the_end_is_undone(database):
    done = []
    with pytest.raises(IntegrityError), work.unit() as session:
        work.on_rollback(session, lambda: done.append("undone"))
        work.after_commit(session, lambda: done.append("committed"))
        session.add(AuditEntry(action=None, triggered_by="x", user_name="x"))
    assert done == ["undone"]


def test_nothing_is_done_or_undone_when_the_outcome_of_the_commit_is_unknown(database):
    done = []
    with pytest.raises(DBAPIError), work.unit() as session:
        work.on_rollback(session, lambda: done.append("undone"))
        work.after_commit(session, lambda: done.append("committed"))
        backend = session.scalar(text("SELECT pg_backend_pid()"))
        with work.unit() as another:
            another.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
    assert done == []


def test_what_fails_after_the_commit_does_not_stop_what_follows(database):
    done = []
    problems = (OSError("disk"), StorageUnavailable("share"), OperationalError("", {}, None))

    def fail(problem):
        raise problem

    with work.unit() as session:
        for problem in problems:
            work.after_commit(session, partial(fail, problem))
        work.after_commit(session, lambda: done.append("last"))
    assert done == ["last"]


@pytest.fixture
def sent():
    before, tasks = work._send_task, []
    work.send_tasks_with(lambda name, ids: tasks.append((name, ids)))
    yield tasks
    work._send_task = before


def test_a_task_is_sent_only_after_the_commit(database, sent):
    with work.unit() as session:
        work.send_after_commit(session, "mail.deliver", "1")
        assert sent == []
    assert sent == [("mail.deliver", ("1",))]


def test_a_task_is_not_sent_when_the_block_raises(database, sent):
    with pytest.raises(KeyError), work.unit() as session:
        work.send_after_commit(session, "mail.deliver", "1")
        raise KeyError
    assert sent == []


def test_twenty_units_at_once_do_not_run_out_of_connections(database):
    barrier, failed = threading.Barrier(20), []

    def run():
        barrier.wait()
        try:
            for _ in range(5):
                work.ping()
        except DBAPIError as problem:
            failed.append(problem)

    threads = [threading.Thread(target=run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_of_two_units_that_wait_for_each_other_one_is_told_to_try_again(database):
    both_hold_one, ends = threading.Barrier(2), []

    def take(first, second):
        try:
            with work.unit() as session:
                session.execute(text(f"SELECT pg_advisory_xact_lock({first})"))
                both_hold_one.wait()
                session.execute(text(f"SELECT pg_advisory_xact_lock({second})"))
            ends.append("done")
        except Conflict as refused:
            ends.append(refused.message)

    threads = [threading.Thread(target=take, args=order) for order in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused, done = sorted(ends)
    assert done == "done"
    assert "Try again in a moment" in refused


def test_a_disposed_engine_is_made_anew(database):
    first = work.engine()
    work.dispose()
    assert work.engine() is not first
    work.ping()
