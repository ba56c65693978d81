"""Changing a job without moving it: which field when, what it does to the price, and notes that
save themselves."""

import json
from dataclasses import fields
from datetime import timedelta

import pytest

from models import Confirmation, Event, Job, MailState, Status, utcnow
from services import events, work
from services.actions import registry
from services.checks import modelchecks
from services.errors import (
    Conflict,
    Forbidden,
    Invalid,
    LinkGone,
    LockedByOther,
    NotFound,
    NotLockHolder,
)
from services.files import storage
from services.jobs import editing, locks, records
from services.students import confirmations, tracking
from tests.support import jobs, meshes, whole

AWAY = "0" * 32
# The lab's rules, written out once more to hold services.jobs.editing against.
EVERYTHING = {"printer", "material", "color", "weight_g", "time_hours"}
OPEN = {
    Status.UPLOADED: EVERYTHING,
    Status.PENDING: EVERYTHING,
    Status.READYTOPRINT: {"printer", "color", "time_hours"},
    Status.PRINTING: {"color", "time_hours"},
}
CLOSED = tuple(status for status in Status if status not in OPEN)
RESIN = {"material": "Resin", "printer": "formlabs_form3", "color": "Clear"}
# What each field is set to. Clear is a colour of both materials.
WISHES = {
    "printer": {"printer": "prusa_xl"},
    "material": RESIN,
    "color": {"color": "Blue"},
    "weight_g": {"weight_g": 50.0},
    "time_hours": {"time_hours": 7.5},
}
CASES = [(status, field) for status in Status for field in WISHES]
NAN, INFINITY = float("nan"), float("inf")


def edit(job_id, actor, **changes):
    with work.unit() as session:
        return registry.perform(session, "edit", job_id, changes, actor=actor).view


def hold(job, actor):
    with work.unit() as session:
        locks.acquire(session, job.id, actor=actor)
    return job


def save(job_id, notes, base, actor):
    with work.unit() as session:
        return editing.save_notes(session, job_id, notes, base=base, actor=actor)


def changed(before, after):
    """The fields in which two views of a job differ, but for the moment of reading."""
    names = {field.name for field in fields(before)} - {"as_of"}
    return {name for name in names if getattr(before, name) != getattr(after, name)}


def last_event(job_id):
    return jobs.rows(Event, job_id)[-1]


def text_of(job_id, event_type):
    """The newest event of a type as people read it."""
    with work.unit() as session:
        history = events.list_events(session, job_id)
    return next(event.text for event in history if event.event_type == event_type)


def assert_metadata(job_id):
    with work.unit() as session:
        whole.assert_metadata(session.get_one(Job, job_id))


def assert_unchanged(before):
    """Neither the row nor the history knows of what was refused."""
    assert changed(before, jobs.read(before.id)) == set()
    assert "JobEdited" not in jobs.event_types(before.id)
    assert len(jobs.mails(before.id, "approval")) <= 1


@pytest.fixture
def uploaded(people):
    return hold(jobs.submit(), people.staff)


@pytest.fixture
def pending(people):
    """A job that waits for the student's word on 42.5 g: $4.25."""
    return hold(jobs.job_in(Status.PENDING, people), people.staff)


@pytest.mark.parametrize(("status", "field"), CASES)
def test_each_status_allows_edits_that_do_not_affect_the_price(people, status, field):
    job = hold(jobs.job_in(status, people), people.staff)
    before = jobs.read(job.id)
    if field in OPEN.get(status, ()):
        edit(job.id, people.staff, **WISHES[field])
        after = jobs.read(job.id)
        for name, value in WISHES[field].items():
            assert getattr(after, name) == value
        follows = {"updated_at", "last_updated_by", "cost_cents", "confirmation_expires_at"}
        assert changed(before, after) - follows == set(WISHES[field])
        assert last_event(job.id).event_type in ("JobEdited", "EmailResent")
        assert_metadata(job.id)
    else:
        error = Conflict if status in CLOSED else Invalid
        with pytest.raises(error) as refused:
            edit(job.id, people.staff, **WISHES[field])
        if error is Invalid:
            assert field in refused.value.fields
            assert not set(refused.value.fields) & OPEN[status]
        else:
            assert refused.value.details == {"status": status}
        assert_unchanged(before)
    with work.unit() as session:
        whole.assert_whole(session)


