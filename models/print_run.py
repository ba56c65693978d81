"""One attempt to print a job on one printer: the basis of utilisation and failure rates."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, utcnow
from models.enums import RunOutcome


class PrintRun(Base):
    __tablename__ = "print_runs"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_with_outcome"),
        CheckConstraint("outcome IN ('completed', 'failed', 'cancelled')", name="outcome"),
        CheckConstraint("ended_at >= started_at", name="order"),
        Index(
            "ix_print_runs_job_id_printer",
            "job_id",
            "printer",
            postgresql_include=["outcome", "started_at", "ended_at"],
        ),
        Index(
            "uq_print_runs_one_open",
            "job_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_print_runs_printer_started_at", "printer", "started_at"),
        Index("ix_print_runs_ended_at", "ended_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    printer: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(default=utcnow)
    ended_at: Mapped[datetime | None]
    outcome: Mapped[RunOutcome | None] = mapped_column(String(20))
    operator_id: Mapped[str] = mapped_column(String(100))
    operator_name: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str | None]
