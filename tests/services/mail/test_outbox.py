"""The outbox: each e-mail is sent once, with retries."""

import asyncio
import threading
import time
from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update

from models import AuditEntry, Event, Mail, MailKind, MailState, Status, utcnow
from services import events, work
from services.errors import Conflict, Forbidden, Invalid
from services.mail import outbox
from services.mail.letters import CONFIRM_URL_MARK, Letter
from services.students import confirmations, tracking
from tasks.mail import sweep
from tests.support import jobs
from tests.support.mailserver import MailServer


class Recipients(MailServer):
    """A mail server that looks at the recipients first: `refuse` is its answer to them."""

    refuse = ""

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.fixture
def server(configure):
    server = Recipients()
    server.start()
    configure(SMTP_URL=server.url)
    yield server
    server.stop()


@pytest.fixture
def queued(people):
    """A job's approval mail, the only one that has not gone out."""
    job = jobs.job_in(Status.PENDING, people)
    cancel(job.id, "received")
    (approval,) = jobs.mails(job.id, "approval")
    return approval


def cancel(job_id, *kinds):
    with work.unit() as session:
        outbox.cancel_queued(session, job_id, *map(MailKind, kinds))


def deliver(mail_id):
    with work.unit() as session:
        return outbox.deliver(session, mail_id)


def read(mail_id):
    with work.unit() as session:
        return session.get_one(Mail, mail_id)


def make_due(mail_id):
    with work.unit() as session:
        past = utcnow() - timedelta(seconds=1)
        session.execute(update(Mail).where(Mail.id == mail_id).values(next_attempt_at=past))


def due():
    with work.unit() as session:
        return outbox.list_due(session)


def mail_events(job_id):
    return [event for event in jobs.rows(Event, job_id) if event.event_type.startswith("Email")]


def test_a_mail_is_delivered_once(server, queued):
    assert [deliver(queued.id), deliver(queued.id)] == [True, False]
    assert len(server.messages) == 1
    sent = read(queued.id)
    assert (sent.state, sent.attempts, sent.last_error) == (MailState.SENT, 1, None)
    assert sent.sent_at is not None
    (event,) = mail_events(queued.job_id)
    assert event.event_type == "EmailSent"
    assert event.details == {"kind": "approval", "to": "jane@uni.example"}


def test_a_mail_that_is_not_there_is_not_delivered(server, people):
    assert deliver("0" * 32) is False


def test_the_link_is_put_in_at_delivery(server, queued):
    deliver(queued.id)
    (message,) = server.messages
    url = confirmations.url_of(queued.confirmation_id)
    for kind in ("plain", "html"):
        body = message.get_body((kind,)).get_content()
        assert url in body.replace("\n", "")
        assert CONFIRM_URL_MARK not in body
    assert CONFIRM_URL_MARK in read(queued.id).text
    assert CONFIRM_URL_MARK in read(queued.id).html


def test_the_link_in_the_mail_confirms(server, queued):
    deliver(queued.id)
    text = server.messages[0].get_body(("plain",)).get_content()
    token = text.partition("/confirm/")[2].split()[0]
    with work.unit() as session:
        confirmed = tracking.confirm(session, token)
    assert confirmed.status is Status.READYTOPRINT


def test_the_headers_say_who_writes_to_whom(server, queued, configure):
    configure(MAIL_FROM="Printlab Zürich <lab@uni.example>")
    deliver(queued.id)
    (message,) = server.messages
    assert message["To"] == "jane@uni.example"
    assert message["From"] == "Printlab Zürich <lab@uni.example>"
    assert message["Reply-To"] == "printlab@example.edu"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == queued.message_id
    assert message["Date"].datetime - queued.created_at < timedelta(seconds=1)


@pytest.mark.parametrize(
    "typed", ["Zoë\r\nBcc: all@uni.example", "李 小龙 {{confirm_url}}", "<b>Max =?utf-8?q?x?="]
)
def test_what_a_student_types_stays_within_the_text(server, people, typed):
    name = " ".join(typed.split())
    job = jobs.submit(student_name=typed, filename=f"{typed}.stl")
    deliver(jobs.mails(job.id, "received")[0].id)
    (message,) = server.messages
    assert set(message.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Reply-To"),
        *("MIME-Version", "Content-Type"),
    }
    assert job.short_id in message["Subject"]
    assert name.split()[0] in message["Subject"]
    assert "<b>Max" not in message.get_body(("html",)).get_content()
    assert "/confirm/" not in message.as_string()


