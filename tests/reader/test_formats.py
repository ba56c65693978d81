"""What the readers make of odd files, with files made here."""

import io
import zipfile

import numpy as np
import pytest

from reader.errors import Unreadable
from reader.gate import filetypes
from reader.mesh import loading, measuring, stl, threemf
from reader.mesh.solid import Solid
from tests.support import meshes, solids

NS = 'xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"'
P = 'xmlns:p="http://schemas.microsoft.com/3dmanufacturing/production/2015/06"'


def read(folder, kind, content):
    path = folder / f"model.{kind}"
    path.write_bytes(content)
    return loading.read(str(path), kind)


def measure(folder, kind, content):
    return measuring.measure(Solid(read(folder, kind, content)))


def refused(folder, kind, content):
    with pytest.raises(Unreadable) as problem:
        read(folder, kind, content)
    return problem.value.message


def mesh_object(number, size=10):
    part = meshes.model_part(size)
    mesh = part[part.index("<mesh>") : part.index("</mesh>") + len("</mesh>")]
    return f'<object id="{number}" type="model">{mesh}</object>'


def package(resources, build, unit="millimeter", extra=()):
    parts = f"<resources>{resources}</resources><build>{build}</build>"
    model = f'<model unit="{unit}" {NS}>{parts}</model>'
    return meshes.threemf(model=model, extra=extra)


@pytest.mark.parametrize("header", [b"", b"solid cube", b"solid facet vertex 1 2 3"])
def test_a_binary_stl_is_told_by_its_length(tmp_path, header):
    assert measure(tmp_path, "stl", meshes.binary_stl(header=header))["volume"] == 8000


@pytest.mark.parametrize("surplus", [b"\0", bytes(1000), bytes(2000), b"{made by}" * 556])
@pytest.mark.parametrize("header", [b"", b"solid facet vertex 1 2 3"])
def test_bytes_after_the_last_triangle_are_a_note(tmp_path, surplus, header):
    model = read(tmp_path, "stl", meshes.binary_stl(header=header) + surplus)
    assert model.notes == [{"code": "trailing_bytes", "count": len(surplus)}]
    assert len(model.faces) == 12


@pytest.mark.parametrize("count", [b"\x01\0\0\0", b"\x02\0\0\0", b"    ", b"\t\t\t\t"])
def test_a_count_does_not_make_a_text_binary(tmp_path, count):
    """Bytes 80 to 83 of a text, as the zeros of a computer that crashed may have left them."""
    text = meshes.ascii_stl(name="x" * 73)
    assert filetypes.measure_binary_stl(text[:80] + count + text[84:] + bytes(9000), 99_999) is None


def test_two_solids_on_one_line_are_both_read(tmp_path):
    far = [tuple((x + 50, y, z) for x, y, z in triangle) for triangle in meshes.cube()]
    text = meshes.ascii_stl() + meshes.ascii_stl(far, "low facet vertex 1 2 3")
    found = measure(tmp_path, "stl", b" ".join(text.split()))
    assert (found["bodies"], found["volume"]) == (2, 16000)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"\n", b"\r"),
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b" ", b"\t  "),
        lambda text: b"\n\n  " + text + b"\n\n",
        lambda text: text.upper(),
        lambda text: text.replace(b"endsolid cube", b"endsolid"),
        lambda text: text.replace(b"cube", b"vertex 1 2 3 facet"),
        lambda text: text.replace(b"cube", b"low facet vase"),
        lambda text: text.replace(b"cube", b"facet"),
        lambda text: text.replace(b"solid cube", b"solid low facet vase vertex 1 2 3 \t", 1),
        lambda text: b"\t".join(text.split()),
        lambda text: b" ".join(text.replace(b"cube", b"low facet vase vertex 1 2 3").split()),
        lambda text: text + b"\0" * 30,
    ],
)
def test_a_text_stl_may_be_written_in_any_way(tmp_path, change):
    found = measure(tmp_path, "stl", change(meshes.ascii_stl()))
    assert (found["triangles"], found["volume"], found["open_edges"]) == (12, 8000, 0)


def test_several_solids_of_a_text_stl_are_all_read(tmp_path):
    far = [tuple((x + 50, y, z) for x, y, z in triangle) for triangle in meshes.cube()]
    found = measure(tmp_path, "stl", meshes.ascii_stl() + meshes.ascii_stl(far, "other"))
    assert (found["bodies"], found["volume"]) == (2, 16000)


def test_a_text_stl_is_read_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(stl, "_PIECE", 700)
    assert measure(tmp_path, "stl", meshes.ascii_stl())["volume"] == 8000


