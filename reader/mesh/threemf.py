"""3MF, through lib3mf: units, build items, transforms, components, the production extension.

The archive is looked through before lib3mf gets it, and what components would become is counted
before it is made. Sources: 3MF Core Specification 1.3, Production Extension 1.1.
"""

import ctypes
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reader.errors import Unreadable
from reader.gate.archives import INFLATED_BYTES
from reader.mesh.loading import AGAIN, Faces, Model, Points, keep_used, refuse_too_many

MM = {
    "micron": 0.001,
    "millimeter": 1.0,
    "centimeter": 10.0,
    "inch": 25.4,
    "foot": 304.8,
    "meter": 1000.0,
}
_UNITS = tuple(MM)  # in the order of lib3mf's ModelUnit
MAX_INSTANCES = 100_000
MAX_DEPTH = 50

_PIECE = 1024 * 1024
_OVERLAP = 4096
# Items and components that lie in another part, by the prefix of the attribute that says so; it
# counts where that prefix is the production extension's.
_PLACED = re.compile(rb"<(?:[\w.-]{1,20}:)?(?:item|component)\s([^>]{0,400})")
_PATH = re.compile(rb"(?<![\w.-])([\w.-]{1,40}):path\s*=")
_PRODUCTION = re.compile(
    rb"(?<![\w.-])xmlns:([\w.-]{1,40})\s*=\s*[\"']"
    rb"http://schemas\.microsoft\.com/3dmanufacturing/production/2015/06[\"']"
)
_TRIANGLE = re.compile(rb"<(?:[\w.-]{1,20}:)?triangle[\s/>]")
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)

Matrix = NDArray[np.float64]


def read(path: str) -> Model:
    """Two notes tell the caller about a second opinion: "has_paths" (trimesh cannot follow the
    production extension) and "one_reader" (this is trimesh's reading already)."""
    found = scan(path)
    refuse_too_many(found.triangles)
    notes: list[dict[str, Any]] = [{"code": "has_paths"}] if found.has_paths else []
    try:
        package = _open(path)
    except _Refused as refused:
        if found.has_paths:
            raise
        return _read_otherwise(path, refused)
    unit = _UNITS[int(package.GetUnit())]
    reader = _Expansion(package)
    vertices, faces = reader.placed()
    vertices *= MM[unit]
    if reader.stored != found.triangles:
        notes.append(
            {"code": "readers_disagree", "first": reader.stored, "second": found.triangles}
        )
    return Model(vertices, faces, unit, reader.items, notes)


def _read_otherwise(path: str, refused: "_Refused") -> Model:
    """trimesh's reading, where lib3mf has no say: it is not there (no wheel for 64-bit ARM Linux),
    or it refuses what real programs write."""
    if refused.is_fault_of_file:
        raise refused
    from reader.mesh import second_opinion

    vertices, faces, unit = second_opinion.load(path)
    vertices, faces = keep_used(vertices, faces)
    return Model(vertices, faces, unit, notes=[{"code": "one_reader"}])


class _Refused(Unreadable):
    is_fault_of_file = True


@dataclass(frozen=True)
class Scan:
    """What an archive writes: triangles in its model parts, and whether parts refer to others."""

    triangles: int
    has_paths: bool


def scan(path: str) -> Scan:
    """Unpacks every entry once, bounded.

    Raises Unreadable for what is damaged, larger than it says, or declares entities.
    """
    triangles = total = 0
    has_paths = False
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                is_model = entry.filename.casefold().endswith(".model")
                prefixes = _Prefixes()
                before = b""
                for piece in _unpack(archive, entry):
                    total += len(piece)
                    _refuse_bomb(total)
                    text = before + piece.replace(b"\0", b"")  # UTF-16 as if ASCII
                    if entry.filename.casefold().endswith((".model", ".rels", ".xml")):
                        _refuse_entities(text)
                    if is_model:
                        triangles += len(_TRIANGLE.findall(text))
                        prefixes.look_at(text)
                    before = _unfinished(text)
                has_paths = has_paths or prefixes.have_paths
    except _DAMAGED:
        raise Unreadable(f"The 3MF is cut off or damaged. {AGAIN}") from None
    return Scan(triangles, has_paths)


class _Prefixes:
    """Of one part: which stand for the production extension, and which say where things lie."""

    def __init__(self) -> None:
        self._production: set[bytes] = set()
        self._paths: set[bytes] = set()

    def look_at(self, text: bytes) -> None:
        self._production.update(_PRODUCTION.findall(text))
        for attributes in _PLACED.findall(text):
            if b":path" in attributes:
                self._paths.update(_PATH.findall(attributes))

    @property
    def have_paths(self) -> bool:
        return not self._production.isdisjoint(self._paths)


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as stream:
        while piece := stream.read(_PIECE):
            yield piece


def _refuse_bomb(unpacked: int) -> None:
    if unpacked > INFLATED_BYTES:
        raise Unreadable(
            "The 3MF unpacks to far more than a printable model needs. Simplify the model, and "
            "export it again."
        )


def _unfinished(text: bytes) -> bytes:
    """The end of a piece that may be the beginning of a tag: it is looked at with the next one."""
    start = text.rfind(b"<", max(0, len(text) - _OVERLAP))
    tail = text[start:] if start >= 0 else b""
    return b"" if _TRIANGLE.match(tail) else tail


def _refuse_entities(text: bytes) -> None:
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise Unreadable(f"The 3MF declares entities, which a 3MF may not. {AGAIN}")


