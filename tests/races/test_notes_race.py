"""Several people on one job's notes and details at the same moment: nobody's text is lost, and
nobody pays a price that they have not been told."""

from functools import partial

import pytest

from models import Confirmation, Event, MailState, Status
from services import work
from services.actions import batches
from services.errors import Conflict, Invalid, LinkGone, LockedByOther, NotLockHolder
from services.jobs import editing, locks
from services.jobs.editing import Changes
from services.students import tracking
from tests.support import jobs
from tests.support.races import at_once, check_whole

ROUNDS = range(5)
RESIN = {"material": "Resin", "printer": "formlabs_form3", "color": "Clear"}


def call(action, *arguments, **named):
    with work.unit() as session:
        return action(session, *arguments, **named)


def save(job_id, notes, base, actor):
    return call(editing.save_notes, job_id, notes, base=base, actor=actor)


def edit(job_id, actor, **changes):
    return call(editing.edit, job_id, Changes(**changes), actor=actor)


def hold(job, actor):
    call(locks.acquire, job.id, actor=actor)
    return job


def texts_of(job_id):
    """Every text that the notes have had, as the history keeps them."""
    events = [e for e in jobs.rows(Event, job_id) if e.event_type == "NotesUpdated"]
    return [event.details["after"] for event in events]


@pytest.mark.parametrize("base", ["", "What stood there"])
@pytest.mark.parametrize("_", ROUNDS)
def test_the_second_save_from_the_same_notes_is_shown_the_first(people, base, _):
    job = jobs.submit()
    if base:
        save(job.id, base, "", people.admin)
    mine = partial(save, job.id, "By Sam", base, people.staff)
    theirs = partial(save, job.id, "By Kim", base, people.other)
    outcome = at_once([mine, theirs])
    (won,), (refused,) = outcome.won, outcome.refused
    assert type(refused) is Conflict
    assert refused.details["notes"] == won.notes == jobs.read(job.id).notes
    winner = people.staff if won.notes == "By Sam" else people.other
    assert refused.details["changed_by"] == winner.name
    assert texts_of(job.id)[-1] == won.notes
    assert len(texts_of(job.id)) == (2 if base else 1)
    check_whole()


def test_of_simultaneous_saves_one_wins_and_the_others_see_it(people):
    job = jobs.submit()
    crowd = [jobs.add_person(f"Number {number}") for number in range(12)]
    outcome = at_once([partial(save, job.id, f"By {who.name}", "", who) for who in crowd])
    (won,) = outcome.won
    assert outcome.refusals == {Conflict: len(crowd) - 1}
    assert {refused.details["notes"] for refused in outcome.refused} == {won.notes}
    assert texts_of(job.id) == [won.notes]
    check_whole()


def test_people_who_merge_the_shown_text_lose_nothing(people):
    """As the field does it: what was refused is put below the other text, and saved again."""
    job = jobs.submit()
    crowd = [jobs.add_person(f"Number {number}") for number in range(8)]

    def add(who):
        base = ""
        for _ in range(100):
            try:
                return save(job.id, f"{base}\n{who.name}".strip(), base, who)
            except Conflict as refused:
                base = refused.details["notes"]
        raise AssertionError("never saved")

    outcome = at_once([partial(add, who) for who in crowd])
    assert len(outcome.won) == len(crowd)
    assert sorted(jobs.read(job.id).notes.splitlines()) == sorted(who.name for who in crowd)
    assert len(texts_of(job.id)) == len(crowd)
    check_whole()


def test_the_same_text_from_everybody_is_saved_once(people):
    job = jobs.submit()
    outcome = at_once([partial(save, job.id, "Thin walls", "", people.staff)] * 12)
    assert len(outcome.won) == 12
    assert texts_of(job.id) == ["Thin walls"]


