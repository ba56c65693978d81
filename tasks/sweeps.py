"""Recurring tasks other than e-mail."""

from services import work
from services.files import integrity, storage, usage
from services.jobs import counts
from services.students import confirmations
from tasks.app import celery

SCAN_LIMIT_S = 3600  # longer than the broker's visibility timeout: a duplicate message does nothing


@celery.task(name="confirmations.expire")
def expire_confirmations() -> None:
    with work.unit() as session:
        confirmations.expire_due(session)


@celery.task(name="jobs.recount")
def recount_jobs() -> None:
    with work.unit() as session:
        counts.recount(session)


@celery.task(name="files.sweep")
def sweep_files() -> None:
    storage.sweep_leftovers()


@celery.task(name="storage.measure")
def measure_storage() -> None:
    usage.measure()


@celery.task(name=integrity.SCAN_TASK, time_limit=SCAN_LIMIT_S)
def scan_storage(scan_id: str) -> None:
    integrity.run(scan_id)


@celery.task(name="integrity.sweep", time_limit=SCAN_LIMIT_S)
def sweep_scans() -> None:
    """Resumes a scan whose message or worker was lost."""
    with work.unit() as session:
        stalled = integrity.find_stalled(session)
    if stalled is not None:
        integrity.run(stalled)
