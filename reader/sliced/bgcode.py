"""Binary G-code: the tables of keys and values before the moves.

Source: libbgcode's doc/specifications.md (version 1 of the format).
"""

import struct
import zlib
from typing import BinaryIO

from reader.sliced import comments
from reader.sliced.facts import SlicedFacts

MAGIC = b"GCDE"
MAX_BLOCKS = 64
MAX_TABLE = 1024 * 1024  # bytes of one table, unpacked

_HEADER = struct.Struct("<4sIH")
_BLOCK = struct.Struct("<HHI")
_GCODE, _THUMBNAIL = 1, 5
_TABLES = {0, 2, 3, 4}  # file, slicer, printer, print
_PLAIN, _DEFLATED = 0, 1


def read(file: BinaryIO) -> SlicedFacts | None:
    """What the tables say. Blocks are skipped unread; what is cut off says nothing more."""
    file.seek(0)
    head = file.read(_HEADER.size)
    if len(head) < _HEADER.size:
        return None
    magic, version, checksum = _HEADER.unpack(head)
    if magic != MAGIC or version != 1 or checksum > 1:
        return None
    said: dict[str, str] = {}
    for _ in range(MAX_BLOCKS):
        block = file.read(_BLOCK.size)
        if len(block) < _BLOCK.size:
            break
        kind, compression, size = _BLOCK.unpack(block)
        if kind == _GCODE:
            break
        packed = size if compression == _PLAIN else int.from_bytes(file.read(4), "little")
        file.seek(6 if kind == _THUMBNAIL else 2, 1)  # the block's own parameters
        after = file.tell() + packed + 4 * checksum
        if kind in _TABLES and packed <= MAX_TABLE:
            said |= _table(file.read(packed), compression)
        file.seek(after)
    return comments.to_facts(said)


def _table(packed: bytes, compression: int) -> dict[str, str]:
    """`key=value` lines. Heatshrink is for moves; a table packed with it is left out."""
    if compression == _DEFLATED:
        packed = zlib.decompressobj().decompress(packed, MAX_TABLE)
    elif compression != _PLAIN:
        return {}
    said = {}
    for line in packed.decode("utf-8", "replace").splitlines():
        key, is_entry, value = line.partition("=")
        if is_entry and value.strip():
            said[key.strip().lower()] = value.strip()[:400]
    return said
