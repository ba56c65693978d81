"""The state of each job's picture, and which pictures are to be drawn without reading the table."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "jobs",
        sa.Column(
            "thumbnail",
            postgresql.JSONB(),
            server_default=sa.text("""'{"state": "pending"}'::jsonb"""),
            nullable=False,
        ),
    )
    op.alter_column("jobs", "thumbnail", server_default=None)
    op.create_index(
        "ix_jobs_thumbnail_due",
        "jobs",
        ["created_at"],
        postgresql_where=sa.text("thumbnail ->> 'state' = 'pending'"),
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_thumbnail_due", table_name="jobs")
    op.drop_column("jobs", "thumbnail")
