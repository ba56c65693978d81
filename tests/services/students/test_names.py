import re
import unicodedata

import pytest

from reader.filenames import clean_filename
from services.students.names import job_stem, person_slug, word_slug


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("jane doe", "JaneDoe"),
        ("  Jane   DOE ", "JaneDOE"),
        ("李伟", "LiWei"),
        ("O'Brien-Smith", "OBrienSmith"),
        ("O\u2019Brien-Smith", "OBrienSmith"),
        ("José", "Jose"),
        ("Jose\u0301", "Jose"),
        ("Nguyễn Văn A", "NguyenVanA"),
        ("Ольга Петрова", "OlgaPetrova"),
        ("김민준", "GimMinJun"),
        ("Ærøskøbing", "Aeroskobing"),
        ("Student 2", "Student2"),
        ("../../etc/passwd", "EtcPasswd"),
        ("😀", "Student"),
        ("Jane 😀 Doe", "JaneDoe"),
        ("", "Student"),
        (" .-_/\\ ", "Student"),
        ("\x00\ud800", "Student"),
    ],
)
def test_a_person_becomes_ascii_words_with_capitals(typed, slug):
    assert person_slug(typed) == slug


@pytest.mark.parametrize("typed", ["x" * 5000, "名" * 5000, "محمد علي", "नरेन्द्र मोदी", "עברית"])
def test_a_slug_is_short_and_ascii_for_every_script(typed):
    assert re.fullmatch(r"[A-Za-z0-9]{1,40}", person_slug(typed))


def test_a_color_becomes_one_word():
    assert word_slug("True Red") == "TrueRed"
    assert word_slug("Glow in the Dark") == "GlowInTheDark"
    assert word_slug("") == "Any"


def test_a_job_stem_has_person_method_color_and_short_id():
    assert job_stem("Jane Doe", "Filament", "True Red", "1a2b3c4d") == (
        "JaneDoe_Filament_TrueRed_1a2b3c4d"
    )


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("cube.stl", "cube.stl"),
        ("C:\\fakepath\\cube.stl", "cube.stl"),
        ("../../etc/passwd", "passwd"),
        ("a/b\\c.stl", "c.stl"),
        ("folder/", "folder"),
        ("cu\u202elts.stl", "cults.stl"),
        ("a\x00b\r\n.stl", "ab.stl"),
        ("\ud800x.stl", "x.stl"),
        ("  my part.stl ", "my part.stl"),
        ("e\u0301.stl", "é.stl"),
        ("名前.3mf", "名前.3mf"),
        ("__#$%'=+&áÀ_ḿ.stl", "__#$%'=+&áÀ_ḿ.stl"),
        ("", "model"),
        ("...", "model"),
        ("/", "model"),
        ("\u202e\x00", "model"),
    ],
)
def test_a_file_name_loses_its_path_and_what_cannot_be_seen(raw, clean):
    assert clean_filename(raw) == clean
    assert unicodedata.is_normalized("NFC", clean_filename(raw))


def test_a_long_file_name_keeps_its_extension():
    assert clean_filename("x" * 300 + ".stl") == "x" * 251 + ".stl"
    assert clean_filename("名" * 300 + ".3mf", 20) == "名" * 16 + ".3mf"
    assert clean_filename("a." + "b" * 400) == "a." + "b" * 253


def test_a_cleaned_file_name_stays_as_it_is():
    once = clean_filename("C:\\x\\" + "é" * 300 + " .stl")
    assert clean_filename(once) == once
