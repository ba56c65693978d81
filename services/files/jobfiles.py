"""The files in a job's folder, for people who look for the right one."""

from dataclasses import dataclass
from datetime import UTC, datetime

from services.checks.thumbnails import PICTURE, SMALL
from services.files import siblings, storage
from services.jobs.records import JobView


@dataclass(frozen=True)
class JobFile:
    """A file of the folder: size in bytes, time in UTC. `is_authoritative`: the one to print."""

    name: str
    size: int
    modified_at: datetime
    is_authoritative: bool
    is_original: bool
    supersedes: bool  # approving the job makes it the one to print


def list_files(job: JobView) -> list[JobFile]:
    """The files of the job's folder, without our own pictures and metadata; the one to print first.

    Raises StorageUnavailable.
    """
    next_one = siblings.find_superseding(job)
    with storage.translated():
        found = [
            JobFile(
                name,
                about.st_size,
                datetime.fromtimestamp(about.st_mtime, UTC),
                name == job.display_name,
                name == job.original_name,
                name == next_one,
            )
            for name, about in storage.list_files(job.folder)
            if name not in (PICTURE, SMALL)
        ]
    return sorted(found, key=lambda file: (not file.is_authoritative, file.name))