@pytest.mark.parametrize("status", CLOSED)
def test_an_empty_edit_is_never_an_error(people, status):
    job = hold(jobs.job_in(status, people), people.staff)
    before = jobs.read(job.id)
    edit(job.id, people.staff)
    edit(job.id, people.staff, color=before.color, printer=before.printer)
    assert_unchanged(before)


def test_each_field_that_is_fixed_is_named_at_once(people):
    job = hold(jobs.job_in(Status.PRINTING, people), people.staff)
    with pytest.raises(Invalid) as refused:
        edit(job.id, people.staff, **RESIN, weight_g=1.0, time_hours=1.0)
    assert set(refused.value.fields) == {"material", "printer", "weight_g"}
    assert "price has been confirmed" in refused.value.fields["weight_g"]
    assert "while the job is printing" in refused.value.fields["printer"]


def test_an_edit_is_in_the_history_with_the_old_values(people, pending):
    edit(pending.id, people.staff, printer="prusa_xl", color="Blue", weight_g=60.0, time_hours=1.2)
    event = next(e for e in jobs.rows(Event, pending.id) if e.event_type == "JobEdited")
    assert (event.triggered_by, event.user_name) == (people.staff.id, people.staff.name)
    assert event.details == {
        "changes": {
            "printer": ["prusa_mk4s", "prusa_xl"],
            "color": ["True Red", "Blue"],
            "weight_g": [42.5, 60.0],
            "time_hours": [3.5, 1.5],
            "cost_cents": [425, 600],
        }
    }
    assert text_of(pending.id, "JobEdited") == (
        "Changed: colour from True Red to Blue; printer from Prusa MK4S to Prusa XL; "
        "weight from 42.5 g to 60 g; price from $4.25 to $6.00; time from 3.5 h to 1.5 h"
    )


def test_a_first_value_has_no_from_in_the_history(people, uploaded):
    edit(uploaded.id, people.staff, weight_g=12.0, time_hours=2.0)
    assert text_of(uploaded.id, "JobEdited") == "Changed: weight to 12 g; time to 2 h"


def test_names_are_plain_text_in_the_history():
    details = {"changes": {"color": ["{0}", "{edits}"], "printer": ["sold", "%s"], "x": [1, 2]}}
    assert events.describe("JobEdited", details) == (
        "Changed: colour from {0} to {edits}; printer from sold to %s; x from 1 to 2"
    )
    assert events.describe("JobEdited", {}) == "JobEdited"


def test_an_uploaded_job_has_no_price_before_it_is_approved(people, uploaded):
    edited = edit(uploaded.id, people.staff, weight_g=12.0, time_hours=2.2)
    assert (edited.weight_g, edited.time_hours, edited.cost_cents) == (12.0, 2.5, None)
    assert jobs.mails(uploaded.id, "approval") == []


def test_an_approval_goes_on_from_what_was_edited(people, uploaded):
    edit(uploaded.id, people.staff, **RESIN, weight_g=12.0)
    approved = jobs.act(uploaded.id, "approve", people.staff)
    assert (approved.material, approved.printer, approved.color) == (
        "Resin",
        "formlabs_form3",
        "Clear",
    )
    assert approved.cost_cents == 850


