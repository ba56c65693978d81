"""The reports page: filters, charts with links, and exports."""

import csv
import io
import re

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.browser.test_console import new_job
from tests.support import axe
from tests.support.pages import lead_to, sign_in


@pytest.fixture
def reports(new_page, live):
    page = new_page(viewport={"width": 1440, "height": 900})
    sign_in(page, live)
    lead_to(page, new_job(page, "Reported Person", printer="prusa_xl"), "PAIDPICKEDUP")
    formula = new_job(
        page, "=HYPERLINK(1)", discipline="Engineering", student_email="formula@uni.example"
    )
    lead_to(page, formula, "REJECTED")
    page.goto("/reports")
    return page


def chart(page, title):
    return page.locator(".pd-report-card", has=page.get_by_role("heading", name=title, exact=True))


def drawn(page, title):
    """The card of a chart, with its chart drawn."""
    expect(page.locator(".pd-tile-value")).to_have_count(8)  # what is above it has come
    card = chart(page, title)
    expect(card.locator(".js-plotly-plot .main-svg").first).to_be_visible(timeout=30_000)
    return card


def numbers_of(card):
    card.get_by_text("The numbers").click()
    return card.locator("tbody tr").all_inner_texts()


def test_the_numbers_are_those_of_the_lab(reports):
    stats = reports.request.get("/api/v1/stats/detailed?days=30").json()
    tile = reports.locator(".pd-tile", has_text="Submissions")
    expect(tile).to_contain_text(str(sum(day["count"] for day in stats["submissions"])))
    card = drawn(reports, "Submissions")
    expect(card).to_contain_text("Last 30 days")
    expect(card).to_contain_text(re.compile(r"\d+ jobs\."))
    assert len(numbers_of(card)) == 30
    for title in ("Printer utilisation", "Why models are rejected", "Demand by discipline"):
        drawn(reports, title)
    rejected = numbers_of(chart(reports, "Why models are rejected"))
    assert any("Walls are too thin to print" in row for row in rejected)


def test_the_address_contains_the_filters_and_back_works(reports):
    drawn(reports, "Submissions")
    reports.get_by_label("Discipline", exact=True).select_option("Engineering")
    expect(reports).to_have_url(re.compile("discipline=Engineering"))
    reports.get_by_label("Period", exact=True).select_option(label="Last 7 days")
    expect(reports).to_have_url(re.compile("period=7d"))
    expect(reports.locator(".pd-report-head")).to_contain_text("Last 7 days")
    reports.reload()
    expect(reports.get_by_label("Discipline", exact=True)).to_have_value("Engineering")
    expect(drawn(reports, "Submissions")).to_contain_text("Last 7 days")
    reports.go_back()
    expect(reports.get_by_label("Period", exact=True)).to_have_value("30d")
    expect(reports.get_by_label("Discipline", exact=True)).to_have_value("Engineering")


def test_chosen_days_and_an_empty_period_say_so(reports):
    reports.get_by_label("Period", exact=True).select_option(label="Chosen days…")
    reports.get_by_label("From", exact=True).fill("2019-01-01")
    expect(reports).to_have_url(re.compile("from=2019-01-01"))
    reports.goto("/reports?from=2019-01-01&to=2019-01-31")
    expect(chart(reports, "Submissions")).to_contain_text("Nothing to show", timeout=30_000)
    expect(chart(reports, "Submissions")).to_contain_text("01 Jan 2019 to 31 Jan 2019: 0 jobs")


def press_bar(page, title, place=0):
    """Clicks a bar of a chart, as near to its middle as a mouse would be."""
    drawn(page, title).locator(".js-plotly-plot .bars path").nth(place).click(force=True)


def test_a_click_filters_the_page(reports):
    press_bar(reports, "Demand by discipline")
    expect(reports).to_have_url(re.compile("discipline="))
    reports.goto("/reports")
    press_bar(reports, "Submissions", place=-1)
    expect(reports).to_have_url(re.compile(r"from=(\d{4}-\d\d-\d\d)&to=\1$"))
    expect(reports.locator(".pd-report-head")).to_contain_text("Chosen days")
    expect(chart(reports, "Submissions")).to_contain_text("2 jobs.")
    reports.go_back()
    expect(reports).to_have_url(re.compile("/reports$"))


