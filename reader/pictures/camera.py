"""Where the picture is taken from: a parallel three-quarter view, and pixels as coordinates."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reader.mesh.loading import bounds

Floats = NDArray[np.float32]
Points = NDArray[np.float64]

AZIMUTH, ELEVATION = math.radians(-58.0), math.radians(28.0)
MARGIN = 0.04  # of the picture, left free on each side


@dataclass(frozen=True)
class View:
    """A model as the camera sees it. `points` are pixels to the right, pixels down, and pixels
    away from the viewer; `axes` are the camera's right, down and forward in the model's terms."""

    points: Floats
    axes: Points
    size: int


def look_at(vertices: Points, size: int) -> View:
    """Fits the vertices into a square of `size` pixels. `vertices` in mm, z up."""
    axes = _axes()
    low, high = bounds(vertices)
    turned = (vertices - (low + high) / 2).astype(np.float32) @ axes.T.astype(np.float32)
    low, high = bounds(turned)
    extent = max(float((high - low)[:2].max()), 1e-12)
    scale = np.float32(size * (1 - 2 * MARGIN) / extent)
    turned *= scale
    turned += np.array([size / 2, size / 2, 0], np.float32) - scale * (low + high) / 2
    return View(turned, axes, size)


def _axes() -> Points:
    """Rows: right, down, forward."""
    flat = np.array([math.cos(AZIMUTH), math.sin(AZIMUTH), 0.0])
    towards_camera = flat * math.cos(ELEVATION) + np.array([0.0, 0.0, math.sin(ELEVATION)])
    forward = -towards_camera
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    return np.array([right, np.cross(forward, right), forward])
