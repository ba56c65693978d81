"""How often all sessions of a person were ended: who comes back signs in anew."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "staff",
        sa.Column("sessions_ended", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.alter_column("staff", "sessions_ended", server_default=None)


def downgrade() -> None:
    op.drop_column("staff", "sessions_ended")
