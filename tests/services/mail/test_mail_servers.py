"""Mail servers with TLS and passwords, and slow ones."""

import datetime
import ipaddress
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from models import Event, Mail, MailState, Status
from services import work
from services.errors import Conflict
from services.jobs import locks
from services.mail import outbox
from services.students import confirmations, tracking
from tests.support import jobs, whole
from tests.support.mailserver import Controller, MailServer, free_port

USER, PASSWORD = "lab@uni.example", "p@ss/w:ord"


class Strict(MailServer):
    """A server that takes mails only from who has signed in, over TLS when it has a context."""

    def __init__(self, context=None, **parameters):
        super().__init__()
        self.users: list[str] = []
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            authenticator=self.authenticate,
            tls_context=context,
            **parameters,
        )
        self._controller.start()

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        from aiosmtpd.smtp import AuthResult

        self.users.append(data.login.decode())
        return AuthResult(success=data.password.decode() == PASSWORD, handled=False)


class Slow(MailServer):
    """A server that has a mail in hand (`holding`) until it may let go of it (`released`)."""

    def __init__(self):
        super().__init__()
        self.holding, self.released = threading.Event(), threading.Event()

    async def handle_DATA(self, server, session, envelope):
        import asyncio

        self.holding.set()
        await asyncio.get_running_loop().run_in_executor(None, self.released.wait)
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """A server context for 127.0.0.1, whose certificate this test's clients trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail of the tests")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(pem))
    (tmp_path / "key.pem").write_bytes(key.private_bytes(pem, *plain))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return context


@pytest.fixture
def started():
    """Stops at the end what a test has put into it."""
    servers = []
    yield servers
    for server in servers:
        server.stop()


def login_url(scheme, server, password="p%40ss%2Fw%3Aord"):
    return f"{scheme}://lab%40uni.example:{password}@127.0.0.1:{server.port}"


def deliver_one():
    """A mail's delivery: the mail as it is then."""
    (received,) = jobs.mails(jobs.submit().id)
    return deliver(received.id)


def deliver(mail_id):
    send(mail_id)
    with work.unit() as session:
        return session.get_one(Mail, mail_id)


def send(mail_id):
    with work.unit() as session:
        outbox.deliver(session, mail_id)


def test_starttls_and_login(people, configure, certificate, started):
    server = Strict(certificate, require_starttls=True)
    started.append(server)
    configure(SMTP_URL=login_url("smtp+starttls", server))
    assert deliver_one().state == MailState.SENT
    assert server.users == [USER]


def test_the_password_is_not_sent_without_tls(people, configure, certificate, started):
    server = Strict(certificate)
    started.append(server)
    configure(SMTP_URL=login_url("smtp", server))
    assert deliver_one().state in (MailState.QUEUED, MailState.FAILED)
    assert server.users == []


def test_an_untrusted_certificate_is_refused(people, configure, certificate, started, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    server = Strict(certificate, require_starttls=True)
    started.append(server)
    configure(SMTP_URL=login_url("smtp+starttls", server))
    waiting = deliver_one()
    assert waiting.state == MailState.QUEUED
    assert "certificate" in waiting.last_error.lower()
    assert server.users == []


def test_a_wrong_password_delays_the_mail_and_says_so(people, configure, started):
    server = Strict(auth_require_tls=False)
    started.append(server)
    configure(SMTP_URL=login_url("smtp", server, "wrong"))
    waiting = deliver_one()
    assert waiting.state == MailState.QUEUED
    assert "535" in waiting.last_error
    configure(SMTP_URL=login_url("smtp", server))
    assert deliver_one().state == MailState.SENT


def test_a_port_where_nobody_listens_delays_the_mail(people, configure):
    configure(SMTP_URL=f"smtp://127.0.0.1:{free_port()}")
    assert "could not be reached" in deliver_one().last_error


@pytest.fixture
def in_hand(people, configure):
    """A job whose approval mail the server has taken and not yet answered for."""
    server = Slow()
    server.start()
    configure(SMTP_URL=server.url)
    job = jobs.job_in(Status.PENDING, people)
    (approval,) = jobs.mails(job.id, "approval")
    thread = threading.Thread(target=send, args=(approval.id,))
    thread.start()
    assert server.holding.wait(20)
    yield job, server, thread
    server.released.set()
    thread.join()
    server.stop()


def test_a_move_does_not_wait_for_an_email_being_sent(in_hand, people):
    job, server, thread = in_hand
    assert jobs.act(job.id, "force-confirm", people.staff).status is Status.READYTOPRINT
    server.released.set()
    thread.join()
    (approval,) = jobs.mails(job.id, "approval")
    assert approval.state == MailState.SENT
    assert len(server.messages) == 1


def test_an_email_being_sent_does_not_block_the_student(in_hand, people):
    job, server, thread = in_hand
    token = confirmations.token_of(jobs.open_link(job.id).id)
    with work.unit() as session:
        assert tracking.confirm(session, token).status is Status.READYTOPRINT
    server.released.set()
    thread.join()
    assert jobs.mails(job.id, "approval")[0].state == MailState.SENT


def test_a_job_is_deleted_after_its_email_has_been_sent(in_hand, people):
    job, server, thread = in_hand
    with work.unit() as session:
        locks.acquire(session, job.id, actor=people.staff)
    with pytest.raises(Conflict, match="e-mail for this job is being sent"):
        jobs.move(job.id, "delete", people.staff)
    assert len(whole.folders()) == 1
    server.released.set()
    thread.join()
    jobs.move(job.id, "delete", people.staff)
    assert len(server.messages) == 1
    assert whole.folders() == set()
    with work.unit() as session:
        assert session.scalars(select(Event)).all() == []
        assert session.scalars(select(Mail)).all() == []