@pytest.mark.parametrize(
    ("changes", "cents"),
    [
        ({"weight_g": 60.0}, 600),
        ({"weight_g": 60.05}, 601),
        (RESIN, 850),
        (RESIN | {"weight_g": 1.0}, 300),
        (RESIN | {"weight_g": 21.25}, 425),
        ({"weight_g": 30.0, "time_hours": 900.0}, 300),
    ],
)
def test_the_price_follows_weight_and_material(people, pending, changes, cents):
    assert edit(pending.id, people.staff, **changes).cost_cents == cents
    assert jobs.read(pending.id).cost_cents == cents


def test_a_new_price_goes_out_with_a_new_link_and_the_old_one_stops_working(people, pending):
    old = jobs.token(pending.id)
    edit(pending.id, people.staff, weight_g=60.0)
    first, second = jobs.mails(pending.id, "approval")
    assert first.state == MailState.CANCELLED, "the old price does not go out any more"
    assert second.state == MailState.QUEUED
    assert second.resent_by == people.staff.id
    assert "$6.00" in second.text and "$4.25" not in second.text
    assert "60 g" in second.text
    assert second.confirmation_id == jobs.open_link(pending.id).id != first.confirmation_id
    assert jobs.event_types(pending.id)[-2:] == ["JobEdited", "EmailResent"]
    with work.unit() as session:
        assert tracking.read_link(session, old)[0].state == "replaced"
    with pytest.raises(LinkGone), work.unit() as session:
        tracking.confirm(session, old)
    with work.unit() as session:
        confirmed = tracking.confirm(session, jobs.token(pending.id))
    assert (confirmed.status, confirmed.cost_cents) == (Status.READYTOPRINT, 600)


def test_the_link_of_a_new_price_is_valid_as_long_as_any(people, pending):
    jobs.change(pending.id, is_confirmation_expired=True)
    edited = edit(pending.id, people.staff, weight_g=60.0)
    assert not edited.is_confirmation_expired
    left = edited.confirmation_expires_at - utcnow()
    assert timedelta(hours=71, minutes=59) < left <= timedelta(hours=72)
    assert jobs.open_link(pending.id).expires_at == edited.confirmation_expires_at
    assert_metadata(pending.id)


@pytest.mark.parametrize(
    ("weight_g", "changes"),
    [
        (42.5, {"printer": "prusa_xl", "color": "Blue", "time_hours": 9.0}),
        (10.0, {"weight_g": 20.0}),  # both cost the minimum
        (30.0, {"weight_g": 0.5}),
        (10.0, RESIN),
        (42.5, RESIN | {"weight_g": 21.25}),
        (42.5, {"weight_g": 42.54}),
    ],
)
def test_no_mail_goes_out_while_the_price_stays_the_same(people, weight_g, changes):
    job = jobs.submit()
    jobs.act(job.id, "approve", people.staff, weight_g=weight_g, time_hours=3)
    token = jobs.token(job.id)
    hold(job, people.staff)
    edit(job.id, people.staff, **changes)
    assert len(jobs.mails(job.id, "approval")) == len(jobs.rows(Confirmation, job.id)) == 1
    assert jobs.event_types(job.id)[-1] == "JobEdited"
    assert "cost_cents" not in last_event(job.id).details["changes"]
    assert jobs.token(job.id) == token


def test_several_new_prices_leave_one_link_and_one_mail_to_send(people, pending):
    for weight in (50.0, 60.0, 70.0):
        edit(pending.id, people.staff, weight_g=weight)
    states = [mail.state for mail in jobs.mails(pending.id, "approval")]
    assert states == [MailState.CANCELLED] * 3 + [MailState.QUEUED]
    links = jobs.rows(Confirmation, pending.id)
    assert [link.replaced_at is None for link in links].count(True) == 1
    assert confirmations.token_of(jobs.open_link(pending.id).id) == jobs.token(pending.id)


def test_a_price_that_was_confirmed_stays_whatever_is_edited(people):
    job = hold(jobs.job_in(Status.READYTOPRINT, people), people.staff)
    edit(job.id, people.staff, printer="prusa_xl", color="Blue", time_hours=99.0)
    after = jobs.read(job.id)
    assert (after.cost_cents, after.student_confirmed) == (425, True)
    assert len(jobs.mails(job.id, "approval")) == 1


