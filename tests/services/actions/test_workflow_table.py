"""Every action in every status, by every role, with every lock, compared with the table."""

from datetime import timedelta

import pytest

from models import Event, Job, Mail, PrintRun, utcnow
from services import work
from services.actions import registry
from services.errors import Conflict, Forbidden, LockedByOther, NotLockHolder, PrintdeskError
from tests.support import jobs, whole
from tests.support.table import (
    CHOSEN,
    FOLDERS,
    FREE,
    GONE,
    HELD,
    RANKS,
    ROLE_OF_STATUS,
    STATUSES,
    TABLE,
)

LOCKS = ("mine", "another's", "nobody's", "mine, run out", "another's, run out")
# Where change-status leads here; every other pair is in test_overrides.py.
CHOSEN_TARGET = dict.fromkeys(STATUSES, "REJECTED") | {"REJECTED": "COMPLETED"}


def expected_refusal(action, status, role, lock):
    row = TABLE[action]
    if RANKS[role] < RANKS[row.role]:
        return Forbidden
    if status not in row.sources:
        return Forbidden if row.target == GONE else Conflict
    if row.lock == HELD and lock != "mine":
        return NotLockHolder
    if row.lock == FREE and lock == "another's":
        return LockedByOther
    target = CHOSEN_TARGET[status] if row.target == CHOSEN else row.target
    if any(RANKS[role] < RANKS[ROLE_OF_STATUS.get(each, "student")] for each in (status, target)):
        return Forbidden
    return None


def combinations(action, status):
    for role in RANKS:
        for lock in LOCKS:
            if role == "student" and lock.startswith("mine"):
                continue  # a student cannot hold a lock
            yield role, lock, expected_refusal(action, status, role, lock)


def set_lock(job_id, lock, actor, other):
    holder = {"m": actor, "a": other, "n": None}[lock[0]]
    until = utcnow() + timedelta(minutes=-1 if "run out" in lock else 5)
    jobs.change(
        job_id,
        locked_by_id=holder.id if holder else None,
        locked_by_name=holder.name if holder else None,
        locked_until=until if holder else None,
    )


def request_for(action, status, job_id):
    if action == "change-status":
        return {"new_status": CHOSEN_TARGET[status]}
    if action == "confirm" and status == "PENDING":
        return {"confirmation_id": jobs.open_link(job_id).id}
    return {}


def state_of(job_id):
    """All that an action may change, the lock left out."""
    job = jobs.read(job_id)
    return (
        (job.status, job.folder, job.display_name, job.updated_at, job.last_updated_by),
        jobs.event_types(job_id),
        [mail.state for mail in jobs.mails(job_id)],
        [run.outcome for run in jobs.rows(PrintRun, job_id)],
        sorted(path.name for path in jobs.folder_of(job).iterdir()),
        whole.folders(),
        whole.leftovers(),
    )


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("action", TABLE)
def test_what_the_table_does_not_allow_is_refused_and_changes_nothing(people, action, status):
    job = jobs.job_in(status, people)
    before = state_of(job.id)
    request = request_for(action, status, job.id)
    for role, lock, refusal in combinations(action, status):
        if refusal is None:
            continue
        actor = people.of_role(role)
        set_lock(job.id, lock, actor, people.other)
        with pytest.raises(PrintdeskError) as refused:
            jobs.move(job.id, action, actor, **request)
        assert type(refused.value) is refusal, (role, lock)
        assert refused.value.message
    assert state_of(job.id) == before


@pytest.mark.parametrize(
    ("action", "status"),
    [(action, status) for action, row in TABLE.items() for status in row.sources],
)
def test_what_the_table_allows_moves_the_whole_job(people, action, status):
    allowed = [(r, lock) for r, lock, refusal in combinations(action, status) if refusal is None]
    assert allowed
    for role, lock in allowed:
        job = jobs.job_in(status, people)
        before = set(map(id_of, jobs.rows(Event, job.id))), set(map(id_of, jobs.rows(Mail, job.id)))
        actor = people.of_role(role)
        set_lock(job.id, lock, actor, people.other)
        moved = jobs.move(job.id, action, actor, **request_for(action, status, job.id))
        if TABLE[action].target == GONE:
            assert moved is None
            assert not whole.folders() & {job.folder}
            continue
        check_moved(job, action, actor, lock, before)
    with work.unit() as session:
        whole.assert_whole(session)
    assert whole.leftovers() == []


def check_moved(job, action, actor, lock, before):
    row, now = TABLE[action], jobs.read(job.id)
    target = CHOSEN_TARGET[job.status] if row.target == CHOSEN else row.target
    assert now.status == target
    assert now.folder == f"{FOLDERS[target]}/{job.folder.partition('/')[2]}"
    assert not (whole.storage.root() / job.folder).exists()
    events = [e for e in jobs.rows(Event, job.id) if e.id not in before[0]]
    assert tuple(e.event_type for e in events) == row.events
    for event in events:
        assert (event.details["old_status"], event.details["new_status"]) == (job.status, target)
        assert (event.triggered_by, event.user_name) == (actor.id, actor.name)
        assert event.details.get("override", False) == (event.event_type == "AdminAction")
    mails = [m for m in jobs.rows(Mail, job.id) if m.id not in before[1]]
    assert [m.kind for m in mails] == ([row.mail] if row.mail else [])
    assert now.last_updated_by == actor.id
    with work.unit() as session:
        stored = session.get_one(Job, job.id)
        # One's own lock is given back with the action; another's stays.
        assert (stored.locked_by_id is None) == (lock in ("mine", "nobody's", "mine, run out"))
        whole.assert_metadata(stored)


def id_of(row):
    return row.id


def test_the_table_has_no_other_actions():
    rows = registry.by_name().values()
    assert {row.name for row in rows if row.transition is not None} == set(TABLE)
