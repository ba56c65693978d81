"""What kind of model a file is, told by its content: a bounded look, before anything is parsed.

Only the first and last 64 KB are read, and of a 3MF its directory and the beginnings of its model
parts; so the answer takes the same time and memory for every size. What only a whole reading shows
(coordinates that are not numbers, missing indices, a model without a body) is the parser's to find.

Sources: the de-facto STL and OBJ formats, the 3MF Core Specification 1.3, PKWARE's APPNOTE 6.3.
"""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from services.errors import Invalid
from services.names import clean_filename

FileType = Literal["stl", "obj", "3mf"]

WINDOW = 64 * 1024

STL_HEADER = 84
STL_TRIANGLE = 50
STL_TRAILING = 1024  # some exporters add a few bytes after the last triangle
STL_BELIEVABLE_TRIANGLES = 50_000_000

ZIP_ENTRIES = 2_000
ZIP_DIRECTORY_BYTES = 1024 * 1024
ZIP_INFLATED_BYTES = 400 * 1000 * 1000
ZIP_RATIO = 100
ZIP_MODEL_PARTS = 50

_END_RECORD = struct.Struct("<4s4H2LH")
_END_RECORD_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_UNREADABLE_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    ValueError,
)

_NAMES: dict[str, str] = {"stl": "STL", "obj": "OBJ", "3mf": "3MF"}
_ARTICLES: dict[str, str] = {"stl": "an STL", "obj": "an OBJ", "3mf": "a 3MF"}
_EXPORT = "Export your model as STL, OBJ or 3MF and submit that file."
_SEND_AGAIN = "Export it again, and submit the new file."

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"GCDE", "sliced G-code for a printer"),
    (b"\xd0\xcf\x11\xe0", "a SOLIDWORKS, Inventor or Office document"),
    (b"BLENDER", "a Blender project"),
    (b"glTF", "a glTF model"),
    (b"Kaydara FBX", "an FBX model"),
    (b"AC10", "an AutoCAD drawing"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\xff\xfe", "a text file in UTF-16"),
    (b"\xfe\xff", "a text file in UTF-16"),
)
_XML = rb"\A(?:<\?xml[^>]{0,200}>\s{0,9})?"
_WORDING: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.MULTILINE), seems)
    for pattern, seems in (
        (_XML + rb"(?:<!--[^>]{0,400}>\s{0,9})?(?:<!doctype svg|<svg)", "an SVG image"),
        (rb"\A<(?:!doctype html|html|head|body|script|!--)", "a web page (HTML)"),
        (_XML + rb"<amf\b", "an AMF model"),
        (rb"\A<\?xml", "an XML document"),
        (rb"\AISO-10303-21;", "a STEP model"),
        (rb"\Aply[ \t]*\n", "a PLY model"),
        (rb"\A#VRML", "a VRML model"),
        (rb"\A0[ \t]*\n[ \t]*SECTION\b", "a DXF drawing"),
        (rb"\A[^\n]{72}S[ \t]{0,6}1[ \t]*\n", "an IGES model"),
        (
            rb"^[ \t]*(?:G0?[01]|G28|M10[49]|M140|M862\.\d)(?:[ \t]|$)",
            "sliced G-code for a printer",
        ),
        (rb"\A\{\s{0,9}[\"}]", "a JSON document"),
    )
)
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f]")
_FACET = re.compile(rb"\bfacet\b", re.IGNORECASE)
_VERTEX = re.compile(rb"\bvertex\b", re.IGNORECASE)
_END_SOLID = re.compile(rb"\bend[ \t]?solid\b[^\n]*", re.IGNORECASE)
_STL_LINE = re.compile(rb"^[ \t]*(?:solid|facet|outer|vertex)\b", re.IGNORECASE | re.MULTILINE)
_OBJ_POINT = re.compile(rb"^[ \t]*v[ \t]+[-+.\d]", re.MULTILINE)
_OBJ_FACE = re.compile(rb"^[ \t]*f[ \t]+-?\d", re.MULTILINE)
_MESH_TAG = re.compile(rb"<(?:[\w.-]+:)?(?:mesh|components?)\b")


