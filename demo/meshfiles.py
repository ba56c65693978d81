"""Meshes as the files that students send: binary STL, OBJ and 3MF."""

import io
import zipfile
from collections.abc import Callable, Mapping

import numpy as np

from demo.solids import Mesh

_CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model"'
    ' ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>'
    "</Types>"
)
_RELATIONSHIPS = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rel0" Target="/3D/3dmodel.model"'
    ' Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>'
    "</Relationships>"
)
_PACKED_AT = (2024, 1, 1, 0, 0, 0)  # any fixed time: the same mesh gives the same bytes


def stl(mesh: Mesh) -> bytes:
    triangles = np.zeros(
        len(mesh.faces),
        np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")]),
    )
    triangles["corners"] = mesh.points[mesh.faces]
    header = b"Exported for 3D printing".ljust(80)
    return header + len(mesh.faces).to_bytes(4, "little") + triangles.tobytes()


def obj(mesh: Mesh) -> bytes:
    corners = [f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in mesh.points.tolist()]
    faces = [f"f {a} {b} {c}" for a, b, c in (mesh.faces + 1).tolist()]
    return "\n".join(["# Exported for 3D printing", *corners, *faces, ""]).encode()


def threemf(mesh: Mesh) -> bytes:
    vertices = [
        f'<vertex x="{x:.5f}" y="{y:.5f}" z="{z:.5f}"/>' for x, y, z in mesh.points.tolist()
    ]
    triangles = [f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in mesh.faces.tolist()]
    model = (
        '<?xml version="1.0" encoding="UTF-8"?><model unit="millimeter"'
        ' xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"><resources>'
        f'<object id="1" type="model"><mesh><vertices>{"".join(vertices)}</vertices>'
        f"<triangles>{''.join(triangles)}</triangles></mesh></object></resources>"
        '<build><item objectid="1"/></build></model>'
    )
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _RELATIONSHIPS,
        "3D/3dmodel.model": model,
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, _PACKED_AT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed.getvalue()


WRITERS: Mapping[str, Callable[[Mesh], bytes]] = {".stl": stl, ".obj": obj, ".3mf": threemf}
