"""The monthly summary: last month's key figures, mailed once to each address of lab.toml.

What has been sent is a row of the outbox, unique for a month and an address. So it does not matter
how often, or in how many processes, `queue_due` runs: after a month without a worker it goes out
late, and never twice.
"""

from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Mail
from services.actors import SYSTEM
from services.mail import outbox
from services.mail.letters import compose_summary
from services.reports import words
from services.reports.asking import periods
from services.reports.asking.periods import Period
from services.reports.asking.question import Question
from services.reports.asking.report_filters import Filters
from services.reports.counting import flow, key_figures, printers, rejections
from services.reports.counting.flow import Point
from services.reports.monthly import mailed_charts
from services.reports.monthly.mailed_charts import Bar, Picture
from settings import lab, settings

_REASONS = 5


def queue_due(session: Session) -> int:
    """Writes last month's summary for every address that has not had it. Returns how many.

    There is none for a month that ended before the lab's first job.
    """
    if not lab().reports.summary_to:
        return 0
    ask = Question(session, Filters(), actor=SYSTEM)
    period = periods.month(ask.today.replace(day=1) - timedelta(days=1))
    waiting = _list_waiting(session, period.first)
    if not waiting or ask.beginning > period.last:
        return 0
    ask = Question(session, Filters(), actor=SYSTEM, period=period)
    return _write(session, ask, period, waiting)


def _list_waiting(session: Session, month: date) -> list[str]:
    had = set(session.scalars(select(func.lower(Mail.recipient)).where(Mail.month == month)))
    wanted = {address.lower(): address for address in lab().reports.summary_to}
    return [address for lower, address in wanted.items() if lower not in had]


def _write(session: Session, ask: Question, period: Period, addresses: list[str]) -> int:
    pictures, charts = _charts(ask)
    reasons = rejections.read_rejections(ask).reasons
    letter = compose_summary(
        {
            "month": period.label,
            "before": f"{period.before.first:%B %Y}" if period.before else "",
            "rows": words.key_rows(key_figures.read_key_figures(ask)),
            "charts": charts,
            "reasons": [(each.reason, each.count) for each in reasons[:_REASONS]],
            "report_url": f"{settings().base_url}/reports?from={period.first}&to={period.last}",
            "lab": lab(),
        }
    )
    drawn = mailed_charts.draw(pictures)
    return sum(
        outbox.queue_summary(session, period.first, address, letter, drawn) for address in addresses
    )


def _charts(ask: Question) -> tuple[dict[str, Picture], list[dict[str, str]]]:
    """What is drawn, and what the letter says about it: who sees no images reads the same."""
    days = flow.read_submissions(ask, "day").points
    total, busiest = sum(day.count for day in days), max(days, key=lambda day: day.count)
    uses = [use for use in printers.read_printers(ask).uses if use.available_hours]
    pictures = {
        "submissions": Picture([_column(day) for day in days], columns=True),
        "printers": Picture(
            [Bar(use.name, use.share or 0, words.format_share(use.share)) for use in uses], full=1
        ),
    }
    printed = "; ".join(f"{use.name} {words.format_share(use.share)}" for use in uses)
    charts = [
        {
            "name": "submissions",
            "title": "Submissions by day",
            "alt": f"{total} submissions; {busiest.count} of them on {busiest.day:%d %B}.",
        },
        {
            "name": "printers",
            "title": "Hours printed, of those available",
            "alt": f"{printed}.",
        },
    ]
    return pictures, charts


def _column(point: Point) -> Bar:
    """Every seventh day has its number below."""
    day = point.day.day
    return Bar(str(day) if day % 7 == 1 else "", point.count, str(point.count))