@dataclass(frozen=True)
class _Look:
    """The bounded look at a file: enough to tell its kind."""

    file: BinaryIO
    size: int
    head: bytes
    tail: bytes
    extension: str
    name: str

    def refuse(self, sentence: str, advice: str = _SEND_AGAIN) -> Invalid:
        return Invalid(file=f"“{self.name}” {sentence} {advice}")

    @property
    def triangles_said(self) -> int:
        """The triangle count of a binary STL's header."""
        return int.from_bytes(self.head[80:STL_HEADER], "little")

    @property
    def opening(self) -> bytes:
        """The head as text: no byte order mark, nothing blank in front, every line ended by LF."""
        text = self.head.removeprefix(b"\xef\xbb\xbf").lstrip()
        return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    @property
    def ending(self) -> bytes:
        return self.tail.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def identify(path: Path, filename: str) -> FileType:
    """The type of the uploaded file at `path`, which its owner calls `filename`.

    Decided by content; the name's extension must agree. Raises Invalid(file=...), saying what is
    wrong and what would be right; lets OSError through.
    """
    name = clean_filename(filename, 80)
    extension = _extension(name)
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if not size:
            raise Invalid(file=f"“{name}” is empty (0 bytes). {_SEND_AGAIN}")
        file.seek(0)
        head = file.read(WINDOW)
        file.seek(max(0, size - WINDOW))
        found = _identify(_Look(file, size, head, file.read(WINDOW), extension, name))
    if found != extension:
        stem = name.rpartition(".")[0] or "model"
        raise Invalid(
            file=f"“{name}” is {_ARTICLES[found]} file inside. Rename it to {stem}.{found}, "
            f"or export it as {_NAMES[extension]}."
        )
    return found


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip archive that has passed the gate: its directory is true and small, no entry leads out
    of it or is a link, and what it says to hold is bounded. Whoever reads an entry bounds that too.

    Raises Invalid(file=...).
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        head = file.read(WINDOW)
        file.seek(max(0, size - WINDOW))
        look = _Look(file, size, head, file.read(WINDOW), "3mf", clean_filename(path.name, 80))
        if not head.startswith(b"PK\x03\x04"):
            raise _damaged(look)
        _check_directory(look)
        try:
            archive = zipfile.ZipFile(file)
        except _UNREADABLE_ZIP:
            raise _damaged(look) from None
        with archive:
            _check_entries(look, archive.infolist())
            yield archive


def _extension(name: str) -> str:
    _, dot, extension = name.rpartition(".")
    if extension.lower() in _NAMES and dot:
        return extension.lower()
    ending = (
        f"ends in .{extension}, which the lab cannot read"
        if dot and extension
        else "has no extension"
    )
    raise Invalid(file=f"“{name}” {ending}. Only .stl, .obj and .3mf are accepted. {_EXPORT}")


def _identify(look: _Look) -> FileType:
    if look.head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        _check_3mf(look)
        return "3mf"
    if _is_binary_stl(look):
        return "stl"
    seems = _other_kind(look)
    if seems:
        raise look.refuse(f"seems to be {seems}, not a 3D model the lab can read.", _EXPORT)
    # Past its beginning a text may hold anything: a computer that crashed leaves zeros at its end.
    if _NOT_TEXT.search(look.head, 0, 512):
        raise _binary_refusal(look)
    if re.match(rb"solid\b", look.opening, re.IGNORECASE):
        _check_ascii_stl(look)
        return "stl"
    _check_obj(look)
    return "obj"


def _other_kind(look: _Look) -> str | None:
    """What a file of a well-known other kind seems to be."""
    for magic, seems in _MAGIC:
        if look.head.startswith(magic):
            return seems
    if look.head[:4] == b"RIFF" and look.head[8:12] == b"WEBP":
        return "a WebP image"
    if look.head[:2] == b"BM" and look.head[2:6] == look.size.to_bytes(8, "little")[:4]:
        return "a BMP image"
    opening = look.opening
    if opening[:5].lower() == b"solid":
        return None
    return next((seems for pattern, seems in _WORDING if pattern.search(opening)), None)


