"""The sizes of functions and files: `python bench/sizes.py`. tests/test_shape.py has the limits.

Only the product's code is counted, without tests, benchmarks and migrations. A function's lines are
from its `def` to its end, without decorators and without its docstring.
"""

import ast
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = (
    *("models", "reader", "services", "tasks", "web", "api", "student_pages"),
    *("pages", "components", "callbacks", "launch", "demo", "slicer_opener"),
)
SINGLE = ("app.py", "settings.py")
LONG = 50
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file of the product."""

    path: Path

    @property
    def place(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def name(self) -> str:
        return self.place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @cached_property
    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    def imported(self) -> Iterator[str]:
        """The full names that are imported when the module is: not inside functions, not for the
        type checker alone."""
        for node in _run_on_import(self.tree):
            if isinstance(node, ast.Import):
                yield from (name.name for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                stem = self._stem(node)
                yield from (f"{stem}.{name.name}" for name in node.names)

    def _stem(self, node: ast.ImportFrom) -> str:
        package = self.name.split(".") if self.is_package else self.name.split(".")[:-1]
        above = package[: len(package) - node.level + 1] if node.level else []
        return ".".join([*above, *([node.module] if node.module else [])])


def _run_on_import(tree: ast.AST) -> Iterator[ast.stmt]:
    for node in ast.iter_child_nodes(tree):
        is_for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if isinstance(node, ast.stmt) and not isinstance(node, Function) and not is_for_types:
            yield node
            yield from _run_on_import(node)


def modules() -> list[Module]:
    """Every module of the product."""
    paths = [path for part in PARTS for path in sorted((ROOT / part).rglob("*.py"))]
    return [Module(path) for path in (*paths, *(ROOT / name for name in SINGLE))]


def find_cycles(found: list[Module]) -> list[list[str]]:
    """The groups of modules that need each other while they are imported (Tarjan, 1972)."""
    known = {module.name for module in found}
    needs = {module.name: _needed(module, known) for module in found}
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in needs[name]:
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            at = stack.index(name)
            groups.append(sorted(stack[at:]))
            del stack[at:]

    for name in sorted(needs):
        if name not in index:
            visit(name)
    return [group for group in groups if len(group) > 1]


def _needed(module: Module, known: set[str]) -> set[str]:
    """A module that is named by itself or by something in it. Its packages come before it; what
    they import counts as theirs."""
    found = set()
    for name in module.imported():
        while name and name not in known:
            name = name.rpartition(".")[0]
        found.add(name)
    return found - {"", module.name}


def names_twice(found: list[Module]) -> dict[str, list[str]]:
    """File names that stand in several folders below services/."""
    places = defaultdict(list)
    for module in below_services(found):
        if not module.is_package:
            places[module.path.name].append(module.place)
    return {name: where for name, where in places.items() if len(where) > 1}


def below_services(found: list[Module]) -> list[Module]:
    return [module for module in found if module.name.startswith("services.")]


def per_folder(found: list[Module]) -> Counter[str]:
    """How many modules each folder holds, `__init__` not counted."""
    counted = (module for module in found if not module.is_package and "/" in module.place)
    return Counter(module.place.rpartition("/")[0] for module in counted)


def body_lines(function: Function) -> int:
    words = ast.get_docstring(function, clean=False)
    documented = len(words.split("\n")) if words else 0
    return (function.end_lineno or 0) - function.lineno + 1 - documented


def is_annotated(function: Function) -> bool:
    """Every argument but self and cls, and what is returned."""
    given = function.args
    listed = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    named = [one for one in listed if one is not None and one.arg not in ("self", "cls")]
    return function.returns is not None and all(one.annotation for one in named)


def is_callback(function: Function) -> bool:
    calls = (node.func if isinstance(node, ast.Call) else node for node in function.decorator_list)
    return any(ast.unparse(call).endswith("callback") for call in calls)


def spread(values: list[int]) -> str:
    tenth = statistics.quantiles(values, n=10)[-1] if len(values) > 1 else values[0]
    return f"{statistics.median(values):.0f} / {tenth:.0f} / {max(values)}"


def table(found: list[Module]) -> list[tuple[str, str]]:
    functions = [function for module in found for function in module.functions]
    sizes = [body_lines(function) for function in functions]
    callbacks = [body_lines(function) for function in functions if is_callback(function)]
    long, annotated = sum(size > LONG for size in sizes), sum(map(is_annotated, functions))
    folders = per_folder(found)
    most, count = folders.most_common(1)[0]
    return [
        ("modules, lines", f"{len(found)}, {sum(module.lines for module in found):,}"),
        ("functions", f"{len(functions):,}"),
        ("lines per function, median / p90 / most", spread(sizes)),
        (f"functions over {LONG} lines", f"{long} ({100 * long / len(sizes):.1f} %)"),
        ("functions fully annotated", f"{100 * annotated / len(functions):.1f} %"),
        ("lines per file, median / p90 / most", spread([module.lines for module in found])),
        ("callbacks, lines median / p90 / most", f"{len(callbacks)}, {spread(callbacks)}"),
        ("import cycles", str(len(find_cycles(found)))),
        ("folders, most modules in one", f"{len(folders)}, {count} ({most})"),
        ("module names twice below services/", str(len(names_twice(found)))),
    ]


def main() -> None:
    print("| what | figure |\n|---|---|")
    for what, figure in table(modules()):
        print(f"| {what} | {figure} |")


if __name__ == "__main__":
    main()
