"""The gate before a zip archive, which a 3MF is: everything is bounded before anything is unpacked.

Source: PKWARE's APPNOTE 6.3.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reader.errors import Unreadable
from reader.filenames import clean_filename
from reader.gate.content_sniffing import EXPORT, Look, look_at

ENTRIES = 2_000
DIRECTORY_BYTES = 1024 * 1024
INFLATED_BYTES = 400 * 1000 * 1000
RATIO = 100

_END_RECORD = struct.Struct("<4s4H2LH")
_END_RECORD_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    ValueError,
)


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip archive that has passed the gate: its directory is true and small, no entry leads out
    of it or is a link, and what it says to hold is bounded. Whoever reads an entry bounds that too.

    Raises Unreadable.
    """
    with path.open("rb") as file:
        look = look_at(file, clean_filename(path.name, 80), "3mf")
        if not look.head.startswith(b"PK\x03\x04"):
            raise damaged(look)
        check_directory(look)
        try:
            archive = zipfile.ZipFile(file)
        except UNREADABLE:
            raise damaged(look) from None
        with archive:
            check_entries(look, archive.infolist())
            yield archive


def damaged(look: Look) -> Unreadable:
    return look.refuse("is a 3MF or ZIP archive that is cut off or damaged.")


def check_directory(look: Look) -> None:
    """Refuses an archive by its end record, before a directory of any length is read.

    Offsets must fit exactly, and the entries are counted by their signatures: the record may lie.
    """
    at = look.tail.rfind(b"PK\x05\x06")
    # A ZIP64 record stands before it, and must not hide from this look behind a long comment.
    if at < _END_RECORD_64.size + _LOCATOR_64.size or len(look.tail) - at < _END_RECORD.size:
        raise damaged(look)
    _, _, _, _, count, length, offset, _ = _END_RECORD.unpack_from(look.tail, at)
    end = look.size - len(look.tail) + at
    if look.tail.startswith(b"PK\x06\x07", at - _LOCATOR_64.size):
        end, count, length, offset = _end_record_64(look, at)
    if count > ENTRIES or length > DIRECTORY_BYTES:
        raise _too_many(look)
    if offset + length != end:
        raise damaged(look)
    look.file.seek(offset)
    if look.file.read(length).count(b"PK\x01\x02") > ENTRIES:
        raise _too_many(look)


def _end_record_64(look: Look, at: int) -> tuple[int, int, int, int]:
    """(its position, entries, directory's length, directory's offset) of a ZIP64 end record."""
    _, _, position, _ = _LOCATOR_64.unpack_from(look.tail, at - _LOCATOR_64.size)
    end = look.size - len(look.tail) + at - _LOCATOR_64.size - _END_RECORD_64.size
    if position != end or end < 0:
        raise damaged(look)
    look.file.seek(end)
    fields = _END_RECORD_64.unpack(look.file.read(_END_RECORD_64.size))
    if fields[0] != b"PK\x06\x06":
        raise damaged(look)
    return end, fields[7], fields[8], fields[9]


def _too_many(look: Look) -> Unreadable:
    return look.refuse(f"holds too many files inside: a 3MF may have {ENTRIES:,}.", EXPORT)


def check_entries(look: Look, entries: list[zipfile.ZipInfo]) -> None:
    for entry in entries:
        if _is_outside(entry.orig_filename):
            raise look.refuse("has a file inside under a path that 3MF does not allow.", EXPORT)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise look.refuse("has a link to another file inside; a 3MF may not.", EXPORT)
        if entry.flag_bits & 0x2041:  # encrypted, strongly encrypted, masked directory
            raise look.refuse(
                "is protected by a password.", "Save it without one, and submit that file."
            )
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise look.refuse("is packed in a way that 3MF does not allow.", EXPORT)
    inflated = sum(entry.file_size for entry in entries)
    packed = min(look.size, sum(entry.compress_size for entry in entries))
    if inflated > INFLATED_BYTES or inflated > RATIO * max(packed, 1):
        raise look.refuse(
            f"would unpack to {inflated / 1e6:,.0f} MB, far more than a printable model needs.",
            "Simplify the model and export it again.",
        )


def _is_outside(name: str) -> bool:
    """Whether a path in an archive could lead out of it, here or on Windows."""
    absolute = name.startswith("/") or name[1:2] == ":"
    return absolute or ".." in name.split("/") or "\\" in name or "\0" in name
