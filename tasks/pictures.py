"""Thumbnails."""

from services import work
from services.checks import thumbnails
from tasks.app import celery


@celery.task(name=thumbnails.MAKE_TASK)
def make(job_id: str) -> None:
    thumbnails.make(job_id)


@celery.task(name="thumbnail.sweep")
def sweep() -> None:
    """Draws thumbnails left by a lost message or a dead worker, a few at a time."""
    with work.unit() as session:
        due = thumbnails.list_due(session)
    for job_id in due:
        thumbnails.make(job_id)
