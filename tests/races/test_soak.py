"""Many people work on a few jobs for a while: every job stays consistent."""

import random
import threading
from functools import partial

import pytest

from models import Mail, MailState, Status
from services import work
from services.actions import registry
from services.errors import PrintdeskError
from services.files import storage
from services.jobs import locks
from services.mail import outbox
from services.students import tracking
from tests.support import jobs, whole
from tests.support.races import at_once, check_whole

STEPS = 25
ACTIONS = [
    row.name
    for row in registry.by_name().values()
    if row.transition is not None and row.name not in ("archive", "delete", "prune")
]


def work_on(made, people, seed):
    """One person who presses what comes to mind."""
    chance = random.Random(seed)
    actors = (people.staff, people.other)
    for _ in range(STEPS):
        job_id, actor = chance.choice(made).id, chance.choice(actors)
        action = chance.choice(ACTIONS)
        target = chance.choice([status for status in Status if status is not Status.ARCHIVED])
        try:
            if action == "confirm":
                with work.unit() as session:
                    tracking.confirm(session, jobs.token(job_id))
            else:
                jobs.act(job_id, action, actor, new_status=target)
        except (PrintdeskError, StopIteration):
            continue  # not now, or no link is open


@pytest.mark.parametrize("seed", range(2))
def test_whatever_people_do_at_once_every_job_stays_whole(people, seed):
    made = [jobs.submit() for _ in range(3)]
    at_once([partial(work_on, made, people, 100 * seed + number) for number in range(8)])
    check_whole()


def back_and_forth(job_id, actor, actions):
    for action in actions:
        try:
            jobs.act(job_id, action, actor)
        except PrintdeskError:
            continue


def test_a_job_that_goes_back_and_forth_stays_whole(people):
    job = jobs.job_in(Status.PRINTING, people)
    steps = ("mark-complete", "revert-completion") * 20
    crowd = [
        partial(back_and_forth, job.id, actor, steps) for actor in (people.staff, people.other)
    ]
    at_once(crowd * 3)
    check_whole()


def test_mails_go_out_once_while_jobs_change_under_them(people, smtp):
    """Deliveries, forced confirmations and deletions of the same jobs, at once."""
    made = [jobs.job_in(Status.PENDING, people) for _ in range(6)]
    mails = [mail for job in made for mail in jobs.mails(job.id)]

    def deliver(mail_id):
        with work.unit() as session:
            outbox.deliver(session, mail_id)

    deliveries = [partial(deliver, queued.id) for queued in mails] * 2
    changes = [
        partial(back_and_forth if number % 2 else delete, job.id, people.staff, ("force-confirm",))
        for number, job in enumerate(made)
    ]
    at_once([*deliveries, *changes])
    seen = [message["Message-ID"] for message in smtp.messages]
    assert len(seen) == len(set(seen))
    with work.unit() as session:
        for queued in mails:
            row = session.get(Mail, queued.id)
            assert row is None or (row.state == MailState.SENT) == (row.message_id in seen)
    check_whole()


def delete(job_id, actor, _):
    with work.unit() as session:
        locks.acquire(session, job_id, actor=actor)
    jobs.move(job_id, "delete", actor)


def test_a_sweep_does_not_stumble_over_uploads_that_end(people):
    done = threading.Event()

    def sweep():
        while not done.is_set():
            storage.sweep_leftovers(older_than_s=3600)

    def submit():
        for _ in range(20):
            jobs.submit()

    def submit_all():
        try:
            at_once([submit] * 3)
        finally:
            done.set()

    at_once([submit_all, sweep, sweep])
    assert len(whole.folders()) == 60
    check_whole()