def test_times_are_rounded_as_in_an_approval(people, pending):
    assert edit(pending.id, people.staff, time_hours=3.51).time_hours == 4.0
    assert edit(pending.id, people.staff, time_hours=0.01).time_hours == 0.5


def test_the_same_again_is_no_event(people, pending):
    before = jobs.read(pending.id)
    edit(pending.id, people.staff)
    edit(pending.id, people.staff, color="True Red", weight_g=42.5)
    edit(pending.id, people.staff, time_hours=3.2)  # rounds to the 3.5 that stand there
    assert_unchanged(before)


FILAMENT, RESIN_JOB = {}, {"print_method": "Resin", "printer": "formlabs_form3", "color": "Gray"}


@pytest.mark.parametrize(
    ("form", "changes"),
    [
        (FILAMENT, {"printer": "raise3d_pro2plus"}),
        (FILAMENT, RESIN),
        (FILAMENT, {"color": "Glow in the Dark"}),
        ({"color": "Gray"}, {"material": "Resin", "printer": "formlabs_form3"}),
        (RESIN_JOB, {"color": "White"}),
        (RESIN_JOB, {"material": "Filament", "printer": "prusa_xl"}),
        (RESIN_JOB, {"material": "Filament", "printer": "prusa_xl", "color": "Bronze"}),
    ],
)
def test_valid_combinations_are_accepted(people, form, changes):
    job = hold(jobs.submit(**form), people.staff)
    edited = edit(job.id, people.staff, **changes)
    assert {name: getattr(edited, name) for name in changes} == changes


@pytest.mark.parametrize(
    ("form", "changes", "field"),
    [
        (FILAMENT, {"printer": "formlabs_form3"}, "printer"),
        (FILAMENT, {"printer": "Prusa XL"}, "printer"),
        (FILAMENT, {"printer": "prusa_xl\x00"}, "printer"),
        (FILAMENT, {"printer": "x" * 10_000}, "printer"),
        (FILAMENT, {"material": "Resin"}, "printer color"),
        (FILAMENT, {"material": "Resin", "printer": "formlabs_form3"}, "color"),
        (FILAMENT, {"material": "Resin", "color": "Clear"}, "printer"),
        (FILAMENT, {"material": "Wood"}, "material"),
        (FILAMENT, {"material": "filament"}, "material"),
        (FILAMENT, {"material": "Resin\x00"}, "material"),
        (FILAMENT, {"color": "Black"}, "color"),
        (FILAMENT, {"color": "blue"}, "color"),
        (FILAMENT, {"color": "Blue\x00"}, "color"),
        (FILAMENT, {"color": "' OR 1=1"}, "color"),
        (RESIN_JOB, {"color": "True Red"}, "color"),
        (RESIN_JOB, {"printer": "prusa_mk4s"}, "printer"),
        (RESIN_JOB, {"material": "Filament"}, "printer"),
        (RESIN_JOB, {"material": "Filament", "printer": "prusa_xl", "color": "Black"}, "color"),
    ],
)
def test_invalid_combinations_are_refused_by_name(people, form, changes, field):
    job = hold(jobs.submit(**form), people.staff)
    before = jobs.read(job.id)
    with pytest.raises(Invalid) as refused:
        edit(job.id, people.staff, **changes, weight_g=10.0)
    assert set(refused.value.fields) == set(field.split()), "all of it, at once"
    assert_unchanged(before)


@pytest.mark.parametrize(
    "weight", [NAN, INFINITY, -INFINITY, -1.0, 0.0, 5e-324, 0.09, 20_000.01, 1e308]
)
@pytest.mark.parametrize("kind", ["uploaded", "pending"])
def test_an_invalid_weight_is_refused(people, request, kind, weight):
    job = request.getfixturevalue(kind)
    before = jobs.read(job.id)
    with pytest.raises(Invalid) as refused:
        edit(job.id, people.staff, weight_g=weight, color="Blue")
    assert set(refused.value.fields) == {"weight_g"}
    assert_unchanged(before)


