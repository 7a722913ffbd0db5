"""Finding a Lean as Lean's tools do, without running elan."""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lean_sidekick.core.errors import LeanUnavailable
from lean_sidekick.lean import toolchain as toolchains
from lean_sidekick.lean.project import Project, find_project
from lean_sidekick.lean.toolchain import find_toolchain, locate_lean
from lean_sidekick.lean.version import LeanVersion
from support.scripted_servers import wait_until_gone

pytestmark = pytest.mark.skipif(os.name != "posix", reason="programs are made of shell scripts here")

Environment = dict[str, str]


def program(path: Path, printed: str = "Lean (version 4.9.0, commit 1, Release)", code: int = 0) -> Path:
    """A program that prints a line and ends with a code."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{printed}'\nexit {code}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def elan(tmp_path: Path) -> Path:
    """elan's folder, with its shims; they would download if they were run, so here they fail."""
    home = tmp_path / "elan"
    elan = program(home / "bin" / "elan", "downloading", code=70)
    for name in ("lean", "lake"):
        os.link(elan, home / "bin" / name)
    (home / "toolchains").mkdir()
    return home


@pytest.fixture
def environment(elan: Path) -> Environment:
    return {"ELAN_HOME": str(elan), "PATH": str(elan / "bin"), "HOME": str(elan.parent)}


@pytest.fixture
def install(elan: Path) -> Callable[[str], Path]:
    """Puts a toolchain where elan has it."""
    return lambda folder: program(elan / "toolchains" / folder / "bin" / "lean")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    (root / "lean-toolchain").write_text("leanprover/lean4:v4.9.0\n", encoding="utf-8")
    return find_project(root)


async def test_the_project_s_toolchain_is_taken_from_elan_s_folder(
    project: Project, environment: Environment, install: Callable[[str], Path]
) -> None:
    lean = install("leanprover--lean4---v4.9.0")
    lake = program(lean.with_name("lake"))
    found = await find_toolchain(project, None, environment)
    assert (found.lean, found.lake, found.version) == (lean, lake, LeanVersion(4, 9, 0))
    assert found.lean_command == (str(lean),)
    assert "lean-toolchain" in found.origin


def test_a_toolchain_that_is_not_installed_is_named_with_the_way_to_get_it(
    project: Project, environment: Environment
) -> None:
    """Guards that the shim on the PATH is not run: it would download."""
    with pytest.raises(LeanUnavailable, match=r"elan toolchain install leanprover/lean4:v4\.9\.0"):
        locate_lean(project, None, environment)


def test_the_environment_s_toolchain_comes_first(
    project: Project, environment: Environment, install: Callable[[str], Path]
) -> None:
    install("leanprover--lean4---v4.9.0")
    other = install("leanprover--lean4---v4.10.0-rc1")
    lean, origin = locate_lean(project, None, environment | {"ELAN_TOOLCHAIN": "leanprover/lean4:v4.10.0-rc1"})
    assert (lean, origin) == (other, "ELAN_TOOLCHAIN says so")


def test_an_override_of_elan_s_for_the_folder_comes_before_its_file(
    project: Project, environment: Environment, install: Callable[[str], Path], elan: Path
) -> None:
    mine = install("mine")
    (elan / "settings.toml").write_text(f'[overrides]\n"{project.root}" = "mine"\n', encoding="utf-8")
    assert locate_lean(project, None, environment)[0] == mine


def test_a_nearer_file_comes_before_a_farther_override(
    project: Project, environment: Environment, install: Callable[[str], Path], elan: Path
) -> None:
    install("mine")
    lean = install("leanprover--lean4---v4.9.0")
    (elan / "settings.toml").write_text(f'[overrides]\n"{project.root.parent}" = "mine"\n', encoding="utf-8")
    assert locate_lean(project, None, environment)[0] == lean


def test_a_package_file_of_2021_names_a_toolchain(
    tmp_path: Path, environment: Environment, install: Callable[[str], Path]
) -> None:
    lean = install("leanprover--lean4---nightly-2021-07-15")
    text = '[package]\nname = "p"\nlean_version = "leanprover/lean4:nightly-2021-07-15"\n'
    (tmp_path / "leanpkg.toml").write_text(text, encoding="utf-8")
    assert locate_lean(find_project(tmp_path), None, environment)[0] == lean


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("v4.9.0", "leanprover--lean4---v4.9.0"),
        ("4.9.0", "leanprover--lean4---v4.9.0"),
        ("somebody/lean4:v4.9.0", "somebody--lean4---v4.9.0"),
        ("leanprover/lean4:stable", "leanprover--lean4---stable"),
        ("leanprover/lean4:stable", "leanprover--lean4---v4.10.0"),
        ("stable", "leanprover--lean4---v4.10.0"),
        ("beta", "leanprover--lean4---v4.11.0-rc2"),
    ],
)
def test_names_are_folders_as_elan_writes_them(
    tmp_path: Path, environment: Environment, install: Callable[[str], Path], name: str, folder: str
) -> None:
    """`stable` and `beta` are what elan takes without a network: the newest that is there."""
    for other in ("leanprover--lean4---v4.2.0", "leanprover--lean4---v4.9.0-rc1", "not-a-version"):
        install(other)
    lean = install(folder)
    (tmp_path / "lean-toolchain").write_text(name, encoding="utf-8")
    assert locate_lean(find_project(tmp_path), None, environment)[0] == lean


def test_elan_s_default_is_for_files_outside_of_projects(
    tmp_path: Path, environment: Environment, install: Callable[[str], Path], elan: Path
) -> None:
    lean = install("leanprover--lean4---v4.9.0")
    settings = 'default_toolchain = "leanprover/lean4:v4.9.0"\n'
    (elan / "settings.toml").write_text(settings, encoding="utf-8")
    assert locate_lean(find_project(tmp_path / "A.lean"), None, environment) == (lean, "elan's default")


