"""One integrity audit of the storage, and its findings. Only the newest reports are kept."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id, utcnow
from models.enums import ScanState


class IntegrityScan(Base):
    __tablename__ = "integrity_scans"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),
        CheckConstraint(
            "(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", name="finished_when"
        ),
        CheckConstraint("(state = 'done') = (report IS NOT NULL)", name="done_with_report"),
        Index(
            "uq_integrity_scans_one_unfinished",
            text("(finished_at IS NULL)"),
            unique=True,
            postgresql_where=text("finished_at IS NULL"),
        ),
        Index("ix_integrity_scans_finished_at", "finished_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    state: Mapped[ScanState] = mapped_column(String(20), default=ScanState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(default=utcnow)
    touched_at: Mapped[datetime] = mapped_column(default=utcnow)  # its last sign of life
    finished_at: Mapped[datetime | None]
    started_by: Mapped[str] = mapped_column(String(100))
    problem: Mapped[str | None]  # why it failed, in words
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
