"""The monthly summary."""

from services import work
from services.reports.monthly import summary
from tasks.app import celery


@celery.task(name="reports.summary")
def queue_summaries() -> None:
    with work.unit() as session:
        summary.queue_due(session)
