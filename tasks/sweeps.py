"""What recurs besides mail."""

from services import confirmations, storage, work
from tasks.app import celery


@celery.task(name="confirmations.expire")
def expire_confirmations() -> None:
    with work.unit() as session:
        confirmations.expire_due(session)


@celery.task(name="files.sweep")
def sweep_files() -> None:
    storage.sweep_leftovers()
