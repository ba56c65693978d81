"""The outbox: an e-mail is a row, written in the same transaction as the change that causes it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id, utcnow
from models.enums import MailKind, MailState


class Mail(Base):
    """`text` and `html` contain a placeholder for the confirmation link, which is inserted at
    delivery, so that the database alone, without the server's secret, cannot confirm a job."""

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sent', 'failed', 'cancelled')", name="state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_when"),
        # An e-mail without a job is a monthly summary, sent once to each address.
        CheckConstraint("(job_id IS NULL) = (month IS NOT NULL)", name="about_one_thing"),
        Index("uq_mails_month_recipient", "month", "recipient", unique=True),
        Index("ix_mails_job_id", "job_id"),
        Index("ix_mails_created_at", "created_at"),
        Index("ix_mails_due", "next_attempt_at", postgresql_where=text("state = 'queued'")),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    month: Mapped[date | None]  # the first day of a summary's month
    confirmation_id: Mapped[str | None] = mapped_column(
        ForeignKey("confirmations.id", ondelete="CASCADE")
    )
    kind: Mapped[MailKind] = mapped_column(String(20))
    resent_by: Mapped[str | None]  # "student", or the id of the staff member who resent it
    recipient: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    # The PNG images of the HTML part, in base64, by the names it refers to.
    pictures: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), deferred=True)
    message_id: Mapped[str]  # the same at every attempt, so that a receiver can detect duplicates

    state: Mapped[MailState] = mapped_column(String(20), default=MailState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    sent_at: Mapped[datetime | None]
