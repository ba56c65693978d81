"""What the demo leaves: a history like one that was lived, and the same for one seed."""

import hashlib
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from models import (
    AuditEntry,
    Confirmation,
    Event,
    Job,
    Mail,
    MailState,
    PrintRun,
    RunOutcome,
    Staff,
    Status,
)
from services import work
from services.checks import modelchecks
from services.files import storage
from services.jobs import costs
from services.mail import outbox
from settings import lab
from tests.demo.conftest import END
from tests.support import whole

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

# What hangs on the secret of an installation, or on the order in which two processes wrote.
PRIVATE = {
    Confirmation: {"token_hash"},
    Staff: {"password_hash"},
    Event: {"id"},
    PrintRun: {"id"},
    AuditEntry: {"id"},
}
EVERYTHING = (Job, Event, PrintRun, Confirmation, Mail, Staff, AuditEntry)


@pytest.fixture
def session(demo):
    with work.unit() as session:
        yield session


def read(kind):
    """Every row of a table as text, in an order of their own."""
    with work.unit() as session:
        columns = [c.name for c in kind.__table__.columns if c.name not in PRIVATE.get(kind, ())]
        return sorted(
            repr([(name, getattr(row, name)) for name in columns])
            for row in session.scalars(select(kind))
        )


def files():
    """Every file of the storage but the metadata, and what is in it."""
    return {
        path.relative_to(storage.root()).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(storage.root().rglob("*"))
        if path.is_file() and path.name != "metadata.json"
    }


def rows(session, kind, *order):
    return list(session.scalars(select(kind).order_by(*order)))


def test_one_seed_gives_one_history(twins, visit):
    seen = []
    for made in twins:
        visit(made)
        seen.append(({kind: read(kind) for kind in EVERYTHING}, files()))
    (one, one_files), (other, other_files) = seen
    for kind in EVERYTHING:
        assert one[kind] and one[kind] == other[kind], kind.__name__
    assert one_files == other_files


def test_every_job_has_its_folder_and_its_whole_history(session):
    whole.assert_whole(session)
    for job in rows(session, Job):
        whole.assert_metadata(job)
    assert whole.leftovers() == []


def test_what_is_written_follows_in_time_and_nothing_lies_ahead(session):
    history = defaultdict(list)
    for event in rows(session, Event, Event.id):
        history[event.job_id].append(event.timestamp)
    for job in rows(session, Job):
        times = history[job.id]
        assert all(one <= other for one, other in pairwise(times))
        assert job.created_at <= times[0] <= job.status_changed_at <= job.updated_at <= END
        assert times[-1] <= END
    for sent in rows(session, Mail):
        assert sent.created_at <= END
        assert sent.sent_at is None or sent.created_at < sent.sent_at <= END
    assert session.scalar(select(func.max(AuditEntry.timestamp))) <= END


def test_the_last_change_of_status_is_where_the_job_is(session):
    for job in rows(session, Job):
        steps = whole.transitions(session, job.id)
        assert steps[-1].timestamp == pytest.approx(job.status_changed_at, abs=timedelta(seconds=1))


def test_a_printer_prints_one_job_at_a_time(session):
    units = {printer.id: printer.units for printer in lab().printers}
    moments = defaultdict(list)
    for run in rows(session, PrintRun):
        moments[run.printer] += [(run.started_at, 1), (run.ended_at or END, -1)]
    assert len(moments) >= 3
    for printer, changes in moments.items():
        at_once = 0
        for _, change in sorted(changes):
            at_once += change
            assert at_once <= units[printer]


def test_a_run_lasts_about_as_long_as_was_said(session):
    hours = {job.id: job.time_hours for job in rows(session, Job)}
    done = [run for run in rows(session, PrintRun) if run.outcome == RunOutcome.COMPLETED]
    ratios = [(run.ended_at - run.started_at) / timedelta(hours=hours[run.job_id]) for run in done]
    assert 0.9 < sorted(ratios)[len(ratios) // 2] < 1.3


def test_prices_are_those_of_the_lab(session):
    priced = [job for job in rows(session, Job) if job.cost_cents is not None]
    assert priced
    for job in priced:
        material = lab().find_material(job.material)
        minimum = lab().pricing.minimum_cents
        expected = costs.cost_cents(job.weight_g, material.cents_per_gram, minimum)
        assert job.cost_cents == expected


def test_models_are_rejected_for_what_is_wrong_with_them(session):
    decided = [job for job in rows(session, Job) if job.status != Status.UPLOADED]
    flawed = [job for job in decided if job.model.get("warnings") or job.model["state"] != "ok"]
    rejected = {job.id for job in decided if job.reject_reasons}
    assert 0 < len(rejected) < 0.4 * len(decided)
    assert sum(job.id in rejected for job in flawed) > 0.5 * len(flawed)
    sound = [job for job in decided if job not in flawed]
    assert sum(job.id in rejected for job in sound) < 0.15 * len(sound)


def test_it_ends_in_the_middle_of_the_work(session):
    jobs = rows(session, Job)
    counted = Counter(job.status for job in jobs)
    for status in Status:
        assert counted[status], status
    fresh = [job for job in jobs if job.status == Status.UPLOADED and not job.staff_viewed_at]
    assert sum(END - job.created_at < timedelta(hours=6) for job in fresh) >= 4
    assert any(job.is_confirmation_expired for job in jobs if job.status == Status.PENDING)
    assert session.scalar(select(func.count()).where(Mail.state == MailState.FAILED)) >= 1
    assert session.scalar(select(func.count()).where(PrintRun.outcome == "failed")) >= 1


def test_nothing_is_left_for_the_worker_to_catch_up_with(demo, configure):
    configure(SMTP_URL="smtp://127.0.0.1:1")
    with work.unit() as session:
        assert outbox.list_due(session) == []
        assert modelchecks.sweep(session) == []


def test_the_play_leaves_the_database_as_it_is_for_real(session):
    schemas = session.scalars(text("SELECT nspname FROM pg_namespace WHERE nspname ~ 'stage'"))
    assert schemas.all() == []
    with pytest.raises(DBAPIError, match="append-only"), work.unit() as other:
        other.execute(text("UPDATE events SET user_name = 'Nobody'"))


def test_checks_and_pictures_are_what_the_worker_makes_of_the_files(session, tmp_path):
    for kind in (".stl", ".obj", ".3mf"):
        chosen = [job for job in rows(session, Job, Job.id) if job.original_name.endswith(kind)]
        job = next(job for job in chosen if job.model["state"] == "ok")
        path = storage.path_of(job.folder) / job.original_name
        assert job.model == modelchecks.check_file(str(path), job.original_filename, job.material)
        assert job.thumbnail["state"] == "ok"
        assert_same_picture(path, storage.path_of(job.folder) / "thumbnail.png", tmp_path)


def assert_same_picture(model, picture, folder):
    """A size of its own moves a corner by less than a pixel."""
    import numpy as np
    from PIL import Image

    from reader.model import read

    read(model, model.name, ["picture"], folder).picture()
    one, other = (np.asarray(Image.open(p), float) for p in (folder / "picture.png", picture))
    assert np.abs(one - other).mean() < 0.5
