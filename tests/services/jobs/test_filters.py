"""A search with the index finds the same as without; the queue's orders have indexes."""

import random
import re
import unicodedata
from datetime import date

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from models import Job, Status, utcnow
from services import work
from services.jobs import filters, queue
from services.jobs.filters import Filters
from settings import settings as read
from tests.support import queries, rows
from tests.support.servers import connect

# Letters whose case is special: one that becomes two, two that become one, and by their place.
SPECIAL = "İıßẞΣσςǅǆKÅſﬁÄäÉéЖжאבعا王李あ한👩\u0301\u0345ΐŉ"
LETTERS = st.one_of(
    st.sampled_from(SPECIAL + "aZ09 .-_%\\/'@"),
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
)
FIELDS = st.lists(st.text(LETTERS, max_size=12), min_size=1, max_size=3)
CASES = (str, str.upper, str.lower, str.swapcase, str.title, str.casefold)
# The database's own, and others that an installation may have: each has its own notion of case.
# The last but one knows letters that become several, and those that depend on their place.
COLLATIONS = ("default", "pg_c_utf8", "pg_unicode_fast", "C")

COMPARE = """
SELECT (field COLLATE {0}) ILIKE '%%' || (word COLLATE {0}) || '%%' ESCAPE '/',
    search_grams(1, field COLLATE {0}) @>
        search_grams(least(3, char_length(lower(word COLLATE {0}))), word COLLATE {0})
FROM unnest(CAST(%s AS text[])) AS field, CAST(%s AS text) AS word
"""


@pytest.fixture(scope="module")
def connection(postgres_and_redis):
    with connect(read().database_url) as connection:
        yield connection


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    fields=FIELDS,
    at=st.integers(0, 11),
    size=st.integers(1, 12),
    case=st.sampled_from(CASES),
    composed=st.sampled_from((None, "NFC", "NFD")),
)
@example(["ΟΔΟΣ ΣΟΦΟΣ"], 0, 4, str.lower, None)
@example(["İstanbul"], 0, 3, str.lower, None)
@example(["STRASSE straße"], 0, 7, str.casefold, None)
@example(["\u212aelvin"], 0, 1, str.lower, None)
@example(["王李"], 1, 1, str, None)
def test_a_text_has_all_groups_of_every_word_in_it(connection, fields, at, size, case, composed):
    """Under every collation: what ILIKE finds, the index must not miss."""
    word = case(fields[0][at : at + size])
    word = unicodedata.normalize(composed, word) if composed else word
    escaped = word.replace("/", "//").replace("%", "/%").replace("_", "/_")
    if escaped != word or not word:
        return  # the pattern and the word are no longer the same text
    for name in COLLATIONS:
        compared = connection.execute(COMPARE.format(f'"{name}"'), (fields, word))
        for is_like, has_groups in compared:
            assert has_groups or not is_like, (name, fields, word)


@pytest.fixture
def some(people):
    """Jobs with names of many scripts; more than are looked through one by one."""
    random.seed(7)
    alphabet = "aábcdeéfßzž ΣσςİıЖж王李あ한0-_%"
    with work.unit() as session:
        for _ in range(60):
            name = "".join(random.choices(alphabet, k=random.randint(2, 30)))
            session.add(rows.make(student_name=name, original_filename=f"{name[::-1]}.stl"))
    return people


def found(people, wanted, **options):
    with work.unit() as session:
        return queue.list_jobs(session, wanted, actor=people.manager, limit=200, **options)


def words_in(text_):
    start = random.randrange(len(text_))
    return text_[start : start + random.randint(1, 6)].swapcase()


def test_searching_with_and_without_the_index_gives_the_same(some, monkeypatch):
    names = [job.student_name for job in found(some, Filters()).jobs]
    for _ in range(150):
        search = " ".join(words_in(random.choice(names)) for _ in range(random.randint(1, 2)))
        wanted = Filters(search=search, status=random.choice((None, Status.UPLOADED)))
        monkeypatch.setattr(queue, "FEW", 10_000)
        plain = found(some, wanted)
        monkeypatch.setattr(queue, "FEW", 0)
        by_index = found(some, wanted)
        assert [job.id for job in by_index.jobs] == [job.id for job in plain.jobs], search
        assert by_index.filtered == plain.filtered


