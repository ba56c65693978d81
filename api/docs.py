"""GET /docs: the interactive OpenAPI document. Public, because the document contains no data."""

from apiflask import APIBlueprint
from flask import Response, render_template

bp = APIBlueprint("docs", __name__, template_folder="templates", enable_openapi=False)


@bp.get("/docs")
def show_docs() -> Response:
    """The page; its scripts and styles are under assets/, and nothing is fetched elsewhere."""
    return Response(render_template("docs.html"))