@pytest.mark.parametrize("status", OPEN)
@pytest.mark.parametrize("hours", [NAN, INFINITY, -INFINITY, -0.5, 0.0, 1e-12, 1_000.01, 1e308])
def test_an_invalid_time_is_refused(people, status, hours):
    job = hold(jobs.job_in(status, people), people.staff)
    before = jobs.read(job.id)
    with pytest.raises(Invalid) as refused:
        edit(job.id, people.staff, time_hours=hours, color="Blue")
    assert set(refused.value.fields) == {"time_hours"}
    assert_unchanged(before)


def test_both_amounts_are_named_when_both_are_wrong(people, pending):
    with pytest.raises(Invalid) as refused:
        edit(pending.id, people.staff, weight_g=NAN, time_hours=-1.0)
    assert set(refused.value.fields) == {"weight_g", "time_hours"}


@pytest.mark.parametrize(
    ("weight", "cents"), [(0.1, 300), (20_000.0, 200_000), (19_999.999, 200_000)]
)
def test_the_smallest_and_largest_weights_are_accepted(people, pending, weight, cents):
    edited = edit(pending.id, people.staff, weight_g=weight)
    assert (edited.weight_g, edited.cost_cents) == (weight, cents)
    assert jobs.read(pending.id).weight_g == weight


@pytest.mark.parametrize(("hours", "rounded"), [(0.01, 0.5), (0.5, 0.5), (1_000.0, 1_000.0)])
def test_the_smallest_and_largest_times_are_accepted(people, pending, hours, rounded):
    assert edit(pending.id, people.staff, time_hours=hours).time_hours == rounded


def test_a_removed_printer_or_colour_does_not_block_other_edits(people):
    """The lab sells printers while jobs are printed on them."""
    job = hold(jobs.job_in(Status.PRINTING, people), people.staff)
    jobs.change(job.id, printer="sold_last_year", color="A colour of the past")
    assert edit(job.id, people.staff, time_hours=12.0).time_hours == 12.0
    after = jobs.read(job.id)
    assert (after.printer, after.color) == ("sold_last_year", "A colour of the past")


def test_a_removed_printer_does_not_block_a_new_colour(people):
    job = hold(jobs.job_in(Status.PRINTING, people), people.staff)
    jobs.change(job.id, printer="sold_last_year")
    assert edit(job.id, people.staff, color="Blue").color == "Blue"
    assert jobs.read(job.id).printer == "sold_last_year"
    with pytest.raises(Invalid) as refused:
        edit(job.id, people.staff, color="Black")  # a colour of resin
    assert set(refused.value.fields) == {"color"}


def test_a_removed_colour_does_not_block_a_new_printer(people):
    job = hold(jobs.job_in(Status.READYTOPRINT, people), people.staff)
    jobs.change(job.id, printer="sold_last_year", color="A colour of the past")
    assert edit(job.id, people.staff, printer="prusa_xl").printer == "prusa_xl"
    assert jobs.read(job.id).color == "A colour of the past"
    with pytest.raises(Invalid) as refused:
        edit(job.id, people.staff, printer="formlabs_form3")
    assert set(refused.value.fields) == {"printer"}


def test_a_new_material_needs_an_existing_printer(people, uploaded):
    jobs.change(uploaded.id, printer="sold_last_year")
    with pytest.raises(Invalid) as refused:
        edit(uploaded.id, people.staff, material="Resin", color="Clear")
    assert set(refused.value.fields) == {"printer"}


# The estimate is of the material.

CUBE = meshes.binary_stl(meshes.cube(40))


def checked_job(people, **form):
    """A cube of 64 cm3 with the estimate that the check has found."""
    job = hold(jobs.submit(CUBE, **form), people.staff)
    modelchecks.run(job.id)
    return jobs.read(job.id)


