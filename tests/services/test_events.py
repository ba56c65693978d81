"""The append-only history, and its texts."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from models import AuditEntry, Event, Status
from services import events, work
from services.actors import SYSTEM
from services.jobs import locks
from tests.support import jobs

CHANGES = [
    "UPDATE {table} SET user_name = 'Nobody'",
    "UPDATE {table} SET id = id",
    "UPDATE {table} SET details = '{{}}' WHERE id = (SELECT min(id) FROM {table})",
    "DELETE FROM {table}",
    "DELETE FROM {table} WHERE id = (SELECT max(id) FROM {table})",
]


def execute(*statements):
    with work.unit() as session:
        for statement in statements:
            session.execute(text(statement))


def contents(kind):
    with work.unit() as session:
        return [(row.id, row.user_name, row.details) for row in session.scalars(select(kind))]


@pytest.fixture
def history(people):
    job = jobs.job_in(Status.PENDING, people)
    with work.unit() as session:
        events.audit(session, "SignedIn", people.staff)
    return job


@pytest.mark.parametrize("statement", CHANGES)
@pytest.mark.parametrize(("table", "kind"), [("events", Event), ("audit_log", AuditEntry)])
def test_the_database_refuses_to_change_history(history, table, kind, statement):
    before = contents(kind)
    assert before
    with pytest.raises(DBAPIError, match="append-only"):
        execute(statement.format(table=table))
    assert contents(kind) == before


def test_the_database_refuses_it_with_the_job_too(history):
    with pytest.raises(DBAPIError):
        execute(f"DELETE FROM jobs WHERE id = '{history.id}'")


def test_a_transaction_that_says_so_may_delete_events_but_not_change_them(history):
    allow = "SET LOCAL printdesk.allow_event_deletion = 'on'"
    with pytest.raises(DBAPIError, match="append-only"):
        execute(allow, "UPDATE events SET user_name = 'Nobody'")
    execute(allow, "DELETE FROM events")
    assert contents(Event) == []


def test_the_audit_log_is_not_deleted_whatever_a_transaction_says(history):
    with pytest.raises(DBAPIError, match="append-only"):
        execute("SET LOCAL printdesk.allow_event_deletion = 'on'", "DELETE FROM audit_log")


def test_the_permission_ends_with_its_transaction(history):
    with work.unit() as session:
        events.allow_deletion(session)
    with pytest.raises(DBAPIError, match="append-only"):
        execute("DELETE FROM events")


def test_a_deleted_job_takes_its_own_history_only(history, people):
    other = jobs.submit()
    with work.unit() as session:
        locks.acquire(session, history.id, actor=people.staff)
    jobs.move(history.id, "delete", people.staff)
    assert jobs.rows(Event, history.id) == []
    assert jobs.event_types(other.id) == ["JobCreated"]


def test_a_history_reads_newest_first_in_sentences(people):
    job = jobs.job_in(Status.PRINTING, people)
    jobs.act(job.id, "mark-failed", people.staff, reason="Spaghetti")
    with work.unit() as session:
        sentences = [event.text for event in events.list_events(session, job.id)]
    assert sentences == [
        "Sent back to the print queue: Spaghetti",
        "Print failed: Spaghetti",
        "Printing started on Prusa MK4S",
        "Student confirmed the price",
        "Approved: 42.5 g, 3.5 h, $4.25",
        "Job submitted",
    ]


@pytest.mark.parametrize(
    ("event_type", "details"),
    [("Unheard", {}), ("PrintStarted", {}), ("StaffApproved", {"weight_g": 1}), ("EmailSent", {})],
)
def test_an_event_that_lacks_its_details_reads_as_its_name(event_type, details):
    assert events.describe(event_type, details) == event_type


@pytest.mark.parametrize("typed", ["{", "{0}", "{reason}", "{reason.__class__}", "%s {{}}"])
def test_braces_that_people_type_are_only_text(typed):
    assert typed in events.describe("PrintFailed", {"reason": typed})
    held = {"action": "force-unlock", "held_by": typed, "reason": typed}
    assert typed in events.describe("AdminAction", held)


def test_what_the_system_does_carries_its_name(people):
    job = jobs.submit()
    with work.unit() as session:
        events.record(session, job.id, "EmailSent", SYSTEM, kind="received")
    last = jobs.rows(Event, job.id)[-1]
    assert (last.triggered_by, last.user_name) == ("system", "System")
