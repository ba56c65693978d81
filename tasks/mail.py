"""Mail delivery."""

from services import work
from services.mail import outbox
from tasks.app import celery


@celery.task(name=outbox.DELIVER_TASK)
def deliver(mail_id: str) -> None:
    with work.unit() as session:
        outbox.deliver(session, mail_id)


@celery.task(name="mail.sweep")
def sweep() -> None:
    """Delivers e-mails left by a lost message, a restart or a failed attempt, one after another.

    It stops at the first failure: the server may be down, and the next sweep follows soon.
    """
    with work.unit() as session:
        due = outbox.list_due(session)
    for mail_id in due:
        with work.unit() as session:
            if not outbox.deliver(session, mail_id):
                break
