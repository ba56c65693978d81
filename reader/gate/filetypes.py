"""What kind of model a file is, told by its content: a bounded look, before anything is parsed.

Only the first and last 64 KB are read, and of a 3MF its directory and the beginnings of its model
parts; so the answer takes the same time and memory for every size. What only a whole reading shows
(coordinates that are not numbers, missing indices, a model without a body) is the parser's to find.

Sources: the de-facto STL and OBJ formats, the 3MF Core Specification 1.3.
"""

import math
import re
import struct
import zipfile
from pathlib import Path
from typing import Literal

from reader.errors import Unreadable
from reader.filenames import clean_filename
from reader.gate import archives
from reader.gate.content_sniffing import EXPORT, WINDOW, Look, look_at

FileType = Literal["stl", "obj", "3mf"]

STL_HEADER = 84
STL_TRIANGLE = 50
STL_TRAILING = 1024  # some exporters add a few bytes after the last triangle
STL_LOOKED_AT = 100  # triangles that are looked at where there is more after the last one
STL_BELIEVABLE_MM = 1e6
STL_BELIEVABLE_TRIANGLES = 50_000_000

MODEL_PARTS = 50  # of a 3MF, looked into

_NAMES: dict[str, str] = {"stl": "STL", "obj": "OBJ", "3mf": "3MF"}
_ARTICLES: dict[str, str] = {"stl": "an STL", "obj": "an OBJ", "3mf": "a 3MF"}

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
_FACET = re.compile(rb"\bfacet\s+normal\b", re.IGNORECASE)
_VERTEX = re.compile(rb"\bvertex\b", re.IGNORECASE)
_END_SOLID = re.compile(rb"\bend[ \t]?solid\b[^\n]*", re.IGNORECASE)
_STL_LINE = re.compile(rb"^[ \t]*(?:solid|facet|outer|vertex)\b", re.IGNORECASE | re.MULTILINE)
_OBJ_POINT = re.compile(rb"^[ \t]*v[ \t]+[-+.\d]", re.MULTILINE)
_OBJ_FACE = re.compile(rb"^[ \t]*f[ \t]+-?\d", re.MULTILINE)
_MESH_TAG = re.compile(rb"<(?:[\w.-]+:)?(?:mesh|components?)\b")


def identify(path: Path, filename: str) -> FileType:
    """The type of the uploaded file at `path`, which its owner calls `filename`.

    Decided by content; the name's extension must agree. Raises Unreadable, saying what is
    wrong and what would be right; lets OSError through.
    """
    name = clean_filename(filename, 80)
    extension = _extension(name)
    with path.open("rb") as file:
        found = _identify(look_at(file, name, extension))
    if found != extension:
        stem = name.rpartition(".")[0] or "model"
        raise Unreadable(
            f"“{name}” is {_ARTICLES[found]} file inside. Rename it to {stem}.{found}, "
            f"or export it as {_NAMES[extension]}."
        )
    return found


def _extension(name: str) -> str:
    _, dot, extension = name.rpartition(".")
    if extension.lower() in _NAMES and dot:
        return extension.lower()
    ending = (
        f"ends in .{extension}, which the lab cannot read"
        if dot and extension
        else "has no extension"
    )
    raise Unreadable(f"“{name}” {ending}. Only .stl, .obj and .3mf are accepted. {EXPORT}")


def _identify(look: Look) -> FileType:
    if look.head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        _check_3mf(look)
        return "3mf"
    binary = measure_binary_stl(look.head, look.size)
    if binary and binary[1] <= STL_TRAILING:
        return "stl"
    seems = _other_kind(look)
    if seems:
        raise look.refuse(f"seems to be {seems}, not a 3D model the lab can read.", EXPORT)
    # Past its beginning a text may hold anything: a computer that crashed leaves zeros at its end.
    if _NOT_TEXT.search(look.head, 0, 512):
        if binary and look.extension == "stl":
            return "stl"
        raise _binary_refusal(look)
    if re.match(rb"solid\b", look.opening, re.IGNORECASE):
        _check_ascii_stl(look)
        return "stl"
    _check_obj(look)
    return "obj"


def _other_kind(look: Look) -> str | None:
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


def _triangles_said(look: Look) -> int:
    """The triangle count of a binary STL's header."""
    return int.from_bytes(look.head[80:STL_HEADER], "little")