def test_a_real_lean_on_the_path_is_used_where_elan_has_nothing_to_say(
    tmp_path: Path, environment: Environment
) -> None:
    lean = program(tmp_path / "usr" / "bin" / "lean")
    path = f"{tmp_path / 'usr' / 'bin'}{os.pathsep}{environment['PATH']}"
    assert locate_lean(find_project(tmp_path / "A.lean"), None, environment | {"PATH": path}) == (lean, "on the PATH")


@pytest.mark.parametrize("kind", ["link", "copy", "symbolic link"])
def test_a_shim_on_the_path_is_never_run(tmp_path: Path, environment: Environment, elan: Path, kind: str) -> None:
    """elan installs links, or copies where there are none; distributions link from elsewhere."""
    folder = tmp_path / "bin"
    folder.mkdir()
    if kind == "symbolic link":
        (folder / "lean").symlink_to(elan / "bin" / "elan")
    elif kind == "copy":
        program(folder / "elan", "downloading", 70)
        program(folder / "lean", "downloading", 70)
    else:
        os.link(elan / "bin" / "elan", folder / "elan")
        os.link(elan / "bin" / "elan", folder / "lean")
    with pytest.raises(LeanUnavailable, match="No Lean 4 was found"):
        locate_lean(find_project(tmp_path / "A.lean"), None, environment | {"PATH": str(folder)})


def test_without_elan_the_lean_on_the_path_is_taken_for_any_project(project: Project, tmp_path: Path) -> None:
    lean = program(tmp_path / "usr" / "lean")
    environment = {"PATH": str(lean.parent), "HOME": str(tmp_path / "nobody")}
    assert locate_lean(project, None, environment)[0] == lean


def test_without_any_lean_the_project_s_toolchain_is_named(project: Project, tmp_path: Path) -> None:
    with pytest.raises(LeanUnavailable, match=r"leanprover/lean4:v4\.9\.0 .* was not found: install one with elan"):
        locate_lean(project, None, {"PATH": "", "HOME": str(tmp_path / "nobody")})


@pytest.mark.parametrize("named", ["bin/lean", ".", "bin"])
async def test_an_override_is_a_program_or_a_folder(
    project: Project, environment: Environment, tmp_path: Path, named: str
) -> None:
    lean = program(tmp_path / "own" / "bin" / "lean")
    found = await find_toolchain(project, str(tmp_path / "own" / named), environment)
    assert found.lean == lean
    assert found.lake is None


def test_an_override_may_be_a_toolchain_s_name(
    project: Project, environment: Environment, install: Callable[[str], Path]
) -> None:
    lean = install("leanprover--lean4---v4.12.0")
    assert locate_lean(project, "leanprover/lean4:v4.12.0", environment)[0] == lean


def test_an_override_that_is_nothing_is_said(project: Project, environment: Environment) -> None:
    with pytest.raises(LeanUnavailable, match="There is no Lean at /nowhere"):
        locate_lean(project, "/nowhere", environment)


def test_an_override_that_is_a_shim_is_refused(project: Project, environment: Environment, elan: Path) -> None:
    with pytest.raises(LeanUnavailable, match="elan's shim"):
        locate_lean(project, str(elan / "bin" / "lean"), environment)


@pytest.mark.parametrize(
    ("printed", "code", "reason"),
    [
        ("error: libfoo.so is missing", 127, "--version` failed: error: libfoo.so is missing"),
        ("Lean (version 3.51.1, commit 1, Release)", 0, "only Lean 4"),
        ("hello", 0, "does not say which version"),
    ],
)
async def test_a_lean_that_does_not_work_is_said(
    project: Project, environment: Environment, tmp_path: Path, printed: str, code: int, reason: str
) -> None:
    lean = program(tmp_path / "own" / "lean", printed, code)
    with pytest.raises(LeanUnavailable, match=reason):
        await find_toolchain(project, str(lean), environment)


async def test_a_file_that_is_no_program_is_said(project: Project, environment: Environment, tmp_path: Path) -> None:
    lean = tmp_path / "lean"
    lean.write_text("not a program", encoding="utf-8")
    with pytest.raises(LeanUnavailable, match="cannot be started"):
        await find_toolchain(project, str(lean), environment)


async def test_a_lean_that_never_says_its_version_has_a_limit(
    project: Project, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toolchains, "VERSION_TIMEOUT_S", 0.2)
    lean = tmp_path / "lean"
    lean.write_text(f"#!{sys.executable}\nimport threading\nthreading.Event().wait()\n", encoding="utf-8")
    lean.chmod(0o755)
    with pytest.raises(LeanUnavailable, match=r"did not end within 0\.2 s"):
        await find_toolchain(project, str(lean), environment)


async def test_a_wrapper_that_waits_for_another_program_has_a_limit(
    project: Project, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has started keeps its output open, and has to end with it."""
    monkeypatch.setattr(toolchains, "VERSION_TIMEOUT_S", 1.0)
    lean, noted = tmp_path / "lean", tmp_path / "pid"
    waits = "import threading; threading.Event().wait()"
    lean.write_text(
        f"#!{sys.executable}\nimport pathlib, subprocess\n"
        f"child = subprocess.Popen([{sys.executable!r}, '-c', {waits!r}])\n"
        f"pathlib.Path({str(noted)!r}).write_text(str(child.pid))\nchild.wait()\n",
        encoding="utf-8",
    )
    lean.chmod(0o755)
    with pytest.raises(LeanUnavailable, match=r"did not end within 1 s"):
        await find_toolchain(project, str(lean), environment)
    assert wait_until_gone([int(noted.read_text())], 10.0) == []