def estimate_of(job_id):
    model = jobs.read(job_id).model
    return model["estimate_g"], model["estimate_cents"]


def test_the_estimate_follows_the_material_of_an_edit(people):
    job = checked_job(people)
    filament = estimate_of(job.id)
    edit(job.id, people.staff, **RESIN)
    resin = estimate_of(job.id)
    assert resin == ([58.88, 106.72], [1178, 2134])  # solid: 64 cm3 of 1.15 g, 20 cents a gram
    assert filament != resin
    assert_metadata(job.id)
    assert changed(job, jobs.read(job.id)) >= {"model", "material"}
    with work.unit() as session:
        modelchecks.request(session, job.id, actor=people.staff)
    modelchecks.run(job.id)
    assert estimate_of(job.id) == resin, "a new check finds the same"
    edit(job.id, people.staff, material="Filament", printer="prusa_mk4s", color="Blue")
    assert estimate_of(job.id) == filament


def test_the_estimate_follows_the_material_of_an_approval(people):
    job = checked_job(people)
    jobs.act(job.id, "approve", people.staff, weight_g=10.0, time_hours=1.0, **RESIN)
    assert estimate_of(job.id) == ([58.88, 106.72], [1178, 2134])
    assert_metadata(job.id)


def test_the_rest_of_the_result_stays_with_another_material(people):
    job = checked_job(people)
    edit(job.id, people.staff, **RESIN)
    after = jobs.read(job.id).model
    names = {name for name in job.model if job.model[name] != after[name]}
    assert names == {"estimate_g", "estimate_cents"}
    edit(job.id, people.staff, color="White")
    assert jobs.read(job.id).model == after


@pytest.mark.parametrize(
    "model", [{"state": "pending"}, {"state": "failed", "error": "No.", "warnings": []}]
)
def test_a_model_without_a_result_gets_no_estimate_by_an_edit(people, uploaded, model):
    jobs.change(uploaded.id, model=model)
    edit(uploaded.id, people.staff, **RESIN)
    assert jobs.read(uploaded.id).model == model


def test_a_flat_model_stays_without_an_estimate(people):
    job = checked_job(people)
    jobs.change(job.id, model=job.model | {"volume_cm3": 0.0})
    edit(job.id, people.staff, **RESIN)
    assert estimate_of(job.id) == (None, None)


def test_a_material_that_is_changed_during_the_check_counts(people, monkeypatch):
    job = hold(jobs.submit(CUBE), people.staff)
    examine = modelchecks._examine

    def edit_meanwhile(due, folder):
        reading = examine(due, folder)
        edit(job.id, people.staff, **RESIN)
        return reading

    monkeypatch.setattr(modelchecks, "_examine", edit_meanwhile)
    modelchecks.run(job.id)
    assert estimate_of(job.id) == ([58.88, 106.72], [1178, 2134])


def test_an_edit_needs_the_lock(people):
    job = jobs.submit()
    with pytest.raises(NotLockHolder) as refused:
        edit(job.id, people.staff, color="Blue")
    assert "locked_by" not in refused.value.details
    hold(job, people.other)
    with pytest.raises(NotLockHolder, match="Kim Colleague is editing") as refused:
        edit(job.id, people.staff, color="Blue")
    assert refused.value.details["locked_by"] == "Kim Colleague"
    with pytest.raises(NotLockHolder):
        edit(job.id, people.admin, color="Blue")
    assert edit(job.id, people.other, color="Blue").color == "Blue"


def test_an_expired_lock_is_no_lock(people, uploaded):
    jobs.change(uploaded.id, locked_until=utcnow() - timedelta(seconds=1))
    with pytest.raises(NotLockHolder):
        edit(uploaded.id, people.staff, color="Blue")


