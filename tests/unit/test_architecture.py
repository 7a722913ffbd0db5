"""The rules of the house that import-linter cannot hold; `make check` runs import-linter itself."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "server" / "lean_sidekick"
MODULES = sorted(PACKAGE.rglob("*.py"))
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}
MAX_LINES = 500
PURE = (
    "core/*.py",
    "verify/packing.py",
    "verify/policy.py",
    "engine/ranking.py",
    "search/tree.py",
    "tactics/prompts/*.py",
)
DOES_IO = {"asyncio", "subprocess", "socket", "threading", "pathlib", "os", "io", "tempfile", "shutil", "logging"}


def name_of(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


def imported_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide which layer is meant"
            yield node.module or ""


def calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@pytest.fixture(params=MODULES, ids=name_of)
def module(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_the_modules_were_found() -> None:
    """The tests below would pass on an empty list."""
    assert {"core/goals.py", "cli/main.py", "settings/settings.py"} <= {name_of(m) for m in MODULES}


def test_a_module_begins_by_saying_what_it_is_for(module: Path) -> None:
    source = module.read_text(encoding="utf-8")
    assert not source or ast.get_docstring(ast.parse(source)), f"{name_of(module)} has no docstring"


def test_a_module_fits_in_a_head(module: Path) -> None:
    lines = module.read_text(encoding="utf-8").count("\n")
    assert lines <= MAX_LINES, f"{name_of(module)} has {lines} lines: split it"


def test_a_module_has_a_name_that_says_something(module: Path) -> None:
    assert not NAMELESS & set(module.relative_to(PACKAGE).with_suffix("").parts)


def test_nothing_prints(module: Path) -> None:
    """Standard output belongs to the protocol; commands print through `cli/output.py`."""
    assert "print" not in set(calls(ast.parse(module.read_text(encoding="utf-8"))))


def test_nothing_sleeps_in_the_event_loop(module: Path) -> None:
    assert "time.sleep" not in set(calls(ast.parse(module.read_text(encoding="utf-8"))))


def test_core_stands_on_attrs_and_the_standard_library_alone() -> None:
    for path in PACKAGE.glob("core/*.py"):
        for name in imported_names(ast.parse(path.read_text(encoding="utf-8"))):
            root = name.partition(".")[0]
            assert root in sys.stdlib_module_names or root in {"attrs", "lean_sidekick"}, f"{path.name}: {name}"


def test_what_is_called_pure_does_no_io() -> None:
    found = [path for pattern in PURE for path in PACKAGE.glob(pattern)]
    for path in found:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not DOES_IO & {name.partition(".")[0] for name in imported_names(tree)}, name_of(path)
        assert not any(isinstance(node, ast.AsyncFunctionDef | ast.Await) for node in ast.walk(tree)), name_of(path)


def test_packages_import_nothing_heavy_by_themselves() -> None:
    """An `__init__.py` is empty, or re-exports a few light names."""
    for path in PACKAGE.rglob("__init__.py"):
        for name in imported_names(ast.parse(path.read_text(encoding="utf-8"))):
            assert name.startswith("lean_sidekick."), name_of(path)
