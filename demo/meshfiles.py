"""Meshes as the files that students send: binary STL, OBJ and 3MF, as trimesh writes them."""

import io
import re
import zipfile
from collections.abc import Callable, Mapping

from trimesh import Trimesh

from demo.solids import mesh_of

_DIGITS = 5
_PACKED_AT = (2024, 1, 1, 0, 0, 0)  # any fixed time


def stl(mesh: Trimesh) -> bytes:
    """Of a fresh mesh: normals that trimesh has kept may differ in the sign of a zero."""
    return bytes(mesh_of(mesh.vertices, mesh.faces).export(file_type="stl"))


def obj(mesh: Trimesh) -> bytes:
    written = mesh.export(file_type="obj", digits=_DIGITS, header="Exported for 3D printing")
    return str(written).encode()


def threemf(mesh: Trimesh) -> bytes:
    """The same mesh gives the same bytes: trimesh names each part by chance and by the clock."""
    rounded = mesh_of(mesh.vertices.round(_DIGITS), mesh.faces)
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(rounded.export(file_type="3mf"))) as written,
        zipfile.ZipFile(packed, "w") as archive,
    ):
        for name in written.namelist():
            content = re.sub(rb' \w+:UUID="[^"]*"', b"", written.read(name))
            archive.writestr(zipfile.ZipInfo(name, _PACKED_AT), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


WRITERS: Mapping[str, Callable[[Trimesh], bytes]] = {".stl": stl, ".obj": obj, ".3mf": threemf}
