"""The queue: filters, orders, notes and reviews."""

import json
from datetime import UTC, date, datetime

import pytest

from models import Event, Job, Status
from services import work
from services.errors import Forbidden, Invalid, LockedByOther, NotFound, NotLockHolder
from services.files import storage
from services.jobs import locks, queue, records
from services.jobs.filters import Filters
from tests.support import jobs, whole


def call(action, *arguments, **named):
    with work.unit() as session:
        return action(session, *arguments, **named)


def found(people, filters=None, **options):
    page = call(queue.list_jobs, filters or Filters(), actor=people.manager, **options)
    return [job.id for job in page.jobs]


def holding(job, person):
    call(locks.acquire, job.id, actor=person)
    return job


@pytest.fixture
def three(people):
    names = ("Zoë Ångström", "ada LOVELACE", "Max_100%")
    emails = ("zoe@uni.example", "Ada@Uni.example", "max@uni.example")
    made = [
        jobs.submit(student_name=name, student_email=email, class_number=f"ARCH {number}-X")
        for number, (name, email) in enumerate(zip(names, emails, strict=True))
    ]
    for day, job in enumerate(made, start=1):
        jobs.change(job.id, created_at=datetime(2026, 3, day, 5, 30, tzinfo=UTC))
    return [job.id for job in made]


def test_the_queue_is_sorted_as_asked(three, people):
    zoe, ada, max_ = three
    assert found(people) == found(people, sort="oldest") == three
    assert found(people, sort="newest") == three[::-1]
    assert found(people, sort="name") == [ada, max_, zoe]
    call(records.set_reviewed, ada, True, actor=people.staff)
    assert found(people, sort="updated")[0] == ada


def test_an_unknown_order_is_refused(people):
    with pytest.raises(Invalid) as refused:
        found(people, sort="status; DROP TABLE jobs")
    assert set(refused.value.fields) == {"sort"}


def test_pages_are_parts_of_the_whole(three, people):
    pages = [
        call(queue.list_jobs, Filters(), actor=people.manager, page=number, limit=2)
        for number in (1, 2, 3)
    ]
    assert [[job.id for job in page.jobs] for page in pages] == [three[:2], three[2:], []]
    assert {(page.total, page.filtered, page.pages) for page in pages} == {(3, 3, 2)}


@pytest.mark.parametrize(
    ("words", "index"),
    [
        ("zoë", 0),
        ("ÅNGSTRÖM", 0),
        ("lovelace ada", 1),
        ("ada@uni.EXAMPLE", 1),
        ("arch 2-x", 2),
        ("100%", 2),
        ("max_", 2),
        ("   max  ", 2),
    ],
)
def test_a_search_finds_what_people_know_a_job_by(three, people, words, index):
    assert found(people, Filters(search=words)) == [three[index]]


@pytest.mark.parametrize("words", ["nobody", "zoë lovelace", "%%%", "m_x", "' OR 1=1", "\\"])
def test_a_search_for_something_else_finds_nothing(three, people, words):
    assert found(people, Filters(search=words)) == []


def test_a_search_finds_a_job_by_its_short_id(three, people):
    assert found(people, Filters(search=three[1][:8])) == [three[1]]


def test_days_are_those_of_the_lab(three, people):
    """05:30 in UTC is still the evening before in Chicago."""
    assert found(people, Filters(submitted_from=date(2026, 3, 2))) == three[2:]
    assert found(people, Filters(submitted_to=date(2026, 2, 28))) == three[:1]
    both = Filters(submitted_from=date(2026, 3, 1), submitted_to=date(2026, 3, 1))
    assert found(people, both) == [three[1]]


def test_filters_narrow_together(people):
    resin = jobs.submit(print_method="Resin", color="Gray", printer="formlabs_form3")
    art = jobs.job_in(Status.PENDING, people, discipline="Art")
    assert found(people, Filters(material="Resin")) == [resin.id]
    assert found(people, Filters(printer="prusa_mk4s")) == [art.id]
    assert found(people, Filters(status=Status.PENDING, discipline="Art")) == [art.id]
    assert found(people, Filters(status=Status.PENDING, material="Resin")) == []
    assert found(people, Filters(confirmation_expired=True)) == []
    assert found(people, Filters(unreviewed=True)) == [resin.id]


