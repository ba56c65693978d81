"""One action on many jobs: each in its own transaction, with its own result."""

from datetime import timedelta

import pytest

from models import Event, Status, utcnow
from services import work
from services.actions import batches, registry
from services.errors import Forbidden, Invalid
from services.files import storage
from services.jobs import locks
from tests.support import jobs, whole

AWAY = "0" * 32
# action: where its jobs wait, where it leads them, what the history says, and who may
BATCHES = {
    "review": (Status.UPLOADED, Status.UPLOADED, "Reviewed", "staff"),
    "mark-picked-up": (Status.COMPLETED, Status.PAIDPICKEDUP, "PickedUp", "staff"),
    "archive": (Status.REJECTED, Status.ARCHIVED, "JobArchived", "admin"),
}
RANKS = ("student", "manager", "staff", "admin")


def perform(action, made, actor):
    return batches.perform(action, [getattr(job, "id", job) for job in made], actor=actor)


def hold(job, actor):
    with work.unit() as session:
        locks.acquire(session, job.id, actor=actor)
    return job


def problems(outcomes):
    return [outcome.problem for outcome in outcomes]


def assert_whole():
    with work.unit() as session:
        whole.assert_whole(session)
    assert whole.leftovers() == []


def test_only_these_actions_work_in_batches():
    assert {row.name for row in batches.list_actions()} == set(BATCHES)


@pytest.mark.parametrize("action", BATCHES)
def test_an_action_is_done_to_each_job_in_their_order(people, action):
    source, target, event_type, role = BATCHES[action]
    made = [jobs.job_in(source, people) for _ in range(3)][::-1]
    if action == "review":
        assert all(job.is_new for job in made)
    outcomes = perform(action, made, people.of_role(role))
    assert [(o.job_id, o.name, o.problem) for o in outcomes] == [
        (job.id, job.display_name, "") for job in made
    ]
    for job in made:
        after = jobs.read(job.id)
        assert (after.status, after.is_new, after.locked_by) == (target, False, None)
        last = jobs.rows(Event, job.id)[-1]
        assert (last.event_type, last.triggered_by) == (event_type, people.of_role(role).id)
    assert_whole()


@pytest.mark.parametrize("action", BATCHES)
def test_a_batch_needs_the_same_role_as_one_job(people, action):
    source, _, event_type, least = BATCHES[action]
    job = jobs.job_in(source, people)
    assert registry.get(action).role == least
    for role in RANKS[: RANKS.index(least)]:
        with pytest.raises(Forbidden):
            perform(action, [job], people.of_role(role))
    assert event_type not in jobs.event_types(job.id)
    for role in RANKS[RANKS.index(least) :]:
        job = jobs.job_in(source, people)
        assert problems(perform(action, [job], people.of_role(role))) == [""]


def test_one_failure_does_not_stop_the_others(people):
    first, locked, printing, last = (
        jobs.job_in(Status.COMPLETED, people),
        hold(jobs.job_in(Status.COMPLETED, people), people.other),
        jobs.job_in(Status.PRINTING, people),
        jobs.job_in(Status.COMPLETED, people),
    )
    made = [first, locked, AWAY, printing, last]
    outcomes = perform("mark-picked-up", made, people.staff)
    assert [o.job_id for o in outcomes] == [first.id, locked.id, AWAY, printing.id, last.id]
    assert outcomes[0].problem == outcomes[4].problem == ""
    assert (outcomes[1].name, outcomes[1].problem) == (
        locked.display_name,
        "Kim Colleague is editing this job.",
    )
    assert (outcomes[2].name, outcomes[2].problem) == (
        "Job 00000000",
        "There is no such job. It may have been deleted.",
    )
    assert outcomes[3].problem.startswith("This job is now “Printing”: Sam Staff was first")
    statuses = [jobs.read(job.id).status for job in (first, locked, printing, last)]
    picked_up, completed = Status.PAIDPICKEDUP, Status.COMPLETED
    assert statuses == [picked_up, completed, Status.PRINTING, picked_up]
    assert jobs.read(locked.id).locked_by == "Kim Colleague"
    assert_whole()


def test_a_refused_batch_item_leaves_no_lock_and_no_event(people):
    job = jobs.job_in(Status.PRINTING, people)
    before = jobs.event_types(job.id)
    (outcome,) = perform("mark-picked-up", [job], people.staff)
    assert outcome.problem
    after = jobs.read(job.id)
    assert (after.locked_by, after.updated_at) == (None, job.updated_at)
    assert jobs.event_types(job.id) == before


def test_the_callers_own_lock_does_not_block_a_batch(people):
    job = hold(jobs.job_in(Status.COMPLETED, people), people.staff)
    assert problems(perform("mark-picked-up", [job], people.staff)) == [""]
    assert jobs.read(job.id).locked_by is None


