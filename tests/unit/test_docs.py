"""Documents that cannot rot: what is generated is fresh, what is written by hand names what exists."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import click
import pytest

from lean_sidekick.cli.app import COMMANDS, ExitStatus, program
from lean_sidekick.settings.settings import setting_rows

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
COMMAND_LINE = DOCS / "command-line.md"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """The script behind `make docs`."""
    spec = importlib.util.spec_from_file_location("generate_docs", DOCS / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_fresh(generate: ModuleType) -> None:
    """If this fails: `make docs`, and look at the diff."""
    assert [path.name for path in generate.stale_outputs()] == []


def test_the_extension_has_every_setting_and_keeps_its_own() -> None:
    manifest = json.loads((ROOT / "vscode-extension" / "package.json").read_text(encoding="utf-8"))
    properties = manifest["contributes"]["configuration"]["properties"]
    assert {f"leanSidekick.{row.wire_name}" for row in setting_rows()} <= set(properties)
    assert any(name.startswith("leanSidekick.server.") for name in properties)
    assert "leanSidekick.trace.server" in properties
    restricted = set(manifest["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"])
    assert {f"leanSidekick.{row.wire_name}" for row in setting_rows() if row.is_guarded} <= restricted


def command_rows() -> dict[str, str]:
    """The table of commands in docs/command-line.md: name to its row, or rows if it has commands of its own."""
    table = COMMAND_LINE.read_text(encoding="utf-8").partition("| command |")[2].partition("\n\n")[0]
    rows: dict[str, str] = {}
    for match in re.finditer(r"^\| `([a-z-]+).*$", table, re.MULTILINE):
        rows[match[1]] = rows.get(match[1], "") + match[0]
    return rows


def test_the_table_of_commands_is_that_of_help() -> None:
    context = click.Context(program, info_name="lean-sidekick")
    listed = re.findall(r"^  ([a-z-]+)  +\S", program.get_help(context).partition("Commands:")[2], re.MULTILINE)
    assert listed == [entry.name for entry in COMMANDS]
    assert list(command_rows()) == listed


@pytest.mark.parametrize("name", [entry.name for entry in COMMANDS if entry.name != "serve"])
def test_a_row_names_every_option_of_its_command(name: str) -> None:
    context = click.Context(program, info_name="lean-sidekick")
    command = program.get_command(context, name)
    assert command is not None
    row = command_rows()[name]
    leaves = [command]
    if isinstance(command, click.Group):
        inside = click.Context(command, parent=context)
        names = command.list_commands(inside)
        leaves = [leaf for leaf in (command.get_command(inside, found) for found in names) if leaf is not None]
        assert len(leaves) == len(names) > 0
        assert [leaf for leaf in names if f"`{name} {leaf} " not in row] == []
    for leaf in leaves:
        for parameter in leaf.params:
            if isinstance(parameter, click.Option):
                assert any(f"`{option}" in row for option in parameter.opts), f"{name}: {parameter.opts}"


def test_the_page_names_every_exit_status() -> None:
    text = COMMAND_LINE.read_text(encoding="utf-8")
    for status in ExitStatus:
        assert f"| {status.value} |" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_links_to_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_says_of_files_and_targets_is_so(page: Path) -> None:
    """Paths in backticks exist, and so does what `make` is said to do."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for target in re.findall(r"`make ([a-z-]+)`", text):
        assert target in targets, f"{page.name}: make {target}"
    for named in re.findall(r"`((?:server|docs|tests|vscode-extension|benchmarks|examples)/[\w./-]+)`", text):
        is_built = named.endswith(".vsix")
        assert is_built or (ROOT / named).exists(), f"{page.name}: {named}"


def test_the_map_names_every_package_that_exists() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    packages = [path.parent.name for path in (ROOT / "server" / "lean_sidekick").glob("*/__init__.py")]
    assert packages
    assert [name for name in packages if f"`{name}/`" not in text] == []
