"""A whole job by keyboard alone, and the shortcuts."""

import re

from playwright.sync_api import expect

from tests.browser.test_console import new_job, notes_of, panel_of
from tests.support import servers
from tests.support.pages import card_of, look_again, sign_in


def search_for(page, words):
    """Narrows the list to one job, by keyboard."""
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"search={words}"))
    expect(card_of(page, words)).to_be_visible()
    expect(page.locator(".pd-card")).to_have_count(1)
    page.keyboard.press("j")
    expect(page.locator(".pd-card-title button")).to_be_focused()


def tab_to(page, name, role="button", within=None):
    """Presses Tab until the control of that name has the focus."""
    wanted = (within or page).get_by_role(role, name=name, exact=True).first
    expect(wanted).to_be_visible()
    for _ in range(60):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {name}")


def open_tab_by_keyboard(page, name):
    page.locator(".pd-skip").focus()
    tab_to(page, re.compile(name), "tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")


def test_a_whole_job_goes_by_keyboard(desk):
    job = new_job(desk, "Keyboard Only")
    look_again(desk)
    search_for(desk, job[:8])
    desk.keyboard.press("n")
    expect(notes_of(desk)).to_be_focused()
    desk.keyboard.type("By hand")
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_text(re.compile(r"Saved \d.* by you"))).to_be_visible()
    desk.keyboard.press("Escape")
    expect(notes_of(desk)).not_to_be_focused()

    desk.keyboard.press("a")
    dialog = desk.get_by_role("dialog")
    expect(dialog.get_by_label("Weight (g)")).to_be_focused()
    desk.keyboard.type("42.5")
    desk.keyboard.press("Tab")
    desk.keyboard.type("3.2")
    desk.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(desk.get_by_text("Approved. The student gets an e-mail.")).to_be_visible()

    for status, action in (
        ("Pending", "Confirm for student"),
        ("Ready to print", "Mark printing"),
        ("Printing", "Mark complete"),
        ("Completed", "Mark picked up"),
    ):
        open_tab_by_keyboard(desk, status)
        expect(card_of(desk, job[:8])).to_be_visible()
        tab_to(desk, action)
        desk.keyboard.press("Enter")
        expect(dialog).to_be_visible()
        if action == "Confirm for student":
            tab_to(desk, "How did the student confirm?", "textbox", dialog)
            desk.keyboard.type("At the desk")
        tab_to(desk, action, within=dialog)
        desk.keyboard.press("Enter")
        expect(dialog).to_be_hidden()
        expect(card_of(desk, job[:8])).to_have_count(0)
    open_tab_by_keyboard(desk, "Picked up")
    expect(card_of(desk, job[:8])).to_be_visible()


def test_j_and_k_move_and_enter_opens(desk):
    jobs = [new_job(desk, "Stepping Stone") for _ in range(3)]
    desk.goto("/dashboard?search=Stepping")
    expect(desk.locator(".pd-card")).to_have_count(3)
    for key, place in (("j", 0), ("j", 1), ("j", 2), ("j", 2), ("k", 1)):
        desk.keyboard.press(key)
        title = card_of(desk, jobs[place][:8]).locator(".pd-card-title button")
        expect(title).to_be_focused()
    desk.keyboard.press("x")
    expect(card_of(desk, jobs[1][:8]).get_by_role("checkbox")).to_be_checked()
    card_of(desk, jobs[1][:8]).locator(".pd-card-title button").focus()
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name=f"Job {jobs[1][:8]}")).to_be_visible()
    look_again(desk)
    desk.wait_for_timeout(300)
    expect(card_of(desk, jobs[1][:8]).locator(".pd-card-title button")).to_be_focused()


def test_shortcuts_are_off_while_typing(desk):
    job = new_job(desk, "Typing Person")
    look_again(desk)
    desk.goto(f"/dashboard?search=Typing&job={job}")
    expect(notes_of(desk)).to_be_visible()
    notes_of(desk).focus()
    desk.keyboard.type("a r n j k x d ? /")
    expect(notes_of(desk)).to_have_value("a r n j k x d ? /")
    expect(desk.get_by_role("dialog")).to_have_count(0)
    desk.keyboard.press("Escape")
    desk.get_by_label("Search").focus()
    desk.keyboard.type("arx")
    expect(desk.get_by_role("dialog")).to_have_count(0)


def test_a_dialog_keeps_the_focus_and_gives_it_back(desk):
    job = new_job(desk, "Focused Person")
    desk.goto("/dashboard?search=Focused")
    button = card_of(desk, job[:8]).get_by_role("button", name="Reject")
    button.focus()
    desk.keyboard.press("Enter")
    dialog = desk.get_by_role("dialog")
    expect(dialog).to_be_visible()
    for _ in range(30):
        desk.keyboard.press("Tab")
        assert dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    desk.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    look_again(desk)
    desk.wait_for_timeout(300)
    expect(button).to_be_focused()


