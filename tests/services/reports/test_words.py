"""The key figures in words: as exact as the words, and no more."""

from dataclasses import replace

import pytest

from services.reports import words
from services.reports.counting.key_figures import Figures, KeyFigures

FIGURES = Figures(
    submissions=200,
    decided=100,
    rejected=10,
    completed=80,
    failed=20,
    grams=1234.5,
    ready=80,
    median_hours=30.0,
    p90_hours=100.0,
    picked_up=70,
    revenue_cents=123_456,
)
NOTHING = Figures(0, 0, 0, 0, 0, 0.0, 0, None, None, 0, 0)


def rows(present, before):
    return {row.key: row for row in words.key_rows(KeyFigures(present, before))}


def test_figures_read_as_people_write_them():
    values = {key: row.value for key, row in rows(FIGURES, None).items()}
    assert values == {
        "submissions": "200",
        "completed": "80",
        "rejection_rate": "10.0 %",
        "failure_rate": "20.0 %",
        "median_hours": "30.0 h",
        "p90_hours": "4.2 days",
        "revenue_cents": "$1,234.56",
        "grams": "1.2 kg",
    }


def test_a_change_is_good_or_bad_or_neither():
    before = replace(
        FIGURES, submissions=100, completed=40, rejected=20, failed=10, median_hours=40.0
    )
    found = rows(FIGURES, before)
    assert (found["submissions"].change, found["submissions"].tone) == ("+100 %", "")
    assert (found["completed"].change, found["completed"].tone) == ("+100 %", "ok")
    assert (found["rejection_rate"].change, found["rejection_rate"].tone) == ("−10 points", "ok")
    assert (found["median_hours"].change, found["median_hours"].tone) == ("−10 h", "ok")
    assert rows(before, FIGURES)["completed"].tone == "bad"


def test_what_the_words_cannot_tell_is_no_change_and_has_no_tone():
    almost = replace(FIGURES, revenue_cents=123_457, median_hours=30.01)
    for row in rows(almost, FIGURES).values():
        assert (row.change, row.tone) == ("no change", "")


def test_nothing_is_not_zero_per_cent():
    empty = rows(NOTHING, NOTHING)
    assert empty["rejection_rate"].value == empty["median_hours"].value == "–"
    assert empty["rejection_rate"].change == "" and empty["submissions"].change == "no change"
    assert rows(FIGURES, NOTHING)["submissions"].change == "none before"
    assert all(row.change == row.before == row.tone == "" for row in rows(FIGURES, None).values())


@pytest.mark.parametrize(
    ("hours", "said"),
    [(None, "–"), (0.0, "0 min"), (0.75, "45 min"), (5.5, "5.5 h"), (72.0, "3.0 days")],
)
def test_hours_in_words(hours, said):
    assert words.format_hours(hours) == said
