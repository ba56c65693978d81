"""What it costs to read a model: time and memory, beside plain numpy and what others do.

    python bench/models.py [--old CHECKOUT]

Seconds say more about the machine than about Printdesk, so they are also given as a multiple of the
reference: a plain numpy program that reads the same file and counts its edges, nothing more. The
reference, trimesh and admesh are whole processes, the start of Python included. Printdesk's figures
are what a running worker and its children compute for one file: with a warm parent, as workers have
it, and each with a fresh interpreter. --old compares an older checkout, whose check, thumbnail and
preview were a child each.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402  # after the path is set

Figures = tuple[float, float, float]

ROUNDS = 5
SIZES = {"100k": (250, 200), "900k": (750, 600)}
TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
REPEATS = 3

PLAIN = """
import sys, numpy as np
kind = np.dtype([("n", "<f4", 3), ("c", "<f4", (3, 3)), ("a", "<u2")])
corners = np.fromfile(sys.argv[1], dtype=kind, offset=84)["c"].reshape(-1, 3)
_, number = np.unique(corners, axis=0, return_inverse=True)
faces = number.reshape(-1, 3).astype(np.int64)
edges = np.sort(np.concatenate((faces[:, :2], faces[:, 1:], faces[:, [2, 0]])), axis=1)
_, uses = np.unique(edges[:, 0] * (faces.max() + 1) + edges[:, 1], return_counts=True)
print((uses == 1).sum(), (uses > 2).sum())
"""
# What comes before and after the readings of one file, which are computed REPEATS times.
READINGS = """
import json, resource, sys, tempfile, time
from pathlib import Path
path, root, how = Path(sys.argv[1]), sys.argv[2], sys.argv[3].split()
sys.path.insert(0, root)
beds, folder, warm = [[250, 210, 220], [360, 360, 360]], Path(tempfile.mkdtemp()), []
kind = path.suffix[1:]
if "old" in how:
    from reader import sandbox
    def read():
        sandbox.run("check", str(path), kind, "", json.dumps(beds))
        sandbox.run("thumbnail", str(path), kind, "", str(folder), output=folder)
        sandbox.run("preview", str(path), kind, "", str(folder / "preview"), output=folder)
else:
    import psutil
    from reader import children, model
    wanted = ["facts"] if "facts" in how else model.ALL
    def read():
        reading = model.read(path, path.name, wanted, folder, beds=beds)
        assert reading.has(wanted), reading.answer.problem
    if "warm" in how:
        children.keep_warm()
        read()
        warm = psutil.Process().children()
def spent():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime + sum(sum(p.cpu_times()[:4]) for p in warm)
before, start = spent(), time.monotonic()
for _ in range(int(sys.argv[4])):
    read()
print(json.dumps([(time.monotonic() - start) / int(sys.argv[4]), (spent() - before) / int(sys.argv[4])]))
"""  # noqa: E501
TRIMESH = """
import sys, trimesh
mesh = trimesh.load_mesh(sys.argv[1])
print(mesh.is_watertight, mesh.bounds, mesh.volume, mesh.body_count)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="What it costs to read a model.")
    parser.add_argument("--old", type=Path, help="an older checkout to compare with")
    old = parser.parse_args().old
    folder = Path(tempfile.mkdtemp(prefix="printdesk-bench-"))
    try:
        for name, (around, across) in SIZES.items():
            path = write_torus(folder / f"{name}.stl", around, across)
            compare(name, path, old)
    finally:
        shutil.rmtree(folder)


def compare(name: str, path: Path, old: Path | None) -> None:
    candidates: dict[str, Callable[[], Figures]] = {
        "plain numpy, edges only": partial(of_program, sys.executable, "-c", PLAIN, str(path)),
        "check, warm": partial(of_readings, path, ROOT, "facts warm"),
        "check, fresh": partial(of_readings, path, ROOT, "facts"),
        "all three results, warm": partial(of_readings, path, ROOT, "all warm"),
        "all three results, fresh": partial(of_readings, path, ROOT, "all"),
        "trimesh": partial(of_program, sys.executable, "-c", TRIMESH, str(path)),
    }
    if old:
        candidates["all three results, old"] = partial(of_readings, path, old, "old")
    if admesh := shutil.which("admesh"):
        candidates["admesh"] = partial(of_program, admesh, str(path))
    print(f"{name}: {path.stat().st_size / 1e6:.0f} MB, median of {ROUNDS} rounds")
    # In turns, so that a busy moment of the machine meets all of them.
    runs = [{who: measure() for who, measure in candidates.items()} for _ in range(ROUNDS)]
    reference = statistics.median(run["plain numpy, edges only"][1] for run in runs)
    for who in candidates:
        wall, cpu, peak = (statistics.median(run[who][n] for run in runs) for n in range(3))
        memory = f"{peak:6.0f} MB" if peak else ""
        print(
            f"  {who:26} {cpu / reference:5.2f} x   {cpu:6.2f} s computing  {wall:6.2f} s  {memory}"
        )


def of_program(*command: str) -> Figures:
    """(seconds, seconds of computing, peak MB) of one run; children included."""
    watch = (
        "import json, resource, subprocess, sys, time; start = time.monotonic();"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
        "wall = time.monotonic() - start; used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(json.dumps([wall, used.ru_utime + used.ru_stime, used.ru_maxrss]))"
    )
    wall, cpu, peak = _output_of(sys.executable, "-c", watch, *command)
    return wall, cpu, peak / (1024**2 if sys.platform == "darwin" else 1024)


def of_readings(path: Path, root: Path, how: str) -> Figures:
    """(seconds, seconds of computing, 0) of one of several readings by one process."""
    words = (str(path), str(root.resolve()), how, str(REPEATS))
    wall, cpu = _output_of(sys.executable, "-c", READINGS, *words)
    return wall, cpu, 0.0


def _output_of(*command: str) -> list[float]:
    done = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    figures: list[float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def write_torus(path: Path, around: int, across: int) -> Path:
    """A closed surface of 2 x around x across triangles, shuffled as a CAD program would not."""
    u, v = np.meshgrid(
        2 * np.pi * np.arange(around) / around,
        2 * np.pi * np.arange(across) / across,
        indexing="ij",
    )
    ring = 40 + 15 * np.cos(v)
    points = np.stack((ring * np.cos(u), ring * np.sin(u), 15 * np.sin(v)), axis=-1)
    here, there = np.roll(points, 0, 0), np.roll(points, -1, 0)
    corners = np.stack((here, there, np.roll(there, -1, 1), np.roll(here, -1, 1)), axis=2)
    quads = corners.reshape(-1, 4, 3)
    triangles = np.zeros(2 * len(quads), dtype=TRIANGLE)
    triangles["corners"] = np.concatenate((quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]))
    np.random.default_rng(1).shuffle(triangles)
    with path.open("wb") as file:
        file.write(bytes(80) + len(triangles).to_bytes(4, "little") + triangles.tobytes())
    return path


if __name__ == "__main__":
    main()
