"""A process that is killed after any of its steps loses nothing that was acknowledged."""

import hashlib
from itertools import count

import pytest
from sqlalchemy import func, select

from models import Job, MailKind, MailState, Status
from services import work
from services.errors import Conflict, Duplicate, NotFound, NotLockHolder
from services.files import storage
from services.jobs import locks
from services.mail import outbox
from tasks.mail import sweep
from tests.support import jobs, whole

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

MOVES = {
    "approve": ("UPLOADED", "PENDING"),
    "reject": ("UPLOADED", "REJECTED"),
    "mark-printing": ("READYTOPRINT", "PRINTING"),
    "delete": ("UPLOADED", None),
}


def crashes(crasher, prepare, **order):
    """One crash after the other, a step later each time, until the child lives to the end. Yields
    what was prepared for it and the crash."""
    for last in count(1):
        prepared = prepare()
        crash = crasher(**order, **prepared[1], last=last)
        assert len(crash.steps) == (last if crash.killed else last - 1)
        yield prepared[0], crash
        if not crash.killed:
            assert last > 3
            return


def check_rows_and_folders(job_id=None):
    """Every row has its whole folder; at most one folder is stale, and it holds nothing that the
    real one lacks."""
    with work.unit() as session:
        whole.assert_whole(session, 1, job_id)
        owned = {job.folder.partition("/")[2]: job.folder for job in session.scalars(select(Job))}
    for astray in whole.folders() - set(owned.values()):
        real = owned.get(astray.partition("/")[2])
        if real is not None:
            assert contents(astray) == contents(real)


def contents(folder):
    path = storage.path_of(folder)
    return {
        file.relative_to(path): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in path.rglob("*")
        if file.is_file() and file.name != storage.METADATA
    }


def check_recovered(crash, job_id):
    """After the sweep and a second try there is one folder a job; one that was killed when the new
    state was committed may have left the old folder to the integrity audit."""
    assert whole.leftovers() == []
    with work.unit() as session:
        whole.assert_whole(session, int(crash.killed and crash.committed), job_id)


def count_jobs():
    with work.unit() as session:
        return session.scalar(select(func.count()).select_from(Job))


def clear_stale():
    """What whoever runs the lab does with a stale copy that the integrity audit shows."""
    with work.unit() as session:
        owned = set(session.scalars(select(Job.folder)))
    for folder in whole.folders() - owned:
        storage.remove_folder(folder)


@pytest.mark.parametrize("action", MOVES)
def test_a_move_that_is_killed_is_done_or_not_and_can_be_done_again(people, crasher, smtp, action):
    source, target = MOVES[action]

    def prepare():
        job = jobs.job_in(source, people)
        jobs.save_beside(job, ".gcode")
        with work.unit() as session:
            locks.acquire(session, job.id, actor=people.staff)
            outbox.cancel_queued(session, job.id, *MailKind)  # only the move's own is looked at
        return job, {"job_id": job.id, "action": action, "actor_id": people.staff.id}

    for job, crash in crashes(crasher, prepare, doing="move"):
        check_rows_and_folders(job.id)
        status = target if crash.committed else source
        with work.unit() as session:
            stored = session.get(Job, job.id)
        assert (stored.status if stored else None) == status
        storage.sweep_leftovers(older_than_s=0)
        if crash.committed:
            with pytest.raises((Conflict, NotFound)):
                jobs.move(job.id, action, people.staff)
        else:
            jobs.move(job.id, action, people.staff)
        check_recovered(crash, job.id)
        check_mails(job, smtp)
        clear_stale()


def check_mails(job, smtp):
    """Everything queued goes out with the next sweeps, once."""
    while due():
        sweep()
    rows = jobs.mails(job.id)
    expected = [row.message_id for row in rows if row.state != MailState.CANCELLED]
    seen = [message["Message-ID"] for message in smtp.messages]
    assert all(seen.count(message_id) == 1 for message_id in expected)


def due():
    with work.unit() as session:
        return outbox.list_due(session)


def test_a_submission_that_is_killed_is_kept_or_can_be_sent_again(people, crasher, smtp, tmp_path):
    path = tmp_path / "model.stl"

    def prepare():
        content = jobs.model()
        path.write_bytes(content)
        return content, {"content": str(path)}

    for content, crash in crashes(crasher, prepare, doing="submit"):
        storage.sweep_leftovers(older_than_s=0)
        sha256 = hashlib.sha256(content).hexdigest()
        with work.unit() as session:
            found = session.scalars(select(Job).where(Job.file_hash == sha256)).all()
        assert len(found) == crash.committed
        assert len(whole.folders()) - count_jobs() <= 1
        if crash.committed:
            with pytest.raises(Duplicate):
                jobs.submit(content)
        job = found[0] if found else jobs.submit(content)
        check_mails(job, smtp)
        check_rows_and_folders(job.id)
        clear_stale()
        assert whole.leftovers() == []


def test_a_confirmation_that_is_killed_is_done_or_can_be_done_again(people, crasher):
    def prepare():
        job = jobs.job_in(Status.PENDING, people)
        return job, {"token": jobs.token(job.id)}

    for job, crash in crashes(crasher, prepare, doing="confirm"):
        check_rows_and_folders(job.id)
        storage.sweep_leftovers(older_than_s=0)
        if not crash.committed:
            jobs.act(job.id, "confirm", people.of_role("student"))
        assert jobs.read(job.id).status is Status.READYTOPRINT
        check_recovered(crash, job.id)
        clear_stale()


def test_a_delivery_that_is_killed_is_repeated_under_the_same_message_id(people, crasher, smtp):
    def prepare():
        job = jobs.submit()
        (received,) = jobs.mails(job.id)
        return received, {"mail_id": received.id}

    for received, crash in crashes(crasher, prepare, doing="deliver"):
        while due():
            sweep()
        seen = [message["Message-ID"] for message in smtp.messages].count(received.message_id)
        # Twice only when it was killed between the server's answer and the commit.
        assert seen == (2 if "sent" in crash.steps and not crash.committed else 1)
        (row,) = jobs.mails(received.job_id)
        assert row.state == MailState.SENT
        assert jobs.event_types(received.job_id).count("EmailSent") == 1
    assert len({message["Message-ID"] for message in smtp.messages}) == count_jobs()


def test_a_sweep_that_is_killed_is_done_by_the_next(people, crasher):
    job = jobs.submit()
    with work.unit() as session:
        locks.acquire(session, job.id, actor=people.staff)

    def prepare():
        jobs.receive()
        crasher("move", last=8, job_id=job.id, action="approve", actor_id=people.staff.id)
        assert len(whole.leftovers()) == 2
        return job, {}

    for _, crash in crashes(crasher, prepare, doing="sweep"):
        storage.sweep_leftovers(older_than_s=0)
        assert not crash.committed
        check_recovered(crash, job.id)


def test_a_sweep_after_a_crash_is_repeatable(people, crasher):
    """Cleaning up twice, or while nothing is left over, changes nothing."""
    job = jobs.submit()
    with work.unit() as session:
        locks.acquire(session, job.id, actor=people.staff)
    crash = crasher("move", last=4, job_id=job.id, action="approve", actor_id=people.staff.id)
    assert whole.leftovers()
    storage.sweep_leftovers(older_than_s=0)
    assert storage.sweep_leftovers(older_than_s=0) == 0
    assert not crash.committed
    check_recovered(crash, job.id)
    with pytest.raises(NotLockHolder):
        jobs.move(job.id, "approve", people.other)
