"""Effects of actions besides the change of status: prices, print runs, reasons, time limits."""

import json
import math
from datetime import timedelta

import pytest
from sqlalchemy import select

from models import AuditEntry, Confirmation, Event, Job, MailState, PrintRun, Status, utcnow
from services import work
from services.actions import registry
from services.errors import Conflict, Forbidden, Invalid, NotFound
from services.files import storage
from services.jobs import locks
from tests.support import jobs, whole

REVERTS = {"revert-completion": Status.COMPLETED, "revert-pickup": Status.PAIDPICKEDUP}


def runs(job_id):
    return [(run.outcome, run.reason) for run in jobs.rows(PrintRun, job_id)]


@pytest.mark.parametrize(
    ("material", "grams", "cents"),
    [
        ("Filament", 30, 300),
        ("Filament", 29.99, 300),
        ("Filament", 0.1, 300),
        ("Filament", 42.5, 425),
        ("Filament", 42.54, 425),
        ("Filament", 42.55, 426),  # half a cent goes up
        ("Filament", 100.05, 1001),
        ("Filament", 20_000, 200_000),
        ("Resin", 15, 300),
        ("Resin", 15.02, 300),
        ("Resin", 15.025, 301),
        ("Resin", 42.5, 850),
    ],
)
def test_an_approval_sets_the_price(people, material, grams, cents):
    filament = material == "Filament"
    job = jobs.submit(
        print_method=material,
        color="Clear",
        printer="prusa_mk4s" if filament else "formlabs_form3",
    )
    approved = jobs.act(job.id, "approve", people.staff, weight_g=grams, time_hours=1)
    assert approved.cost_cents == cents
    assert approved.weight_g == grams


@pytest.mark.parametrize(
    ("entered", "stored"), [(0.1, 0.5), (0.5, 0.5), (3.2, 3.5), (3.5, 3.5), (3.51, 4), (1000, 1000)]
)
def test_an_approval_rounds_hours_up_to_the_next_half(people, entered, stored):
    job = jobs.submit()
    approved = jobs.act(job.id, "approve", people.staff, weight_g=10, time_hours=entered)
    assert approved.time_hours == stored


@pytest.mark.parametrize("wrong", [0, 1e-300, 0.09, -1, math.nan, math.inf, -math.inf, 20_000.1])
def test_an_impossible_weight_is_refused(people, wrong):
    job = jobs.submit()
    with pytest.raises(Invalid) as refused:
        jobs.act(job.id, "approve", people.staff, weight_g=wrong, time_hours=1)
    assert set(refused.value.fields) == {"weight_g"}
    assert jobs.read(job.id).status is Status.UPLOADED


@pytest.mark.parametrize("wrong", [0, 1e-300, 0.009, -0.5, math.nan, math.inf, 1000.5])
def test_an_impossible_time_is_refused(people, wrong):
    job = jobs.submit()
    with pytest.raises(Invalid) as refused:
        jobs.act(job.id, "approve", people.staff, weight_g=1, time_hours=wrong)
    assert set(refused.value.fields) == {"time_hours"}


def test_an_approval_without_amounts_names_both(people):
    job = jobs.submit()
    with pytest.raises(Invalid) as refused:
        jobs.act(job.id, "approve", people.staff, weight_g=None, time_hours=None)
    assert set(refused.value.fields) == {"weight_g", "time_hours"}


def test_an_approval_may_choose_another_material_with_its_printer_and_colour(people):
    job = jobs.submit()
    plan = {"weight_g": 20, "time_hours": 2}
    resin = {"material": "Resin", "printer": "formlabs_form3", "color": "Gray"}
    approved = jobs.act(job.id, "approve", people.staff, **plan, **resin)
    assert (approved.material, approved.printer, approved.color) == (
        "Resin",
        "formlabs_form3",
        "Gray",
    )
    assert approved.cost_cents == 400


