"""The queue updates itself without moving what people look at."""

import re

from playwright.sync_api import expect

from tests.browser.test_console import new_job, toast
from tests.support.pages import (
    act,
    card_of,
    lead_to,
    look_again,
    open_tab,
    panel_of,
    wait_for_mail,
)

TOP_OF = "card => Math.round(card.getBoundingClientRect().top)"
HAS_SCROLLED = """() => {
  const before = window.scrolledTo;
  window.scrolledTo = scrollY;
  return scrollY > 0 && scrollY === before;
}"""


def wait_for_checks(page):
    for _ in range(120):
        jobs = page.request.get("/api/v1/jobs?limit=50").json()["jobs"]
        if all(job["model"]["state"] != "pending" for job in jobs):
            return
        page.wait_for_timeout(250)
    raise AssertionError("the models were not checked within 30 s")


def test_a_job_that_arrives_above_does_not_scroll_the_page(desk, second):
    jobs = [new_job(desk, f"Old {number}") for number in range(12)]
    wait_for_checks(desk)  # a card grows with what they find
    desk.goto("/dashboard?sort=newest")
    watched = card_of(desk, jobs[3][:8])
    watched.scroll_into_view_if_needed()
    desk.mouse.move(400, 500)
    desk.mouse.wheel(0, 200)
    desk.wait_for_function(HAS_SCROLLED, polling=200)
    before = watched.evaluate(TOP_OF)
    new = new_job(second, "New above")
    look_again(desk)
    expect(card_of(desk, new[:8])).to_be_attached()
    assert abs(watched.evaluate(TOP_OF) - before) <= 2


def test_a_page_that_becomes_visible_polls_at_once(desk, second):
    expect(desk.get_by_text("Updated")).to_be_visible()
    job = new_job(second, "Meanwhile")
    with desk.expect_response("**/api/v1/news"):
        desk.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(card_of(desk, job[:8])).to_be_visible()


def beat(desk, milliseconds):
    with desk.expect_response("**/api/v1/news"):
        desk.clock.fast_forward(milliseconds)
    desk.wait_for_timeout(500)


def test_a_new_job_shows_at_the_next_news_and_the_rest_at_the_next_refresh(desk, second):
    desk.clock.install()
    desk.reload()
    expect(desk.get_by_text("Updated")).to_be_visible()
    job = new_job(second, "Heard Soon")
    beat(desk, 15_500)
    expect(card_of(desk, job[:8])).to_be_visible()
    noted = card_of(desk, job[:8]).locator(".pd-chip", has_text="Notes")
    second.request.patch(f"/api/v1/jobs/{job}/notes", data={"notes": "x", "base": ""})
    beat(desk, 15_500)
    expect(noted).to_have_count(0)
    beat(desk, 15_500)
    expect(noted).to_be_visible()


HIDE = """hidden => {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def test_a_page_that_nobody_sees_counts_new_jobs_and_is_drawn_when_it_comes_back(desk, second):
    desk.clock.install()
    desk.reload()
    expect(desk.get_by_text("Updated")).to_be_visible()
    desk.evaluate(HIDE, True)
    job = new_job(second, "Unseen Person")
    beat(desk, 46_000)
    expect(desk).to_have_title("(1) Queue · Printdesk")
    expect(card_of(desk, job[:8])).to_have_count(0)
    desk.evaluate(HIDE, False)
    expect(card_of(desk, job[:8])).to_be_visible()


def test_an_unreachable_server_is_polled_less_and_less_often(desk, problems):
    problems.ignore("ERR_CONNECTION_REFUSED", "503")
    expect(desk.get_by_text("Updated")).to_be_visible()
    desk.clock.install()
    asked = []

    def refuse(route):
        asked.append(route)
        route.abort("connectionrefused")

    desk.route("**/api/v1/news", refuse)
    look_again(desk)
    expect(desk.locator("#shell-banner")).to_be_visible()
    waits = []
    for _ in range(4):
        desk.wait_for_function("window.dash_clientside.printdesk.live.nextAt > new Date()")
        wait = "window.dash_clientside.printdesk.live.nextAt - Date.now()"
        waits.append(desk.evaluate(wait))
        number = len(asked)
        desk.clock.fast_forward(int(waits[-1]) + 100)
        for _ in range(50):
            if len(asked) > number:
                break
            desk.wait_for_timeout(50)
        assert len(asked) == number + 1
        desk.wait_for_timeout(200)
    assert waits[0] < waits[2] and waits[1] < waits[3]
    desk.unroute("**/api/v1/news")
    desk.clock.fast_forward(60_000)
    expect(desk.locator("#shell-banner")).to_be_hidden()


def test_a_status_is_changed_manually_with_a_reason(desk):
    job = new_job(desk)
    look_again(desk)
    panel_of(desk, job).get_by_role("button", name="Change status").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("New status").select_option(label="Completed")
    dialog.get_by_role("button", name="Change status").click()
    expect(dialog.get_by_role("alert")).not_to_be_empty()
    dialog.locator("textarea").fill("Printed before we had this system")
    dialog.get_by_role("button", name="Change status").click()
    expect(dialog).to_be_hidden()
    open_tab(desk, "Completed")
    panel_of(desk, job)
    panel = desk.get_by_role("complementary", name="Chosen job")
    expect(panel).to_contain_text("Printed before we had this system")


def test_a_mail_is_sent_again(desk, live):
    job = lead_to(desk, new_job(desk, "Resent Person"), "PENDING")
    wait_for_mail(live, "resent@uni.example", "Your model is approved")
    open_tab(desk, "Pending")
    before = len(live.smtp.messages)
    panel_of(desk, job).get_by_role("button", name="Send e-mail again").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog).to_be_hidden()
    live.smtp.wait_for(before + 1)


def test_selected_jobs_are_reviewed_and_archived_in_a_batch(desk):
    jobs = [new_job(desk, f"Many {number}") for number in range(2)]
    look_again(desk)
    for job in jobs:
        card_of(desk, job[:8]).get_by_role("checkbox").click()
    desk.get_by_role("button", name=re.compile("Mark as reviewed")).last.click()
    dialog = desk.get_by_role("dialog")
    dialog.locator(".modal-footer .btn-primary").click()
    expect(dialog).to_be_hidden()
    expect(toast(desk)).to_contain_text("Done for 2 jobs")
    for job in jobs:
        expect(card_of(desk, job[:8]).get_by_text("New", exact=True)).to_have_count(0)
        act(desk, job, "reject", reasons=["Walls are too thin to print"])
    open_tab(desk, "Rejected")
    for job in jobs:
        card_of(desk, job[:8]).get_by_role("checkbox").click()
    desk.get_by_role("group", name="Selected jobs").get_by_role("button", name="Archive").click()
    dialog.locator(".modal-footer .btn-primary").click()
    expect(dialog).to_be_hidden()
    open_tab(desk, "Archived")
    for job in jobs:
        expect(card_of(desk, job[:8])).to_be_visible()


def test_somebody_entering_a_failure_reason_is_shown_as_editing(desk, second):
    job = lead_to(desk, new_job(desk, "Failed Person"), "PRINTING")
    open_tab(desk, "Printing")
    panel_of(desk, job).get_by_role("button", name="Mark failed").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("Why did the print fail?").fill("Half a sentence about the")
    open_tab(second, "Printing")
    expect(card_of(second, job[:8])).to_contain_text("Admin is editing")
    desk.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    look_again(second)
    expect(card_of(second, job[:8])).not_to_contain_text("Admin is editing")
