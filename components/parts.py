"""Small components: icons, times, chips, facts."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from models import Status
from settings import lab

ALL = "all"  # the value of a filter that is off; an empty one would show as blank

STATUS_ICONS = {
    Status.UPLOADED: "bi-inbox",
    Status.PENDING: "bi-hourglass-split",
    Status.READYTOPRINT: "bi-list-check",
    Status.PRINTING: "bi-printer",
    Status.COMPLETED: "bi-check2-square",
    Status.PAIDPICKEDUP: "bi-bag-check",
    Status.REJECTED: "bi-x-octagon",
    Status.ARCHIVED: "bi-archive",
}


def icon(name: str, extra: str = "") -> Component:
    return html.I(className=f"bi {name} {extra}".strip(), **{"aria-hidden": "true"})


def button(
    label: Any, store: str, value: Any, look: str = "outline-secondary", **attributes: Any
) -> Component:
    """A button in content that every refresh redraws.

    On a click, assets/console.js writes `value` into the `data` of the dcc.Store named `store`. A
    Dash callback on the button's own clicks would also run whenever buttons appear, and its answer
    would be dropped if a refresh came in between: clicks would get lost.
    """
    attributes.setdefault("className", f"btn btn-{look}")
    pressed = {"data-pd-store": store, "data-pd-value": json.dumps(value)}
    return html.Button(label, type="button", **pressed, **attributes)


def breakable(name: str) -> list[Any]:
    """A file name that may wrap after an underscore."""
    first, *others = name.split("_")
    return [first] + [part for other in others for part in ("_", html.Wbr(), other)]


def moment(at: datetime, shown: str = "datetime", className: str = "") -> Component:
    """A time, converted to the viewer's zone by assets/times.js and in UTC until then. `shown` is
    datetime, date, time or ago."""
    iso = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    words = f"{at.astimezone(UTC):%d %b %Y, %H:%M} UTC"
    return html.Time(
        words, dateTime=iso, className=className, **{"data-format": shown, "data-exact": words}
    )


def age(at: datetime, *, is_urgent: bool) -> Component:
    """How long ago, as a chip. assets/times.js colours it by age when `is_urgent`, with an icon and
    words; the exact time shows on hover and focus."""
    return html.Span(
        [moment(at, "ago"), html.Span(className="visually-hidden pd-age-words")],
        className="pd-age" if is_urgent else "pd-age pd-age-calm",
        tabIndex="0",
    )


def chip(content: Any, icon_name: str = "", tone: str = "") -> Component:
    """A pill on a card. `tone` is ok, warn or bad."""
    children = [icon(icon_name), content] if icon_name else content
    return html.Span(children, className=f"pd-chip pd-chip-{tone}" if tone else "pd-chip")


def color_chip(material: str, color: str) -> Component:
    swatch = lab().swatches.get(color)
    dot = html.Span(className="pd-dot", style={"backgroundColor": swatch}) if swatch else None
    return html.Span([dot, f"{material} · {color}"], className="pd-chip")


def dot_separated(*pieces: Any) -> list[Any]:
    """The pieces with dots between them. Each is isolated (<bdi>), so that a right-to-left name
    does not reorder what follows it."""
    dotted: list[Any] = []
    for piece in pieces:
        dotted += [html.Bdi(piece), " · "]
    return dotted[:-1]


def facts(rows: list[tuple[str, Any]]) -> Component:
    """A list of names and values; rows without a value are left out."""
    shown = [(name, value) for name, value in rows if value not in (None, "")]
    return html.Dl(
        [part for name, value in shown for part in (html.Dt(name), html.Dd(value))],
        className="pd-facts",
    )


def empty(icon_name: str, title: str, words: str) -> Component:
    return html.Div([icon(icon_name), html.H2(title), html.P(words)], className="pd-empty")


def file_size(size: int) -> str:
    """Bytes in words: 512 bytes, 4.2 MB."""
    if size < 1024:
        return f"{size} bytes"
    amount, unit = (size / 1024, "kB") if size < 1024**2 else (size / 1024**2, "MB")
    return f"{amount:.1f} {unit}"


def linked(text: str) -> list[Any]:
    """Text with the addresses in it as links."""
    pieces = re.split(r"(https?://\S+)", text)
    return [html.A(piece, href=piece) if place % 2 else piece for place, piece in enumerate(pieces)]
