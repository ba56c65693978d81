"""Finds the file to print in a job's folder.

A slicer saves its file beside the student's, under the same name with its own extension. The newest
such file becomes the authoritative one; the original stays (the plan's section 3.4.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models import Job
from services.files import storage
from settings import lab

if TYPE_CHECKING:
    from services.jobs.records import JobView


def find_superseding(job: Job | JobView) -> str | None:
    """The file that supersedes the authoritative one, or None.

    Raises StorageUnavailable.
    """
    extensions = sorted(lab().upload.slicer_extensions, key=len, reverse=True)
    stem, own = _split(job.display_name, extensions)
    candidates = []
    oldest = 0  # any sliced file supersedes the original; only a newer one supersedes a sliced file
    with storage.translated():
        for name, found in storage.list_files(job.folder):
            base, extension = _split(name, extensions)
            if name == job.display_name and name != job.original_name:
                oldest = found.st_mtime_ns
            elif base == stem and extension in extensions and extension != own and found.st_size:
                candidates.append((found.st_mtime_ns, name))
    newest = max(candidates, default=(0, ""))
    return newest[1] if newest[0] > oldest else None


def _split(name: str, extensions: list[str]) -> tuple[str, str]:
    """Base name and extension, in lower case; ".gcode.3mf" is one extension."""
    for extension in extensions:
        if name.lower().endswith(extension):
            return name[: -len(extension)], extension
    stem, dot, extension = name.rpartition(".")
    return (stem, f".{extension.lower()}") if dot else (name, "")