def test_rejected_jobs_are_found_by_their_reason(people):
    thin, big = "Walls are too thin to print", "Model exceeds build volume"
    first = jobs.submit()
    jobs.act(first.id, "reject", people.staff, reasons=(thin, big))
    other = jobs.submit()
    jobs.act(other.id, "reject", people.staff, reasons=("Walls",))
    assert found(people, Filters(reason=thin)) == [first.id]
    assert found(people, Filters(reason=big, status=Status.REJECTED)) == [first.id]
    assert found(people, Filters(reason="Walls")) == [other.id]
    assert found(people, Filters(reason=thin, status=Status.PENDING)) == []


def test_every_status_is_counted(people):
    jobs.job_in(Status.PENDING, people)
    jobs.submit()
    counts = call(queue.count_by_status, actor=people.manager)
    assert counts == dict.fromkeys(Status, 0) | {Status.PENDING: 1, Status.UPLOADED: 1}
    assert call(queue.count_new, actor=people.manager) == 1


def test_a_stranger_sees_no_jobs(people):
    job, student = jobs.submit(), people.of_role("student")
    for refused in (
        lambda: found_by(student),
        lambda: call(records.get, job.id, actor=student),
        lambda: call(queue.count_by_status, actor=student),
        lambda: call(queue.count_new, actor=student),
    ):
        with pytest.raises(Forbidden):
            refused()


def found_by(actor):
    return call(queue.list_jobs, Filters(), actor=actor)


def test_a_job_that_is_not_there_is_not_found(people):
    for job_id in ("0" * 32, "", "x'; --"):
        with pytest.raises(NotFound):
            call(records.get, job_id, actor=people.admin)


def test_a_review_is_marked_and_unmarked_once(people):
    job = jobs.submit()
    assert job.is_new
    for reviewed in (True, True, False, False):
        seen = call(records.set_reviewed, job.id, reviewed, actor=people.staff)
        assert seen.is_new is not reviewed
    assert jobs.event_types(job.id) == ["JobCreated", "Reviewed", "Unreviewed"]


def test_a_review_waits_for_anothers_lock_and_needs_the_staffs_role(people):
    job = holding(jobs.submit(), people.other)
    with pytest.raises(LockedByOther):
        call(records.set_reviewed, job.id, True, actor=people.staff)
    with pytest.raises(Forbidden):
        call(records.set_reviewed, job.id, True, actor=people.manager)


def test_the_history_keeps_the_previous_notes(people):
    job = holding(jobs.submit(), people.staff)
    for notes in ("Thin walls <b>", "Thin walls <b>", ""):
        call(records.set_notes, job.id, notes, actor=people.staff)
    assert jobs.read(job.id).notes is None
    changes = [e.details for e in jobs.rows(Event, job.id) if e.event_type == "NotesUpdated"]
    assert changes == [
        {"before": "", "after": "Thin walls <b>"},
        {"before": "Thin walls <b>", "after": ""},
    ]


def test_notes_need_the_lock_and_have_a_maximum_length(people):
    job = jobs.submit()
    with pytest.raises(NotLockHolder):
        call(records.set_notes, job.id, "Hello", actor=people.staff)
    holding(job, people.staff)
    with pytest.raises(Invalid) as refused:
        call(records.set_notes, job.id, "x" * 20_001, actor=people.staff)
    assert set(refused.value.fields) == {"notes"}
    assert call(records.set_notes, job.id, "x" * 20_000, actor=people.staff).notes == "x" * 20_000


def test_a_note_is_in_the_metadata_at_once(people):
    job = holding(jobs.submit(), people.staff)
    call(records.set_notes, job.id, "Thin walls", actor=people.staff)
    stored = json.loads((jobs.folder_of(job) / storage.METADATA).read_text())
    assert (stored["notes"], stored["last_updated_by"]) == ("Thin walls", people.staff.id)
    with work.unit() as session:
        whole.assert_metadata(session.get_one(Job, job.id))


def test_a_note_is_saved_while_the_storage_is_unavailable(people):
    job = holding(jobs.submit(), people.staff)
    (storage.root() / storage.SENTINEL).rename(storage.root() / "away")
    call(records.set_notes, job.id, "Thin walls", actor=people.staff)
    assert jobs.read(job.id).notes == "Thin walls"
