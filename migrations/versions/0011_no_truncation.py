"""History that cannot be emptied either: TRUNCATE fires no trigger for rows.

Nor can what events belong to, because TRUNCATE of `jobs` needs CASCADE, which reaches `events`.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("events", "audit_log")


def upgrade() -> None:
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_no_truncation BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TRIGGER {table}_no_truncation ON {table}")
