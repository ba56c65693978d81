"""The thumbnail: read, look, shade, write."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reader.errors import Unreadable
from reader.mesh.loading import AGAIN
from reader.mesh.solid import Solid
from reader.pictures import camera, shading, zbuffer
from reader.pictures.camera import Floats, Points

SIZE = 512
SMALL = 128
MIN_INK = 0.002
MUCH = 100_000_000  # pixels and rows that can be looked at in time: some seconds
COARSEST = SIZE // 8


def draw(solid: Solid, folder: Path) -> dict[str, Any]:
    """Draws a model into `folder`: picture.png and small.webp.

    Returns the ink, the part of the picture that is covered: too little of it means blank, and
    nothing is written. Raises Unreadable.
    """
    points, faces = solid.without_doubles
    if not len(faces):
        raise Unreadable(f"All triangles of the model are degenerate: none has a surface. {AGAIN}")
    picture = render(points, faces)
    ink = float(picture[:, :, 3].mean())
    if ink >= MIN_INK:
        _write(picture, folder)
    return {"ink": round(ink, 5), "blank": ink < MIN_INK}


def render(vertices: Points, faces: NDArray[np.int32]) -> Floats:
    """The picture as premultiplied colours, with smooth edges where there is time for them."""
    view = camera.look_at(vertices, 2 * SIZE)
    size = _choose_size(*zbuffer.count_work(view, faces))
    if size != view.size:
        view = camera.look_at(vertices, size)
    seen = zbuffer.find_visible(view, faces)
    if not (seen >= 0).any():
        return np.zeros((SIZE, SIZE, 4), np.float32)
    picture = shading.shade(view, faces, seen, vertices)
    if size > SIZE:
        return shading.reduce_by_half(picture)
    return picture.repeat(SIZE // size, axis=0).repeat(SIZE // size, axis=1)


def _choose_size(pixels: float, rows: float) -> int:
    """As large as time allows: many large triangles one behind the other get a coarse picture."""
    size = 2 * SIZE
    while pixels + rows > MUCH and size > COARSEST:
        size, pixels, rows = size // 2, pixels / 4, rows / 2
    return size


def _write(picture: Floats, folder: Path) -> None:
    alpha = picture[:, :, 3:]
    colours = picture[:, :, :3] / np.maximum(alpha, 1e-6)  # files hold them unmultiplied
    pixels = np.concatenate([colours, alpha], axis=2)
    image = Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8), "RGBA")
    image.save(folder / "picture.png")
    small = image.resize((SMALL, SMALL), Image.Resampling.LANCZOS)
    small.save(folder / "small.webp", quality=82, method=5)
