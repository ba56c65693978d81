"""GET /health: the state of every component, for monitoring. Public, without further details."""

from datetime import UTC, datetime

from apiflask import APIBlueprint
from flask import Response, jsonify

from api.answers import HealthOut
from services import health

bp = APIBlueprint("health", __name__, tag="Health")


@bp.get("/health")
@bp.output(HealthOut)
@bp.doc(responses={503: "A component is down."})
def read_health() -> Response:
    """The state of every component; 503 when one is down."""
    components = health.check_components()
    down = any(state != "ok" for name, state in components.items() if name != "details")
    out = HealthOut(
        status="error" if down else "ok", timestamp=datetime.now(UTC), components=components
    )
    response = jsonify(out.model_dump(mode="json"))
    response.status_code = 503 if down else 200
    response.headers["Cache-Control"] = "no-store"
    return response
