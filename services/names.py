"""Names made from what people type: ASCII for folders and files, any script for the screen."""

import re
import unicodedata

from anyascii import anyascii

MAX_SLUG = 40
MAX_EXTENSION = 20
NAMELESS = "model"
NOBODY = "Student"
NO_COLOR = "Any"

_APOSTROPHES = re.compile(r"['`\u00b4\u02bc\u2018\u2019]")
_INVISIBLE = frozenset(
    "\ufeff\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
# Control characters, lone surrogates (they cannot be stored), line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


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
    """What a job's folder and file are called, without extension (the plan's section 3.4.1)."""
    return "_".join((person_slug(name), word_slug(method), word_slug(color), short_id))


def clean_filename(raw: str, max_length: int = 255) -> str:
    """The file's own name, fit to be shown: no path, no control or text-direction characters, NFC.

    Any script stays. At most `max_length` characters, shortened before the extension; never empty.
    """
    parts = re.split(r"[/\\]", unicodedata.normalize("NFC", visible(raw)))
    named = [part.strip() for part in parts if part.strip(" .")]
    return _shorten(named[-1], max_length) if named else NAMELESS


def visible(text: str) -> str:
    """The text without control characters and without those that turn its direction."""
    return "".join(
        char
        for char in text
        if unicodedata.category(char) not in _UNSEEN and char not in _INVISIBLE
    )


def _slug(text: str) -> str:
    # Emoji and signs go first: transliteration would spell them out (":grinning:").
    letters = "".join(
        char if unicodedata.category(char)[0] in "LMN" else " "
        for char in _APOSTROPHES.sub("", text[:500])
    )
    # Transliteration writes some letters as apostrophes (the soft sign); they part no words.
    words = re.findall(r"[A-Za-z0-9]+", _APOSTROPHES.sub("", anyascii(letters)))
    return "".join(word[0].upper() + word[1:] for word in words)[:MAX_SLUG]


def _shorten(name: str, max_length: int) -> str:
    if len(name) <= max_length:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > min(MAX_EXTENSION, max_length - 2):
        return name[:max_length].rstrip()
    return stem[: max_length - len(extension) - 1].rstrip() + dot + extension
