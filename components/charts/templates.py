"""How the reports' charts look, as two templates registered with Plotly: light and dark.

The colours are Okabe and Ito's, which people with any kind of colour vision can tell apart. The
background is that of the page: a picture that is saved has one too.
"""

from typing import Any

import plotly.graph_objects as go
import plotly.io as pio

LIGHT, DARK = "printdesk_light", "printdesk_dark"
THEMES = {"light": LIGHT, "dark": DARK}

_LIGHT_COLORS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7a7f87", "#3d3d8f"),
)
_DARK_COLORS = (
    *("#56b4e9", "#e98b4a", "#34c79b", "#dd9cc0", "#e6c229", "#8fb8e8", "#a3abb8", "#a9a9ee"),
)
# Colours with the same meaning on both pages, and can be told apart on both.
ACCENT, NEUTRAL, OUTLINE = "#d55e00", "#8a8f98", "#7a7f87"
OUTCOME_COLORS = {
    "completed": "#3a9bd9",
    "failed": "#d55e00",
    "cancelled": NEUTRAL,
    "printing": "#009e73",
}
_CLEAR = "rgba(0,0,0,0)"


def _template(
    *, colors: tuple[str, ...], text: str, line: str, paper: str, label: str
) -> go.layout.Template:
    axis: dict[str, Any] = {"gridcolor": line, "zerolinecolor": line, "linecolor": line}
    # Room between a label and what it names.
    axis |= {"ticks": "outside", "ticklen": 6, "tickcolor": _CLEAR}
    axis |= {"automargin": True, "title": {"font": {"size": 12}, "standoff": 8}}
    return go.layout.Template(
        layout=go.Layout(
            colorway=colors,
            font={"color": text, "family": "system-ui, sans-serif", "size": 13},
            paper_bgcolor=paper,
            plot_bgcolor=_CLEAR,
            xaxis=axis,
            yaxis=axis,
            margin={"l": 8, "r": 8, "t": 8, "b": 8},
            legend={
                "orientation": "h",
                "x": 0,
                "y": 1.02,
                "yanchor": "bottom",
                "maxheight": 0.9,
                "traceorder": "normal",
            },
            barmode="stack",
            bargap=0.25,
            hoverlabel={"align": "left", "bgcolor": label},
            modebar={"bgcolor": _CLEAR, "color": text},
        )
    )


pio.templates[LIGHT] = _template(
    colors=_LIGHT_COLORS, text="#1d2633", line="#d9dee7", paper="#ffffff", label="#ffffff"
)
pio.templates[DARK] = _template(
    colors=_DARK_COLORS, text="#e6ebf3", line="#33415c", paper="#161f2d", label="#17202f"
)
# A figure without a theme is a mistake; Plotly's own default would hide it, and costs 7 KB in each.
pio.templates.default = LIGHT
