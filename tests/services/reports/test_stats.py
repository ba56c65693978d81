"""The lab's numbers, against jobs whose history is known."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from models import Event, Job, PrintRun, Status, utcnow
from services import work
from services.errors import Forbidden, Invalid, StorageUnavailable
from services.files import usage
from services.reports import stats
from services.reports.asking import periods
from services.reports.stats import FailureCount, Turnaround
from tests.support import jobs as made

RESIN = {"print_method": "Resin", "color": "Black", "printer": "formlabs_form3"}


def overview(actor):
    with work.unit() as session:
        return stats.read_overview(session, actor=actor)


def report(actor, days=30, **filters):
    with work.unit() as session:
        return stats.read_report(session, days, actor=actor, **filters)


def change(job_id, **values):
    with work.unit() as session:
        session.execute(update(Job).where(Job.id == job_id).values(values))


def change_runs(job_id, **values):
    with work.unit() as session:
        session.execute(update(PrintRun).where(PrintRun.job_id == job_id).values(values))


def test_an_empty_lab_has_zeros_and_no_invented_times(people):
    found = report(people.admin, days=7)
    assert len(found.submissions) == 7 and set(found.submissions.values()) == {0}
    assert found.turnaround == Turnaround(0, None, None)
    assert found.revenue_cents == 0
    assert found.by_printer == found.staff_activity == found.print_failures == []
    assert found.by_status == found.rejection_reasons == {}


def test_the_overview_counts_every_status(people):
    for status in Status:
        made.job_in(status, people)
    made.submit()
    found = overview(people.manager)
    assert found.counts == dict.fromkeys(Status, 1) | {Status.UPLOADED: 2}
    assert found.storage_usage_mb is None and found.storage_limit_mb == 10_240


def test_the_storage_is_measured_as_it_is_on_disk(people, storage_root):
    (storage_root / "Uploaded" / "saved.gcode").write_bytes(bytes(3 * 1024**2))
    (storage_root / "Uploaded" / "link").symlink_to("/etc/services")
    measured = usage.measure()
    files = [path for path in storage_root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert measured == usage.Usage(sum(path.stat().st_size for path in files), len(files))
    assert overview(people.manager).storage_usage_mb == 3.0


def test_an_absent_share_is_not_measured_as_empty(people, storage_root):
    (storage_root / "Uploaded" / "saved.gcode").write_bytes(bytes(3 * 1024**2))
    usage.measure()
    (storage_root / ".printdesk").unlink()
    with pytest.raises(StorageUnavailable):
        usage.measure()
    assert overview(people.manager).storage_usage_mb == 3.0


def test_submissions_are_counted_by_the_lab_s_days(people):
    """The lab is in Chicago: 03:00 UTC is the evening before."""
    first, second = made.submit(), made.submit()
    day = stats.today() - timedelta(days=3)
    early = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    change(first.id, created_at=early)
    change(second.id, created_at=utcnow() - timedelta(days=40))
    found = report(people.admin)
    assert found.submissions[day - timedelta(days=1)] == 1
    assert sum(found.submissions.values()) == 1
    assert list(found.submissions) == sorted(found.submissions)
    assert (found.period.first, found.period.last) == (
        stats.today() - timedelta(days=29),
        stats.today(),
    )
    assert sum(report(people.admin, days=41).submissions.values()) == 2


def test_printers_have_their_runs_hours_and_grams(people):
    done = made.job_in("COMPLETED", people)
    failed = made.act(made.job_in("PRINTING", people).id, "mark-failed", people.staff)
    made.job_in("PRINTING", people)  # not ended: not counted
    resin = made.job_in("COMPLETED", people, **RESIN)
    now = utcnow()
    for job_id, hours in ((done.id, 3), (failed.id, 1.5), (resin.id, 2)):
        change_runs(job_id, started_at=now - timedelta(hours=hours), ended_at=now)
    filament, formlabs = report(people.admin).by_printer
    assert (filament.printer, filament.name, filament.jobs) == ("prusa_mk4s", "Prusa MK4S", 2)
    assert (filament.print_hours, filament.weight_g) == (4.5, 42.5)
    assert (filament.completed, filament.failed, filament.cancelled) == (1, 1, 0)
    assert (formlabs.printer, formlabs.print_hours) == ("formlabs_form3", 2.0)
    [failure] = report(people.admin).print_failures
    assert failure == FailureCount("prusa_mk4s", made.REASON, 1)


def test_hours_before_the_period_are_not_counted(people):
    job = made.job_in("COMPLETED", people)
    start = periods.midnight(stats.today())
    change_runs(
        job.id, started_at=start - timedelta(hours=5), ended_at=start + timedelta(minutes=30)
    )
    [printer] = report(people.admin, days=1).by_printer
    assert printer.print_hours == 0.5


def test_reasons_of_rejections_are_counted(people):
    for reasons in (("Walls are too thin to print", "No scale"), ("No scale",)):
        made.act(made.submit().id, "reject", people.staff, reasons=reasons)
    assert report(people.admin).rejection_reasons == {
        "No scale": 2,
        "Walls are too thin to print": 1,
    }


def test_revenue_is_what_was_picked_up_and_not_taken_back(people):
    paid = made.job_in("PAIDPICKEDUP", people)
    archived = made.job_in("PAIDPICKEDUP", people)
    made.act(archived.id, "archive", people.admin)
    taken_back = made.job_in("PAIDPICKEDUP", people)
    made.act(taken_back.id, "revert-pickup", people.staff)
    made.job_in("COMPLETED", people)
    made.job_in("ARCHIVED", people)  # rejected, then archived
    again = made.job_in("PAIDPICKEDUP", people)
    made.act(again.id, "revert-pickup", people.staff)
    made.act(again.id, "mark-picked-up", people.staff)
    assert report(people.admin).revenue_cents == 3 * (paid.cost_cents or 0) > 0


def test_turnaround_is_from_submission_to_completion(people):
    now = utcnow()
    for hours in (10, 20, 30):
        job = made.job_in("COMPLETED", people)
        change(job.id, created_at=now - timedelta(hours=hours))
        change_runs(job.id, started_at=now - timedelta(hours=1), ended_at=now)
    assert report(people.admin).turnaround == Turnaround(3, 20.0, 28.0)


def test_activity_is_everybody_s_for_admins_and_one_s_own_for_others(people):
    made.act(made.submit().id, "reject", people.other)
    job = made.job_in("COMPLETED", people)
    by_name = {person.name: person for person in report(people.admin).staff_activity}
    assert set(by_name) == {"Sam Staff", "Kim Colleague"}
    assert by_name["Kim Colleague"].actions == {"StaffRejected": 1}
    with work.unit() as session:
        caused = session.query(Event).filter_by(job_id=job.id, triggered_by=people.staff.id).count()
    assert by_name["Sam Staff"].total == caused == sum(by_name["Sam Staff"].actions.values())
    [own] = report(people.other).staff_activity
    assert own == by_name["Kim Colleague"]
    assert report(people.manager).staff_activity == []


def test_filters_narrow_everything(people):
    made.job_in("PAIDPICKEDUP", people, discipline="Art")
    made.job_in("PAIDPICKEDUP", people, **RESIN)
    made.act(made.submit(discipline="Art").id, "reject", people.staff)
    resin = report(people.admin, printer="formlabs_form3")
    assert sum(resin.submissions.values()) == 1
    assert [printer.printer for printer in resin.by_printer] == ["formlabs_form3"]
    assert resin.rejection_reasons == {} and resin.turnaround.jobs == 1
    art = report(people.admin, discipline="Art")
    assert sum(art.submissions.values()) == 2 and len(art.rejection_reasons) == 1
    assert art.revenue_cents + resin.revenue_cents == report(people.admin).revenue_cents
    assert sum(report(people.admin, printer="none").submissions.values()) == 0
    assert report(people.admin, printer="none").staff_activity == []


def test_who_may_ask_and_for_how_long(people):
    with pytest.raises(Forbidden):
        report(made.actors.student("Jane Doe"))
    with pytest.raises(Forbidden):
        overview(made.actors.student("Jane Doe"))
    for days in (0, -1, stats.MAX_DAYS + 1):
        with pytest.raises(Invalid):
            report(people.admin, days=days)
    assert len(report(people.manager, days=stats.MAX_DAYS).submissions) == stats.MAX_DAYS