@pytest.mark.parametrize("number", [b"nan", b"1e999", b"abc", b"1,5"])
def test_a_coordinate_that_is_no_number_is_refused(tmp_path, number):
    text = meshes.ascii_stl().replace(b"vertex 20 20 20", b"vertex 20 " + number + b" 20", 1)
    assert "number" in refused(tmp_path, "stl", text)
    text = meshes.obj().replace(b"v 20 20 20", b"v 20 20 " + number)
    assert "number" in refused(tmp_path, "obj", text)


def test_a_missing_corner_is_refused(tmp_path):
    text = meshes.ascii_stl().replace(b"vertex 20 20 20\n", b"\n", 1)
    assert "35 corners" in refused(tmp_path, "stl", text)


@pytest.mark.parametrize("scale", [0, 1e-9, 5e-7, 2e-4, 1e4])
def test_a_size_that_cannot_be_is_refused(tmp_path, scale):
    corners, faces, *_ = solids.box(2, 3, 4)
    message = refused(tmp_path, "stl", solids.binary_stl(corners * scale, faces))
    told = {0: "one line or in one place", 1e4: "40 m long"}
    assert told.get(scale, "far too small to print even if it was drawn in metres") in message


def test_triangles_without_a_surface_are_no_model(tmp_path):
    line = np.array([(0, 0, 0), (1, 1, 1), (2, 2, 2)], dtype=float)
    content = solids.binary_stl(line, np.array([(0, 1, 2)]))
    path = tmp_path / "model.stl"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="degenerate"):
        measuring.measure(Solid(loading.read(str(path), "stl")))


def test_an_obj_may_have_polygons_and_comments_and_long_lines(tmp_path):
    corners = "".join(f"v {x} {y} {z} 1 0 0 # red\n" for x, y, z in meshes.corners(10))
    text = (
        "# box\nmtllib ../../etc/passwd\nvt 0 0\nvn 0 0 1\n" + corners + "g a\nusemtl b\ns off\n"
        "f 1/1/1 3/1/1 4/1/1 2/1/1\nf 5//1 6//1 8//1 \\\n 7//1\nf 1 2 6 5\nf 3 7 8 4 # side\n"
        "  f -8 -4 -2 -6\nf 2 4 8 6\nl 1 2\np 1\n"
    )
    for newline in ("\n", "\r\n", "\r"):
        found = measure(tmp_path, "obj", text.replace("\n", newline).encode())
        assert (found["triangles"], found["volume"], found["open_edges"]) == (12, 1000, 0)


def test_an_obj_counts_back_from_where_a_face_stands(tmp_path):
    box = "".join(f"v {x} {y} {z}\n" for x, y, z in meshes.corners(10))
    faces = "".join("f {} {} {}\n".format(*(i - 8 for i in face)) for face in meshes.FACES)
    moved = "".join(f"v {x + 20} {y} {z}\n" for x, y, z in meshes.corners(10))
    found = measure(tmp_path, "obj", (box + faces + moved + faces).encode())
    assert (found["bodies"], found["volume"], found["size"]) == (2, 2000, [30, 10, 10])


@pytest.mark.parametrize(
    "face", ["f 1 2 9", "f 0 1 2", "f 1 2 -9", "f 1 2", "f 1 2 x", "f 1 2 3.5"]
)
def test_a_face_without_its_corners_is_refused(tmp_path, face):
    assert "corners" in refused(tmp_path, "obj", meshes.obj() + face.encode() + b"\n")


def test_points_that_no_face_uses_do_not_count(tmp_path):
    found = measure(tmp_path, "obj", meshes.obj() + b"v 9000 9000 9000\n")
    assert found["size"] == [20, 20, 20]


def test_items_and_components_are_placed(tmp_path):
    resources = (
        mesh_object(1) + '<object id="2" type="model"><components><component objectid="1"/>'
        '<component objectid="1" transform="1 0 0 0 1 0 0 0 1 20 0 0"/></components></object>'
    )
    build = '<item objectid="2"/><item objectid="2" transform="2 0 0 0 2 0 0 0 2 0 100 0"/>'
    found = measure(tmp_path, "3mf", package(resources, build))
    assert (found["triangles"], found["bodies"], found["items"]) == (48, 4, 2)
    assert found["volume"] == 2 * 1000 + 2 * 8000
    assert found["size"] == [60, 120, 20]
    assert found["notes"] == []


def test_a_mirrored_item_is_not_inside_out(tmp_path):
    build = '<item objectid="1" transform="-1 0 0 0 1 0 0 0 1 0 0 0"/>'
    assert measure(tmp_path, "3mf", package(mesh_object(1), build))["volume"] == 1000