def test_what_was_changed_is_found_as_it_is_now(some, monkeypatch):
    monkeypatch.setattr(queue, "FEW", 0)
    [job_id] = rows.add(1, student_name="Grace Hopper")
    assert [job.id for job in found(some, Filters(search="hopp")).jobs] == [job_id]
    with work.unit() as session:
        session.get_one(Job, job_id).student_name = "Grace Murray"
    assert found(some, Filters(search="hopp")).jobs == []
    assert [job.id for job in found(some, Filters(search="murr gra")).jobs] == [job_id]


def plan_of(query, *, without_sorting=True):
    """How PostgreSQL would do it if it had to do without walking through the table."""
    with work.unit() as session:
        for way in ("seqscan", *(["sort"] if without_sorting else [])):
            session.execute(text(f"SET LOCAL enable_{way} = off"))
        compiled = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        return "\n".join(session.connection().exec_driver_sql(f"EXPLAIN {compiled}").scalars())


@pytest.mark.parametrize("sort", filters.SORTS)
@pytest.mark.parametrize("status", [None, Status.ARCHIVED])
def test_every_order_is_that_of_an_index(people, sort, status):
    query = filters.narrow(select(Job.id), Filters(status=status)).order_by(*filters.order(sort))
    plan = plan_of(query.limit(50))
    assert "Index Only Scan" in plan and "Sort" not in plan, plan


def test_a_word_is_looked_up_in_the_index_of_texts(people):
    rows.add(50)
    for word in ("stu", "student", "ü", "王"):
        query = filters.narrow(select(Job.id), Filters(search=word), by_index=[word])
        assert "ix_jobs_search" in plan_of(query), word


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Filters(unreviewed=True), "ix_jobs_unreviewed"),
        (Filters(confirmation_expired=True), "ix_jobs_confirmation_expired"),
    ],
)
def test_rare_conditions_have_partial_indexes(people, wanted, index):
    rows.add(300, staff_viewed_at=utcnow())
    rows.add(3)
    rows.add(3, Status.PENDING, is_confirmation_expired=True)
    analyze()
    assert index in plan_of(filters.narrow(select(Job.id), wanted), without_sorting=False)


@pytest.mark.parametrize("status", [None, Status.ARCHIVED])
def test_dates_limit_the_index_range(people, status):
    wanted = Filters(status=status, submitted_from=date(2026, 3, 1), printer="prusa_mk4s")
    plan = plan_of(filters.narrow(select(Job.id), wanted).order_by(*filters.order("newest")))
    assert "Index Only Scan Backward" in plan
    assert re.search(r"Index Cond: .*created_at", plan), plan


@pytest.mark.parametrize(
    "wanted",
    [
        Filters(),
        Filters(status=Status.UPLOADED),
        Filters(search="student part"),
        Filters(search="student", status=Status.UPLOADED, printer="prusa_mk4s"),
        Filters(discipline="Engineering", unreviewed=True),
    ],
)
@pytest.mark.parametrize("few", [0, 2000])
def test_the_queue_costs_the_same_number_of_queries_whatever_there_is(
    people, wanted, few, monkeypatch
):
    monkeypatch.setattr(queue, "FEW", few)
    costs = []
    for number in (1, 59):
        rows.add(number)
        show(people, wanted)  # the hint which groups are common is read now and then
        with queries.noted() as asked:
            show(people, wanted)
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 6


def show(people, wanted):
    """What the console asks for at a refresh."""
    with work.unit() as session:
        counted = queue.count_by_status(session, actor=people.manager, filters=wanted, at_most=1000)
        page = queue.list_jobs(session, wanted, actor=people.manager, counted=counted)
        queue.read_news(session, actor=people.manager)
    assert page.filtered == len(page.jobs) or page.filtered > 50


def test_common_groups_are_known_from_the_statistics(people, monkeypatch):
    """Every job has “uni” in its e-mail, and one a name of its own."""
    rows.add(300)
    rows.add(1, student_name="Quetzal")
    analyze()
    monkeypatch.setattr(filters, "_common", (float("-inf"), frozenset()))
    wanted = Filters(search="uni.example student Quetzal @")
    with work.unit() as session:
        assert filters.find_rare_words(session, wanted) == ["Quetzal"]


def analyze():
    with connect(read().database_url) as connection:
        connection.execute("ANALYZE jobs")
