"""Pictures of a job's model: the thumbnail and the data of the 3D preview."""

import gzip
from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask import Response, g, request
from pydantic import Field

from api.requests import Query, Storable
from services import work
from services.checks import previews, thumbnails

bp = APIBlueprint("pictures", __name__, tag="Jobs")

_YEAR_S = 365 * 24 * 3600


class ThumbnailQuery(Query):
    """`v` is the picture's version, from `thumbnail_url`; `size` in pixels."""

    v: Annotated[str, Field(max_length=64), Storable()] = ""
    size: Literal["512", "128"] = "512"


@bp.get("/jobs/<job_id>/thumbnail")
@bp.input(ThumbnailQuery, location="query")
@bp.doc(responses={200: "A PNG, or a WebP.", 404: "No such job, or no picture of it."})
def read_thumbnail(job_id: str, query_data: ThumbnailQuery) -> Response:
    """The picture: PNG, or with size=128 a WebP."""
    small = query_data.size == "128"
    with work.unit() as session:
        content = thumbnails.read(session, job_id, small=small, actor=g.actor)
    answer = Response(content, mimetype="image/webp" if small else "image/png")
    # An address with a version never changes its content; without one, caches must revalidate.
    kept = f"max-age={_YEAR_S}, immutable" if query_data.v else "no-cache"
    answer.headers["Cache-Control"] = f"private, {kept}"
    answer.vary.update(("Authorization", "Cookie"))
    return answer


@bp.get("/jobs/<job_id>/preview")
@bp.doc(responses={200: "The mesh and the bed.", 304: "Nothing has changed.", 404: "No such job."})
def read_preview(job_id: str) -> Response:
    """The model as data for Plotly; see reader/pictures/preview.py for the format."""
    with work.unit() as session:
        job = previews.find_job(session, job_id, actor=g.actor)
    preview = previews.get(job)
    if preview.is_final and request.if_none_match.contains(preview.tag):
        answer = Response(status=304)
    elif "gzip" in request.accept_encodings:
        answer = Response(preview.packed, mimetype="application/json")
        answer.headers["Content-Encoding"] = "gzip"
    else:
        answer = Response(gzip.decompress(preview.packed), mimetype="application/json")
    if preview.is_final:
        answer.set_etag(preview.tag)
        answer.headers["Cache-Control"] = "private, no-cache"
    answer.vary.update(("Authorization", "Cookie", "Accept-Encoding"))
    return answer
