import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest

from services.mail.letters import CONFIRM_URL_MARK, SUBJECTS, compose, format_moment
from settings import lab

KINDS = list(SUBJECTS)


def facts(**changes):
    return {
        "student_name": "Jane Doe",
        "short_id": "1a2b3c4d",
        "original_filename": "bracket v3.stl",
        "display_name": "JaneDoe_Filament_TrueRed_1a2b3c4d.stl",
        "printer_name": "Prusa MK4S",
        "material": "Filament",
        "color": "True Red",
        "weight_g": 42.5,
        "time_hours": 3.5,
        "cost_cents": 425,
        "reasons": ["Walls are too thin to print", "The clip would break."],
        "expires_at": datetime(2026, 11, 26, 20, 5, tzinfo=UTC),
        "track_url": "https://print.example.edu/track/1a2b3c4d",
        "submit_url": "https://print.example.edu/submit",
        "lab": lab(),
    } | changes


class Page(HTMLParser):
    """What a mail program makes of the HTML: its words, its tags, its links."""

    VOID = frozenset({"meta", "br", "img", "link", "input"})

    def __init__(self, html):
        super().__init__()
        self.words, self.tags, self.links, self.open = "", [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.links += [dict(attrs)["href"]] if tag == "a" else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


@pytest.mark.parametrize("kind", KINDS)
def test_every_letter_names_the_person_the_file_and_the_job_in_both_parts(kind):
    letter = compose(kind, facts())
    for part in (letter.text, Page(letter.html).words):
        for fact in (
            "Jane Doe",
            "bracket v3.stl",
            "1a2b3c4d",
            "Prusa MK4S",
            "Filament",
            "True Red",
        ):
            assert fact in part
        assert lab().lab.contact_email in part
    assert "bracket v3.stl" in letter.subject


@pytest.mark.parametrize("kind", KINDS)
def test_the_facts_in_the_text_are_aligned(kind):
    named = re.findall(r"^[A-Z][A-Za-z ]*: {2,}(?=\S)", compose(kind, facts()).text, re.MULTILINE)
    assert len(named) >= 5
    assert len({len(name) for name in named}) == 1


def test_an_approval_says_what_how_much_and_until_when():
    letter = compose("approval", facts())
    for part in (letter.text, Page(letter.html).words):
        assert "$4.25" in part
        assert "42.5 g" in part
        assert "3.5 hours" in part
        assert "Thursday 26 November 2026, 14:05 (Chicago time)" in part
        assert "Nothing is printed until you confirm." in part
        assert "minimum" not in part


def test_an_approval_contains_the_link_placeholder_in_both_parts():
    letter = compose("approval", facts())
    assert letter.text.count(CONFIRM_URL_MARK) == 1
    page = Page(letter.html)
    assert page.links.count(CONFIRM_URL_MARK) == 2  # the button, and the link in plain sight
    assert CONFIRM_URL_MARK in page.words


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "approval"])
def test_other_letters_have_no_confirmation_link(kind):
    letter = compose(kind, facts())
    assert CONFIRM_URL_MARK not in letter.text + letter.html


def test_the_minimum_charge_is_explained_only_where_it_applies():
    assert "minimum charge" in compose("approval", facts(weight_g=12.5, cost_cents=300)).text
    assert "minimum charge" in compose("approval", facts(weight_g=12.5, cost_cents=300)).html
    assert "minimum charge" not in compose("approval", facts(weight_g=30, cost_cents=300)).text


def test_a_receipt_says_what_happens_next_and_where_to_look():
    letter = compose("received", facts())
    assert "What happens next" in letter.text
    assert "https://print.example.edu/track/1a2b3c4d" in letter.text
    assert "https://print.example.edu/track/1a2b3c4d" in Page(letter.html).links


def test_a_rejection_lists_the_reasons_and_the_next_step():
    letter = compose("rejection", facts())
    assert "- Walls are too thin to print\n- The clip would break.\n" in letter.text
    assert letter.html.count("<li ") == 2
    assert "https://print.example.edu/submit" in letter.text
    assert "https://print.example.edu/submit" in Page(letter.html).links


