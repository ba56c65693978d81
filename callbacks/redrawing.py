"""What is as the page shows it already is not sent, and so not drawn again.

Dash builds every element of a part anew, and with it go the focus and the place that somebody had
scrolled to.
"""

import hashlib
import json
from typing import Any

from dash import no_update
from dash.exceptions import PreventUpdate


def changed(shown: Any, **parts: Any) -> dict[str, Any]:
    """The parts by their names, with no_update for those that are as the page shows them, and as
    `shown` what it shows then: for the dcc.Store whose data came as `shown`."""
    marks = {name: _mark(part) for name, part in parts.items()}
    known = shown if isinstance(shown, dict) else {}
    if marks == known:
        raise PreventUpdate
    drawn = {
        name: no_update if known.get(name) == marks[name] else part for name, part in parts.items()
    }
    return drawn | {"shown": marks}


def _mark(part: Any) -> str:
    drawn = json.dumps(part, default=lambda component: component.to_plotly_json())
    return hashlib.sha256(drawn.encode()).hexdigest()[:16]
