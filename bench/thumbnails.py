"""How long the picture and the 3D preview of a model take, and how much memory.

    python bench/thumbnails.py [model ...]

Without models: a wavy sphere of 100,000 and of 900,000 triangles, made here. Each is drawn in its
own process, as the product does it, and with trimesh, and with f3d where it is installed. trimesh
is given what it needs to be fast (Embree), and asked for less: the rays, without light and colour.
Seconds of computing (user and system) are compared, which a busy machine changes the least; the aim
is under 2 s for 900,000 triangles, and at most half of trimesh's.
"""

import math
import multiprocessing
import resource
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from reader import model
from reader.model import Result

ROUNDS = 5
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


def ours(wanted: Result, path: Path, folder: Path) -> None:
    reading = model.read(path, path.name, [wanted], folder)
    assert reading.has([wanted]), reading.answer.problem


TRIMESH = """
import sys, numpy, trimesh
mesh = trimesh.load(sys.argv[1], force="mesh")
mesh.apply_translation(-mesh.bounds.mean(axis=0))
at = numpy.mgrid[0:1024, 0:1024].reshape(2, -1).T / 1023 - 0.5
origins = numpy.column_stack([at * mesh.scale, numpy.full(len(at), mesh.scale)])
mesh.ray.intersects_first(origins, numpy.tile([0.0, 0.0, -1.0], (len(at), 1)))
"""


def measure(run: Callable[[], None]) -> tuple[float, float, float]:
    """(seconds, seconds of computing, peak MB) of the processes that `run` starts: from a fork,
    whose count of them begins at none."""
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe()
    process = fork.Process(target=_measure, args=(run, there))
    process.start()
    there.close()
    answer: tuple[float, float, float] = here.recv()
    process.join()
    return answer


def _measure(run: Callable[[], None], pipe: Connection) -> None:
    started = time.monotonic()
    run()
    wall = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = used.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
    pipe.send((wall, used.ru_utime + used.ru_stime, peak))


def program(*command: str) -> Callable[[], None]:
    def run() -> None:
        subprocess.run(command, check=True, capture_output=True, timeout=120)

    return run


def candidates_for(path: Path, folder: Path) -> dict[str, Callable[[], None]]:
    found = {
        "thumbnail": lambda: ours("picture", path, folder),
        "3D preview": lambda: ours("preview", path, folder),
        "trimesh, rays only": program(sys.executable, "-c", TRIMESH, str(path)),
    }
    if f3d := shutil.which("f3d"):
        display = ("xvfb-run", "-a") if shutil.which("xvfb-run") else ()
        picture = (f"--output={folder / 'f3d.png'}", "--resolution=512,512")
        found["f3d"] = program(*display, f3d, str(path), *picture)
    return found


def bench(model: Path, folder: Path) -> None:
    size = model.stat().st_size / 1e6
    print(f"{model.name}: {size:.1f} MB, median of {ROUNDS} rounds")
    candidates = candidates_for(model, folder)
    # In turns, so that a busy moment of the machine meets all of them.
    rounds = [{who: measure(run) for who, run in candidates.items()} for _ in range(ROUNDS)]
    medians = {
        who: [statistics.median(one[who][n] for one in rounds) for n in range(3)]
        for who in candidates
    }
    for who, (wall, cpu, peak) in medians.items():
        ratio = cpu / medians["trimesh, rays only"][1]
        print(
            f"  {who:20} {ratio:5.2f} x trimesh {cpu:6.2f} s computing {wall:6.2f} s {peak:5.0f} MB"
        )


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
