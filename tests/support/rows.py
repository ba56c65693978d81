"""Jobs as rows alone, without a file or a history: many at once, for what only reads the table."""

import itertools
from typing import Any

from models import Job, Status, new_id
from services import work

_numbers = itertools.count(1)


def make(status: Status = Status.UPLOADED, **values: Any) -> Job:
    job_id, number = new_id(), next(_numbers)
    given = {
        "id": job_id,
        "short_id": job_id[:8],
        "student_name": f"Student {number}",
        "student_email": f"student{number}@uni.example",
        "discipline": "Engineering",
        "class_number": "ARCH 4000",
        "original_filename": f"Part {number}.stl",
        "original_name": f"Student_{job_id[:8]}.stl",
        "display_name": f"Student_{job_id[:8]}.stl",
        "folder": f"Uploaded/Student_{job_id[:8]}",
        "file_hash": job_id * 2,
        "file_size": 684,
        "status": status,
        "printer": "prusa_mk4s",
        "color": "True Red",
        "material": "Filament",
        "acknowledged_minimum_charge": True,
    }
    return Job(**given | values)


def add(number: int, status: Status = Status.UPLOADED, **values: Any) -> list[str]:
    """So many jobs that differ in name, e-mail and file. Returns their ids."""
    with work.unit() as session:
        jobs = [make(status, **values) for _ in range(number)]
        session.add_all(jobs)
        return [job.id for job in jobs]
