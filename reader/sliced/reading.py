"""Which kind of sliced file it is, told by its first bytes. For the sandboxed child: nothing but
Python's own library is loaded, which keeps its start short."""

import os
import re
import stat
import struct
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from reader.errors import Unreadable
from reader.gate.content_sniffing import WINDOW
from reader.sliced import archive, bgcode, comments
from reader.sliced.facts import SlicedFacts

_UNREADABLE = (
    Unreadable,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,  # zipfile's word for an encrypted part
    RecursionError,
    ValueError,  # damaged JSON, a path with a NUL, XML that declares something
    OverflowError,
    ExpatError,
)


def read_sliced(path: Path) -> SlicedFacts | None:
    """What a sliced file says, or None when it says neither weight nor time.

    A damaged or hostile file says nothing. OSError goes through: the storage may be away.
    """
    try:
        return _read(path)
    except _UNREADABLE:
        return None


def answer(path: str) -> dict[str, Any]:
    """The task "sliced": what `reader.sliced.asking` makes the facts of, or the `problem`."""
    try:
        said = _read(Path(path))
    except _UNREADABLE as problem:
        return {"problem": str(problem)[:200]}
    if said is None:
        return {"plates": []}
    plates = [asdict(plate) for plate in said.plates]
    return {"plates": plates, "printer": said.printer, "slicer": said.slicer}


def _read(path: Path) -> SlicedFacts | None:
    # A link or a device that somebody put there meanwhile is not opened.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        head = file.read(WINDOW)
        if head.startswith(bgcode.MAGIC):
            return bgcode.read(file)
        if head.startswith(b"PK"):
            return archive.read(path)
        if re.search(rb"[\0\x01-\x08]", head[:512]):
            return None
        size = file.seek(0, os.SEEK_END)
        file.seek(max(len(head), size - WINDOW))
        text = head + (b"\n" if size > 2 * WINDOW else b"") + file.read(WINDOW)
        return comments.to_facts(comments.read(text.decode("utf-8", "replace")))
