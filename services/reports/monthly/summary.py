"""The monthly summary: a month's key figures, for the addresses of lab.toml."""

from datetime import date

from sqlalchemy.orm import Session

from services.actors import SYSTEM
from services.mail import outbox
from services.mail.letters import compose_summary
from services.reports import words
from services.reports.asking import periods
from services.reports.asking.question import Question
from services.reports.asking.report_filters import Filters
from services.reports.counting import flow, key_figures, printers, rejections
from services.reports.monthly import mailed_charts
from services.reports.monthly.mailed_charts import Bar, Picture
from settings import lab, settings

_REASONS = 5


def write(session: Session, day: date, addresses: list[str]) -> int:
    """Writes the summary of the month that the day is in. Returns how many mails it is."""
    period = periods.month(day)
    ask = Question(session, Filters(), actor=SYSTEM, period=period)
    pictures, charts = _charts(ask)
    reasons = rejections.read_rejections(ask).reasons[:_REASONS]
    letter = compose_summary(
        {
            "month": period.label,
            "before": f"{period.before.first:%B %Y}" if period.before else "",
            "rows": words.key_rows(key_figures.read_key_figures(ask)),
            "charts": charts,
            "reasons": list(reasons[["reason", "count"]].itertuples(index=False, name=None)),
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
    busiest = days.iloc[int(days["count"].argmax())]
    uses = printers.read_printers(ask).uses
    uses = uses[uses["available_hours"] > 0]
    printed = list(uses[["name", "share"]].itertuples(index=False, name=None))
    in_words = "; ".join(f"{name} {words.format_share(share)}" for name, share in printed)
    counted = days[["day", "count"]].itertuples(index=False, name=None)
    pictures = {
        "submissions": Picture([_column(day, count) for day, count in counted], columns=True),
        "printers": Picture(
            [Bar(name, share, words.format_share(share)) for name, share in printed], full=1
        ),
    }
    charts = [
        {
            "name": "submissions",
            "title": "Submissions by day",
            "alt": f"{days['count'].sum()} submissions; {busiest['count']} of them"
            f" on {busiest['day']:%d %B}.",
        },
        {
            "name": "printers",
            "title": "Hours printed, of those available",
            "alt": f"{in_words}.",
        },
    ]
    return pictures, charts


def _column(day: date, count: int) -> Bar:
    """Every seventh day has its number below."""
    return Bar(str(day.day) if day.day % 7 == 1 else "", count, str(count))
