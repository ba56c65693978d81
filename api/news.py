"""The route that open pages poll for changes."""

from apiflask import APIBlueprint
from flask import g

from api import answers
from services import work
from services.jobs import queue
from settings import settings
from web.conditional import conditional

bp = APIBlueprint("news", __name__, tag="Jobs")


@bp.get("/news")
@bp.output(answers.NewsOut)
@conditional(lambda: str(settings().refresh_seconds))
def read_news() -> answers.NewsOut:
    """How many jobs are not reviewed, and when the newest was submitted.

    Sent with the previous `ETag`, 304 means that nothing has changed at all, at the cost of one
    cheap query.
    """
    with work.unit() as session:
        news = queue.read_news(session, actor=g.actor)
    return answers.NewsOut(
        unreviewed=news.unreviewed,
        latest_submission=news.latest_submission,
        refresh_seconds=settings().refresh_seconds,
    )