@pytest.mark.parametrize("_", ROUNDS)
def test_notes_and_a_move_at_once_both_happen(people, _):
    job = hold(jobs.submit(), people.staff)
    outcome = at_once(
        [
            partial(jobs.move, job.id, "approve", people.staff),
            partial(save, job.id, "By Kim", "", people.other),
        ]
    )
    # Before the approval the job is in the hands of Sam; after it, it is free.
    assert outcome.refusals.keys() <= {LockedByOther}
    after = jobs.read(job.id)
    assert after.status is Status.PENDING
    assert (after.notes == "By Kim") == (len(outcome.won) == 2)
    check_whole()


@pytest.mark.parametrize("_", ROUNDS)
def test_a_simultaneous_edit_and_approval_give_one_price(people, _):
    """One person in two windows: nobody else holds the lock."""
    job = hold(jobs.submit(), people.staff)
    outcome = at_once(
        [
            partial(edit, job.id, people.staff, **RESIN, weight_g=1.0),
            partial(jobs.move, job.id, "approve", people.staff),
        ]
    )
    after = jobs.read(job.id)
    assert after.status is Status.PENDING
    assert after.weight_g == jobs.PLAN["weight_g"], "the approval has the last word on the weight"
    if outcome.refused:  # the approval was first, and gave the lock back
        assert outcome.refusals == {NotLockHolder: 1}
        assert (after.material, after.cost_cents) == ("Filament", 425)
        assert "JobEdited" not in jobs.event_types(job.id)
    else:
        assert (after.material, after.cost_cents) == ("Resin", 850)
        assert jobs.event_types(job.id)[-2:] == ["JobEdited", "StaffApproved"]
    (letter,) = jobs.mails(job.id, "approval")
    assert f"${after.cost_cents / 100:.2f}" in letter.text
    check_whole()


@pytest.mark.parametrize("_", ROUNDS)
def test_a_student_confirms_the_price_they_saw_or_none(people, _):
    job = hold(jobs.job_in(Status.PENDING, people), people.staff)
    token = jobs.token(job.id)
    outcome = at_once(
        [
            partial(edit, job.id, people.staff, weight_g=90.0),
            partial(call, tracking.confirm, token),
        ]
    )
    assert len(outcome.won) == 1
    after = jobs.read(job.id)
    letters = jobs.mails(job.id, "approval")
    if after.status is Status.READYTOPRINT:
        assert outcome.refusals == {Invalid: 1}, "the weight is fixed"
        assert (after.cost_cents, len(letters)) == (425, 1)
    else:
        assert outcome.refusals == {LinkGone: 1}
        assert after.status is Status.PENDING
        assert (after.cost_cents, len(letters)) == (900, 2)
        assert letters[0].state == MailState.CANCELLED and "$9.00" in letters[1].text
    check_whole()


@pytest.mark.parametrize("_", ROUNDS)
def test_simultaneous_new_prices_leave_one_link_for_the_last(people, _):
    job = hold(jobs.job_in(Status.PENDING, people), people.staff)
    weights = [50.0 + number for number in range(8)]
    outcome = at_once([partial(edit, job.id, people.staff, weight_g=grams) for grams in weights])
    assert len(outcome.won) == len(weights)
    after = jobs.read(job.id)
    assert after.cost_cents == after.weight_g * 10
    links = [link for link in jobs.rows(Confirmation, job.id) if link.replaced_at is None]
    waiting = [m for m in jobs.mails(job.id, "approval") if m.state == MailState.QUEUED]
    assert len(links) == len(waiting) == 1
    assert waiting[0].confirmation_id == links[0].id
    assert f"${after.cost_cents / 100:.2f}" in waiting[0].text
    check_whole()


def test_two_simultaneous_batches_hand_over_each_print_once(people):
    made = [jobs.job_in(Status.COMPLETED, people) for _ in range(4)]
    names = [job.id for job in made]
    outcome = at_once(
        [
            partial(batches.perform, "mark-picked-up", names, actor=people.staff),
            partial(batches.perform, "mark-picked-up", names[::-1], actor=people.other),
        ]
    )
    told = [one for outcomes in outcome.won for one in outcomes]
    for job in made:
        problems = [one.problem for one in told if one.job_id == job.id]
        assert sorted(map(bool, problems)) == [False, True], problems
        assert jobs.event_types(job.id).count("PickedUp") == 1
    check_whole()