def test_an_expired_lock_does_not_block_a_batch(people):
    job = hold(jobs.job_in(Status.COMPLETED, people), people.other)
    jobs.change(job.id, locked_until=utcnow() - timedelta(seconds=1))
    assert problems(perform("mark-picked-up", [job], people.staff)) == [""]


def test_a_job_that_is_named_twice_is_done_once(people):
    one, other = (jobs.job_in(Status.COMPLETED, people) for _ in range(2))
    outcomes = perform("mark-picked-up", [one, other, one, one], people.staff)
    assert [o.job_id for o in outcomes] == [one.id, other.id]
    assert problems(outcomes) == ["", ""]
    assert jobs.event_types(one.id).count("PickedUp") == 1


def test_the_same_batch_again_says_who_was_first(people):
    made = [jobs.job_in(Status.COMPLETED, people) for _ in range(2)]
    perform("mark-picked-up", made, people.staff)
    for problem in problems(perform("mark-picked-up", made, people.other)):
        assert "“Picked up”: Sam Staff was first" in problem
    assert all(jobs.event_types(job.id).count("PickedUp") == 1 for job in made)


def test_reviewing_a_reviewed_job_changes_nothing(people):
    new, approved = jobs.submit(), jobs.job_in(Status.PENDING, people)
    before = jobs.event_types(approved.id)
    assert problems(perform("review", [new, approved], people.staff)) == ["", ""]
    assert problems(perform("review", [new, approved], people.other)) == ["", ""]
    assert jobs.event_types(new.id) == ["JobCreated", "Reviewed"]
    assert jobs.event_types(approved.id) == before


def test_a_review_waits_for_anothers_lock(people):
    locked, free = hold(jobs.submit(), people.other), jobs.submit()
    first, second = problems(perform("review", [locked, free], people.staff))
    assert (first, second) == ("Kim Colleague is editing this job.", "")
    assert jobs.read(locked.id).is_new and not jobs.read(free.id).is_new


@pytest.mark.parametrize("source", [Status.PAIDPICKEDUP, Status.REJECTED])
def test_what_is_finished_is_archived_and_nothing_else(people, source):
    finished, waiting = jobs.job_in(source, people), jobs.submit()
    done, refused = perform("archive", [finished, waiting], people.admin)
    assert done.problem == "" and "“Uploaded”" in refused.problem
    assert jobs.read(finished.id).status is Status.ARCHIVED
    assert jobs.read(waiting.id).status is Status.UPLOADED
    assert_whole()


@pytest.mark.parametrize(
    "action", ["approve", "delete", "prune", "unreview", "edit", "", "Review", "__class__"]
)
def test_another_action_is_refused_before_anything_is_done(people, action):
    job = jobs.submit()
    with pytest.raises(Invalid) as refused:
        perform(action, [job], people.admin)
    assert set(refused.value.fields) == {"action"}
    assert jobs.event_types(job.id) == ["JobCreated"]


@pytest.mark.parametrize("number", [0, batches.MAX_JOBS + 1])
def test_none_and_too_many_are_refused_before_anything_is_done(people, number):
    job = jobs.submit()
    with pytest.raises(Invalid) as refused:
        perform("review", [job] * number, people.staff)
    assert set(refused.value.fields) == {"jobs"}
    assert jobs.read(job.id).is_new


def test_as_many_as_a_page_holds_are_taken(people):
    job = jobs.submit()
    made = [f"{number:032x}" for number in range(batches.MAX_JOBS - 1)]
    outcomes = perform("review", [*made, job], people.staff)
    assert [bool(problem) for problem in problems(outcomes)] == [True] * len(made) + [False]
    assert not jobs.read(job.id).is_new


def test_while_the_storage_is_away_each_job_stays_where_it_is(people):
    made = [jobs.job_in(Status.COMPLETED, people) for _ in range(2)]
    sentinel, away = storage.root() / storage.SENTINEL, storage.root() / "away"
    sentinel.rename(away)
    for problem in problems(perform("mark-picked-up", made, people.staff)):
        assert "storage is not reachable" in problem
    away.rename(sentinel)
    assert {jobs.read(job.id).status for job in made} == {Status.COMPLETED}
    assert_whole()
    assert problems(perform("mark-picked-up", made, people.staff)) == ["", ""]
    assert_whole()


def test_a_missing_folder_affects_only_its_job(people):
    lost, fine = (jobs.job_in(Status.COMPLETED, people) for _ in range(2))
    jobs.folder_of(lost).rename(storage.root() / "lost")
    first, second = problems(perform("mark-picked-up", [lost, fine], people.staff))
    assert "missing from the storage" in first and second == ""
    assert jobs.read(lost.id).status is Status.COMPLETED
    assert jobs.read(lost.id).locked_by is None
