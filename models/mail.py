"""The outbox: a mail is a row, written in the same transaction as the change that causes it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id, utcnow
from models.enums import MailKind, MailState


class Mail(Base):
    """`text` and `html` hold a placeholder for the confirmation link, which is put in at delivery:
    so the database alone, without the server's secret, confirms nothing."""

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sent', 'failed', 'cancelled')", name="state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_when"),
        # What is not about a job is about a month, and goes to each address once.
        CheckConstraint("(job_id IS NULL) = (month IS NOT NULL)", name="about_one_thing"),
        Index("uq_mails_month_recipient", "month", "recipient", unique=True),
        Index("ix_mails_job_id", "job_id"),
        Index("ix_mails_created_at", "created_at"),
        Index("ix_mails_due", "next_attempt_at", postgresql_where=text("state = 'queued'")),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    month: Mapped[date | None]  # its first day: the month that a summary is of
    confirmation_id: Mapped[str | None] = mapped_column(
        ForeignKey("confirmations.id", ondelete="CASCADE")
    )
    kind: Mapped[MailKind] = mapped_column(String(20))
    resent_by: Mapped[str | None]  # "student", or the staff id of who asked for it again
    recipient: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    # The PNG images that the HTML part shows, in base64, by the name it calls them.
    pictures: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), deferred=True)
    message_id: Mapped[str]  # the same at every attempt, so that a receiver can tell a repetition

    state: Mapped[MailState] = mapped_column(String(20), default=MailState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    sent_at: Mapped[datetime | None]
