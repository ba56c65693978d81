"""Names of a job's folder and files: ASCII, from names in any script."""

import re
import unicodedata

from anyascii import anyascii

MAX_SLUG = 40
NOBODY = "Student"
NO_COLOR = "Any"

_APOSTROPHES = re.compile(r"['`\u00b4\u02bc\u2018\u2019]")


def person_slug(name: str) -> str:
    """The name as ASCII letters and digits, each word with a capital: "jane doe" is "JaneDoe".

    Any script is transliterated; at most 40 characters; "Student" when nothing is left
    (the plan's section 3.4.1).
    """
    return _slug(name) or NOBODY


def word_slug(text: str) -> str:
    """Words joined, as ASCII letters and digits: "True Red" is "TrueRed"."""
    return _slug(text) or NO_COLOR


def job_stem(name: str, method: str, color: str, short_id: str) -> str:
    """The name of a job's folder and file, without extension (the plan's section 3.4.1)."""
    return "_".join((person_slug(name), word_slug(method), word_slug(color), short_id))


def _slug(text: str) -> str:
    # Emoji and signs go first: transliteration would spell them out (":grinning:").
    letters = "".join(
        char if unicodedata.category(char)[0] in "LMN" else " "
        for char in _APOSTROPHES.sub("", text[:500])
    )
    # Transliteration writes some letters as apostrophes (the soft sign); they do not separate
    # words.
    words = re.findall(r"[A-Za-z0-9]+", _APOSTROPHES.sub("", anyascii(letters)))
    return "".join(word[0].upper() + word[1:] for word in words)[:MAX_SLUG]
