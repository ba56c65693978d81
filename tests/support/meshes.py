"""Small valid models as bytes, made here: a cube in each format the lab accepts."""

import io
import struct
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

Point = tuple[float, float, float]
Triangle = tuple[Point, Point, Point]

CORNERS = [(x, y, z) for z in (0, 1) for y in (0, 1) for x in (0, 1)]
# Counter-clockwise seen from outside: bottom, top, front, back, left, right.
FACES = [
    (0, 2, 3), (0, 3, 1), (4, 5, 7), (4, 7, 6), (0, 1, 5), (0, 5, 4),
    (2, 6, 7), (2, 7, 3), (0, 4, 6), (0, 6, 2), (1, 3, 7), (1, 7, 5),
]  # fmt: skip

CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model"'
    ' ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>'
    "</Types>"
)
RELATIONSHIPS = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rel0" Target="/3D/3dmodel.model"'
    ' Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>'
    "</Relationships>"
)


def corners(size: float = 20.0) -> list[Point]:
    """The eight corners of a cube that stands on the origin; `size` in mm."""
    return [(x * size, y * size, z * size) for x, y, z in CORNERS]


def cube(size: float = 20.0) -> list[Triangle]:
    """The twelve triangles of a closed cube, outward facing; `size` in mm."""
    points = corners(size)
    return [(points[a], points[b], points[c]) for a, b, c in FACES]


def binary_stl(triangles: Iterable[Triangle] | None = None, header: bytes = b"") -> bytes:
    """A binary STL of the triangles, by default a 20 mm cube; normals are left 0."""
    chosen = list(cube() if triangles is None else triangles)
    body = b"".join(
        struct.pack("<12fH", 0, 0, 0, *first, *second, *third, 0) for first, second, third in chosen
    )
    return header[:80].ljust(80, b"\0") + struct.pack("<I", len(chosen)) + body


def ascii_stl(triangles: Iterable[Triangle] | None = None, name: str = "cube") -> bytes:
    """A text STL of the triangles, by default a 20 mm cube."""
    lines = [f"solid {name}"]
    for triangle in cube() if triangles is None else triangles:
        lines += ["  facet normal 0 0 0", "    outer loop"]
        lines += [f"      vertex {x:g} {y:g} {z:g}" for x, y, z in triangle]
        lines += ["    endloop", "  endfacet"]
    return "\n".join([*lines, f"endsolid {name}", ""]).encode()


def obj(size: float = 20.0) -> bytes:
    """An OBJ of a cube; `size` in mm."""
    points = [f"v {x:g} {y:g} {z:g}" for x, y, z in corners(size)]
    faces = [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in FACES]
    return "\n".join(["# a cube", *points, *faces, ""]).encode()


def model_part(size: float = 20.0, unit: str = "millimeter") -> str:
    """The model part of a 3MF: a cube, `size` in `unit`."""
    vertices = "".join(f'<vertex x="{x:g}" y="{y:g}" z="{z:g}"/>' for x, y, z in corners(size))
    triangles = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in FACES)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><model unit="{unit}"'
        ' xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"><resources>'
        f'<object id="1" type="model"><mesh><vertices>{vertices}</vertices>'
        f"<triangles>{triangles}</triangles></mesh></object></resources>"
        '<build><item objectid="1"/></build></model>'
    )


def threemf(
    size: float = 20.0,
    *,
    unit: str = "millimeter",
    model: str | None = None,
    extra: Sequence[tuple[str | zipfile.ZipInfo, bytes]] = (),
) -> bytes:
    """A 3MF of a cube (`size` in `unit`), or of another model part; `extra` entries come last."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr("_rels/.rels", RELATIONSHIPS)
        archive.writestr("3D/3dmodel.model", model_part(size, unit) if model is None else model)
        for entry, content in extra:
            archive.writestr(entry, content)
    return buffer.getvalue()


def large_binary_stl(path: Path, megabytes: int) -> Path:
    """Writes a valid binary STL of just under that many MiB: one cube, many times over."""
    block = b"".join(
        struct.pack("<12fH", 0, 0, 0, *first, *second, *third, 0) for first, second, third in cube()
    )
    blocks = (megabytes * 1024 * 1024 - 84) // len(block)
    with path.open("wb") as file:
        file.write(bytes(80) + struct.pack("<I", blocks * len(FACES)))
        whole, rest = divmod(blocks, 1000)
        for _ in range(whole):
            file.write(block * 1000)
        file.write(block * rest)
    return path
