"""A student's print request: the central row."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id, utcnow
from models.enums import Status

# The columns that a search covers.
SEARCHED = (
    "student_name",
    "student_email",
    "class_number",
    "id",
    "display_name",
    "original_filename",
)
_TEXTS = [f"{name}::text" for name in SEARCHED]  # as PostgreSQL itself writes them
_FILTERS = ["printer", "discipline", "material"]
_REPORTED = [
    *("created_at", "status", "status_changed_at", "printer", "discipline", "material", "color"),
    *("weight_g", "cost_cents", "student_confirmed", "is_confirmation_expired"),
]
_NAME = text("lower(student_name)")
_STATUSES = ", ".join(f"'{status.value}'" for status in Status)


class Job(Base):
    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(f"status IN ({_STATUSES})", name="status"),
        CheckConstraint("short_id = left(id, 8)", name="short_id"),
        CheckConstraint("weight_g > 0 AND time_hours > 0 AND cost_cents >= 0", name="amounts"),
        CheckConstraint("(locked_by_id IS NULL) = (locked_until IS NULL)", name="lock_is_whole"),
        CheckConstraint(
            "NOT student_confirmed OR student_confirmed_at IS NOT NULL",
            name="confirmed_when",
        ),
        # The queue, one index for each of its orders: within a status, and across all of them. They
        # include the id, so that a page is found without reading the jobs before it, and the filter
        # columns, so that matches are counted without reading the jobs.
        Index("ix_jobs_status_created", "status", "created_at", "id", postgresql_include=_FILTERS),
        Index("ix_jobs_status_updated", "status", "updated_at", "id"),
        Index("ix_jobs_status_name", "status", _NAME, "id", postgresql_include=["student_name"]),
        Index("ix_jobs_created", "created_at", "id", postgresql_include=_FILTERS),
        Index("ix_jobs_updated", "updated_at", "id"),
        Index("ix_jobs_name", _NAME, "id", postgresql_include=["student_name"]),
        Index(
            "ix_jobs_unreviewed",
            "created_at",
            postgresql_where=text("status = 'UPLOADED' AND staff_viewed_at IS NULL"),
        ),
        Index(
            "ix_jobs_confirmation_expired",
            "created_at",
            postgresql_where=text("is_confirmation_expired"),
        ),
        # Changes collect in a pending list of this size (kB), which every search reads, and are
        # then merged. At 100,000 jobs that takes 0.15 s at every 150th change, and 1 ms on average.
        Index(
            "ix_jobs_search",
            text(f"search_grams(1, VARIADIC ARRAY[{', '.join(_TEXTS)}])"),
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": 1024},
        ),
        Index("ix_jobs_lower_email_file_hash", text("lower(student_email)"), "file_hash"),
        Index(
            "ix_jobs_locked_until",
            "locked_until",
            postgresql_where=text("locked_until IS NOT NULL"),
        ),
        # Index-only scans for the reports, ordered for joins on the job's id.
        Index("ix_jobs_reports", "id", postgresql_include=_REPORTED),
        # A missing result has no version: one index finds missing and outdated results.
        Index("ix_jobs_model_checker", text("(model ->> 'checker')")),
        Index("ix_jobs_thumbnail_version", text("(thumbnail ->> 'version')")),
        Index(
            "ix_jobs_confirmation_due",
            "confirmation_expires_at",
            postgresql_where=text("status = 'PENDING' AND NOT is_confirmation_expired"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    short_id: Mapped[str] = mapped_column(String(8), unique=True)  # the SimpleJobID people see
    student_name: Mapped[str] = mapped_column(String(100))
    student_email: Mapped[str] = mapped_column(String(100))  # as typed; compared in lower case
    discipline: Mapped[str] = mapped_column(String(50))
    class_number: Mapped[str] = mapped_column(String(50))

    original_filename: Mapped[str] = mapped_column(String(256))  # as the student named it
    original_name: Mapped[str] = mapped_column(String(256))  # the original's name in the folder
    display_name: Mapped[str] = mapped_column(String(256))  # the authoritative file's name there
    folder: Mapped[str] = mapped_column(String(512))  # under the storage root, "/" on every system
    file_hash: Mapped[str] = mapped_column(String(64))  # SHA-256 of the original, hex
    file_size: Mapped[int]  # bytes of the original
    model: Mapped[dict[str, Any]] = mapped_column(default=lambda: {"state": "pending"})
    # The picture of the model: see services/checks/thumbnails.py.
    thumbnail: Mapped[dict[str, Any]] = mapped_column(default=lambda: {"state": "pending"})

    status: Mapped[Status] = mapped_column(String(20))
    status_changed_at: Mapped[datetime] = mapped_column(default=utcnow)
    printer: Mapped[str] = mapped_column(String(64))
    color: Mapped[str] = mapped_column(String(32))
    material: Mapped[str] = mapped_column(String(32))
    weight_g: Mapped[float | None]
    time_hours: Mapped[float | None]
    cost_cents: Mapped[int | None]

    acknowledged_minimum_charge: Mapped[bool]
    student_confirmed: Mapped[bool] = mapped_column(default=False)
    student_confirmed_at: Mapped[datetime | None]
    confirmation_expires_at: Mapped[datetime | None]
    is_confirmation_expired: Mapped[bool] = mapped_column(default=False)

    reject_reasons: Mapped[list[str] | None]
    staff_viewed_at: Mapped[datetime | None]
    last_updated_by: Mapped[str | None] = mapped_column(String(100))
    notes: Mapped[str | None]

    locked_by_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    locked_by_name: Mapped[str | None]
    locked_until: Mapped[datetime | None]

    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow)

    @property
    def file_path(self) -> str:
        """The authoritative file, under the storage root."""
        return f"{self.folder}/{self.display_name}"
