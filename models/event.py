"""The append-only history of every job. A trigger refuses changes (migrations/)."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Computed, ForeignKey, Identity, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, utcnow

_MOVED_TO = (
    "CASE WHEN details ->> 'action' = 'mark-failed' THEN NULL ELSE details ->> 'new_status' END"
)


class Event(Base):
    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_job_id_id", "job_id", "id"),
        Index("ix_events_event_type_timestamp", "event_type", "timestamp"),
        Index("ix_events_timestamp", "timestamp"),
        # Index-only scans for the reports: time in each status, pick-ups that were not reverted,
        # who reviewed a job first, and who did what.
        Index(
            "ix_events_moves",
            "job_id",
            "id",
            postgresql_include=["timestamp", "moved_to"],
            postgresql_where=text("moved_to <> 'ARCHIVED'"),
        ),
        Index(
            "ix_events_picked_up",
            "timestamp",
            postgresql_include=["job_id", "id", "user_name"],
            postgresql_where=text("moved_to = 'PAIDPICKEDUP'"),
        ),
        Index(
            "ix_events_taken_back",
            "job_id",
            "id",
            postgresql_where=text(
                "details ->> 'old_status' = 'PAIDPICKEDUP' AND moved_to <> 'ARCHIVED'"
            ),
        ),
        Index(
            "ix_events_reviews",
            "job_id",
            "id",
            postgresql_include=["timestamp", "triggered_by"],
            postgresql_where=text("event_type IN ('Reviewed', 'StaffApproved', 'StaffRejected')"),
        ),
        Index(
            "ix_events_by_people",
            "event_type",
            "timestamp",
            postgresql_include=["triggered_by", "job_id"],
            postgresql_where=text("triggered_by NOT IN ('student', 'system')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"))
    timestamp: Mapped[datetime] = mapped_column(default=utcnow)
    event_type: Mapped[str] = mapped_column(String(50))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    triggered_by: Mapped[str] = mapped_column(String(100))  # a staff id, "student" or "system"
    user_name: Mapped[str] = mapped_column(String(100))
    # The status to which the event moved the job. Of the two events of a failed print, only the
    # first has it, so that each change of status is one row.
    moved_to: Mapped[str | None] = mapped_column(String(20), Computed(_MOVED_TO, persisted=True))