def test_a_click_opens_the_queue_with_the_same_filters(reports):
    reports.goto("/reports?discipline=Engineering")
    press_bar(reports, "Why models are rejected")
    expect(reports).to_have_url(re.compile("/dashboard.*reason=Walls"))
    expect(reports.get_by_role("tab", name="Rejected")).to_have_attribute("aria-selected", "true")
    expect(reports.locator(".pd-card")).to_have_count(1)
    expect(reports.get_by_label("Discipline", exact=True)).to_have_value("Engineering")
    reports.goto("/reports?period=7d")
    press_bar(reports, "From submitted to picked up")
    expect(reports).to_have_url(re.compile(r"/dashboard\?from=[\d-]+&to=[\d-]+$"))
    expect(reports.get_by_role("tab", name=re.compile("Picked up 1"))).to_be_visible()


def download(page, name):
    answer = page.request.get(f"/reports/export/{name}")
    assert answer.status == 200, answer.text()
    return answer.body()


def test_exports_open_and_run_no_formula(reports):
    link = reports.get_by_role("link", name="Jobs as CSV")
    expect(link).to_be_visible()
    with reports.expect_download() as downloaded:
        link.click()
    assert downloaded.value.suggested_filename.endswith(".csv")
    written = download(reports, "jobs.csv")
    assert written.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(written.decode("utf-8-sig"))))
    assert any("Reported Person" in row.values() for row in rows)
    cells = [cell for row in rows for cell in row.values() if cell]
    assert not [cell for cell in cells if cell[0] in "=@\t"]
    assert any("HYPERLINK" in cell for cell in cells)
    book = openpyxl.load_workbook(io.BytesIO(download(reports, "everything.xlsx")))
    assert len(book.sheetnames) > 15
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            assert not [cell for cell in row if cell.data_type == "f"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_is_accessible_and_follows_the_theme(new_page, live, theme, problems):
    page = new_page(viewport={"width": 1440, "height": 900}, color_scheme=theme)
    sign_in(page, live)
    new_job(page, "Accessible Report")
    page.goto("/reports")
    for title in ("Submissions", "Demand by discipline", "Why models are rejected"):
        expect(chart(page, title)).to_be_visible(timeout=30_000)
    drawn(page, "Submissions")
    page.wait_for_load_state("networkidle")
    axe.check(page, f"the reports, {theme}")
    ink = "#e6ebf3" if theme == "dark" else "#1d2633"
    color = "document.querySelector('.js-plotly-plot')?._fullLayout?.font.color"
    assert page.evaluate(color) == ink
    page.get_by_role("button", name=re.compile("theme")).click()
    for _ in range(60):
        if page.evaluate(color) != ink:
            break
        page.wait_for_timeout(250)
    assert page.evaluate(color) != ink


def test_a_manager_sees_the_reports_and_only_their_own_activity(new_page, live, reports):
    from tests.support.accounts import add_staff

    add_staff(live, "rita@printlab.example", "Rita Reports", "a password of hers", "manager")
    page = new_page(viewport={"width": 390, "height": 844})
    sign_in(page, live, "rita@printlab.example", "a password of hers")
    page.get_by_role("link", name="Reports", exact=True).click()
    drawn(page, "Submissions")
    expect(chart(page, "Staff activity")).to_contain_text("Nothing to show", timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_paper_it_is_light_and_as_wide_as_the_paper(new_page, live):
    page = new_page(viewport={"width": 1440, "height": 900}, color_scheme="dark")
    sign_in(page, live)
    new_job(page, "Printed Report")
    page.goto("/reports?discipline=Architecture")
    drawn(page, "Submissions")
    expect(page.locator(".pd-report-head")).to_contain_text("Only: Architecture.")
    widest = """[...document.querySelectorAll('.js-plotly-plot .main-svg')]
        .reduce((widest, svg) => Math.max(widest, svg.width.baseVal.value), 0)"""
    theme = "document.documentElement.dataset.bsTheme"
    before = page.evaluate(widest)
    page.evaluate(
        f"addEventListener('beforeprint', () => {{ window.printed = [{widest}, {theme}]; }})"
    )
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert page.evaluate("window.printed") == [660, "light"]
    assert page.evaluate(theme) == "dark"
    page.wait_for_function(f"() => {widest} === {before}")