def test_an_edit_keeps_the_lock_for_the_next_one(people, uploaded):
    assert edit(uploaded.id, people.staff, color="Blue").locked_by == people.staff.name
    assert edit(uploaded.id, people.staff, color="Green").color == "Green"


@pytest.mark.parametrize("role", ["student", "manager"])
def test_people_without_the_role_cannot_edit(people, role):
    job = jobs.submit()
    for refused in (
        lambda: edit(job.id, people.of_role(role), color="Blue"),
        lambda: save(job.id, "Hello", "", people.of_role(role)),
    ):
        with pytest.raises(Forbidden) as refusal:
            refused()
        assert type(refusal.value) is Forbidden
    assert jobs.event_types(job.id) == ["JobCreated"]
    assert jobs.read(job.id).notes is None


@pytest.mark.parametrize("role", ["staff", "admin"])
def test_staff_can_edit(people, role):
    actor = people.of_role(role)
    job = hold(jobs.submit(), actor)
    assert edit(job.id, actor, color="Blue").last_updated_by == actor.id
    assert save(job.id, "Hello", "", actor).notes == "Hello"


def test_a_job_that_is_not_there_is_not_found(people):
    with pytest.raises(NotFound):
        edit(AWAY, people.staff, color="Blue")
    with pytest.raises(NotFound):
        save(AWAY, "Hello", "", people.staff)


def test_an_edit_succeeds_while_the_storage_is_unavailable(people, pending):
    (storage.root() / storage.SENTINEL).rename(storage.root() / "away")
    edit(pending.id, people.staff, weight_g=60.0)
    assert jobs.read(pending.id).cost_cents == 600
    assert len(jobs.mails(pending.id, "approval")) == 2


@pytest.mark.parametrize("status", Status)
def test_notes_are_saved_in_every_status_without_a_lock(people, status):
    job = jobs.job_in(status, people)
    saved = save(job.id, "Thin walls", "", people.staff)
    assert (saved.notes, saved.locked_by, saved.last_updated_by) == (
        "Thin walls",
        None,
        people.staff.id,
    )
    assert last_event(job.id).event_type == "NotesUpdated"
    assert last_event(job.id).details == {"before": "", "after": "Thin walls"}
    assert_metadata(job.id)


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "\n\ttwo\r\nlines\n",
        "Zoë 🙂 العربية",
        "<script>alert(1)</script>",
        "%s {0} ' \" \\",
        "\x7f",
    ],
)
def test_notes_are_kept_as_they_are_written(people, text):
    job = jobs.submit()
    assert save(job.id, text, "", people.staff).notes == text
    assert jobs.read(job.id).notes == text
    stored = json.loads((jobs.folder_of(job) / storage.METADATA).read_text(encoding="utf-8"))
    assert stored["notes"] == text
    assert save(job.id, "", text, people.staff).notes is None


def test_the_same_notes_twice_are_no_event(people):
    """Not even by somebody who began with another text: nothing of either is lost."""
    job = jobs.submit()
    before = save(job.id, "Thin walls", "", people.staff)
    for base in ("", "Thin walls", "something else"):
        after = save(job.id, "Thin walls", base, people.other)
        assert changed(before, after) == set()
    save(job.id, "Thin walls", "Thin walls", people.staff)
    assert jobs.event_types(job.id) == ["JobCreated", "NotesUpdated"]


def test_no_notes_over_no_notes_are_no_event(people):
    job = jobs.submit()
    assert save(job.id, "", "", people.staff).notes is None
    assert save(job.id, "", "never read", people.staff).notes is None
    assert jobs.event_types(job.id) == ["JobCreated"]