# STL: 80 bytes of header (any text, "solid" included), a count, and 50 bytes for each triangle.


def _is_binary_stl(look: _Look) -> bool:
    said = look.triangles_said if look.size > STL_HEADER else 0
    extra = look.size - STL_HEADER - STL_TRIANGLE * said
    return said > 0 and 0 <= extra <= STL_TRAILING


def _binary_refusal(look: _Look) -> Invalid:
    """Why a binary file of no known kind is not what its name says."""
    if look.extension == "obj":
        return look.refuse(
            "is not an OBJ file: an OBJ is plain text, and this holds binary data.", _EXPORT
        )
    if look.extension == "3mf":
        return look.refuse(
            "is not a 3MF file, or it is damaged: it does not begin as one.", _EXPORT
        )
    if look.size < STL_HEADER:
        return look.refuse(f"is too short to be an STL file: it ends after {look.size} bytes.")
    said, there = look.triangles_said, (look.size - STL_HEADER) // STL_TRIANGLE
    if said == 0:
        return look.refuse("has no triangles in it: its header says 0.")
    if said <= there:
        return look.refuse(
            f"is damaged: it says it has {said:,} triangles, but goes on after them."
        )
    if said > STL_BELIEVABLE_TRIANGLES:
        return look.refuse(
            "is not an STL file, or it is damaged: its triangle count makes no sense.", _EXPORT
        )
    return look.refuse(f"is cut off: it says it has {said:,} triangles but ends after {there:,}.")


def _check_ascii_stl(look: _Look) -> None:
    if not (_FACET.search(look.opening) and _VERTEX.search(look.opening)):
        if look.size > WINDOW or _FACET.search(look.opening):
            raise look.refuse(
                "is not a complete STL file: no triangle was found where the first should be."
            )
        raise look.refuse("has no triangles in it: it is an STL file without facets.")
    ending = look.ending
    ends = [end.end() for end in _END_SOLID.finditer(ending)]
    if not ends or _STL_LINE.search(ending, ends[-1]):
        raise look.refuse(
            "is cut off: a text STL must end with “endsolid”, and this one stops before it."
        )


# OBJ: lines of text, of which "v x y z" is a point and "f 1 2 3" a face.


def _check_obj(look: _Look) -> None:
    opening, ending = look.opening, look.ending
    if not _OBJ_POINT.search(opening):
        raise look.refuse("is a text file without a 3D model in it.", _EXPORT)
    if _NOT_TEXT.search(opening) or _NOT_TEXT.search(ending):
        raise look.refuse("is damaged: it begins as an OBJ file, but then holds binary data.")
    if not (_OBJ_FACE.search(opening) or _OBJ_FACE.search(ending)):
        raise look.refuse("has points but no faces were found in it, so there is nothing to print.")


# 3MF: a zip archive. Everything is bounded before anything is unpacked.


def _check_3mf(look: _Look) -> None:
    if not look.head.startswith(b"PK\x03\x04"):
        raise look.refuse("is a ZIP archive with nothing in it, or a damaged one.", _EXPORT)
    _check_directory(look)
    try:
        with zipfile.ZipFile(look.file) as archive:
            entries = archive.infolist()
            _check_entries(look, entries)
            parts = _model_parts(look, entries)
            heads = [_head_of(archive, part) for part in parts[:ZIP_MODEL_PARTS]]
    except _UNREADABLE_ZIP:
        raise _damaged(look) from None
    sliced = any(entry.filename.casefold().endswith((".gcode", ".bgcode")) for entry in entries)
    # A model part longer than what was read of it holds more than the few lines of a sliced file.
    longer = len(parts) > ZIP_MODEL_PARTS or any(part.file_size > WINDOW for part in parts)
    if sliced and not longer and not any(_MESH_TAG.search(head) for head in heads):
        raise look.refuse(
            "is a sliced file, not a model: it holds G-code for one printer and no shape.",
            "Submit the model you sliced, as STL, OBJ or 3MF.",
        )


def _damaged(look: _Look) -> Invalid:
    return look.refuse("is a 3MF or ZIP archive that is cut off or damaged.")


