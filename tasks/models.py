"""The reading of models: checks, pictures, previews."""

from typing import Any

from celery.signals import worker_process_init

from services import work
from services.checks import modelchecks
from tasks.app import celery


@celery.task(name=modelchecks.CHECK_TASK)
def check(job_id: str) -> None:
    modelchecks.run(job_id)


@worker_process_init.connect
def keep_reader_warm(**_: Any) -> None:
    modelchecks.keep_reader_warm()


@celery.task(name="models.sweep")
def sweep() -> None:
    """Requests readings that a lost message or a restart left undone, or that are out of date."""
    with work.unit() as session:
        modelchecks.sweep(session)
