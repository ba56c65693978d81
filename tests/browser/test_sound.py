"""The sound of a new job: once, in one tab, and only when the browser allows it."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_console import new_job
from tests.support.pages import look_again, sign_in

COUNTED_AUDIO = """
window.tones = 0;
const Real = window.AudioContext;
window.AudioContext = class extends Real {
  createOscillator() {
    window.tones += 1;
    console.log('tone');
    return super.createOscillator();
  }
};
"""
# Any question by Playwright to a page counts as a click in it, and would let it sound: a page that
# nobody has clicked has to tell by itself what it shows.
TELLING = """
let told = '';
setInterval(() => {
  const hint = document.querySelector('.pd-sound-hint')?.textContent || 'no hint';
  const words = document.getElementById('sound-button') ? hint : 'no page';
  if (words !== told) console.log((told = words));
}, 50);
"""
WAITS = "Click anywhere to turn the sound on."
MISSED = "A new job has arrived. Click anywhere to hear it."


class Untouched:
    """A tab on the queue that nobody has clicked, and what it has told."""

    def __init__(self, context, problems):
        self.page = context.new_page()
        self.told = []
        self.page.on("console", self._on_console)
        problems.watch(self.page)
        self.page.goto("/dashboard")
        self.wait_for(WAITS)

    def _on_console(self, message):
        if message.text in (WAITS, MISSED, "no hint", "tone"):  # not the browser's own words
            self.told.append(message.text)

    def wait_until_last(self, words):
        for _ in range(50):
            if self.told[-1] == words:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{words!r} is not the last of {self.told}")

    def wait_for(self, words):
        for _ in range(150):
            if words in self.told:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{words!r} was not told, but {self.told}")

    def click(self):
        self.page.bring_to_front()
        self.page.mouse.click(3, 400)

    def wait_for_tones(self):
        for _ in range(100):
            if self.tones:
                break
            self.page.wait_for_timeout(100)
        self.page.wait_for_timeout(300)

    @property
    def tones(self):
        return self.told.count("tone")


@pytest.fixture
def open_tab(new_page, live, problems):
    """Opens tabs of one browser, signed in; none of them has been clicked."""
    problems.ignore("ERR_INTERNET_DISCONNECTED")
    page = new_page()
    sign_in(page, live)
    page.goto("about:blank")
    page.context.add_init_script(COUNTED_AUDIO + TELLING)
    return lambda: Untouched(page.context, problems)


def ask_again(tab):
    """All tabs of the browser lose the network and get it back: then they ask at once."""
    tab.page.context.set_offline(True)
    tab.page.wait_for_timeout(300)
    tab.page.context.set_offline(False)


def test_a_new_job_sounds_in_one_tab_only(new_page, live):
    first = new_page()
    first.context.add_init_script(COUNTED_AUDIO)
    sign_in(first, live)
    second = first.context.new_page()
    second.goto("/dashboard")
    for page in (first, second):
        expect(page.get_by_text("Updated")).to_be_visible()
        page.locator("main").click(position={"x": 5, "y": 5})
    new_job(first, "Sound Check")
    for page in (first, second):
        with page.expect_response("**/api/v1/news"):
            look_again(page)
    for _ in range(50):  # the first sound of a browser takes its time
        played = [page.evaluate("window.tones") for page in (first, second)]
        if sum(played) >= 2:
            break
        first.wait_for_timeout(100)
    first.wait_for_timeout(300)
    played = [page.evaluate("window.tones") for page in (first, second)]
    assert sorted(played) == [0, 2], played  # two notes


def test_a_browser_that_blocks_sound_says_so_until_somebody_clicks(open_tab):
    tab = open_tab()
    new_job(tab.page, "Early Bird")
    ask_again(tab)
    tab.wait_for(MISSED)
    assert tab.tones == 0
    tab.click()
    tab.wait_for("no hint")
    tab.wait_for_tones()
    assert tab.tones == 2


def test_a_sound_played_in_another_tab_is_not_repeated(open_tab):
    clicked, waiting = open_tab(), open_tab()
    clicked.click()
    clicked.wait_for("no hint")
    new_job(clicked.page, "Heard Once")
    ask_again(clicked)
    clicked.wait_for_tones()
    waiting.page.wait_for_timeout(500)
    waiting.wait_until_last(WAITS)  # what was heard is not missed
    waiting.click()
    waiting.wait_for("no hint")
    waiting.page.wait_for_timeout(1000)
    assert (clicked.tones, waiting.tones) == (2, 0)


def test_a_sound_missed_in_two_tabs_plays_in_one(open_tab):
    first, second = open_tab(), open_tab()
    new_job(first.page, "Missed Twice")
    ask_again(first)
    for tab in (first, second):
        tab.wait_for(MISSED)
    first.click()
    second.wait_until_last(WAITS)
    second.click()
    first.wait_for_tones()
    second.page.wait_for_timeout(1000)
    assert (first.tones, second.tones) == (2, 0)


def test_the_sound_can_be_tested_made_quieter_and_switched_off(new_page, live):
    page = new_page()
    page.context.add_init_script(COUNTED_AUDIO)
    sign_in(page, live)
    page.get_by_role("button", name="Sound: ").click()
    test = page.get_by_role("button", name="Test the sound")
    look = "button => [getComputedStyle(button).borderStyle, getComputedStyle(button).borderWidth]"
    assert test.evaluate(look) == ["solid", "1px"]
    test.click()
    page.wait_for_function("window.tones === 2")
    page.get_by_label("Volume").fill("0.2")
    page.get_by_label("Play a sound when a job arrives").uncheck()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Volume")).to_be_hidden()
    page.reload()
    expect(page.get_by_role("button", name="Sound: off")).to_be_visible()
    new_job(page, "Silent Night")
    with page.expect_response("**/api/v1/news"):
        look_again(page)
    page.wait_for_timeout(300)
    assert page.evaluate("window.tones") == 0
    page.get_by_role("button", name="Sound: off").click()
    expect(page.get_by_label("Volume")).to_have_value("0.2")


def box_of(page, selector):
    """Where it is, told by the page itself: see TELLING."""
    page.add_init_script(f"""setInterval(() => {{
      const found = document.querySelector('{selector}');
      if (!found || !found.getClientRects().length) return;
      const box = found.getBoundingClientRect();
      console.log(['box', box.left, box.top, box.right, box.bottom].join(' '));
    }}, 100);""")
    with page.expect_console_message(lambda message: message.text.startswith("box ")) as told:
        page.goto("/dashboard")
    return [float(side) for side in told.value.text.split()[1:]]


def test_the_hint_and_the_settings_fit_a_phone(new_page, live):
    page = new_page(viewport={"width": 390, "height": 844})
    sign_in(page, live)
    left, top, right, bottom = box_of(page.context.new_page(), ".pd-sound-hint")
    assert 0 <= left < right <= 390 and 0 <= top < bottom <= 844
    page.get_by_role("button", name="Sound: ").click()
    header = page.locator(".pd-header").bounding_box()
    for part in ("#sound-panel", "#sound-on", "#sound-volume"):
        box = page.locator(part).bounding_box()
        assert box["x"] >= 8 and box["x"] + box["width"] <= 382, (part, box)
        assert box["y"] >= header["y"] + header["height"], (part, box)
