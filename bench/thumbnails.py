"""How long the picture and the 3D preview of a model take, and how much memory.

    python bench/thumbnails.py [model ...]

Without models: a wavy sphere of 100,000 and of 900,000 triangles, made here. Each is drawn in its
own process, as the product does it; f3d and trimesh do the same where they are installed.
"""

import math
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from services import sandbox

RUNS = 3
AROUND = {100_000: 224, 900_000: 671}


def sphere(path: Path, around: int) -> Path:
    """A binary STL of about 2 * around**2 triangles."""

    def point(row: int, column: int) -> tuple[float, float, float]:
        up, turn = math.pi * (row + 0.5) / (around + 1), 2 * math.pi * (column % around) / around
        radius = 40 + 2 * math.sin(9 * turn) * math.sin(7 * up)
        flat = radius * math.sin(up)
        return flat * math.cos(turn), flat * math.sin(turn), radius * math.cos(up)

    points = [[point(row, column) for column in range(around)] for row in range(around + 1)]
    faces = bytearray()
    for row in range(around):
        for column in range(around):
            a, b = points[row][column], points[row][(column + 1) % around]
            c, d = points[row + 1][column], points[row + 1][(column + 1) % around]
            faces += struct.pack("<12fH", 0, 0, 0, *a, *c, *b, 0)
            faces += struct.pack("<12fH", 0, 0, 0, *b, *c, *d, 0)
    path.write_bytes(bytes(80) + struct.pack("<I", len(faces) // 50) + faces)
    return path


def measure(label: str, run: Callable[[], object]) -> float:
    """Prints and returns the best wall time in seconds."""
    best = math.inf
    for _ in range(RUNS):
        started = time.monotonic()
        try:
            answer = run()
        except (subprocess.SubprocessError, OSError) as problem:
            print(f"  {label:<28} failed: {problem}")
            return math.inf
        best = min(best, time.monotonic() - started)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"  {label:<28} {best:6.2f} s   children's peak so far {peak:5.0f} MB   {answer or ''}")
    return best


def ours(task: str, model: Path, target: Path, folder: Path, *more: str) -> object:
    kind = model.suffix.lower().lstrip(".")
    return sandbox.run(task, str(model), kind, model.name, str(target), *more, output=folder)


TRIMESH = """
import sys, numpy, trimesh
mesh = trimesh.load(sys.argv[1], force="mesh")
mesh.apply_translation(-mesh.bounds.mean(axis=0))
at = numpy.mgrid[0:1024, 0:1024].reshape(2, -1).T / 1023 - 0.5
origins = numpy.column_stack([at * mesh.scale, numpy.full(len(at), mesh.scale)])
mesh.ray.intersects_first(origins, numpy.tile([0.0, 0.0, -1.0], (len(at), 1)))
"""


def bench(model: Path, folder: Path) -> None:
    print(f"{model.name}: {model.stat().st_size / 1e6:.1f} MB")
    picture = measure("thumbnail", lambda: ours("thumbnail", model, folder, folder))
    measure("thumbnail, numpy alone", lambda: ours("thumbnail", model, folder, folder, "numpy"))
    measure("3D preview", lambda: ours("preview", model, folder / "preview", folder))
    others = {"trimesh, rays without shading": (sys.executable, "-c", TRIMESH, str(model))}
    if shutil.which("f3d"):
        command = ("f3d", str(model), f"--output={folder / 'f3d.png'}", "--resolution=512,512")
        display = ("xvfb-run", "-a") if shutil.which("xvfb-run") else ()
        others["f3d"] = (*display, *command)
    for label, command in others.items():

        def run(command: tuple[str, ...] = command) -> None:
            subprocess.run(command, check=True, capture_output=True, timeout=120)

        other = measure(label, run)
        print(f"  {'':<28} ours takes {picture / other:.2f} of its time")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = [Path(given) for given in sys.argv[1:]]
        if not models:
            models = [sphere(folder / f"{count}.stl", around) for count, around in AROUND.items()]
        for model in models:
            bench(model, folder)


if __name__ == "__main__":
    main()
