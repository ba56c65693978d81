"""The shape of the code: what bench/sizes.py counts, and where the limits are."""

import ast

from bench import sizes

FOUND = sizes.modules()
MOST_MODULES = 12


def module(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return sizes.Module(path)


def function(text):
    [node] = ast.parse(text).body
    return node


def test_no_module_needs_one_that_needs_it():
    assert len(FOUND) > 150
    assert sizes.find_cycles(FOUND) == []


def test_a_cycle_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(sizes, "ROOT", tmp_path)
    found = [
        module(tmp_path, "part/__init__.py", ""),
        module(tmp_path, "part/one.py", "from part import two\n"),
        module(tmp_path, "part/two.py", "from part.sub.three import anything\n"),
        module(tmp_path, "part/sub/three.py", "if True:\n    from ..one import something\n"),
        module(tmp_path, "part/four.py", "import part.five\n"),
        module(tmp_path, "part/five.py", "def late():\n    import part.four\n"),
        module(
            tmp_path, "part/six.py", "import part.six\nif TYPE_CHECKING:\n    import part.four\n"
        ),
    ]
    assert sizes.find_cycles(found) == [["part.one", "part.sub.three", "part.two"]]


def test_below_services_no_module_has_the_name_of_another():
    assert sizes.names_twice(FOUND) == {}


def test_below_services_a_folder_holds_a_dozen_modules_at_most():
    folders = sizes.per_folder(sizes.below_services(FOUND))
    assert len(folders) > 5
    assert {name: count for name, count in folders.items() if count > MOST_MODULES} == {}


def test_below_services_each_folder_begins_with_what_lives_there():
    packages = [one for one in sizes.below_services(FOUND) if one.is_package]
    folders = {one.place.rpartition("/")[0] for one in sizes.below_services(FOUND)} - {"services"}
    assert {one.place.rpartition("/")[0] for one in packages} == folders
    for one in packages:
        words = ast.get_docstring(one.tree) or ""
        assert len(words.split("\n")[0].split()) > 3, one.place


def test_lines_are_those_of_the_body():
    assert sizes.body_lines(function("def f():\n    return 1\n")) == 2
    assert (
        sizes.body_lines(function('@a\n@b\ndef f():\n    """One.\n\n    Two."""\n    x()\n')) == 2
    )


def test_annotated_is_what_names_every_type():
    assert sizes.is_annotated(function("def f(self, a: int, *b: int, **c: int) -> None: ..."))
    assert not sizes.is_annotated(function("def f(a: int): ..."))
    assert not sizes.is_annotated(function("def f(a: int, *, b) -> None: ..."))


def test_callbacks_are_known_by_their_decorator():
    assert sizes.is_callback(function("@callback(Output('a', 'b'))\ndef f(): ..."))
    assert sizes.is_callback(function("@protected_callback(a, b)\ndef f(): ..."))
    assert not sizes.is_callback(function("@cache\ndef f(): ..."))