def test_a_conflict_of_notes_returns_the_other_text(people):
    job = jobs.submit()
    theirs = save(job.id, "Theirs", "", people.other)
    with pytest.raises(Conflict, match="Kim Colleague changed these notes") as refused:
        save(job.id, "Mine", "", people.staff)
    assert type(refused.value) is Conflict
    assert refused.value.details == {
        "notes": "Theirs",
        "changed_by": "Kim Colleague",
        "changed_at": last_event(job.id).timestamp,
    }
    assert changed(theirs, jobs.read(job.id)) == set()
    merged = save(job.id, "Theirs\n\nMine", refused.value.details["notes"], people.staff)
    assert merged.notes == "Theirs\n\nMine"
    assert jobs.event_types(job.id) == ["JobCreated", "NotesUpdated", "NotesUpdated"]


def test_two_windows_of_one_person_conflict_too(people):
    job = jobs.submit()
    save(job.id, "First window", "", people.staff)
    with pytest.raises(Conflict) as refused:
        save(job.id, "Second window", "", people.staff)
    assert refused.value.details["notes"] == "First window"
    assert refused.value.details["changed_by"] == people.staff.name


def test_cleared_notes_are_not_restored_by_a_stale_save(people):
    job = jobs.submit()
    save(job.id, "Old", "", people.staff)
    save(job.id, "", "Old", people.other)
    with pytest.raises(Conflict) as refused:
        save(job.id, "Old and new", "Old", people.staff)
    assert refused.value.details["notes"] == ""
    assert save(job.id, "Old and new", "", people.staff).notes == "Old and new"


@pytest.mark.parametrize("base", ["something", "\x00", "x" * 30_000])
def test_an_unknown_base_is_a_conflict_without_an_author(people, base):
    job = jobs.submit()
    with pytest.raises(Conflict, match="Somebody changed") as refused:
        save(job.id, "Mine", base, people.staff)
    assert refused.value.details == {"notes": "", "changed_by": None, "changed_at": None}
    assert jobs.read(job.id).notes is None


def test_a_difference_in_white_space_is_a_difference(people):
    job = jobs.submit()
    save(job.id, "Line ", "", people.staff)
    with pytest.raises(Conflict):
        save(job.id, "Line and more", "Line", people.staff)


def test_notes_of_a_locked_job_are_refused(people):
    job = hold(jobs.submit(), people.other)
    with pytest.raises(LockedByOther, match="Kim Colleague is editing") as refused:
        save(job.id, "Mine", "", people.staff)
    assert refused.value.details["locked_by"] == "Kim Colleague"
    assert jobs.read(job.id).notes is None
    assert save(job.id, "Theirs", "", people.other).notes == "Theirs"
    with pytest.raises(Conflict) as refused:  # the text comes first: there is something to show
        save(job.id, "Mine", "", people.staff)
    assert type(refused.value) is Conflict


def test_an_expired_lock_does_not_block_notes(people):
    job = hold(jobs.submit(), people.other)
    jobs.change(job.id, locked_until=utcnow() - timedelta(seconds=1))
    assert save(job.id, "Mine", "", people.staff).notes == "Mine"


def test_notes_saved_under_a_lock_conflict_with_an_older_base(people):
    job = hold(jobs.submit(), people.other)
    with work.unit() as session:
        records.set_notes(session, job.id, "With the lock", actor=people.other)
        locks.release(session, job.id, actor=people.other)
    with pytest.raises(Conflict) as refused:
        save(job.id, "Mine", "", people.staff)
    assert refused.value.details["notes"] == "With the lock"


def test_notes_have_a_maximum_length(people):
    job = jobs.submit()
    with pytest.raises(Invalid, match="correct") as refused:
        save(job.id, "x" * 20_001, "", people.staff)
    assert "20,001" in refused.value.fields["notes"]
    assert jobs.read(job.id).notes is None
    assert save(job.id, "🙂" * 20_000, "", people.staff).notes == "🙂" * 20_000


def test_notes_are_saved_while_the_storage_is_unavailable(people):
    job = jobs.submit()
    (storage.root() / storage.SENTINEL).rename(storage.root() / "away")
    save(job.id, "Thin walls", "", people.staff)
    assert jobs.read(job.id).notes == "Thin walls"