def test_a_server_that_is_busy_is_asked_again_later(server, queued):
    server.answer = "451 Try again later"
    assert deliver(queued.id) is False
    waiting = read(queued.id)
    assert (waiting.state, waiting.attempts) == (MailState.QUEUED, 1)
    assert "451" in waiting.last_error and "Try again later" in waiting.last_error
    assert due() == []
    assert deliver(queued.id) is False  # not before its time
    assert read(queued.id).attempts == 1
    server.answer = "250 OK"
    make_due(queued.id)
    assert deliver(queued.id) is True
    assert server.messages[0]["Message-ID"] == queued.message_id
    assert read(queued.id).last_error is None


def test_the_waits_double_and_the_tenth_attempt_is_the_last(server, queued):
    server.answer = "451 Try again later"
    waits = []
    for _ in range(10):
        make_due(queued.id)
        before = utcnow()
        deliver(queued.id)
        waits.append(round((read(queued.id).next_attempt_at - before).total_seconds(), -1))
    assert waits[:9] == [60 * 2**tried for tried in range(9)]
    failed = read(queued.id)
    assert (failed.state, failed.attempts) == (MailState.FAILED, 10)
    make_due(queued.id)
    assert deliver(queued.id) is False
    assert [event.event_type for event in mail_events(queued.job_id)] == ["EmailFailed"]


def test_no_wait_is_longer_than_six_hours(server, queued, configure):
    configure(MAIL_RETRY_FIRST_S="20000")
    server.answer = "451 Try again later"
    for expected in (20_000, 21_600):
        make_due(queued.id)
        before = utcnow()
        deliver(queued.id)
        wait = (read(queued.id).next_attempt_at - before).total_seconds()
        assert expected - 1 < wait < expected + 60


@pytest.mark.parametrize("stage", ["recipient", "data"])
def test_a_permanent_refusal_is_final_with_its_reason(server, queued, stage):
    if stage == "recipient":
        server.refuse = "550 No such person"
    else:
        server.answer = "554 Spam"
    assert deliver(queued.id) is False
    failed = read(queued.id)
    assert (failed.state, failed.attempts) == (MailState.FAILED, 1)
    assert failed.last_error.rpartition(" ")[2] in ("person", "Spam")
    (event,) = mail_events(queued.job_id)
    assert event.event_type == "EmailFailed"
    assert event.details["error"] == failed.last_error


def test_a_temporary_refusal_is_retried(server, queued):
    server.refuse = "450 Mailbox busy"
    deliver(queued.id)
    assert read(queued.id).state == MailState.QUEUED


def test_a_server_that_is_down_delays_the_mail(server, queued):
    server.stop()
    assert deliver(queued.id) is False
    waiting = read(queued.id)
    assert waiting.state == MailState.QUEUED
    assert "could not be reached" in waiting.last_error
    server.start()
    make_due(queued.id)
    sweep()
    assert [message["Message-ID"] for message in server.messages] == [queued.message_id]


def test_a_sweep_delivers_all_that_is_due_and_stops_at_a_failure(server, people):
    made = [jobs.submit() for _ in range(3)]
    server.answer = "451 Try again later"
    sweep()
    tried = [mail.attempts for job in made for mail in jobs.mails(job.id)]
    assert sorted(tried) == [0, 0, 1]
    server.answer = "250 OK"
    sweep()
    assert len(server.messages) == 2
    assert len(due()) == 0


def test_without_a_server_the_mail_stays_in_the_outbox(configure, queued):
    configure(SMTP_URL="")
    assert due() == []
    assert deliver(queued.id) is False
    sweep()
    assert (read(queued.id).state, read(queued.id).attempts) == (MailState.QUEUED, 0)


