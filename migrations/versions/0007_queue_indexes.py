"""A queue that stays fast with every job the lab ever had: its orders, its search, its numbers.

`search_grams` gives the groups of one, two and three characters that a text consists of, each as a
number. A word can only be in a text that has all of its groups, which a GIN index tells; the few
jobs that it finds are then compared. It calls nothing outside pg_catalog, because PostgreSQL builds
and analyses indexes with an empty search path.

`job_counts` has a row for each change of the number of jobs in a status: see models/job_count.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FILTERS = ["printer", "discipline", "material"]
NAME = sa.text("lower(student_name)")

# Lower case of each field by itself, as ILIKE compares it. A code point has at most 21 bits, so
# three of them fit into a bigint, and groups of different lengths are never the same number. A word
# is asked for by its longest groups only, hence `shortest`.
# The cost says that the index is worth more than reading texts: calling it takes about 0.1 ms.
SEARCH_GRAMS = """
CREATE FUNCTION search_grams(shortest integer, VARIADIC fields text[]) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 4000 AS $$
DECLARE
    field text;
    letter text;
    first bigint;
    second bigint;
    third bigint;
    found bigint[] := '{}';
    size integer := 0;
BEGIN
    FOREACH field IN ARRAY fields LOOP
        first := 0;
        second := 0;
        FOREACH letter IN ARRAY string_to_array(lower(field), NULL) LOOP
            third := ascii(letter);
            IF first > 0 THEN
                size := size + 1;
                found[size] := (first << 42) | (second << 21) | third;
            END IF;
            IF second > 0 AND shortest <= 2 THEN
                size := size + 1;
                found[size] := (second << 21) | third;
            END IF;
            IF shortest = 1 THEN
                size := size + 1;
                found[size] := third;
            END IF;
            first := second;
            second := third;
        END LOOP;
    END LOOP;
    RETURN found;
END $$
"""

COUNT_JOBS = """
CREATE FUNCTION count_jobs() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    CASE TG_OP
    WHEN 'INSERT' THEN
        INSERT INTO job_counts (status, change)
        SELECT status, count(*) FROM changed GROUP BY status;
    WHEN 'UPDATE' THEN
        INSERT INTO job_counts (status, change) VALUES (OLD.status, -1), (NEW.status, 1);
    WHEN 'DELETE' THEN
        INSERT INTO job_counts (status, change)
        SELECT status, -count(*) FROM changed GROUP BY status;
    WHEN 'TRUNCATE' THEN
        DELETE FROM job_counts;
    END CASE;
    RETURN NULL;
END $$
"""

TRIGGERS = {
    "jobs_inserted": "AFTER INSERT ON jobs REFERENCING NEW TABLE AS changed FOR EACH STATEMENT",
    "jobs_deleted": "AFTER DELETE ON jobs REFERENCING OLD TABLE AS changed FOR EACH STATEMENT",
    "jobs_truncated": "AFTER TRUNCATE ON jobs FOR EACH STATEMENT",
    "jobs_moved": "AFTER UPDATE OF status ON jobs FOR EACH ROW "
    "WHEN (OLD.status IS DISTINCT FROM NEW.status)",
}


def upgrade() -> None:
    make_indexes()
    op.create_table(
        "job_counts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_counts")),
    )
    op.execute(COUNT_JOBS)
    for name, when in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION count_jobs()")
    op.execute(
        "INSERT INTO job_counts (status, change) SELECT status, count(*) FROM jobs GROUP BY status"
    )


def make_indexes() -> None:
    by_name = {"postgresql_include": ["student_name"]}
    by_time = {"postgresql_include": FILTERS}
    op.create_index("ix_jobs_status_created", "jobs", ["status", "created_at", "id"], **by_time)
    op.create_index("ix_jobs_status_updated", "jobs", ["status", "updated_at", "id"])
    op.create_index("ix_jobs_status_name", "jobs", ["status", NAME, "id"], **by_name)
    op.create_index("ix_jobs_created", "jobs", ["created_at", "id"], **by_time)
    op.create_index("ix_jobs_updated", "jobs", ["updated_at", "id"])
    op.create_index("ix_jobs_name", "jobs", [NAME, "id"], **by_name)
    op.drop_index("ix_jobs_status_created_at", table_name="jobs")
    op.create_index(
        "ix_jobs_unreviewed",
        "jobs",
        ["created_at"],
        postgresql_where=sa.text("status = 'UPLOADED' AND staff_viewed_at IS NULL"),
    )
    op.create_index(
        "ix_jobs_confirmation_expired",
        "jobs",
        ["created_at"],
        postgresql_where=sa.text("is_confirmation_expired"),
    )
    op.execute(SEARCH_GRAMS)
    fields = "student_name, student_email, class_number, id, display_name, original_filename"
    op.create_index(
        "ix_jobs_search",
        "jobs",
        [sa.text(f"search_grams(1, {fields})")],
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 1024},
    )


def downgrade() -> None:
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON jobs")
    op.execute("DROP FUNCTION count_jobs()")
    op.drop_table("job_counts")
    for name in ("search", "confirmation_expired", "unreviewed", "name", "updated", "created"):
        op.drop_index(f"ix_jobs_{name}", table_name="jobs")
    for name in ("name", "updated", "created"):
        op.drop_index(f"ix_jobs_status_{name}", table_name="jobs")
    op.execute("DROP FUNCTION search_grams(integer, text[])")
    op.create_index("ix_jobs_status_created_at", "jobs", ["status", "created_at"])
