"""The layout of the console in narrow windows, with long texts and right-to-left names."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_console import new_job, panel_of
from tests.support.pages import act, card_of, lead_to, look_again, sign_in

# Where each of the words stands within an element, in their order.
PLACES = """(element, words) => words.map((word) => {
  const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const at = walk.currentNode.data.indexOf(word);
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(walk.currentNode, at);
    range.setEnd(walk.currentNode, at + word.length);
    const boxes = Array.from(range.getClientRects());
    return [Math.min(...boxes.map((b) => b.left)), Math.max(...boxes.map((b) => b.right))];
  }
})"""
# How wide what a control says is, and how much room it has for it.
ROOM = """control => {
  const style = getComputedStyle(control);
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = style.font;
  const words = control.selectedOptions?.[0].text ?? control.placeholder;
  const edges = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
  return [pen.measureText(words).width, control.clientWidth - edges];
}"""


@pytest.fixture
def sized(new_page, live):
    """A signed-in page of that width."""

    def make(width, height=900):
        page = new_page(viewport={"width": width, "height": height})
        sign_in(page, live)
        return page

    return make


def look_until_there(page, locator):
    """What the background tasks have made of a job comes when the page asks."""
    for _ in range(60):
        look_again(page)
        if locator.count():
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"{locator} does not come")


def height_of(locator):
    return locator.evaluate("element => element.getBoundingClientRect().height")


@pytest.mark.parametrize("name", ["ليلى", "נועה"])
def test_a_right_to_left_name_does_not_reorder_the_address(desk, name):
    email = "20239999@uni.edu"
    job = new_job(desk, name, student_email=email)
    desk.goto(f"/dashboard?search={job[:8]}")
    panel = panel_of(desk, job)
    student = panel.locator("dt:text-is('Student') + dd")
    for place in (card_of(desk, job[:8]).locator(".pd-card-sub"), student):
        (_, ends), (begins, _), (at, _) = place.evaluate(PLACES, [name, "20239999", "@uni.edu"])
        assert ends < begins < at
    assert len(student.get_by_role("link").evaluate("link => [...link.getClientRects()]")) == 1


def test_the_toolbar_is_not_truncated(desk):
    for label in ("Search", "Printer", "Discipline", "Order"):
        needs, has = desk.get_by_label(label, exact=True).evaluate(ROOM)
        assert needs <= has, f"{label}: {needs} px of words in {has} px"


def test_a_lock_note_leaves_room_for_chips_and_buttons(desk, second):
    job = new_job(desk, "Roomy Person")
    desk.goto(f"/dashboard?search={job[:8]}")
    card = card_of(desk, job[:8])
    parts = [card.locator(part) for part in (".pd-chips", ".pd-card-actions")]
    look_until_there(desk, card.get_by_text("Fits"))
    before = [height_of(part) for part in parts]
    second.request.post(f"/api/v1/jobs/{job}/lock")
    look_again(desk)
    expect(card.get_by_text("Sam Park is editing")).to_be_visible()
    assert [height_of(part) for part in parts] == before
    second.request.post(f"/api/v1/jobs/{job}/unlock")


@pytest.mark.parametrize(("width", "rows", "most"), [(1440, 1, 60), (1024, 1, 60), (390, 2, 110)])
def test_the_header_takes_no_more_rows_than_it_needs(sized, width, rows, most):
    page = sized(width)
    expect(page.locator("#shell-updated")).to_be_visible()
    page.locator("main").click(position={"x": 3, "y": 3})
    assert height_of(page.locator(".pd-header")) <= most, f"more than {rows} rows"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for name in ("Sound: ", "Keyboard shortcuts", "Sign out"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


@pytest.mark.parametrize("width", [1440, 1024])
def test_every_tab_is_visible(sized, width):
    page = sized(width)
    expect(page.get_by_role("tab")).to_have_count(8)
    for tab in page.get_by_role("tab").all():
        box = tab.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


def test_on_a_phone_the_active_tab_is_visible_and_a_refresh_does_not_scroll(sized):
    page = sized(390, 844)
    page.goto("/dashboard?status=ARCHIVED")
    tab = page.get_by_role("tab", name="Archived", selected=True)
    expect(tab).to_be_in_viewport(ratio=1)
    row = page.get_by_role("tablist")
    row.evaluate("row => (row.scrollLeft = 0)")
    look_again(page)
    assert row.evaluate("row => row.scrollLeft") == 0
    page.get_by_role("tab", name="Uploaded").click()
    expect(page.get_by_role("tab", name="Uploaded", selected=True)).to_be_in_viewport(ratio=1)


def test_only_jobs_with_batch_actions_can_be_selected(desk):
    job = lead_to(desk, new_job(desk, "Markable Person"), "PRINTING")
    desk.goto("/dashboard?status=PRINTING")
    card = card_of(desk, job[:8])
    expect(card).to_be_visible()
    expect(card.get_by_role("checkbox")).to_have_count(0)
    act(desk, job, "mark-complete")
    desk.goto("/dashboard?status=COMPLETED")
    expect(card.get_by_role("checkbox")).to_be_visible()


def test_a_picture_that_does_not_load_says_so_in_small_words(desk, problems):
    problems.ignore("ERR_FAILED")
    job = new_job(desk, "Pictured Person")
    picture = card_of(desk, job[:8]).locator(".pd-card-thumb img")
    look_until_there(desk, picture)
    desk.route("**/thumbnail**", lambda route: route.abort())
    desk.reload()
    expect(picture).to_be_visible()
    assert picture.evaluate("image => parseFloat(getComputedStyle(image).fontSize)") <= 13
