"""The integrity audit's scans and their reports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "integrity_scans",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_by", sa.String(length=100), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column(
            "report",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed')",
            name=op.f("ck_integrity_scans_state"),
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'failed')) = (finished_at IS NOT NULL)",
            name=op.f("ck_integrity_scans_finished_when"),
        ),
        sa.CheckConstraint(
            "(state = 'done') = (report IS NOT NULL)",
            name=op.f("ck_integrity_scans_done_with_report"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrity_scans")),
    )
    op.create_index(
        "uq_integrity_scans_one_unfinished",
        "integrity_scans",
        [sa.literal_column("(finished_at IS NULL)")],
        unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_index("ix_integrity_scans_finished_at", "integrity_scans", ["finished_at"])


def downgrade() -> None:
    op.drop_table("integrity_scans")
