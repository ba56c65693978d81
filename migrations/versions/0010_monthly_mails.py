"""Mails that are about a month instead of a job, with pictures in them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("mails", "job_id", existing_type=sa.String(), nullable=True)
    op.add_column("mails", sa.Column("month", sa.Date()))
    op.add_column(
        "mails",
        sa.Column("pictures", postgresql.JSONB(none_as_null=True, astext_type=sa.Text())),
    )
    op.create_check_constraint(
        op.f("ck_mails_about_one_thing"), "mails", "(job_id IS NULL) = (month IS NOT NULL)"
    )
    op.create_index("uq_mails_month_recipient", "mails", ["month", "recipient"], unique=True)


def downgrade() -> None:
    op.execute("DELETE FROM mails WHERE job_id IS NULL")
    op.drop_index("uq_mails_month_recipient", table_name="mails")
    op.drop_constraint(op.f("ck_mails_about_one_thing"), "mails", type_="check")
    op.drop_column("mails", "pictures")
    op.drop_column("mails", "month")
    op.alter_column("mails", "job_id", existing_type=sa.String(), nullable=False)
