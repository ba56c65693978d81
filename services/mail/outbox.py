"""The outbox: an e-mail is written in the transaction that causes it, and delivered from its row.

Each e-mail goes out once, except after a crash between the mail server's acceptance and our record
of it: then it is sent again under the same Message-ID, by which mail systems detect duplicates.
"""

import smtplib
import ssl
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from limits import parse
from psycopg2.errors import LockNotAvailable
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from models import Confirmation, Job, Mail, MailKind, MailState, Role, Status, new_id, utcnow
from services import events, work
from services.actors import SYSTEM, Actor, require
from services.errors import Conflict, Invalid, TooSoon
from services.jobs import records
from services.mail.letters import CONFIRM_URL_MARK, Letter, compose
from services.students import confirmations
from settings import lab, settings

log = structlog.get_logger()

DELIVER_TASK = "mail.deliver"
# The e-mail that goes out when a job enters a status.
MAIL_OF_STATUS = {
    Status.PENDING: MailKind.APPROVAL,
    Status.REJECTED: MailKind.REJECTION,
    Status.COMPLETED: MailKind.COMPLETION,
}
MAX_ATTEMPTS = 10
MAX_WAIT_S = 6 * 3600
SMTP_TIMEOUT_S = 30


@dataclass(frozen=True)
class MailView:
    """An e-mail as staff may read it, with its confirmation link. A monthly summary has no job."""

    id: str
    job_id: str | None
    short_id: str | None
    kind: MailKind
    recipient: str
    subject: str
    text: str
    state: MailState
    attempts: int
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None
    next_attempt_at: datetime


def queue(
    session: Session,
    job: Job,
    kind: MailKind,
    *,
    confirmation: Confirmation | None = None,
    resent_by: str | None = None,
) -> Mail:
    """Writes an e-mail about the job to the outbox, and requests its delivery after the commit."""
    letter = compose(kind.value, _facts(job, confirmation))
    mail = Mail(
        job_id=job.id,
        confirmation_id=confirmation.id if confirmation else None,
        kind=kind,
        resent_by=resent_by,
        recipient=job.student_email,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        message_id=make_msgid(domain=_sender_domain()),
    )
    session.add(mail)
    session.flush()
    work.send_after_commit(session, DELIVER_TASK, mail.id)
    return mail


def queue_summary(
    session: Session, month: date, recipient: str, letter: Letter, pictures: Mapping[str, bytes]
) -> bool:
    """Writes the summary of a month to the outbox, unless this address already has it.

    `pictures` are PNG images by the name under which the letter refers to them, as in "cid:name".
    """
    wanted = insert(Mail).values(
        id=new_id(),
        month=month,
        kind=MailKind.SUMMARY,
        recipient=recipient,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        pictures={name: b64encode(png).decode() for name, png in pictures.items()},
        message_id=make_msgid(domain=_sender_domain()),
    )
    mail_id = session.scalar(wanted.on_conflict_do_nothing().returning(Mail.id))
    if mail_id is not None:
        work.send_after_commit(session, DELIVER_TASK, mail_id)
    return mail_id is not None


def cancel_queued(session: Session, job_id: str, *kinds: MailKind) -> None:
    """Cancels queued e-mails that no longer apply to the job.

    One that a worker is sending still goes out: nobody waits for a mail server here.
    """
    waiting = session.scalars(
        select(Mail.id)
        .where(Mail.job_id == job_id, Mail.state == MailState.QUEUED, Mail.kind.in_(kinds))
        .with_for_update(skip_locked=True)
    ).all()
    session.execute(update(Mail).where(Mail.id.in_(waiting)).values(state=MailState.CANCELLED))


def hold_all(session: Session, job_id: str) -> None:
    """Locks every e-mail about the job, so that no worker sends it. Raises Conflict when a worker
    is sending one now: a slow server may take longer than anybody would wait."""
    try:
        session.execute(select(Mail.id).where(Mail.job_id == job_id).with_for_update(nowait=True))
    except OperationalError as problem:
        if not isinstance(problem.orig, LockNotAvailable):
            raise
        raise Conflict("An e-mail for this job is being sent. Try again in a moment.") from problem


def resend(
    session: Session, job: Job, kind: MailKind, now: datetime, *, actor: Actor
) -> str | None:
    """Sends an e-mail about a job again at the actor's request; an approval gets a new link.

    Returns the new link's token, if there is one. The caller has locked the job's row and checked
    that the e-mail may be sent now.
    """
    link = confirmations.issue(session, job, now) if kind is MailKind.APPROVAL else None
    cancel_queued(session, job.id, kind)
    queue(session, job, kind, confirmation=link, resent_by=actor.id)
    events.record(session, job.id, "EmailResent", actor, kind=kind)
    records.touch(session, job, actor)
    return confirmations.token_of(link.id) if link else None