@pytest.mark.parametrize("unit", solids.UNITS)
def test_a_declared_unit_is_applied(tmp_path, unit):
    size = 20 / solids.UNITS[unit]
    found = measure(tmp_path, "3mf", meshes.threemf(size, unit=unit))
    assert found["size"] == pytest.approx([20, 20, 20], rel=1e-5)
    assert found["unit"] == unit


def test_parts_in_other_files_of_a_3mf_are_followed(tmp_path):
    part = f'<model unit="millimeter" {NS}><resources>{mesh_object(1)}</resources><build/></model>'
    relations = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        'relationships"><Relationship Id="r" Target="/3D/part.model" Type="http://schemas.microsoft'
        '.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>'
    )
    model = (
        f'<model unit="millimeter" {NS} {P} requiredextensions="p"><resources>'
        '<object id="9" type="model" p:UUID="aaaaaaaa-0000-4000-8000-000000000001"><components>'
        '<component objectid="1" p:path="/3D/part.model"'
        ' p:UUID="aaaaaaaa-0000-4000-8000-000000000002"/></components></object></resources>'
        '<build p:UUID="aaaaaaaa-0000-4000-8000-000000000003"><item objectid="9"'
        ' p:UUID="aaaaaaaa-0000-4000-8000-000000000004"/></build></model>'
    )
    extra = [("3D/part.model", part.encode()), ("3D/_rels/3dmodel.model.rels", relations.encode())]
    found = measure(tmp_path, "3mf", meshes.threemf(model=model, extra=extra))
    assert (found["triangles"], found["volume"]) == (12, 1000)
    assert found["notes"] == [{"code": "has_paths"}]


@pytest.mark.parametrize(
    ("prefix", "namespace", "has_paths"),
    [
        ("zz", "urn:another", False),
        ("p", "urn:another", False),
        ("zz", "http://schemas.microsoft.com/3dmanufacturing/production/2015/06", True),
    ],
)
def test_a_path_is_one_by_its_namespace_and_not_by_its_prefix(
    tmp_path, prefix, namespace, has_paths
):
    """Whatever the prefix is called, and wherever a piece ends."""
    path = tmp_path / "model.3mf"
    model = meshes.model_part().replace("<model", f'<model xmlns:{prefix}="{namespace}"')
    model = model.replace("<item", f'<item {prefix}:path="/3D/other.model"')
    path.write_bytes(meshes.threemf(model=model))
    assert threemf.scan(str(path)).has_paths == has_paths


def test_components_are_counted_before_they_are_made(tmp_path):
    resources = mesh_object(1) + "".join(
        f'<object id="{n}" type="model"><components>'
        + f'<component objectid="{n - 1}"/>' * 10
        + "</components></object>"
        for n in range(2, 9)
    )
    message = refused(tmp_path, "3mf", package(resources, '<item objectid="8"/>'))
    assert "120,000,000 triangles" in message


def test_a_document_type_is_refused_wherever_it_stands(tmp_path):
    model = meshes.model_part().replace(
        "<model", '<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><model'
    )
    assert "entities" in refused(tmp_path, "3mf", meshes.threemf(model=model))


def test_triangles_are_counted_over_the_ends_of_pieces(tmp_path, monkeypatch):
    path = tmp_path / "model.3mf"
    path.write_bytes(meshes.threemf())
    for size in range(20, 90):
        monkeypatch.setattr(threemf, "_PIECE", size)
        assert threemf.scan(str(path)).triangles == 12


def test_an_archive_that_unpacks_to_more_than_it_says_is_refused(tmp_path, monkeypatch):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", meshes.CONTENT_TYPES)
        archive.writestr("_rels/.rels", meshes.RELATIONSHIPS)
        archive.writestr("3D/3dmodel.model", meshes.model_part())
    monkeypatch.setattr(threemf, "INFLATED_BYTES", 500)
    assert "unpacks" in refused(tmp_path, "3mf", buffer.getvalue())


def test_without_lib3mf_the_other_reader_reads(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "lib3mf", None)
    found = measure(tmp_path, "3mf", meshes.threemf(2, unit="inch"))
    assert found["size"] == pytest.approx([50.8] * 3, rel=1e-5)
    assert found["notes"] == [{"code": "one_reader"}]


def test_too_many_triangles_are_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "MAX_TRIANGLES", 11)
    for kind, content in (
        ("stl", meshes.binary_stl()),
        ("stl", meshes.ascii_stl()),
        ("obj", meshes.obj()),
        ("3mf", meshes.threemf()),
    ):
        assert "at most 11" in refused(tmp_path, kind, content)
