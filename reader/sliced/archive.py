"""The sliced 3MF of Bambu Studio and OrcaSlicer: one description for each plate.

`Metadata/slice_info.config` holds weight (g) and prediction (s) of every plate that is sliced.
"""

import json
import zipfile
from pathlib import Path
from typing import Any
from xml.parsers import expat

from reader.gate import archives
from reader.gate.content_sniffing import WINDOW
from reader.sliced import comments, facts
from reader.sliced.facts import Plate, SlicedFacts

MAX_PART = 1024 * 1024  # bytes of a part, unpacked
_SLICE_INFO = "metadata/slice_info.config"
_SETTINGS = "metadata/project_settings.config"


class Forbidden(ValueError):
    """XML that declares something of its own."""


def read(path: Path) -> SlicedFacts | None:
    """All plates, summed and listed. Raises Unreadable for what the zip gate refuses."""
    with archives.open_archive(path) as archive:
        parts = {entry.filename.casefold(): entry for entry in archive.infolist()}
        headers = [
            comments.read(_text(archive, parts[name]))
            for name in sorted(parts)[: archives.ENTRIES]
            if name.startswith("metadata/plate_") and name.endswith(".gcode")
        ][: facts.MAX_PLATES]
        plates = _plates(archive, parts)
        if not plates:
            plates = [comments.to_plate(said, str(at)) for at, said in enumerate(headers, 1)]
        first = headers[0] if headers else {}
        printer = comments.printer_of(first) or _printer(archive, parts)
        return facts.of_plates(plates, printer, first.get("producer"))


def _plates(archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo]) -> list[Plate]:
    entry = parts.get(_SLICE_INFO)
    if entry is None or entry.file_size > MAX_PART:
        return []
    reader = _SliceInfo()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    with archive.open(entry) as stream:
        parser.Parse(stream.read(MAX_PART), True)
    return reader.plates


def _refuse(*_: Any) -> None:
    raise Forbidden("declares entities or a document type")


class _SliceInfo:
    """Collects the plates while the parser runs."""

    def __init__(self) -> None:
        self.plates: list[Plate] = []
        self._said: dict[str, str] | None = None
        self._used: list[tuple[str, float]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "plate":
            self._said, self._used = {}, []
        elif self._said is not None and name == "metadata":
            self._said[attributes.get("key", "")] = attributes.get("value", "")
        elif self._said is not None and name == "filament":
            grams = facts.number(attributes.get("used_g", "")) or 0.0
            self._used.append((attributes.get("type", ""), grams))

    def end(self, name: str) -> None:
        if name != "plate" or self._said is None:
            return
        seconds = facts.number(self._said.get("prediction", ""))
        weight = facts.number(self._said.get("weight", ""))
        used = [grams for _, grams in self._used]
        plate = Plate(
            facts.words(self._said.get("index")) or str(len(self.plates) + 1),
            facts.as_weight(weight or sum(used)),
            facts.as_hours(seconds / 3600 if seconds else None),
            tuple(dict.fromkeys(filter(None, facts.kinds(";".join(k for k, _ in self._used))))),
        )
        is_sliced = plate.weight_g is not None or plate.time_hours is not None
        if is_sliced and len(self.plates) < facts.MAX_PLATES:
            self.plates.append(plate)
        self._said = None


def _text(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    """The first 64 KB of a part; no more is unpacked."""
    with archive.open(entry) as stream:
        return stream.read(WINDOW).decode("utf-8", "replace")


def _printer(archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo]) -> str | None:
    entry = parts.get(_SETTINGS)
    if entry is None or entry.file_size > MAX_PART:
        return None
    with archive.open(entry) as stream:
        settings = json.loads(stream.read(MAX_PART))
    model = settings.get("printer_model") if isinstance(settings, dict) else None
    return model if isinstance(model, str) else None
