"""The name that a file's owner gave it, fit to be shown."""

import re
import unicodedata

MAX_EXTENSION = 20
NAMELESS = "model"

_INVISIBLE = frozenset(
    "\ufeff\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
# Control characters, lone surrogates (they cannot be stored), line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


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


def _shorten(name: str, max_length: int) -> str:
    if len(name) <= max_length:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > min(MAX_EXTENSION, max_length - 2):
        return name[:max_length].rstrip()
    return stem[: max_length - len(extension) - 1].rstrip() + dot + extension
