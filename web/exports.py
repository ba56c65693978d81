"""The exports of the reports page: plain routes, so that a link downloads a file, and a bookmarked
address asks for sign-in."""

from contextlib import ExitStack
from tempfile import TemporaryFile

from flask import Blueprint, Response, g, request, send_file

from services import work
from services.reports.asking import periods, report_filters
from services.reports.asking.question import Question
from services.reports.asking.report_filters import Filters
from services.reports.exports import exporting
from services.reports.exports.exporting import TRANSACTIONS, Export

bp = Blueprint("exports", __name__)

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@bp.get("/reports/export/<name>.<any(csv, xlsx):kind>")
def send_export(name: str, kind: str) -> Response:
    """Writes the file to disk before sending it, so that a slow client does not hold a database
    connection, and an error results in an error page instead of half a file."""
    export = Export(name, kind)
    period = None
    wanted = report_filters.read(request.args)
    if name == TRANSACTIONS:
        period = periods.month(exporting.read_month(request.args.get("month", "")))
        wanted = Filters()
    with ExitStack() as stack:
        target = stack.enter_context(TemporaryFile())
        with work.unit() as session:
            ask = Question(session, wanted, actor=g.actor, period=period)
            file_name = exporting.write(export, ask, target)
        target.seek(0)
        stack.pop_all()  # the response closes it, when it has been sent
    answer = send_file(target, mimetype=_TYPES[kind], as_attachment=True, download_name=file_name)
    answer.headers["Cache-Control"] = "no-store"
    return answer
