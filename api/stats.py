"""The lab's numbers."""

from apiflask import APIBlueprint
from flask import g

from api import answers, requests
from services import work
from services.reports import stats
from settings import settings
from web.conditional import conditional

bp = APIBlueprint("stats", __name__, tag="Numbers")


@bp.get("/stats")
@bp.output(answers.StatsOut)
@conditional(lambda: f"{stats.storage_usage_mb()} of {settings().storage_limit_mb}")
def read_stats() -> answers.StatsOut:
    """The number of jobs in each status, and the size of the storage."""
    with work.unit() as session:
        return answers.stats_out(stats.read_overview(session, actor=g.actor))


@bp.get("/stats/detailed")
@bp.input(requests.ReportQuery, location="query")
@bp.output(answers.ReportOut)
@conditional(lambda: str(stats.today()))
def read_report(query_data: requests.ReportQuery) -> answers.ReportOut:
    """Submissions, printers, rejections, failures, revenue and staff activity of the last days."""
    with work.unit() as session:
        report = stats.read_report(
            session,
            query_data.days,
            printer=query_data.printer,
            discipline=query_data.discipline,
            actor=g.actor,
        )
    return answers.report_out(report)
