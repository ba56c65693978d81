"""When the monthly summary is due, and to whom. It is asked every hour, and so does without pandas.

What has been sent is a row of the outbox, unique for a month and an address. So it does not matter
how often, or in how many processes, `queue_due` runs: after a month without a worker it goes out
late, and never twice.
"""

from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Job, Mail
from settings import lab


def queue_due(session: Session) -> int:
    """Writes last month's summary for every address that has not had it. Returns how many.

    There is none for a month that ended before the lab's first job.
    """
    if not lab().reports.summary_to:
        return 0
    last_day = _end_of_last_month(session)
    waiting = _list_waiting(session, last_day.replace(day=1))
    if not waiting or not _had_jobs(session, last_day):
        return 0
    from services.reports.monthly import summary  # only here: pandas would stay in the worker

    return summary.write(session, last_day, waiting)


def _end_of_last_month(session: Session) -> date:
    now = session.scalars(select(func.transaction_timestamp())).one()
    today: date = now.astimezone(lab().lab.zone).date()
    return today.replace(day=1) - timedelta(days=1)


def _list_waiting(session: Session, month: date) -> list[str]:
    had = set(session.scalars(select(func.lower(Mail.recipient)).where(Mail.month == month)))
    wanted = {address.lower(): address for address in lab().reports.summary_to}
    return [address for lower, address in wanted.items() if lower not in had]


def _had_jobs(session: Session, last_day: date) -> bool:
    first = session.scalars(select(func.min(Job.created_at))).one()
    return first is not None and first.astimezone(lab().lab.zone).date() <= last_day
