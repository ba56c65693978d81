"""Where each event brought its job, and what the reports read instead of the rows."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOVED_TO = (
    "CASE WHEN details ->> 'action' = 'mark-failed' THEN NULL ELSE details ->> 'new_status' END"
)
TAKEN_BACK = "details ->> 'old_status' = 'PAIDPICKEDUP' AND moved_to <> 'ARCHIVED'"
REVIEWS = "event_type IN ('Reviewed', 'StaffApproved', 'StaffRejected')"
OF_JOBS = [
    *("created_at", "status", "status_changed_at", "printer", "discipline", "material", "color"),
    *("weight_g", "cost_cents", "student_confirmed", "is_confirmation_expired"),
]


def upgrade() -> None:
    op.add_column(
        "events",
        sa.Column("moved_to", sa.String(length=20), sa.Computed(MOVED_TO, persisted=True)),
    )
    index_events("moves", ["job_id", "id"], ["timestamp", "moved_to"], "moved_to <> 'ARCHIVED'")
    index_events(
        "picked_up", ["timestamp"], ["job_id", "id", "user_name"], "moved_to = 'PAIDPICKEDUP'"
    )
    index_events("taken_back", ["job_id", "id"], [], TAKEN_BACK)
    index_events("reviews", ["job_id", "id"], ["timestamp", "triggered_by"], REVIEWS)
    index_events(
        "by_people",
        ["event_type", "timestamp"],
        ["triggered_by", "job_id"],
        "triggered_by NOT IN ('student', 'system')",
    )
    op.create_index("ix_jobs_reports", "jobs", ["id"], postgresql_include=OF_JOBS)
    op.create_index(
        "ix_print_runs_job_id_printer",
        "print_runs",
        ["job_id", "printer"],
        postgresql_include=["outcome", "started_at", "ended_at"],
    )
    op.create_index("ix_print_runs_ended_at", "print_runs", ["ended_at"])
    op.drop_index("ix_print_runs_job_id", table_name="print_runs")
    # The new column has written every event anew. Until they are vacuumed, no index spares reading
    # them, and autovacuum does not know that it is due.
    with op.get_context().autocommit_block():
        op.execute("VACUUM ANALYZE events")


def index_events(name: str, columns: list[str], held: list[str], condition: str) -> None:
    include = {"postgresql_include": held} if held else {}
    op.create_index(
        f"ix_events_{name}", "events", columns, postgresql_where=sa.text(condition), **include
    )


def downgrade() -> None:
    op.create_index("ix_print_runs_job_id", "print_runs", ["job_id"])
    op.drop_index("ix_print_runs_ended_at", table_name="print_runs")
    op.drop_index("ix_print_runs_job_id_printer", table_name="print_runs")
    op.drop_index("ix_jobs_reports", table_name="jobs")
    for name in ("by_people", "reviews", "taken_back", "picked_up", "moves"):
        op.drop_index(f"ix_events_{name}", table_name="events")
    op.drop_column("events", "moved_to")