def test_a_completion_says_where_when_and_how_to_pay():
    letter = compose("completion", facts())
    for part in (" ".join(letter.text.split()), Page(letter.html).words):
        assert "$4.25" in part
        for fact in (lab().lab.collect_where, lab().lab.collect_when, lab().lab.how_to_pay):
            assert fact in part


@pytest.mark.parametrize("kind", KINDS)
def test_amounts_that_nobody_entered_are_left_out(kind):
    letter = compose(
        kind, facts(weight_g=None, time_hours=None, cost_cents=None, expires_at=None, reasons=[])
    )
    for part in (letter.text, letter.html):
        assert "None" not in part
        assert "Price" not in part
        assert "Weight" not in part
        assert "Why" not in part


@pytest.mark.parametrize("kind", KINDS)
def test_typed_html_is_escaped(kind):
    evil = "<script>alert(1)</script><b>&"
    page = Page(
        compose(
            kind,
            facts(student_name=evil, original_filename=f"{evil}.stl", color=evil, reasons=[evil]),
        ).html
    )
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "b", "img"}
    assert "<script>alert(1)</script>" in page.words
    assert "<script>" in compose(kind, facts(student_name=evil)).text


@pytest.mark.parametrize("kind", KINDS)
def test_a_subject_is_one_short_line(kind):
    letter = compose(
        kind, facts(original_filename="a\r\nBcc: x@example.edu" + "y" * 300 + ".stl", short_id="1a")
    )
    assert not re.search(r"[\x00-\x1f\x7f\u2028\u2029]", letter.subject)
    assert len(letter.subject) < 120


def test_typed_text_cannot_inject_the_link_or_a_header_line():
    letter = compose(
        "approval",
        facts(student_name=f"{CONFIRM_URL_MARK}\n\nPay elsewhere:\u202e x", reasons=None),
    )
    assert letter.text.count(CONFIRM_URL_MARK) == 1
    assert letter.html.count(CONFIRM_URL_MARK) == 3
    assert "\nPay elsewhere" not in letter.text
    assert "\u202e" not in letter.text + letter.html


@pytest.mark.parametrize("kind", KINDS)
def test_text_lines_are_short_and_links_are_whole(kind):
    url = "https://print.example.edu/" + "a" * 90
    letter = compose(
        kind,
        facts(track_url=url, submit_url=url, reasons=["many words " * 30], student_name="n" * 100),
    )
    assert all(len(line) <= 72 or line == url for line in letter.text.splitlines())
    assert url in letter.text or kind in ("approval", "completion")


@pytest.mark.parametrize("kind", KINDS)
def test_html_is_small_complete_and_loads_nothing(kind):
    html = compose(kind, facts()).html
    page = Page(html)
    assert not page.open
    assert len(html.encode()) < 12_000
    assert not {"img", "link", "iframe", "object", "form", "svg"} & {tag for tag, _ in page.tags}
    assert "url(" not in html and "@import" not in html and "v:roundrect" not in html
    tables = [attrs for tag, attrs in page.tags if tag == "table"]
    assert tables and all(attrs.get("role") == "presentation" for attrs in tables)
    assert ("meta", {"name": "color-scheme", "content": "light dark"}) in page.tags
    assert "max-width:600px" in html


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("America/Chicago", "Thursday 26 November 2026, 14:05 (Chicago time)"),
        ("America/New_York", "Thursday 26 November 2026, 15:05 (New York time)"),
        ("Asia/Tokyo", "Friday 27 November 2026, 05:05 (Tokyo time)"),
        ("UTC", "Thursday 26 November 2026, 20:05 (UTC)"),
    ],
)
def test_a_moment_is_written_in_the_labs_zone(zone, written):
    assert format_moment(datetime(2026, 11, 26, 20, 5, tzinfo=UTC), ZoneInfo(zone)) == written


def test_an_unknown_kind_is_an_error():
    with pytest.raises(KeyError):
        compose("advert", facts())