def _open(path: str) -> Any:
    try:
        import lib3mf

        wrapper = lib3mf.get_wrapper()
    except (ImportError, OSError):
        absent = _Refused("This 3MF needs a reader (lib3mf) that this machine does not have.")
        absent.is_fault_of_file = False
        raise absent from None
    package = wrapper.CreateModel()
    try:
        package.QueryReader("3mf").ReadFromFile(path)
    except lib3mf.ELib3MFException as problem:
        words = re.sub(r"^.*?Exception \d+: ", "", str(problem)).rstrip(".")
        refused = _Refused(f"The 3MF does not follow its format: {words}. {AGAIN}")
        # Some versions of Cura write what it says this of, and all other programs read.
        refused.is_fault_of_file = "No resources" not in words
        raise refused from None
    return package


class _Expansion:
    """The build items of a package as one set of triangles, with every instance placed."""

    def __init__(self, package: Any) -> None:
        self.items = 0
        self.stored = 0
        self._package = package
        self._meshes: dict[int, tuple[Points, Faces]] = {}
        self._vertices: list[Points] = []
        self._faces: list[Faces] = []
        self._known = 0
        objects = package.GetObjects()
        while objects.MoveNext():
            item = objects.GetCurrentObject()
            if item.IsMeshObject():
                self.stored += package.GetMeshObjectByID(item.GetResourceID()).GetTriangleCount()

    def placed(self) -> tuple[Points, Faces]:
        roots = []
        items = self._package.GetBuildItems()
        while items.MoveNext():
            item = items.GetCurrent()
            place = _matrix(item.GetObjectTransform()) if item.HasObjectTransform() else None
            roots.append((item.GetObjectResource(), place))
        self._refuse_too_much([resource for resource, _ in roots])
        self.items = len(roots)
        for resource, place in roots:
            self._place(resource, place)
        if not self._faces:
            return np.empty((0, 3)), np.empty((0, 3), np.int32)
        return keep_used(np.concatenate(self._vertices), np.concatenate(self._faces))

    def _refuse_too_much(self, roots: list[Any]) -> None:
        """Ten components of ten components of ten...: counted, each object once, before any is
        made."""
        counted: dict[int, tuple[int, int]] = {}

        def count(resource: Any, depth: int) -> tuple[int, int]:
            if depth > MAX_DEPTH:
                raise Unreadable(f"The 3MF nests its components too deeply. {AGAIN}")
            key = resource.GetResourceID()
            if key not in counted:
                if resource.IsMeshObject():
                    mesh = self._package.GetMeshObjectByID(key)
                    counted[key] = mesh.GetTriangleCount(), 1
                else:
                    inner = [count(part, depth + 1) for part, _ in self._components(resource)]
                    counted[key] = sum(n for n, _ in inner), 1 + sum(n for _, n in inner)
            return counted[key]

        totals = [count(resource, 0) for resource in roots]
        refuse_too_many(sum(triangles for triangles, _ in totals))
        if sum(instances for _, instances in totals) > MAX_INSTANCES:
            raise Unreadable(
                "The 3MF places far more parts than a printable model has. Simplify the model."
            )

    def _components(self, resource: Any) -> list[tuple[Any, Matrix | None]]:
        composed = self._package.GetComponentsObjectByID(resource.GetResourceID())
        parts = []
        for index in range(composed.GetComponentCount()):
            part = composed.GetComponent(index)
            place = _matrix(part.GetTransform()) if part.HasTransform() else None
            parts.append((part.GetObjectResource(), place))
        return parts

    def _place(self, resource: Any, place: Matrix | None) -> None:
        if not resource.IsMeshObject():
            for part, inner in self._components(resource):
                self._place(part, _combined(inner, place))
            return
        vertices, faces = self._mesh(resource.GetResourceID())
        if place is not None:
            vertices = vertices @ place[:3] + place[3]
            if np.linalg.det(place[:3]) < 0:  # a mirror image turns every triangle inside out
                faces = faces[:, ::-1]
        self._vertices.append(vertices)
        self._faces.append(faces + np.int32(self._known))
        self._known += len(vertices)

    def _mesh(self, key: int) -> tuple[Points, Faces]:
        if key not in self._meshes:
            mesh = self._package.GetMeshObjectByID(key)
            points = _buffer(mesh, "getvertices", mesh.GetVertexCount(), ctypes.c_float)
            corners = _buffer(mesh, "gettriangleindices", mesh.GetTriangleCount(), ctypes.c_uint32)
            self._meshes[key] = points.astype(np.float64), corners.astype(np.int32)
        return self._meshes[key]


def _buffer(mesh: Any, function: str, rows: int, kind: Any) -> NDArray[Any]:
    """Rows of three, straight from the library: its Python side would make an object of each."""
    array = np.zeros((rows, 3), dtype=np.dtype(kind))
    if rows:
        needed = ctypes.c_uint64(0)
        call = getattr(mesh._wrapper.lib, f"lib3mf_meshobject_{function}")
        call.argtypes = None
        pointer = array.ctypes.data_as(ctypes.c_void_p)
        code = call(mesh._handle, ctypes.c_uint64(rows), ctypes.byref(needed), pointer)
        mesh._wrapper.checkError(mesh, code)
    return array


def _matrix(transform: Any) -> Matrix:
    """Four rows of three; a row vector is multiplied from the left (Core Specification 3.3)."""
    return np.array([[transform.Fields[row][column] for column in range(3)] for row in range(4)])


def _combined(inner: Matrix | None, outer: Matrix | None) -> Matrix | None:
    """First `inner`, then `outer`."""
    if inner is None or outer is None:
        return outer if inner is None else inner
    return np.vstack((inner[:3] @ outer[:3], inner[3] @ outer[:3] + outer[3]))
