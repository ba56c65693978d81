"""What is wrong with some models, as it goes wrong in the drawing programs."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from trimesh import Trimesh
from trimesh.util import concatenate

from demo.solids import mesh_of

Change = Callable[[Trimesh], Trimesh]


@dataclass(frozen=True)
class Flaw:
    """`share`: of all models, in a thousand. `change` is done to the whole shape; `scale`, if
    there is one, is what the numbers of the file are multiplied by."""

    share: int
    change: Change = lambda mesh: mesh
    scale: tuple[float, float] = (1.0, 1.0)


def _pierced(mesh: Trimesh) -> Trimesh:
    """A few triangles are missing here and there."""
    chosen = np.random.default_rng(7).choice(len(mesh.faces), 2 + len(mesh.faces) // 90, False)
    return mesh_of(mesh.vertices, np.delete(mesh.faces, chosen, axis=0))


def _gaping(mesh: Trimesh) -> Trimesh:
    """A surface and no body: what lies low is missing."""
    middles = mesh.triangles_center[:, 2]
    return mesh_of(mesh.vertices, mesh.faces[middles > np.quantile(middles, 0.3)])


def _half_turned(mesh: Trimesh) -> Trimesh:
    """Some triangles face inward."""
    faces = mesh.faces.copy()
    faces[5::17] = faces[5::17, ::-1]
    return mesh_of(mesh.vertices, faces)


def _inside_out(mesh: Trimesh) -> Trimesh:
    return mesh_of(mesh.vertices, mesh.faces[:, ::-1])


def _messy(mesh: Trimesh) -> Trimesh:
    """Left-overs: a part of the surface twice, another part shifted."""
    third = len(mesh.faces) // 3
    again = mesh_of(mesh.vertices, mesh.faces[:third])
    shifted = mesh_of(mesh.vertices, mesh.faces[third : 2 * third])
    return concatenate([mesh, again, shifted.apply_translation((0.015, 0.01, 0.02))])


NONE = "none"
_SHAPED = ("pierced", "gaping", "half-turned", "inside-out", "messy")
FLAWS: Mapping[str, Flaw] = {
    "pierced": Flaw(52, _pierced),
    "gaping": Flaw(34, _gaping),
    "half-turned": Flaw(24, _half_turned),
    "inside-out": Flaw(10, _inside_out),
    "messy": Flaw(24, _messy),
    "inches": Flaw(26, scale=(1 / 25.4, 1 / 25.4)),
    "centimetres": Flaw(12, scale=(0.1, 0.1)),
    "metres": Flaw(8, scale=(0.001, 0.001)),
    "full-size": Flaw(28, scale=(5.0, 14.0)),
    "unscaled-site": Flaw(4, scale=(150.0, 200.0)),  # more than any reader takes
    NONE: Flaw(778),
}


def choose(design: str, rng: random.Random) -> str:
    """One of FLAWS, as often as it happens. What is wrong with a shape is one of two things for
    each design, so that there are fewer pictures to draw."""
    chosen = rng.choices(list(FLAWS), [flaw.share for flaw in FLAWS.values()])[0]
    if chosen not in _SHAPED:
        return chosen
    own = random.Random(design).choices(_SHAPED, [FLAWS[name].share for name in _SHAPED], k=2)
    return rng.choice(own)


def shows(name: str) -> bool:
    """Whether a picture of it is another one, or none; else only the size is wrong."""
    return name in (*_SHAPED, "unscaled-site")
