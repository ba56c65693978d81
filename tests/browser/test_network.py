"""The console when requests fail, and when a key is pressed twice."""

import re

from playwright.sync_api import expect

from tests.browser.test_console import new_job, toast
from tests.support.pages import card_of, look_again, open_tab


def type_a_rejection(desk, job):
    card_of(desk, job[:8]).get_by_role("button", name="Reject").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("In your own words").fill("The clip would break.")
    return dialog


def test_a_dialog_that_could_not_be_sent_keeps_its_text_and_can_be_resent(desk, problems):
    problems.ignore("ERR_INTERNET_DISCONNECTED", "the server did not respond")
    job = new_job(desk)
    look_again(desk)
    dialog = type_a_rejection(desk, job)
    desk.context.set_offline(True)
    dialog.get_by_role("button", name="Reject").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Not sent")
    desk.context.set_offline(False)
    expect(desk.locator("#shell-banner")).to_be_hidden()
    dialog.get_by_role("button", name="Reject").click()
    expect(dialog).to_be_hidden()
    open_tab(desk, "Rejected")
    expect(card_of(desk, job[:8])).to_contain_text("The clip would break.")


def refuse_press(route):
    is_press = "dialog-pressed.data" in route.request.post_data
    route.fulfill(status=502) if is_press else route.continue_()


def test_a_lost_click_is_reported(desk, problems):
    problems.ignore("502", "Bad Gateway", "Callback error")
    job = new_job(desk)
    look_again(desk)
    expect(card_of(desk, job[:8])).to_be_visible()
    desk.route(re.compile("_dash-update-component"), refuse_press)
    card_of(desk, job[:8]).get_by_role("button", name="Approve").click()
    expect(toast(desk)).to_contain_text("Printdesk cannot be reached")


def test_a_dialog_closed_offline_releases_its_lock_later(desk, second, problems):
    problems.ignore("ERR_INTERNET_DISCONNECTED", "the server did not respond")
    job = new_job(desk)
    look_again(desk)
    dialog = type_a_rejection(desk, job)
    desk.context.set_offline(True)
    desk.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(desk.locator("#shell-banner")).to_be_visible()
    look_again(second)
    expect(card_of(second, job[:8])).to_contain_text("Admin is editing")
    with desk.expect_response("**/unlock"):
        desk.context.set_offline(False)
    look_again(second)
    expect(card_of(second, job[:8])).not_to_contain_text("Admin is editing")


def test_pressing_enter_twice_submits_once(desk):
    job = new_job(desk)
    look_again(desk)
    card_of(desk, job[:8]).get_by_role("button", name="Approve").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("Weight (g)").fill("42")
    dialog.get_by_label("Time (hours)").fill("2")
    desk.keyboard.press("Enter")
    desk.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(toast(desk)).to_contain_text("Approved")
    desk.wait_for_timeout(700)
    expect(toast(desk)).not_to_contain_text("Not done")
