"""The checks of models."""

from services import work
from services.checks import modelchecks
from tasks.app import celery


@celery.task(name=modelchecks.CHECK_TASK)
def check(job_id: str) -> None:
    modelchecks.run(job_id)


@celery.task(name="models.sweep")
def sweep() -> None:
    """Requests checks that a lost message or a restart left undone, or that are out of date."""
    with work.unit() as session:
        modelchecks.sweep(session)
