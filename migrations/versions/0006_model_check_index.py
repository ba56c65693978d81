"""Which checks and pictures are missing or out of date, without reading the table."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_jobs_model_checker", "jobs", [sa.text("(model ->> 'checker')")])
    op.create_index("ix_jobs_thumbnail_version", "jobs", [sa.text("(thumbnail ->> 'version')")])
    op.drop_index("ix_jobs_thumbnail_due", table_name="jobs")


def downgrade() -> None:
    op.create_index(
        "ix_jobs_thumbnail_due",
        "jobs",
        ["created_at"],
        postgresql_where=sa.text("thumbnail ->> 'state' = 'pending'"),
    )
    op.drop_index("ix_jobs_thumbnail_version", table_name="jobs")
    op.drop_index("ix_jobs_model_checker", table_name="jobs")
