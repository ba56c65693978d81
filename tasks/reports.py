"""The monthly summary."""

from services import work
from services.reports.monthly import due
from tasks.app import celery


@celery.task(name="reports.summary")
def queue_summaries() -> None:
    with work.unit() as session:
        due.queue_due(session)
