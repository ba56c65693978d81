"""Tests that once could not fail: each must be able to."""

import ast
from collections import defaultdict

import pytest

from settings import ROOT

# What fails by itself when something is not as it should be.
FAILING = {"raises", "expect", "fail", "wait_for_url"}
PARTS = ("models", "reader", "services", "tasks", "web", "api", "components", "callbacks", "launch")


def trees(folder):
    found = {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / folder).rglob("*.py"))
    }
    assert found
    return found


@pytest.fixture(scope="module")
def tests():
    return trees("tests")


def name_of(node):
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def called(function):
    return {name_of(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}


def functions(trees_):
    for path, tree in trees_.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                yield path, node


def test_every_test_asserts_something_or_calls_what_does(tests):
    by_name = defaultdict(list)
    for _, function in functions(tests):
        by_name[function.name].append(function)
    able = {
        name
        for name, same in by_name.items()
        for function in same
        if called(function) & FAILING
        or any(isinstance(node, ast.Assert | ast.Raise) for node in ast.walk(function))
    }
    while more := {
        name
        for name, same in by_name.items()
        if name not in able and any(called(function) & able for function in same)
    }:
        able |= more
    unable = [name for name in by_name if name.startswith("test_") and name not in able]
    assert not unable


def test_no_test_takes_any_error_for_the_expected_one(tests):
    wide = [
        f"{path}:{node.lineno}"
        for path, tree in tests.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and name_of(node.func) == "raises"
        and any(name_of(kind) in ("Exception", "BaseException") for kind in node.args)
    ]
    assert not wide


def test_no_assertion_is_always_true(tests):
    """A filled tuple, a text or a number; or a comparison of something with itself."""
    idle = []
    for path, tree in tests.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Assert):
                continue
            said = node.test
            sides = [said.left, *said.comparators] if isinstance(said, ast.Compare) else []
            if isinstance(said, ast.Tuple | ast.Constant | ast.JoinedStr) or (
                len(sides) == 2 and ast.dump(sides[0]) == ast.dump(sides[1])
            ):
                idle.append(f"{path}:{node.lineno}")
    assert not idle


def test_no_test_hides_another_of_its_name(tests):
    for path, tree in tests.items():
        names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        assert len(names) == len(set(names)), path


def test_a_list_of_public_names_has_all_that_others_import():
    """`__all__` is believed by readers and by mypy: a name that it forgets is not public."""
    parts = {path: tree for part in PARTS for path, tree in trees(part).items()}
    listed = {}
    for path, tree in parts.items():
        for node in tree.body:
            if isinstance(node, ast.Assign) and name_of(node.targets[0]) == "__all__":
                module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                listed[module] = set(ast.literal_eval(node.value))
    assert "models" in listed
    for path, tree in parts.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module in listed:
                missing = {name.name for name in node.names} - listed[node.module]
                assert not missing, f"{path} imports {missing} from {node.module}"
