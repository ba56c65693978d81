"""Unchanged parts of a page are not sent again, so they are not redrawn.

Dash rebuilds every element of a part it redraws, which loses the focus and the scroll position.
"""

import hashlib
import json
from typing import Any

from dash import no_update
from dash.exceptions import PreventUpdate


def changed(shown: Any, **parts: Any) -> dict[str, Any]:
    """The parts by name, with no_update for unchanged ones, and `shown`: the new data for the
    dcc.Store that records what the page shows."""
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
