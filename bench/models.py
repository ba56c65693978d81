"""What it costs to check a model: time and memory, beside plain numpy and what others do.

Seconds say more about the machine than about Printdesk, so they are also given as a multiple of the
reference: a plain numpy program that reads the same file and counts its edges, nothing more. Every
figure is of a whole process, the start of Python included; memory is its peak. No mark to pass.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402  # after the path is set

ROUNDS = 5
SIZES = {"100k": (250, 200), "900k": (750, 600)}
TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
BEDS = json.dumps([[250, 210, 220], [360, 360, 360]])

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
CHECK = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from reader.mesh import checking
print(checking.check(sys.argv[1], sys.argv[1].rsplit(".", 1)[1], "", {BEDS!r}))
"""
SANDBOXED = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from reader import sandbox
sandbox.run("check", sys.argv[1], sys.argv[1].rsplit(".", 1)[1], "", {BEDS!r})
"""
TRIMESH = """
import sys, trimesh
mesh = trimesh.load_mesh(sys.argv[1])
print(mesh.is_watertight, mesh.bounds, mesh.volume, mesh.body_count)
"""


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="printdesk-bench-"))
    try:
        for name, (around, across) in SIZES.items():
            path = write_torus(folder / f"{name}.stl", around, across)
            compare(name, path)
    finally:
        shutil.rmtree(folder)


def compare(name: str, path: Path) -> None:
    candidates: dict[str, tuple[str, ...]] = {
        "plain numpy, edges only": (sys.executable, "-c", PLAIN),
        "Printdesk's check": (sys.executable, "-c", CHECK),
        "  in its sandbox": (sys.executable, "-c", SANDBOXED),
        "trimesh": (sys.executable, "-c", TRIMESH),
    }
    if admesh := shutil.which("admesh"):
        candidates["admesh"] = (admesh,)
    print(f"{name}: {path.stat().st_size / 1e6:.0f} MB, median of {ROUNDS} rounds")
    # In turns, so that a busy moment of the machine meets all of them.
    runs = [{who: measure(command, path) for who, command in candidates.items()}
            for _ in range(ROUNDS)]  # fmt: skip
    reference = statistics.median(run["plain numpy, edges only"][1] for run in runs)
    for who in candidates:
        wall, cpu, peak = (statistics.median(run[who][n] for run in runs) for n in range(3))
        print(
            f"  {who:24} {cpu / reference:5.2f} x   {cpu:6.2f} s computing  {wall:6.2f} s"
            f"  {peak:6.0f} MB"
        )


def measure(command: tuple[str, ...], path: Path) -> tuple[float, float, float]:
    """(seconds, seconds of computing, peak MB) of one run; children included."""
    watch = (
        "import json, resource, subprocess, sys, time; start = time.monotonic();"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
        "wall = time.monotonic() - start; used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(json.dumps([wall, used.ru_utime + used.ru_stime, used.ru_maxrss]))"
    )
    done = subprocess.run(
        (sys.executable, "-c", watch, *command, str(path)),
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    wall, cpu, peak = json.loads(done.stdout)
    return wall, cpu, peak / (1024**2 if sys.platform == "darwin" else 1024)


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