def test_help_lists_the_shortcuts(desk):
    expect(desk.get_by_role("tab", name="Uploaded")).to_be_visible()
    desk.keyboard.press("?")
    dialog = desk.get_by_role("dialog", name="Keyboard shortcuts")
    for words in ("Search", "Next job", "Approve", "Reject", "Notes"):
        expect(dialog).to_contain_text(words)
    desk.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_x_selects_the_chosen_job(desk):
    job = new_job(desk, "Chosen Person")
    desk.goto(f"/dashboard?search={job[:8]}&job={job}")
    expect(card_of(desk, job[:8])).to_have_class(re.compile("pd-card-selected"))
    desk.locator("main").focus()
    desk.keyboard.press("x")
    expect(card_of(desk, job[:8]).get_by_role("checkbox")).to_be_checked()


def test_the_debug_panel_opens_without_the_keyboard(new_page, live):
    phone = new_page(viewport={"width": 390, "height": 844})
    sign_in(phone, live)
    phone.get_by_role("button", name="Keyboard shortcuts").click()
    dialog = phone.get_by_role("dialog", name="Keyboard shortcuts")
    dialog.get_by_role("button", name="Debug panel").click()
    expect(dialog).to_be_hidden()
    debug = phone.get_by_role("complementary", name="Debug panel")
    expect(debug).to_contain_text("Printdesk")
    debug.get_by_role("button", name="Close the debug panel").click()
    expect(debug).to_be_hidden()


# ---- What is covered, hidden or drawn no more gives the focus on ----


def has_focus(page, selector):
    return page.evaluate("selector => Boolean(document.activeElement.closest(selector))", selector)


def test_elements_behind_a_covering_panel_cannot_have_the_focus(new_page, live):
    page = new_page(viewport={"width": 720, "height": 450})  # 1440 at 200 %
    sign_in(page, live)
    jobs = [new_job(page, "Covered Person") for _ in range(2)]
    page.goto("/dashboard?search=Covered")
    title = card_of(page, jobs[1][:8]).locator(".pd-card-title button")
    title.focus()
    for leave in ("Escape", "Back"):
        page.keyboard.press("Enter")
        heading = page.get_by_role("heading", name=f"Job {jobs[1][:8]}")
        expect(heading).to_be_focused()
        look_again(page)
        for _ in range(30):
            page.keyboard.press("Tab")
            assert not has_focus(page, ".pd-header, .pd-tabs, .pd-toolbar, .pd-list, .pd-skip")
        if leave == "Escape":
            page.keyboard.press("Escape")
        else:
            tab_to(page, "Back", within=page.locator("#queue-panel"))
            page.keyboard.press("Enter")
        expect(title).to_be_focused()
        expect(page.locator("[inert]")).to_have_count(0)


def test_the_page_of_a_job_is_not_covered(new_page, live):
    page = new_page(viewport={"width": 720, "height": 450})
    sign_in(page, live)
    job = new_job(page, "Own Page")
    page.goto(f"/dashboard?job={job}")
    page.get_by_role("heading", name=f"Job {job[:8]}").get_by_role("link").click()
    expect(page).to_have_url(re.compile(f"/job/{job}"))
    expect(page.locator("[inert]")).to_have_count(0)
    page.get_by_role("link", name="Mail").click()
    expect(page).to_have_url(re.compile("/mail"))


def test_the_3d_preview_takes_the_focus_and_gives_it_back(desk):
    job = new_job(desk, "Spatial Person")
    desk.goto(f"/dashboard?search={job[:8]}")
    panel = panel_of(desk, job)
    show = panel.get_by_role("button", name="Show in 3D")
    show.focus()
    desk.keyboard.press("Enter")
    close = panel.get_by_role("button", name="Close 3D")
    expect(close).to_be_focused()
    desk.keyboard.press("Enter")
    expect(show).to_be_focused()


def copy_job(live, job, times):
    """More jobs like this one, without their files."""
    with servers.connect(live.database_url) as connection:
        connection.execute("CREATE TEMP TABLE copy AS SELECT * FROM jobs WHERE id = %s", [job])
        for number in range(times):
            name = f"{number:08x}{job[8:]}"
            connection.execute("UPDATE copy SET id = %s, short_id = left(%s, 8)", [name, name])
            connection.execute("INSERT INTO jobs SELECT * FROM copy")


def test_another_page_of_the_list_is_scrolled_to_its_top(desk, live):
    job = new_job(desk, "Many Pages")
    copy_job(live, job, 60)
    desk.goto("/dashboard")
    following = desk.get_by_role("button", name="Next")
    following.focus()
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("page 2 of 2")).to_be_visible()
    expect(desk.locator("#queue-list")).to_be_focused()
    expect(desk.locator(".pd-card").first).to_be_in_viewport()


def test_the_slicer_help_takes_the_focus_and_gives_it_back(desk, problems):
    problems.ignore("Failed to launch")
    job = new_job(desk, "Helped Person")
    desk.goto(f"/dashboard?search={job[:8]}")
    link = card_of(desk, job[:8]).get_by_role("link", name="Open in slicer")
    link.focus()
    desk.keyboard.press("Enter")
    help_ = desk.get_by_role("dialog", name="Open in slicer")
    expect(help_).to_be_focused()
    # A real key would fall to the browser's own question, which nobody sees here.
    help_.dispatch_event("keydown", {"key": "Escape"})
    expect(help_).to_be_hidden()
    expect(link).to_be_focused()
