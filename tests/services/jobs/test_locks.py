"""Edit locks: one person at a time on one job."""

from datetime import timedelta

import pytest

from models import Event, utcnow
from services import work
from services.errors import Forbidden, Invalid, LockedByOther, NotFound, NotLockHolder
from services.jobs import locks
from tests.support import jobs

AWAY = "0" * 32


def call(action, job_id, *rest, actor):
    with work.unit() as session:
        return action(session, job_id, *rest, actor=actor)


def run_out(job_id):
    jobs.change(job_id, locked_until=utcnow() - timedelta(seconds=1))


@pytest.fixture
def job(people):
    return jobs.submit()


def test_a_lock_is_held_for_five_minutes(job, people):
    lease = call(locks.acquire, job.id, actor=people.staff)
    assert lease.locked_by == "Sam Staff"
    left = lease.locked_until - utcnow()
    assert timedelta(minutes=4, seconds=50) < left < timedelta(minutes=5, seconds=1)
    seen = jobs.read(job.id)
    assert (seen.locked_by, seen.locked_until) == ("Sam Staff", lease.locked_until)


def test_a_held_lock_is_refused_with_the_holders_name(job, people):
    lease = call(locks.acquire, job.id, actor=people.staff)
    with pytest.raises(LockedByOther, match="Sam Staff is editing") as refused:
        call(locks.acquire, job.id, actor=people.other)
    assert refused.value.details["locked_by"] == "Sam Staff"
    assert refused.value.details["locked_until"] == lease.locked_until
    assert jobs.read(job.id).locked_by == "Sam Staff"


def test_ones_own_lock_is_renewed(job, people):
    first = call(locks.acquire, job.id, actor=people.staff)
    jobs.change(job.id, locked_until=first.locked_until - timedelta(minutes=4))
    assert call(locks.acquire, job.id, actor=people.staff).locked_until > first.locked_until


def test_an_expired_lock_is_no_lock(job, people):
    call(locks.acquire, job.id, actor=people.staff)
    run_out(job.id)
    assert jobs.read(job.id).locked_by is None
    assert call(locks.acquire, job.id, actor=people.other).locked_by == "Kim Colleague"


def test_a_heartbeat_extends_the_lock(job, people):
    first = call(locks.acquire, job.id, actor=people.staff)
    jobs.change(job.id, locked_until=utcnow() + timedelta(seconds=10))
    assert call(locks.extend, job.id, actor=people.staff).locked_until > first.locked_until


def test_a_heartbeat_does_not_bring_a_lost_lock_back(job, people):
    with pytest.raises(NotLockHolder):
        call(locks.extend, job.id, actor=people.staff)
    call(locks.acquire, job.id, actor=people.staff)
    run_out(job.id)
    with pytest.raises(NotLockHolder):
        call(locks.extend, job.id, actor=people.staff)
    call(locks.acquire, job.id, actor=people.other)
    with pytest.raises(NotLockHolder, match="Kim Colleague is editing"):
        call(locks.extend, job.id, actor=people.staff)


def test_only_its_holder_releases_a_lock(job, people):
    call(locks.acquire, job.id, actor=people.staff)
    with pytest.raises(LockedByOther):
        call(locks.release, job.id, actor=people.other)
    call(locks.release, job.id, actor=people.staff)
    assert jobs.read(job.id).locked_by is None
    call(locks.release, job.id, actor=people.staff)  # twice is no error


def test_an_administrator_takes_a_lock_away_and_says_why(job, people):
    call(locks.acquire, job.id, actor=people.staff)
    with pytest.raises(Invalid) as refused:
        call(locks.force_release, job.id, "  ", actor=people.admin)
    assert set(refused.value.fields) == {"reason"}
    call(locks.force_release, job.id, "Browser crashed", actor=people.admin)
    assert jobs.read(job.id).locked_by is None
    event = jobs.rows(Event, job.id)[-1]
    assert event.event_type == "AdminAction"
    assert event.details["held_by"] == "Sam Staff"
    assert event.details["override"] is True
    assert "new_status" not in event.details


@pytest.mark.parametrize("role", ["student", "manager", "staff"])
def test_taking_a_lock_away_is_for_administrators(job, people, role):
    with pytest.raises(Forbidden):
        call(locks.force_release, job.id, "Please", actor=people.of_role(role))


@pytest.mark.parametrize("action", [locks.acquire, locks.extend, locks.release])
@pytest.mark.parametrize("role", ["student", "manager"])
def test_people_who_cannot_edit_cannot_lock(job, people, action, role):
    with pytest.raises(Forbidden) as refused:
        call(action, job.id, actor=people.of_role(role))
    assert type(refused.value) is Forbidden


@pytest.mark.parametrize("action", [locks.acquire, locks.extend, locks.release])
def test_a_job_that_is_not_there_can_not_be_locked(people, action):
    with pytest.raises(NotFound):
        call(action, AWAY, actor=people.staff)


def test_a_lock_is_taken_without_a_trace_in_the_history(job, people):
    call(locks.acquire, job.id, actor=people.staff)
    call(locks.release, job.id, actor=people.staff)
    assert jobs.event_types(job.id) == ["JobCreated"]
