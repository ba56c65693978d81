"""Who may import whom: the table of docs/architecture.md, enforced on every module."""

import ast
import subprocess
import sys

import pytest

from settings import ROOT

# What each part may import of ours, itself included.
ALLOWED = {
    "models": {"models"},
    "settings": set(),
    "reader": {"reader"},
    "services": {"models", "settings", "reader", "services"},
    "tasks": {"services", "models", "settings", "tasks"},
    "web": {"services", "models", "settings", "web"},
    "api": {"services", "models", "settings", "web", "api"},
    "student_pages": {"services", "models", "settings", "web", "student_pages"},
    "components": {"reader", "services", "models", "settings", "components"},
    "callbacks": {"components", "reader", "services", "models", "settings"},
    "pages": {"components", "services", "models", "settings"},
    "launch": {"settings", "services", "models", "launch"},
    "demo": {"settings", "reader", "services", "models", "launch", "demo"},
}
# One module more than the table says.
EXTRA = {
    "callbacks/errors.py": {"web.errors"},  # one wording for every way to fail
    "callbacks/dialog.py": {"callbacks.subjects"},
    "callbacks/people.py": {"callbacks.redrawing"},
    "callbacks/queue.py": {"callbacks.redrawing"},
}
# Authlib's Flask client and dash-auth, which drives it, belong to the edge.
AT_THE_EDGE = {
    *("flask", "dash", "celery", "apiflask", "werkzeug", "dash_bootstrap_components"),
    *("dash_auth", "authlib"),
}
FORBIDDEN_PACKAGES = {
    "services": AT_THE_EDGE,
    "reader": AT_THE_EDGE | {"sqlalchemy"},
    "models": AT_THE_EDGE,
    "components": {"flask", "celery", "sqlalchemy"},
    "tasks": {"flask", "dash"},
    "api": {"dash", "celery", "sqlalchemy"},
    "web": {"dash", "celery", "sqlalchemy"},
    "student_pages": {"dash", "celery", "sqlalchemy"},
    "pages": {"celery", "sqlalchemy"},
    "launch": {"flask", "dash"},
}
OURS = set(ALLOWED) | {"app", "tests", "bench", "migrations"}
FOR_REPORTS = {"pandas", "plotly.graph_objects"}
READ_MODELS = {"trimesh", "scipy", "lxml.etree", "lib3mf", "PIL.Image"}
LARGE = sorted(FOR_REPORTS | READ_MODELS | {"numpy"})
_TASKS = "from tasks.app import celery; celery.loader.import_default_modules()"
# What each process runs that serves no page.
LIGHT = {
    "launch": "import launch.__main__",
    "launch.prepare": "import launch.prepare",
    "worker for mails": _TASKS,
    "worker for models": _TASKS,
    "beat": "import launch.background; " + _TASKS,
    "what reads a model, before it does": "import reader.child, reader.sandbox",
}


def modules(part):
    single = ROOT / f"{part}.py"
    found = [single] if single.is_file() else sorted((ROOT / part).rglob("*.py"))
    assert found, f"there is no {part}"
    return found


def imported(path):
    """The full names that a module imports, also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parts[:-1]
            above = list(package[: len(package) - node.level + 1]) if node.level else []
            stem = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{stem}.{name.name}" for name in node.names)


@pytest.mark.parametrize("part", ALLOWED)
def test_imports_go_one_way(part):
    wrong = []
    for path in modules(part):
        relative = path.relative_to(ROOT).as_posix()
        for name in imported(path):
            root = name.partition(".")[0]
            may = root in ALLOWED[part] or any(
                name == extra or name.startswith(f"{extra}.") for extra in EXTRA.get(relative, ())
            )
            if root in OURS and not may:
                wrong.append(f"{relative} imports {name}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("part", FORBIDDEN_PACKAGES)
def test_no_part_imports_a_forbidden_package(part):
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(part)
        for name in imported(path)
        if name.partition(".")[0] in FORBIDDEN_PACKAGES[part]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("module", "extra"), [(module, extra) for module in EXTRA for extra in EXTRA[module]]
)
def test_an_exception_is_one_that_is_used(module, extra):
    assert extra.partition(".")[0] not in ALLOWED[module.partition("/")[0]]
    names = set(imported(ROOT / module))
    assert any(name == extra or name.startswith(f"{extra}.") for name in names)


def test_every_folder_of_python_is_in_the_table():
    known = OURS | {"storage", "var"}
    folders = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith((".", "__")) and any(path.rglob("*.py"))
    }
    assert folders - known == set()


def loaded(code):
    """Which of LARGE a new interpreter has loaded after the code."""
    code = f"import sys; {code}; print(*(name for name in {LARGE!r} if name in sys.modules))"
    result = subprocess.run(
        (sys.executable, "-c", code), cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(result.stdout.splitlines()[-1].split())


def test_the_application_loads_what_the_reports_need_and_not_what_reads_models():
    """gunicorn's master loads it once, before it forks the web processes. Each of READ_MODELS would
    cost 100 MB more."""
    assert loaded("import app; app.server") == FOR_REPORTS | {"numpy"}


@pytest.mark.parametrize("process", LIGHT)
def test_a_process_loads_nothing_large_that_it_does_not_need(process):
    assert loaded(LIGHT[process]) == set()


def test_the_monthly_summary_loads_pandas_when_there_is_one_to_write():
    assert loaded("from services.reports.monthly import due") == set()
    assert loaded("from services.reports.monthly import summary") == {"pandas", "numpy"}