def test_two_who_deliver_at_once_send_one_mail(server, queued):
    barrier, results = Barrier(8), []

    def run():
        barrier.wait()
        results.append(deliver(queued.id))

    threads = [Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 7 + [True]
    assert len(server.messages) == 1
    assert len(mail_events(queued.job_id)) == 1


def test_staff_retry_a_failed_email(server, queued, people):
    server.refuse = "550 No such person"
    deliver(queued.id)
    server.refuse = ""
    with pytest.raises(Forbidden), work.unit() as session:
        outbox.retry_now(session, queued.id, actor=people.manager)
    with work.unit() as session:
        outbox.retry_now(session, queued.id, actor=people.staff)
    assert due() == [queued.id]
    assert deliver(queued.id) is True
    failed, retried, sent = mail_events(queued.job_id)
    assert [failed.event_type, sent.event_type] == ["EmailFailed", "EmailSent"]
    assert (retried.event_type, retried.triggered_by) == ("EmailRetried", people.staff.id)
    assert events.describe("EmailRetried", retried.details) == "E-mail will be retried (approval)"
    with pytest.raises(Invalid), work.unit() as session:
        outbox.retry_now(session, queued.id, actor=people.staff)


def test_a_retried_summary_is_in_the_audit_log(people):
    letter = Letter("October", "text", "<p>html</p>")
    with work.unit() as session:
        assert outbox.queue_summary(session, date(2026, 10, 1), "head@uni.example", letter, {})
        summary = session.scalars(select(Mail)).one()
        outbox.retry_now(session, summary.id, actor=people.staff)
    with work.unit() as session:
        chosen = select(AuditEntry).where(AuditEntry.action == "EmailRetried")
        entry = session.scalars(chosen).one()
    assert entry.triggered_by == people.staff.id
    assert entry.details == {"kind": "summary", "to": "head@uni.example"}


def test_an_invalid_email_fails_with_its_reason_and_does_not_stop_others(server, queued, configure):
    configure(MAIL_FROM="lab@uni.example\r\nBcc: all@uni.example")
    assert deliver(queued.id) is False
    waiting = read(queued.id)
    assert (waiting.state, waiting.attempts) == (MailState.QUEUED, 1)
    assert waiting.last_error.startswith("The e-mail could not be encoded: ")
    assert server.messages == []
    configure(MAIL_FROM="lab@uni.example")
    make_due(queued.id)
    assert deliver(queued.id) is True
    assert read(queued.id).last_error is None


def test_staff_read_the_outbox_with_the_link_put_in(queued, people):
    with work.unit() as session:
        mails, total = outbox.list_mails(session, actor=people.staff)
        with pytest.raises(Forbidden):
            outbox.list_mails(session, actor=people.manager)
    assert total == 2
    assert [view.kind for view in mails] == ["approval", "received"]
    assert confirmations.url_of(queued.confirmation_id) in mails[0].text.replace("\n", "")


def test_a_mail_to_an_address_of_another_alphabet_goes_out_or_says_why(server, people):
    job = jobs.submit(student_email="žofie@uni.example")
    (received,) = jobs.mails(job.id)
    deliver(received.id)
    if read(received.id).state != MailState.SENT:
        assert read(received.id).state == MailState.FAILED
        assert read(received.id).last_error


class SlowServer(MailServer):
    """A mail server that takes its time: it answers when it may."""

    def __init__(self):
        super().__init__()
        self.has_begun, self.may_answer = threading.Event(), threading.Event()

    async def handle_DATA(self, server, session, envelope):
        self.has_begun.set()
        while not self.may_answer.is_set():
            await asyncio.sleep(0.02)
        return await super().handle_DATA(server, session, envelope)


def test_a_job_whose_mail_is_being_sent_is_not_deleted_and_nobody_waits(people, configure):
    server = SlowServer()
    server.start()
    configure(SMTP_URL=server.url)
    job = jobs.submit()
    sending = Thread(target=deliver, args=(jobs.mails(job.id)[0].id,))
    sending.start()
    try:
        assert server.has_begun.wait(20)
        started = time.monotonic()
        with pytest.raises(Conflict, match="e-mail for this job is being sent"):
            jobs.act(job.id, "delete", people.staff)
        assert time.monotonic() - started < 5
    finally:
        server.may_answer.set()
        sending.join(20)
        server.stop()
    assert jobs.event_types(job.id)[-1] == "EmailSent"
    with pytest.raises(AssertionError, match="the job is gone"):
        jobs.act(job.id, "delete", people.staff)