def measure_binary_stl(head: bytes, size: int) -> tuple[int, int] | None:
    """(triangles, bytes after the last one) of a binary STL by its beginning and its size, else
    None.

    Any text is a count of more than 100 million there, which no file has room for. Where much
    follows, the count is believed only if what it counts looks like triangles.
    """
    said = int.from_bytes(head[80:STL_HEADER], "little")
    surplus = size - STL_HEADER - STL_TRIANGLE * said
    if not said or surplus < 0 or (surplus > STL_TRAILING and not _holds_triangles(head, said)):
        return None
    return said, surplus


def _holds_triangles(head: bytes, said: int) -> bool:
    count = min(said, STL_LOOKED_AT, (len(head) - STL_HEADER) // STL_TRIANGLE)
    looked_at = head[STL_HEADER : STL_HEADER + STL_TRIANGLE * count]
    numbers = [number for row in struct.iter_unpack("<12f2x", looked_at) for number in row]
    is_text_stl = re.match(rb"\s*solid\b", head, re.IGNORECASE) and _FACET.search(head)
    return not is_text_stl and all(
        math.isfinite(number) and abs(number) <= STL_BELIEVABLE_MM for number in numbers
    )


def _binary_refusal(look: Look) -> Unreadable:
    """Why a binary file of no known kind is not what its name says."""
    if look.extension == "obj":
        return look.refuse(
            "is not an OBJ file: an OBJ is plain text, and this contains binary data.", EXPORT
        )
    if look.extension == "3mf":
        return look.refuse("is not a 3MF file, or it is damaged: it does not begin as one.", EXPORT)
    if look.size < STL_HEADER:
        return look.refuse(f"is too short to be an STL file: it ends after {look.size} bytes.")
    said, there = _triangles_said(look), (look.size - STL_HEADER) // STL_TRIANGLE
    if said == 0:
        return look.refuse("has no triangles in it: its header says 0.")
    if said <= there:
        return look.refuse(
            f"is damaged: it says it has {said:,} triangles, but what follows is something else."
        )
    if said > STL_BELIEVABLE_TRIANGLES:
        return look.refuse(
            "is not an STL file, or it is damaged: its triangle count is implausible.", EXPORT
        )
    return look.refuse(f"is cut off: it says it has {said:,} triangles but ends after {there:,}.")


def _check_ascii_stl(look: Look) -> None:
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


def _check_obj(look: Look) -> None:
    opening, ending = look.opening, look.ending
    if not _OBJ_POINT.search(opening):
        raise look.refuse("is a text file without a 3D model in it.", EXPORT)
    if _NOT_TEXT.search(opening) or _NOT_TEXT.search(ending):
        raise look.refuse("is damaged: it begins as an OBJ file, but then contains binary data.")
    has_faces = _OBJ_FACE.search(opening) or _OBJ_FACE.search(ending)
    # The end of a long file may be the middle of one long face: then its parser must judge.
    is_seen = look.size <= 2 * WINDOW or _OBJ_POINT.search(ending)
    if is_seen and not has_faces:
        raise look.refuse("has points but no faces were found in it, so there is nothing to print.")


# 3MF: a zip archive. Everything is bounded before anything is unpacked.


def _check_3mf(look: Look) -> None:
    if not look.head.startswith(b"PK\x03\x04"):
        raise look.refuse("is a ZIP archive with nothing in it, or a damaged one.", EXPORT)
    archives.check_directory(look)
    try:
        with zipfile.ZipFile(look.file) as archive:
            entries = archive.infolist()
            archives.check_entries(look, entries)
            parts = _model_parts(look, entries)
            heads = [_head_of(archive, part) for part in parts[:MODEL_PARTS]]
    except archives.UNREADABLE:
        raise archives.damaged(look) from None
    sliced = any(entry.filename.casefold().endswith((".gcode", ".bgcode")) for entry in entries)
    # A model part longer than what was read of it holds more than the few lines of a sliced file.
    longer = len(parts) > MODEL_PARTS or any(part.file_size > WINDOW for part in parts)
    if sliced and not longer and not any(_MESH_TAG.search(head) for head in heads):
        raise look.refuse(
            "is a sliced file, not a model: it holds G-code for one printer and no shape.",
            "Submit the model you sliced, as STL, OBJ or 3MF.",
        )


def _model_parts(look: Look, entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    names = {entry.filename.casefold() for entry in entries}
    parts = [entry for entry in entries if entry.filename.casefold().endswith(".model")]
    if parts and "[content_types].xml" in names:
        return parts
    if any(name.startswith(("word/", "xl/", "ppt/")) for name in names):
        raise look.refuse("seems to be an Office document, not a 3D model.", EXPORT)
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