def refuse_if_resent_lately(session: Session, job_id: str, kind: MailKind) -> None:
    """Raises TooSoon when this e-mail has been resent as often as RATE_LIMIT_RESEND allows."""
    wait = seconds_until_resend(session, job_id, kind)
    if wait > 0:
        minutes = -(-wait // 60)
        raise TooSoon(
            f"You can request a new email in {minutes} {'minute' if minutes == 1 else 'minutes'}.",
            retry_after_s=wait,
        )


def seconds_until_resend(session: Session, job_id: str, kind: MailKind) -> int:
    """Whole seconds until this e-mail may be resent; 0 when it may be resent now."""
    limit = parse(settings().rate_limit_resend)
    # With five an hour, the fifth from the end must be an hour old.
    counted = session.scalar(
        select(Mail.created_at)
        .where(Mail.job_id == job_id, Mail.kind == kind, Mail.resent_by.is_not(None))
        .order_by(Mail.created_at.desc())
        .offset(limit.amount - 1)
        .limit(1)
    )
    if counted is None:
        return 0
    left = (counted + timedelta(seconds=limit.get_expiry()) - utcnow()).total_seconds()
    return max(0, -int(-left // 1))


def list_due(session: Session, limit: int = 200) -> list[str]:
    """The ids of the e-mails that are due; none when no SMTP server is set."""
    if not settings().smtp_url:
        return []
    return list(
        session.scalars(
            select(Mail.id)
            .where(
                Mail.state == MailState.QUEUED,
                Mail.next_attempt_at <= func.clock_timestamp(),
            )
            .order_by(Mail.next_attempt_at)
            .limit(limit)
        )
    )


def deliver(session: Session, mail_id: str) -> bool:
    """Sends one e-mail, unless it is not due, not queued, or being sent by another worker.

    Returns whether it was sent. A failure is recorded in the row and not raised.
    """
    if not settings().smtp_url:
        return False
    mail = session.scalars(
        select(Mail)
        .where(Mail.id == mail_id, Mail.state == MailState.QUEUED)
        .where(Mail.next_attempt_at <= func.clock_timestamp())
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if mail is None:
        return False
    mail.attempts += 1
    try:
        _send(_message(mail))
    except (OSError, smtplib.SMTPException, ValueError) as problem:
        _note_failure(session, mail, problem)
        return False
    mail.state, mail.sent_at, mail.last_error = MailState.SENT, utcnow(), None
    _record(session, mail, "EmailSent", SYSTEM, to=mail.recipient)
    return True


def retry_now(session: Session, mail_id: str, *, actor: Actor) -> None:
    """Makes an e-mail that has failed, or that waits for its next attempt, due at once."""
    require(actor, Role.STAFF)
    mail = session.scalars(select(Mail).where(Mail.id == mail_id).with_for_update()).one_or_none()
    if mail is None or mail.state not in (MailState.FAILED, MailState.QUEUED):
        raise Invalid("This e-mail has been sent or cancelled; there is nothing to retry.")
    mail.state, mail.attempts, mail.next_attempt_at = MailState.QUEUED, 0, utcnow()
    if mail.job_id is None:
        events.audit(session, "EmailRetried", actor, kind=mail.kind, to=mail.recipient)
    _record(session, mail, "EmailRetried", actor, to=mail.recipient)
    work.send_after_commit(session, DELIVER_TASK, mail.id)


def list_mails(
    session: Session, *, actor: Actor, job_id: str = "", page: int = 1, limit: int = 50
) -> tuple[list[MailView], int]:
    """The outbox, newest first, and how many e-mails there are in all."""
    require(actor, Role.STAFF)
    chosen = select(Mail, Job.short_id).outerjoin(Job, Job.id == Mail.job_id)
    counted = select(func.count()).select_from(Mail)
    if job_id:
        chosen, counted = (
            chosen.where(Mail.job_id == job_id),
            counted.where(Mail.job_id == job_id),
        )
    rows = session.execute(
        chosen.order_by(Mail.created_at.desc(), Mail.id).limit(limit).offset((page - 1) * limit)
    ).all()
    return [_view(mail, short_id) for mail, short_id in rows], session.scalar(counted) or 0


def _view(mail: Mail, short_id: str | None) -> MailView:
    return MailView(
        id=mail.id,
        job_id=mail.job_id,
        short_id=short_id,
        kind=MailKind(mail.kind),
        recipient=mail.recipient,
        subject=mail.subject,
        text=_with_link(mail.text, mail),
        state=MailState(mail.state),
        attempts=mail.attempts,
        last_error=mail.last_error,
        created_at=mail.created_at,
        sent_at=mail.sent_at,
        next_attempt_at=mail.next_attempt_at,
    )


def _facts(job: Job, confirmation: Confirmation | None) -> dict[str, Any]:
    base = settings().base_url
    return {
        "student_name": job.student_name,
        "short_id": job.short_id,
        "original_filename": job.original_filename,
        "display_name": job.display_name,
        "printer_name": lab().printer_name(job.printer),
        "material": job.material,
        "color": job.color,
        "weight_g": job.weight_g,
        "time_hours": job.time_hours,
        "cost_cents": job.cost_cents,
        "reasons": job.reject_reasons or [],
        "expires_at": confirmation.expires_at if confirmation else None,
        "track_url": f"{base}/track/{job.id}",
        "submit_url": f"{base}/submit",
        "lab": lab(),
    }


def _with_link(body: str, mail: Mail) -> str:
    if mail.confirmation_id is None:
        return body
    return body.replace(CONFIRM_URL_MARK, confirmations.url_of(mail.confirmation_id))


def _message(mail: Mail) -> EmailMessage:
    message = EmailMessage()
    message["From"] = settings().mail_from
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["Reply-To"] = lab().lab.contact_email
    message.set_content(_with_link(mail.text, mail))
    message.add_alternative(_with_link(mail.html, mail), subtype="html")
    if mail.pictures:
        html = message.get_body(("html",))
        assert isinstance(html, EmailMessage)  # it was added just now
        for name, png in mail.pictures.items():
            html.add_related(b64decode(png), "image", "png", cid=f"<{name}>")
    return message


def _send(message: EmailMessage) -> None:
    """Sends a message through the server of SMTP_URL. Raises OSError, smtplib.SMTPException, or
    ValueError for a message that the protocol cannot carry."""
    url = urlsplit(settings().smtp_url)
    host = url.hostname or "localhost"
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if url.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, url.port or 465, timeout=SMTP_TIMEOUT_S, context=context)
    else:
        server = smtplib.SMTP(host, url.port or 25, timeout=SMTP_TIMEOUT_S)
    with server:
        if url.scheme == "smtp+starttls":
            server.starttls(context=context)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(message)


def _note_failure(session: Session, mail: Mail, problem: Exception) -> None:
    """Records a failed attempt and schedules the next one, or gives up when retrying is useless."""
    mail.last_error = _describe_problem(problem)
    if mail.attempts >= MAX_ATTEMPTS or _is_final(problem):
        mail.state = MailState.FAILED
        _record(session, mail, "EmailFailed", SYSTEM, error=mail.last_error)
    else:
        wait = min(settings().mail_retry_first_s * 2 ** (mail.attempts - 1), MAX_WAIT_S)
        mail.next_attempt_at = utcnow() + timedelta(seconds=wait)
    log.warning("mail_not_sent", mail_id=mail.id, attempt=mail.attempts, problem=mail.last_error)


def _record(session: Session, mail: Mail, event_type: str, actor: Actor, **details: Any) -> None:
    """Adds an event to the history of the e-mail's job, if it has one."""
    if mail.job_id is not None:
        events.record(session, mail.job_id, event_type, actor, kind=mail.kind, **details)


def _is_final(problem: Exception) -> bool:
    """Whether retrying is useless: the server refused this message (5xx), not the connection."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in problem.recipients.values())
    if isinstance(problem, smtplib.SMTPNotSupportedError):
        return True
    return isinstance(problem, smtplib.SMTPSenderRefused | smtplib.SMTPDataError) and (
        problem.smtp_code >= 500
    )


def _describe_problem(problem: Exception) -> str:
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        refusals = "; ".join(
            f"{who}: {code} {answer.decode(errors='replace')}"
            for who, (code, answer) in problem.recipients.items()
        )
        return f"The mail server refused the address. {refusals}"[:500]
    if isinstance(problem, smtplib.SMTPResponseException):
        answer = problem.smtp_error
        said = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
        return f"The mail server answered {problem.smtp_code} {said}"[:500]
    if isinstance(problem, ValueError) and not isinstance(problem, OSError):
        return f"The e-mail could not be encoded: {problem}"[:500]
    return f"The mail server could not be reached: {problem}"[:500]


def _sender_domain() -> str:
    address = parseaddr(settings().mail_from)[1]
    return address.rpartition("@")[2] or "localhost"
