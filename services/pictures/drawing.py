"""The thumbnail: read, look, shade, write."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.errors import Unreadable
from services.modelcheck import facts, reading
from services.modelcheck.reading import AGAIN
from services.pictures import camera, raycasting, shading, simplifying, zbuffer
from services.pictures.camera import Floats, Points

SIZE = 512
SMALL = 128
MIN_INK = 0.002
LARGE = 400_000  # faces above which the fallback draws one sample a pixel, to end in time


def draw(path: str, kind: str, name: str, folder: str, renderer: str = "") -> dict[str, Any]:
    """Draws a model file into `folder`: picture.png and small.webp.

    `renderer` is "embree" or "numpy"; without it, the first that is there. Returns the ink, the
    part of the picture that is covered: too little of it means blank, and nothing is written.
    Raises Unreadable.
    """
    model = reading.read(path, kind, name)
    if len(model.faces) <= shading.MAX_SMOOTHED:  # faces must know their neighbours
        points, faces = simplifying.without_doubles(*facts.weld(model))
    else:
        points, faces = model.vertices, model.faces
    if not len(faces):
        raise Unreadable(f"All triangles of the model are degenerate: none has a surface. {AGAIN}")
    picture, used = render(points, faces, renderer)
    ink = float(picture[:, :, 3].mean())
    if ink >= MIN_INK:
        _write(picture, Path(folder))
    return {"ink": round(ink, 5), "blank": ink < MIN_INK, "renderer": used}


def render(vertices: Points, faces: NDArray[Any], renderer: str = "") -> tuple[Floats, str]:
    """The picture as premultiplied colours, and which renderer made it."""
    faces = np.ascontiguousarray(faces, np.int32)
    if renderer != "numpy":
        try:
            return _render(vertices, faces, raycasting, 2), "embree"
        except ImportError:
            if renderer:
                raise
    return _render(vertices, faces, zbuffer, 1 if len(faces) > LARGE else 2), "numpy"


def _render(
    vertices: Points, faces: NDArray[np.int32], renderer: ModuleType, samples: int
) -> Floats:
    view = camera.look_at(vertices, SIZE * samples)
    seen = renderer.find_visible(view, faces)
    if not (seen >= 0).any():
        return np.zeros((SIZE, SIZE, 4), np.float32)
    picture = shading.shade(view, faces, seen, vertices)
    return shading.reduce_by_half(picture) if samples == 2 else picture


def _write(picture: Floats, folder: Path) -> None:
    alpha = picture[:, :, 3:]
    colours = picture[:, :, :3] / np.maximum(alpha, 1e-6)  # files hold them unmultiplied
    pixels = np.concatenate([colours, alpha], axis=2)
    image = Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8), "RGBA")
    image.save(folder / "picture.png")
    small = image.resize((SMALL, SMALL), Image.Resampling.LANCZOS)
    small.save(folder / "small.webp", quality=82, method=5)