@pytest.mark.parametrize(
    ("choice", "fields"),
    [
        ({"material": "Wood"}, "material"),
        ({"material": "Resin"}, "printer color"),
        ({"printer": "formlabs_form3"}, "printer"),
        ({"printer": "no-such-printer"}, "printer"),
        ({"color": "Plaid"}, "color"),
        ({"material": "Resin", "printer": "formlabs_form3"}, "color"),  # True Red is no resin
    ],
)
def test_an_approval_refuses_invalid_combinations(people, choice, fields):
    job = jobs.submit()
    with pytest.raises(Invalid) as refused:
        jobs.act(job.id, "approve", people.staff, weight_g=20, time_hours=2, **choice)
    assert set(refused.value.fields) == set(fields.split())
    assert jobs.read(job.id).printer == "prusa_mk4s"


@pytest.mark.parametrize("reasons", [(), ("",), ("  ", "\n"), ("x" * 1001,), ("x",) * 21])
def test_a_rejections_reasons_have_a_maximum_length(people, reasons):
    job = jobs.submit()
    with pytest.raises(Invalid) as refused:
        jobs.act(job.id, "reject", people.staff, reasons=reasons)
    assert set(refused.value.fields) == {"reasons"}
    assert jobs.mails(job.id, "rejection") == []


def test_a_rejection_keeps_its_reasons_until_the_job_is_approved_after_all(people):
    job = jobs.submit()
    rejected = jobs.act(job.id, "reject", people.staff, reasons=(" Walls too thin ", ""))
    assert rejected.reject_reasons == ["Walls too thin"]
    jobs.act(job.id, "change-status", people.staff, new_status=Status.UPLOADED)
    assert jobs.act(job.id, "approve", people.staff).reject_reasons is None


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("force-confirm", Status.PENDING),
        ("mark-failed", Status.PRINTING),
        ("change-status", Status.PENDING),
    ],
)
def test_an_override_needs_a_reason(people, action, status, reason):
    job = jobs.job_in(status, people)
    with pytest.raises(Invalid) as refused:
        jobs.act(job.id, action, people.staff, reason=reason, new_status=Status.COMPLETED)
    assert set(refused.value.fields) == {"reason"}
    assert jobs.read(job.id).status is status


def test_a_job_that_does_not_exist_is_not_found(people):
    for action, row in registry.by_name().items():
        values = {field.name: field.example for field in row.fields}
        with pytest.raises(NotFound):
            jobs.move("0" * 32, action, people.admin, **values)


@pytest.mark.parametrize("action", REVERTS)
def test_a_revert_is_open_for_fifteen_minutes(people, action):
    job = jobs.job_in(REVERTS[action], people)
    jobs.change(job.id, status_changed_at=utcnow() - timedelta(minutes=14, seconds=50))
    jobs.act(job.id, action, people.staff)
    assert jobs.event_types(job.id)[-1] == "StatusReverted"


@pytest.mark.parametrize("action", REVERTS)
def test_a_revert_after_fifteen_minutes_is_refused(people, action):
    job = jobs.job_in(REVERTS[action], people)
    jobs.change(job.id, status_changed_at=utcnow() - timedelta(minutes=15, seconds=1))
    with pytest.raises(Conflict, match="15 minutes"):
        jobs.act(job.id, action, people.staff)
    assert action not in [row.name for row in registry.offered(jobs.read(job.id), people.staff)]
    assert jobs.read(job.id).status is REVERTS[action]


def test_a_reverted_completion_takes_its_run_and_its_unsent_mail_back(people):
    job = jobs.job_in(Status.COMPLETED, people)
    jobs.act(job.id, "revert-completion", people.staff)
    assert runs(job.id) == [(None, None)]
    assert [mail.state for mail in jobs.mails(job.id, "completion")] == [MailState.CANCELLED]
    jobs.act(job.id, "mark-complete", people.staff)
    assert runs(job.id) == [("completed", None)]
    states = [mail.state for mail in jobs.mails(job.id, "completion")]
    assert sorted(states) == ["cancelled", "queued"]


