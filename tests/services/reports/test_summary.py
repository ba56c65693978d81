"""The monthly summary: what it says, to whom, and that it goes out once."""

import tomllib
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

import settings as configuration
from models import Mail, MailState
from services import work
from services.mail import outbox
from services.reports import stats
from services.reports.asking import periods
from services.reports.monthly import due
from settings import Lab, lab, settings
from tests.support import jobs as made

HEADS = ("head@lab.example", "Deputy@lab.example")


@pytest.fixture
def addressed(monkeypatch, tmp_path):
    """A lab.toml that names who gets the summary."""
    text = settings().lab_file.read_text(encoding="utf-8")
    given = text.replace("summary_to = []", f"summary_to = {list(HEADS)}".replace("'", '"'))
    path = tmp_path / "lab.toml"
    path.write_text(given, encoding="utf-8")
    Lab.model_validate(tomllib.loads(given))
    monkeypatch.setenv("LAB_FILE", str(path))
    _forget()
    yield
    monkeypatch.undo()
    _forget()


def _forget():
    configuration.settings.cache_clear()
    lab.cache_clear()


def last_month() -> date:
    return (stats.today().replace(day=1) - timedelta(days=1)).replace(day=1)


def job_of_last_month(people, status="PAIDPICKEDUP"):
    job = made.job_in(status, people)
    made.change(job.id, created_at=periods.midnight(last_month()) + timedelta(hours=30))
    return job


def queue_due():
    with work.unit() as session:
        return due.queue_due(session)


def mails():
    with work.unit() as session:
        chosen = select(Mail).where(Mail.job_id.is_(None)).order_by(Mail.recipient)
        return list(session.scalars(chosen))


def test_nobody_gets_a_summary_unless_lab_toml_says_so(people):
    job_of_last_month(people)
    assert queue_due() == 0 and mails() == []


def test_there_is_none_for_the_time_before_the_first_job(people, addressed):
    assert queue_due() == 0
    made.submit()  # this month
    assert queue_due() == 0 and mails() == []


def test_each_address_gets_it_once_however_often_it_is_due(people, addressed):
    job_of_last_month(people)
    assert queue_due() == 2
    assert queue_due() == 0
    found = mails()
    assert [each.recipient for each in found] == sorted(HEADS)
    assert {each.month for each in found} == {last_month()}
    with work.unit() as session:
        [gone] = session.scalars(select(Mail).where(Mail.recipient == HEADS[0]))
        gone.state, gone.sent_at = MailState.SENT, gone.created_at
    assert queue_due() == 0


def test_two_workers_at_once_write_it_once(people, addressed):
    job_of_last_month(people)
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: queue_due(), range(4))) == 2
    assert len(mails()) == 2


def test_it_arrives_with_its_charts_and_says_the_month(people, addressed, smtp):
    job_of_last_month(people)
    rejected = made.act(made.submit().id, "reject", people.staff, reasons=("<b>Thin</b>",))
    assert rejected.status == "REJECTED"
    queue_due()
    for each in mails():
        with work.unit() as session:
            assert outbox.deliver(session, each.id)
    letters = [letter for letter in smtp.wait_for(2) if letter["To"] in HEADS]
    assert len(letters) == 2
    letter = letters[0]
    month = f"{last_month():%B %Y}"
    assert letter["Subject"] == f"{month} at {lab().lab.name}"
    text = letter.get_body(("plain",)).get_content()
    html = letter.get_body(("html",)).get_content()
    for part in (text, html):
        assert month in part and "Submissions" in part and "Revenue" in part
        assert f"/reports?from={last_month()}" in part.replace("&amp;", "&")
    images = [part for part in letter.walk() if part.get_content_type() == "image/png"]
    assert {f"cid:{part['Content-ID'].strip('<>')}" for part in images} == {
        "cid:submissions",
        "cid:printers",
    }
    assert all(f'src="cid:{part["Content-ID"].strip("<>")}"' in html for part in images)
    for part in images:
        with Image.open(BytesIO(part.get_payload(decode=True))) as image:
            assert image.width == 1072 and image.height > 100
    assert "jane@uni.example" not in text + html


def test_what_went_out_is_on_the_mail_page(people, addressed):
    job_of_last_month(people)
    queue_due()
    with work.unit() as session:
        listed, total = outbox.list_mails(session, actor=people.staff)
    assert total == len(listed)
    assert {(each.short_id, each.job_id) for each in listed if each.recipient in HEADS} == {
        (None, None)
    }