def _check_directory(look: _Look) -> None:
    """Refuses an archive by its end record, before a directory of any length is read.

    Offsets must fit exactly, and the entries are counted by their signatures: the record may lie.
    """
    at = look.tail.rfind(b"PK\x05\x06")
    # A ZIP64 record stands before it, and must not hide from this look behind a long comment.
    if at < _END_RECORD_64.size + _LOCATOR_64.size or len(look.tail) - at < _END_RECORD.size:
        raise _damaged(look)
    _, _, _, _, count, length, offset, _ = _END_RECORD.unpack_from(look.tail, at)
    end = look.size - len(look.tail) + at
    if look.tail.startswith(b"PK\x06\x07", at - _LOCATOR_64.size):
        end, count, length, offset = _end_record_64(look, at)
    if count > ZIP_ENTRIES or length > ZIP_DIRECTORY_BYTES:
        raise _too_many(look)
    if offset + length != end:
        raise _damaged(look)
    look.file.seek(offset)
    if look.file.read(length).count(b"PK\x01\x02") > ZIP_ENTRIES:
        raise _too_many(look)


def _end_record_64(look: _Look, at: int) -> tuple[int, int, int, int]:
    """(its position, entries, directory's length, directory's offset) of a ZIP64 end record."""
    _, _, position, _ = _LOCATOR_64.unpack_from(look.tail, at - _LOCATOR_64.size)
    end = look.size - len(look.tail) + at - _LOCATOR_64.size - _END_RECORD_64.size
    if position != end or end < 0:
        raise _damaged(look)
    look.file.seek(end)
    fields = _END_RECORD_64.unpack(look.file.read(_END_RECORD_64.size))
    if fields[0] != b"PK\x06\x06":
        raise _damaged(look)
    return end, fields[7], fields[8], fields[9]


def _too_many(look: _Look) -> Invalid:
    return look.refuse(f"holds too many files inside: a 3MF may have {ZIP_ENTRIES:,}.", _EXPORT)


def _check_entries(look: _Look, entries: list[zipfile.ZipInfo]) -> None:
    for entry in entries:
        if _is_outside(entry.orig_filename):
            raise look.refuse("has a file inside under a path that 3MF does not allow.", _EXPORT)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise look.refuse("has a link to another file inside; a 3MF may not.", _EXPORT)
        if entry.flag_bits & 0x2041:  # encrypted, strongly encrypted, masked directory
            raise look.refuse(
                "is protected by a password.", "Save it without one, and submit that file."
            )
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise look.refuse("is packed in a way that 3MF does not allow.", _EXPORT)
    inflated = sum(entry.file_size for entry in entries)
    packed = min(look.size, sum(entry.compress_size for entry in entries))
    if inflated > ZIP_INFLATED_BYTES or inflated > ZIP_RATIO * max(packed, 1):
        raise look.refuse(
            f"would unpack to {inflated / 1e6:,.0f} MB, far more than a printable model needs.",
            "Simplify the model and export it again.",
        )


def _is_outside(name: str) -> bool:
    """Whether a path in an archive could lead out of it, here or on Windows."""
    absolute = name.startswith("/") or name[1:2] == ":"
    return absolute or ".." in name.split("/") or "\\" in name or "\0" in name


def _model_parts(look: _Look, entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    names = {entry.filename.casefold() for entry in entries}
    parts = [entry for entry in entries if entry.filename.casefold().endswith(".model")]
    if parts and "[content_types].xml" in names:
        return parts
    if any(name.startswith(("word/", "xl/", "ppt/")) for name in names):
        raise look.refuse("seems to be an Office document, not a 3D model.", _EXPORT)
    if parts:
        raise look.refuse("is not a complete 3MF file: its list of contents is missing.")
    if "[content_types].xml" in names:
        raise look.refuse("is not a complete 3MF file: there is no 3D model part in it.")
    raise look.refuse(
        "is a ZIP archive, not a 3D model.", "Unpack it, and submit the model that is inside."
    )


def _head_of(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """The first 64 KB of a part, without unpacking more; UTF-16 is read as if ASCII."""
    with archive.open(part) as stream:
        return stream.read(WINDOW).replace(b"\0", b"")
