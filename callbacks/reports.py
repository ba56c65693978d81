"""The reports page: each section is a callback of its own, so that the first appears at once."""

from typing import Any

from dash import ALL, ClientsideFunction, Input, Output, State, clientside_callback
from dash.exceptions import PreventUpdate
from flask import g

from components import ids, reports
from components.charts.catalogue import SECTIONS
from components.roles import role_callback
from models import Role
from services import work
from services.reports import words
from services.reports.asking import report_filters
from services.reports.asking.question import Question
from services.reports.counting import key_figures
from services.reports.tables import TABLES

_CONTROLS = ("period", "from", "to", "printer", "material", "discipline", "confirmation")


@role_callback(
    Role.MANAGER,
    output={
        "head": Output(ids.REPORT_HEAD, "children"),
        "key": Output(ids.REPORT_KEY, "children"),
    },
    inputs={"view": Input(ids.REPORT_VIEW, "data")},
)
def show_key_figures(view: Any) -> dict[str, Any]:
    wanted = report_filters.read(view if isinstance(view, dict) else {})
    with work.unit() as session:
        ask = Question(session, wanted, actor=g.actor)
        found = key_figures.read_key_figures(ask)
    return {"head": reports.head(ask.period, wanted), "key": reports.tiles(words.key_rows(found))}


def _register(name: str) -> None:
    """The callback of one section."""

    @role_callback(
        Role.MANAGER,
        Output(ids.report_section(name), "children"),
        Input(ids.REPORT_VIEW, "data"),
        Input(ids.REPORT_THEME, "data"),
    )
    def show_section(view: Any, theme: Any) -> Any:
        if theme not in ("light", "dark"):  # assets/reports.js sends it a moment later
            raise PreventUpdate
        wanted = report_filters.read(view if isinstance(view, dict) else {})
        _, chart_names = SECTIONS[name]
        with work.unit() as session:
            ask = Question(session, wanted, actor=g.actor)
            tables = {each: TABLES[each](ask) for each in chart_names}
        return reports.section(name, tables, ask.period, wanted, theme)


for _name in SECTIONS:
    _register(_name)

clientside_callback(
    ClientsideFunction("printdesk", "readReport"),
    Output(ids.REPORT_VIEW, "data"),
    *(Input(ids.report(name), "value") for name in _CONTROLS),
    State(ids.REPORT_VIEW, "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("printdesk", "followChart"), Input(ids.report_chart(ALL), "clickData")
)
