"""The tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=50), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("triggered_by", sa.String(length=100), nullable=False),
        sa.Column("user_name", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_timestamp", "audit_log", ["timestamp"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('manager', 'staff', 'admin')", name=op.f("ck_staff_role")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_staff_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
        sa.UniqueConstraint("subject", name=op.f("uq_staff_subject")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("short_id", sa.String(length=8), nullable=False),
        sa.Column("student_name", sa.String(length=100), nullable=False),
        sa.Column("student_email", sa.String(length=100), nullable=False),
        sa.Column("discipline", sa.String(length=50), nullable=False),
        sa.Column("class_number", sa.String(length=50), nullable=False),
        sa.Column("original_filename", sa.String(length=256), nullable=False),
        sa.Column("original_name", sa.String(length=256), nullable=False),
        sa.Column("display_name", sa.String(length=256), nullable=False),
        sa.Column("folder", sa.String(length=512), nullable=False),
        sa.Column("file_hash", sa.String(length=64), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("model", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("status_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("printer", sa.String(length=64), nullable=False),
        sa.Column("color", sa.String(length=32), nullable=False),
        sa.Column("material", sa.String(length=32), nullable=False),
        sa.Column("weight_g", sa.Double(), nullable=True),
        sa.Column("time_hours", sa.Double(), nullable=True),
        sa.Column("cost_cents", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_minimum_charge", sa.Boolean(), nullable=False),
        sa.Column("student_confirmed", sa.Boolean(), nullable=False),
        sa.Column("student_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmation_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_confirmation_expired", sa.Boolean(), nullable=False),
        sa.Column(
            "reject_reasons",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
        ),
        sa.Column("staff_viewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_updated_by", sa.String(length=100), nullable=True),
        sa.Column("notes", sa.String(), nullable=True),
        sa.Column("locked_by_id", sa.String(), nullable=True),
        sa.Column("locked_by_name", sa.String(), nullable=True),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('UPLOADED', 'PENDING', 'READYTOPRINT', 'PRINTING', 'COMPLETED', "
            "'PAIDPICKEDUP', 'REJECTED', 'ARCHIVED')",
            name=op.f("ck_jobs_status"),
        ),
        sa.CheckConstraint(
            "(locked_by_id IS NULL) = (locked_until IS NULL)",
            name=op.f("ck_jobs_lock_is_whole"),
        ),
        sa.CheckConstraint(
            "NOT student_confirmed OR student_confirmed_at IS NOT NULL",
            name=op.f("ck_jobs_confirmed_when"),
        ),
        sa.CheckConstraint("short_id = left(id, 8)", name=op.f("ck_jobs_short_id")),
        sa.CheckConstraint(
            "weight_g > 0 AND time_hours > 0 AND cost_cents >= 0",
            name=op.f("ck_jobs_amounts"),
        ),
        sa.ForeignKeyConstraint(
            ["locked_by_id"], ["staff.id"], name=op.f("fk_jobs_locked_by_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("short_id", name=op.f("uq_jobs_short_id")),
    )
    op.create_index(
        "ix_jobs_confirmation_due",
        "jobs",
        ["confirmation_expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'PENDING' AND NOT is_confirmation_expired"),
    )
    op.create_index(
        "ix_jobs_lower_email_file_hash",
        "jobs",
        [sa.literal_column("lower(student_email)"), "file_hash"],
        unique=False,
    )
    op.create_index("ix_jobs_status_created_at", "jobs", ["status", "created_at"], unique=False)
    op.create_table(
        "confirmations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["jobs.id"],
            name=op.f("fk_confirmations_job_id_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_confirmations_token_hash")),
    )
    op.create_index("ix_confirmations_job_id", "confirmations", ["job_id"], unique=False)
    op.create_index(
        "uq_confirmations_one_open",
        "confirmations",
        ["job_id"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND replaced_at IS NULL"),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_type", sa.String(length=50), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("triggered_by", sa.String(length=100), nullable=False),
        sa.Column("user_name", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_events_job_id_jobs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(
        "ix_events_event_type_timestamp",
        "events",
        ["event_type", "timestamp"],
        unique=False,
    )
    op.create_index("ix_events_job_id_id", "events", ["job_id", "id"], unique=False)
    op.create_index("ix_events_timestamp", "events", ["timestamp"], unique=False)
    op.create_table(
        "print_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("printer", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("operator_id", sa.String(length=100), nullable=False),
        sa.Column("operator_name", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('completed', 'failed', 'cancelled')",
            name=op.f("ck_print_runs_outcome"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (outcome IS NULL)",
            name=op.f("ck_print_runs_ended_with_outcome"),
        ),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_print_runs_order")),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["jobs.id"],
            name=op.f("fk_print_runs_job_id_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_runs")),
    )
    op.create_index("ix_print_runs_job_id", "print_runs", ["job_id"], unique=False)
    op.create_index(
        "ix_print_runs_printer_started_at",
        "print_runs",
        ["printer", "started_at"],
        unique=False,
    )
    op.create_index(
        "uq_print_runs_one_open",
        "print_runs",
        ["job_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "mails",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("confirmation_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("resent_by", sa.String(), nullable=True),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_mails_sent_when")
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'sent', 'failed', 'cancelled')",
            name=op.f("ck_mails_state"),
        ),
        sa.ForeignKeyConstraint(
            ["confirmation_id"],
            ["confirmations.id"],
            name=op.f("fk_mails_confirmation_id_confirmations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["jobs.id"],
            name=op.f("fk_mails_job_id_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
    )
    op.create_index("ix_mails_created_at", "mails", ["created_at"], unique=False)
    op.create_index(
        "ix_mails_due",
        "mails",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index("ix_mails_job_id", "mails", ["job_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_mails_job_id", table_name="mails")
    op.drop_index("ix_mails_due", table_name="mails", postgresql_where=sa.text("state = 'queued'"))
    op.drop_index("ix_mails_created_at", table_name="mails")
    op.drop_table("mails")
    op.drop_index(
        "uq_print_runs_one_open",
        table_name="print_runs",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index("ix_print_runs_printer_started_at", table_name="print_runs")
    op.drop_index("ix_print_runs_job_id", table_name="print_runs")
    op.drop_table("print_runs")
    op.drop_index("ix_events_timestamp", table_name="events")
    op.drop_index("ix_events_job_id_id", table_name="events")
    op.drop_index("ix_events_event_type_timestamp", table_name="events")
    op.drop_table("events")
    op.drop_index(
        "uq_confirmations_one_open",
        table_name="confirmations",
        postgresql_where=sa.text("used_at IS NULL AND replaced_at IS NULL"),
    )
    op.drop_index("ix_confirmations_job_id", table_name="confirmations")
    op.drop_table("confirmations")
    op.drop_index("ix_jobs_status_created_at", table_name="jobs")
    op.drop_index("ix_jobs_lower_email_file_hash", table_name="jobs")
    op.drop_index(
        "ix_jobs_confirmation_due",
        table_name="jobs",
        postgresql_where=sa.text("status = 'PENDING' AND NOT is_confirmation_expired"),
    )
    op.drop_table("jobs")
    op.drop_table("staff")
    op.drop_index("ix_audit_log_timestamp", table_name="audit_log")
    op.drop_table("audit_log")
