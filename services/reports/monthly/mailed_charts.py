"""Charts as PNG images, for mail programs, which show neither scripts nor SVG.

Pillow draws them: it is here already for the pictures of models, needs no browser and no screen,
and its own font is enough for dates and numbers. It runs in a process of its own, so that no worker
keeps it in memory for a mail a month: see `draw`.
"""

import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from anyascii import anyascii

from settings import ROOT

if TYPE_CHECKING:
    from PIL import ImageDraw, ImageFont

WIDTH = 1072  # pixels; shown at half that size, so that it is sharp everywhere
_INK, _SOFT, _LINE, _FILL, _PAPER = "#16202e", "#5b6675", "#e1e5ea", "#0072b2", "#ffffff"
_TIMEOUT_S = 60


@dataclass(frozen=True)
class Bar:
    """`value` sets its length, `words` stand beside it; without `label`, nothing stands below."""

    label: str
    value: float
    words: str


@dataclass(frozen=True)
class Picture:
    """`columns` stand side by side, as over time; else each bar has a line of its own. The longest
    one fills the picture, or `full` does."""

    bars: Sequence[Bar]
    columns: bool = False
    full: float | None = None


def draw(pictures: dict[str, Picture]) -> dict[str, bytes]:
    """PNG images by name. Raises subprocess.SubprocessError when the drawing fails."""
    asked = json.dumps({name: asdict(picture) for name, picture in pictures.items()})
    done = subprocess.run(
        (sys.executable, "-m", "services.reports.monthly.mailed_charts"),
        input=asked.encode(),
        stdout=subprocess.PIPE,
        cwd=ROOT,
        timeout=_TIMEOUT_S,
        check=True,
    )
    return {name: b64decode(png) for name, png in json.loads(done.stdout).items()}


def main() -> None:
    asked = json.load(sys.stdin)
    made = {name: b64encode(_draw(_read(picture))).decode() for name, picture in asked.items()}
    json.dump(made, sys.stdout)


def _read(picture: dict[str, object]) -> Picture:
    bars = picture.pop("bars")
    assert isinstance(bars, list)
    return Picture(bars=[Bar(**bar) for bar in bars], **picture)  # type: ignore[arg-type]  # our own JSON


def _draw(picture: Picture) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(26)
    height = 320 if picture.columns else 56 * len(picture.bars) + 8
    image = Image.new("RGB", (WIDTH, height), _PAPER)
    canvas = ImageDraw.Draw(image)
    full = picture.full or max((bar.value for bar in picture.bars), default=0) or 1
    (_columns if picture.columns else _lines)(canvas, font, picture.bars, full, height)
    stored = BytesIO()
    image.quantize(64).save(stored, "PNG", optimize=True)
    return stored.getvalue()


def _columns(
    canvas: "ImageDraw.ImageDraw",
    font: "ImageFont.FreeTypeFont | ImageFont.ImageFont",
    bars: Sequence[Bar],
    full: float,
    height: int,
) -> None:
    """Side by side on a line; the highest one says how much it is."""
    floor, room = height - 44, height - 90
    step = WIDTH / max(1, len(bars))
    highest = max(bars, key=lambda bar: bar.value, default=None)
    for place, bar in enumerate(bars):
        left, right = round(place * step + step * 0.12), round((place + 1) * step - step * 0.12)
        top = floor - round(room * bar.value / full)
        if bar.value:
            canvas.rectangle((left, min(top, floor - 2), right, floor), fill=_FILL)
        middle = (left + right) / 2
        if bar is highest and bar.value:
            canvas.text((middle, top - 6), anyascii(bar.words), _INK, font, anchor="mb")
        if bar.label:
            canvas.text((middle, floor + 10), anyascii(bar.label), _SOFT, font, anchor="mt")
    canvas.line((0, floor, WIDTH, floor), fill=_SOFT, width=2)


def _lines(
    canvas: "ImageDraw.ImageDraw",
    font: "ImageFont.FreeTypeFont | ImageFont.ImageFont",
    bars: Sequence[Bar],
    full: float,
    _height: int,
) -> None:
    """One below the other: what it is, how long, and in words."""
    labels = [anyascii(bar.label)[:34] for bar in bars]
    left = round(max((font.getlength(label) for label in labels), default=0)) + 24
    words = max((font.getlength(anyascii(bar.words)) for bar in bars), default=0)
    room = WIDTH - left - words - 24
    for place, (label, bar) in enumerate(zip(labels, bars, strict=True)):
        middle = place * 56 + 32
        canvas.text((0, middle), label, _INK, font, anchor="lm")
        length = round(room * min(1, bar.value / full))
        canvas.rectangle((left, middle - 14, left + round(room), middle + 14), fill=_LINE)
        if length:
            canvas.rectangle((left, middle - 14, left + length, middle + 14), fill=_FILL)
        canvas.text((left + room + 16, middle), anyascii(bar.words), _INK, font, anchor="lm")


if __name__ == "__main__":
    main()
