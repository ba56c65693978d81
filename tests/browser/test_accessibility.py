"""axe-core on every page, state and dialog of the console and the student pages, in both themes."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_console import new_job, panel_of
from tests.support import axe
from tests.support.pages import LEADING_TO, card_of, lead_to, look_again, sign_in

# Playwright's questions count as clicks; the hint at the sound is for who has not clicked yet.
NOBODY_CLICKED = (
    "Object.defineProperty(navigator, 'userActivation', { value: { hasBeenActive: false } });"
)
THEMES = pytest.mark.parametrize("theme", ["light", "dark"])


@pytest.fixture
def desk(new_page, live, theme):
    page = new_page(viewport={"width": 1440, "height": 900}, color_scheme=theme)
    sign_in(page, live)
    return page


def close_dialog(page):
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@THEMES
def test_the_queue_and_its_dialogs(desk, theme):
    job = new_job(desk, "Accessible Person")
    desk.goto("/dashboard?search=Accessible")
    card = card_of(desk, job[:8])
    expect(card).to_be_visible()
    axe.check(desk, "the queue")
    panel = panel_of(desk, job)
    card.get_by_role("checkbox").click()
    desk.get_by_text("More filters").click()
    axe.check(desk, "a chosen job, a marked card, the filters")
    desk.get_by_text("More filters").click()
    desk.get_by_role("button", name="Sound: ").click()
    axe.check(desk, "the sound settings")
    desk.keyboard.press("Escape")
    for name in ("Approve", "Reject", "Change status", "Delete", "Edit details"):
        panel.get_by_role("button", name=name).click()
        expect(desk.get_by_role("dialog")).to_be_visible()
        axe.check(desk, f"the dialog of {name}")
        if name == "Reject":
            desk.get_by_role("dialog").get_by_role("button", name="Reject").click()
            expect(desk.get_by_role("dialog").get_by_role("alert")).to_contain_text("Choose")
            axe.check(desk, "a refused dialog")
        close_dialog(desk)
    panel.get_by_role("button", name="Show in 3D").click()
    expect(panel.locator(".pd-preview-drawn")).to_be_visible(timeout=30_000)
    axe.check(desk, "the 3D preview")
    desk.locator("main").focus()
    desk.keyboard.press("?")
    expect(desk.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    axe.check(desk, "the help")
    close_dialog(desk)
    desk.locator("main").focus()
    desk.keyboard.press("d")
    expect(desk.get_by_role("complementary", name="Debug panel")).to_contain_text("PostgreSQL")
    axe.check(desk, "the debug panel")


@THEMES
@pytest.mark.parametrize("status", LEADING_TO)
def test_each_status_and_its_dialogs(desk, theme, status):
    job = lead_to(desk, new_job(desk, "Status Person"), status)
    desk.goto(f"/dashboard?status={status}&job={job}&search={job[:8]}")
    panel = desk.get_by_role("complementary", name="Chosen job")
    expect(panel).to_contain_text(f"Job {job[:8]}")
    axe.check(desk, f"a job that is {status}")
    for button in panel.locator(".pd-panel-actions button").all_inner_texts():
        if button.strip() == "Check again":  # it asks nothing
            continue
        panel.get_by_role("button", name=button.split(" · ")[0]).click()
        expect(desk.get_by_role("dialog")).to_be_visible()
        axe.check(desk, f"the dialog of {button}")
        close_dialog(desk)


@THEMES
def test_what_two_people_do_to_one_job(desk, second, problems):
    """A lock, its release, notes that collide, many at once, a toast, a banner."""
    problems.ignore("409", "ERR_INTERNET_DISCONNECTED", "the server did not respond")
    job = new_job(desk, "Shared Person")
    second.request.post(f"/api/v1/jobs/{job}/lock")
    desk.goto(f"/dashboard?search={job[:8]}&job={job}")
    card, dialog = card_of(desk, job[:8]), desk.get_by_role("dialog")
    expect(card).to_contain_text("Sam Park is editing")
    axe.check(desk, "a locked job")
    desk.get_by_role("button", name="Release the lock").click()
    expect(dialog).to_be_visible()
    axe.check(desk, "the dialog of a lock's release")
    close_dialog(desk)
    second.request.post(f"/api/v1/jobs/{job}/unlock")
    desk.get_by_label("Staff notes").focus()
    second.request.patch(f"/api/v1/jobs/{job}/notes", data={"notes": "theirs", "base": ""})
    look_again(desk)
    expect(desk.get_by_role("button", name="Use theirs")).to_be_visible()
    axe.check(desk, "notes that are offered")
    desk.get_by_label("Staff notes").fill("ours")
    desk.get_by_label("Staff notes").press("Control+Enter")
    expect(desk.get_by_role("button", name="Keep both")).to_be_visible()
    axe.check(desk, "notes that collide")
    desk.get_by_role("button", name="Keep both").click()
    look_again(desk)
    card.get_by_role("checkbox").click()
    desk.locator("#queue-marked").get_by_role("button", name="Mark as reviewed").click()
    expect(dialog).to_be_visible()
    axe.check(desk, "the dialog of many at once")
    dialog.locator(".btn-primary").click()
    expect(desk.locator(".pd-toasts > *").first).to_be_visible()
    axe.check(desk, "a toast")
    desk.context.set_offline(True)
    expect(desk.locator("#shell-banner")).to_be_visible()
    axe.check(desk, "the banner of a server that is away")
    desk.context.set_offline(False)


@THEMES
@pytest.mark.parametrize("width", [1440, 390])
def test_the_sound_and_the_slicer_help(new_page, live, theme, problems, width):
    problems.ignore("Failed to launch")
    desk = new_page(viewport={"width": width, "height": 844}, color_scheme=theme)
    desk.add_init_script(NOBODY_CLICKED)
    sign_in(desk, live)
    job = new_job(desk, "Helped Person")
    desk.goto(f"/dashboard?search={job[:8]}")
    expect(desk.get_by_text("Click anywhere to turn the sound on.")).to_be_visible()
    axe.check(desk, "the hint at the sound")
    desk.get_by_role("button", name="Sound: ").click()
    axe.check(desk, "the sound settings")
    desk.keyboard.press("Escape")
    card_of(desk, job[:8]).get_by_role("link", name="Open in slicer").click()
    expect(desk.get_by_role("dialog", name="Open in slicer")).to_be_visible()
    axe.check(desk, "the slicer help")


@THEMES
def test_the_other_pages(desk, theme, problems):
    job = new_job(desk, "Page Person")
    for path in (
        "/dashboard?search=nobody-of-that-name",
        f"/job/{job}",
        "/mail",
        "/people",
        "/account",
    ):
        desk.goto(path)
        expect(desk.locator("main")).not_to_be_empty()
        desk.wait_for_load_state("networkidle")
        axe.check(desk, path)
    desk.goto("/people")
    desk.get_by_role("button", name="Add a person").click()
    expect(desk.get_by_role("dialog")).to_be_visible()
    axe.check(desk, "the dialog of a new person")


@THEMES
def test_a_phone(new_page, live, theme):
    page = new_page(viewport={"width": 390, "height": 844}, color_scheme=theme)
    sign_in(page, live)
    job = new_job(page, "Phone Person")
    look_again(page)
    expect(card_of(page, job[:8])).to_be_visible()
    axe.check(page, "the queue on a phone")
    panel_of(page, job)
    axe.check(page, "a job on a phone")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, f"the page is {width} px wide"


@THEMES
def test_the_pages_of_students(new_page, theme, problems):
    page = new_page(color_scheme=theme)
    for path in ("/submit", "/track", "/login", "/confirm/expired"):
        page.goto(path)
        axe.check(page, path)
    page.goto("/submit")
    page.get_by_role("button", name="Submit").click()
    axe.check(page, "a form with errors")
