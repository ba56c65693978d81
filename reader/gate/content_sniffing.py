"""A bounded look at a file: enough to tell its kind, whatever its size."""

from dataclasses import dataclass
from typing import BinaryIO

from reader.errors import Unreadable

WINDOW = 64 * 1024
EXPORT = "Export your model as STL, OBJ or 3MF and submit that file."
SEND_AGAIN = "Export it again, and submit the new file."


@dataclass(frozen=True)
class Look:
    """The first and the last 64 KB of a file that its owner calls `name`."""

    file: BinaryIO
    size: int
    head: bytes
    tail: bytes
    extension: str
    name: str

    def refuse(self, sentence: str, advice: str = SEND_AGAIN) -> Unreadable:
        return Unreadable(f"“{self.name}” {sentence} {advice}")

    @property
    def opening(self) -> bytes:
        """The head as text: no byte order mark, nothing blank in front, every line ended by LF."""
        text = self.head.removeprefix(b"\xef\xbb\xbf").lstrip()
        return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    @property
    def ending(self) -> bytes:
        return self.tail.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def look_at(file: BinaryIO, name: str, extension: str) -> Look:
    """Reads the beginning and the end of an open file. Raises Unreadable when it is empty."""
    size = file.seek(0, 2)
    if not size:
        raise Unreadable(f"“{name}” is empty (0 bytes). {SEND_AGAIN}")
    file.seek(0)
    head = file.read(WINDOW)
    file.seek(max(0, size - WINDOW))
    return Look(file, size, head, file.read(WINDOW), extension, name)
