"""The exports of the reports page: access, and files that open correctly."""

import csv
import io
import tracemalloc
import urllib.parse
from datetime import datetime

import openpyxl
import pytest
from sqlalchemy import text

from models import Role
from services import work
from services.reports import stats
from services.reports.tables import TABLES
from tests.support.client import changed_job

EXPORT = "/reports/export"
NASTY = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =cmd|' /C calc'!A0"]


def fetch(browser, name, **query):
    answer = browser.get(f"{EXPORT}/{name}", query_string=query, buffered=True)
    assert answer.status_code == 200, answer.text
    return answer


def read_csv(answer):
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf"), "Excel knows UTF-8 by its mark"
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert {len(row) for row in rows} == {len(rows[0])}
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def read_book(answer):
    assert answer.mimetype.endswith("spreadsheetml.sheet")
    return openpyxl.load_workbook(io.BytesIO(answer.data))


def read_sheet(sheet):
    first, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(first, row, strict=True)) for row in rows]


def test_a_stranger_signs_in_and_returns_to_the_export(desk):
    answer = desk.client().get(f"{EXPORT}/jobs.csv?period=7d")
    assert answer.status_code == 302
    wanted = urllib.parse.quote(f"{EXPORT}/jobs.csv?period=7d")
    assert answer.headers["Location"] == f"/login?next={wanted}"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("role", Role)
def test_every_chart_is_exported_with_and_without_anything_in_it(desk, role, kind):
    browser = desk.browser(role)
    for name in TABLES:
        empty = fetch(browser, f"{name}.{kind}")
        assert f"printdesk-{name}-" in empty.headers["Content-Disposition"]
        assert empty.headers["Cache-Control"] == "no-store"
    for status in ("PAIDPICKEDUP", "REJECTED", "PRINTING", "PENDING"):
        desk.job(status)
    for name in TABLES:
        filled = fetch(browser, f"{name}.{kind}", period="7d")
        rows = read_csv(filled) if kind == "csv" else read_sheet(read_book(filled).worksheets[0])
        assert rows or name in ("staff", "failures"), name


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_jobs_behind_a_report_are_those_it_counts(desk, kind):
    desk.job("PAIDPICKEDUP", discipline="Art")
    desk.job("REJECTED", discipline="Art")
    desk.job("PENDING")
    with changed_job(desk.job("PENDING")) as old:
        old.created_at = datetime.fromisoformat("2020-01-01T00:00:00Z")
    browser = desk.browser(Role.MANAGER)

    def jobs(**query):
        answer = fetch(browser, f"jobs.{kind}", **query)
        return read_csv(answer) if kind == "csv" else read_sheet(read_book(answer)["Jobs"])

    assert len(jobs()) == 3
    assert len(jobs(period="all")) == 4
    assert len(jobs(printer="formlabs_form3")) == 0
    paid, rejected = jobs(discipline="Art")
    assert (paid["Status"], rejected["Status"]) == ("Picked up", "Rejected")
    assert str(paid["Price (cents)"]) == "425" and str(paid["Grams"]) == "42.5"
    assert rejected["Rejected because"] == "Walls are too thin to print"
    assert [job["Confirmation"] for job in jobs(confirmation="waiting")] == [
        "Waiting for the student"
    ]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_typed_text_is_never_a_formula(desk, kind):
    for number, name in enumerate(NASTY):
        job_id = desk.job("PAIDPICKEDUP")
        with changed_job(job_id) as job:
            job.student_name, job.class_number = name, NASTY[-1 - number]
    browser = desk.browser(Role.MANAGER)
    month = f"{stats.today():%Y-%m}"
    for name in (f"jobs.{kind}", f"transactions.{kind}", f"classes.{kind}"):
        answer = fetch(browser, name, month=month)
        if kind == "csv":
            cells = [value for row in read_csv(answer) for value in row.values()]
            starting = ("=", "+", "-", "@", "\t", "\r", "\n")
            assert not [cell for cell in cells if cell.strip(" ").startswith(starting)], name
        else:
            for sheet in read_book(answer).worksheets:
                cells = [cell for row in sheet.iter_rows() for cell in row]
                assert not [cell for cell in cells if cell.data_type == "f"], name
                texts = [cell.value for cell in cells if cell.data_type in ("s", "inlineStr")]
                assert not [text for text in texts if text.lstrip().startswith(tuple("=+-@"))]


