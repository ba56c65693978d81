"""The reading of models: checks, pictures, previews."""

from services import work
from services.checks import modelchecks
from tasks.app import celery


@celery.task(name=modelchecks.CHECK_TASK)
def check(job_id: str) -> None:
    modelchecks.run(job_id)


@celery.task(name="models.sweep")
def sweep() -> None:
    """Sends again what a lost message or a restart left unread, and what is out of date."""
    with work.unit() as session:
        modelchecks.sweep(session)