def test_a_failed_print_closes_its_run_and_the_next_try_opens_another(people):
    job = jobs.job_in(Status.PRINTING, people)
    jobs.act(job.id, "mark-failed", people.staff, reason=" Spaghetti ")
    assert runs(job.id) == [("failed", "Spaghetti")]
    jobs.act(job.id, "mark-printing", people.other)
    jobs.act(job.id, "mark-complete", people.other)
    assert runs(job.id) == [("failed", "Spaghetti"), ("completed", None)]
    failed, again = jobs.rows(PrintRun, job.id)
    assert failed.operator_name == "Sam Staff"
    assert again.operator_name == "Kim Colleague"
    assert failed.started_at <= failed.ended_at <= again.started_at <= again.ended_at
    assert {run.printer for run in (failed, again)} == {"prusa_mk4s"}


def test_a_forced_confirmation_ends_the_link_and_its_unsent_mail(people):
    job = jobs.job_in(Status.PENDING, people)
    done = jobs.act(job.id, "force-confirm", people.staff)
    assert done.student_confirmed and done.student_confirmed_at is not None
    assert [link.replaced_at is None for link in jobs.rows(Confirmation, job.id)] == [False]
    assert [mail.state for mail in jobs.mails(job.id, "approval")] == ["cancelled"]


def test_only_the_link_confirms(people):
    job = jobs.job_in(Status.PENDING, people)
    for actor in (people.admin, people.of_role("student")):
        with pytest.raises(Forbidden, match="link"):
            jobs.move(job.id, "confirm", actor)


def test_a_deleted_job_leaves_only_the_audit_log(people):
    job = jobs.submit(student_name="Zoë Ångström")
    jobs.save_beside(job, ".gcode")
    with work.unit() as session:
        locks.acquire(session, job.id, actor=people.staff)
    assert jobs.move(job.id, "delete", people.staff) is None
    assert whole.folders() == set()
    assert whole.leftovers() == []
    assert jobs.rows(Event, job.id) == jobs.mails(job.id) == []
    with work.unit() as session:
        assert session.get(Job, job.id) is None
        (entry,) = session.scalars(
            select(AuditEntry).where(AuditEntry.details["job_id"].astext == job.id)
        )
    assert entry.action == "JobDeleted"
    assert entry.triggered_by == people.staff.id
    assert entry.details["student_name"] == "Zoë Ångström"
    assert entry.details["file_hash"] == job.file_hash


def test_the_second_person_sees_who_was_first(people):
    job = jobs.job_in(Status.PENDING, people)
    with pytest.raises(Conflict) as refused:
        jobs.move(job.id, "approve", people.other)
    assert "“Pending”: Sam Staff was first, a moment ago." in refused.value.message
    assert refused.value.details["status"] == "PENDING"
    assert refused.value.details["changed_by"] == "Sam Staff"


def test_the_metadata_identifies_the_job(people):
    job = jobs.job_in(Status.PRINTING, people, student_name="Zoë Ångström")
    stored = json.loads((jobs.folder_of(job) / storage.METADATA).read_text(encoding="utf-8"))
    assert stored["student_name"] == "Zoë Ångström"
    assert stored["cost_cents"] == 425
    assert stored["student_confirmed"] is True


def test_the_offered_actions_match_role_and_status(people):
    job = jobs.job_in(Status.PAIDPICKEDUP, people)
    offered = {
        role: [
            row.name
            for row in registry.offered(job, people.of_role(role))
            if row.transition is not None
        ]
        for role in ("student", "manager", "staff", "admin")
    }
    assert offered["student"] == offered["manager"] == []
    assert offered["staff"] == ["revert-pickup", "change-status"]
    assert offered["admin"] == ["revert-pickup", "change-status", "archive"]