def test_a_workbook_keeps_numbers_and_times_and_names_in_any_script(desk):
    job_id = desk.job("PAIDPICKEDUP", student_name="李 思雨 Łucja")
    with changed_job(job_id) as job:
        job.created_at = datetime.fromisoformat("2026-07-01T04:30:00Z")
    book = read_book(fetch(desk.browser(Role.MANAGER), "jobs.xlsx", period="all"))
    [job] = read_sheet(book["Jobs"])
    assert job["Student"] == "李 思雨 Łucja"
    assert (job["Grams"], job["Price (cents)"]) == (42.5, 425)
    assert job["Submitted"] == datetime(2026, 6, 30, 23, 30), "the lab is in Chicago"
    about = dict(book["About"].iter_rows(values_only=True))
    assert about["Period"].startswith("All time: 2026-06-30 to ")
    [same] = read_csv(fetch(desk.browser(Role.MANAGER), "jobs.csv", period="all"))
    assert (same["Student"], same["Submitted"]) == ("李 思雨 Łucja", "2026-06-30 23:30")


def test_a_month_s_transactions_are_what_was_paid_in_it(desk):
    paid, earlier = desk.job("PAIDPICKEDUP"), desk.job("PAIDPICKEDUP")
    desk.job("COMPLETED")
    with work.unit() as session:
        session.execute(text("ALTER TABLE events DISABLE TRIGGER USER"))
        session.execute(
            text("UPDATE events SET timestamp = :at WHERE job_id = :job AND moved_to = :status"),
            {"at": "2026-02-03T12:00:00Z", "job": earlier, "status": "PAIDPICKEDUP"},
        )
        session.execute(text("ALTER TABLE events ENABLE TRIGGER USER"))
    browser = desk.browser(Role.MANAGER)
    [row] = read_csv(fetch(browser, "transactions.csv", month=f"{stats.today():%Y-%m}"))
    assert row["Job"] == paid[:8]
    assert (row["Student"], row["Class"]) == ("Ada Lovelace", "ARCH 4000")
    assert (row["Grams"], row["Price (cents)"]) == ("42.5", "425")
    assert row["Handed over by"] == "Sam Staff"
    for name in ("Submitted", "Confirmed", "Print completed", "Paid and picked up"):
        assert datetime.strptime(row[name], "%Y-%m-%d %H:%M")
    february = fetch(browser, "transactions.xlsx", month="2026-02")
    [other] = read_sheet(read_book(february)["Transactions"])
    assert other["Job"] == earlier[:8]
    assert "2026-02-01-to-2026-02-28.xlsx" in february.headers["Content-Disposition"]


def test_staff_see_their_own_activity_and_administrators_everybody_s(desk):
    desk.add_person(Role.STAFF, "Kim Colleague")
    desk.job("REJECTED")

    def people_in(role, name=""):
        answer = fetch(desk.browser(role, name), "staff.csv")
        return {row["Person"] for row in read_csv(answer)}

    assert people_in(Role.STAFF) == people_in(Role.ADMIN) == {"Sam Staff"}
    assert people_in(Role.MANAGER) == people_in(Role.STAFF, "Kim Colleague") == set()
    book = read_book(fetch(desk.browser(Role.MANAGER), "everything.xlsx"))
    assert read_sheet(book["Staff"]) == []


def test_everything_is_a_workbook_with_a_sheet_for_each_chart(desk):
    desk.job("PAIDPICKEDUP")
    book = read_book(fetch(desk.browser(), "everything.xlsx"))
    assert len(book.sheetnames) == len(TABLES) + 1
    [first, *_] = read_sheet(book["Funnel"])
    assert first == {"Step": "Submitted", "Jobs": 1, "Share of all submitted": 1}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("jobs.pdf", 404),
        ("nothing.csv", 404),
        ("everything.csv", 404),
        ("jobs.csv?period=century", 400),
        ("jobs.csv?from=2026-02-30", 400),
        ("transactions.csv", 400),
        ("transactions.csv?month=2026-13", 400),
        ("jobs.csv?printer=%00", 400),
    ],
)
def test_an_unknown_export_is_refused_with_a_message(desk, name, status):
    answer = desk.browser().get(f"{EXPORT}/{name}")
    assert answer.status_code == status
    assert answer.mimetype == "text/html"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_number_of_jobs(desk, kind):
    desk.job("PENDING")
    browser = desk.browser(Role.MANAGER)
    peaks = []
    for number in (300, 6000):
        with work.unit() as session:
            session.execute(text(_COPIES), {"number": number})
        fetch(browser, f"jobs.{kind}")
        tracemalloc.start()
        answer = browser.get(f"{EXPORT}/jobs.{kind}", buffered=False)
        size = sum(len(piece) for piece in answer.response)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        answer.close()
    assert size > 100_000
    assert peaks[1] < peaks[0] + 3_000_000, peaks


# Copies of the one job there is.
_COPIES = """
INSERT INTO jobs SELECT (jsonb_populate_record(NULL::jobs, to_jsonb(one) || jsonb_build_object(
    'id', lpad(to_hex(each), 8, '0') || md5('x' || each), 'short_id', lpad(to_hex(each), 8, '0')
))).* FROM (SELECT * FROM jobs ORDER BY created_at LIMIT 1) AS one,
generate_series(1, :number) AS each ON CONFLICT DO NOTHING
"""
