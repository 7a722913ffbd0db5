"""Keys of what Lean's answers depend on beside the text: each change that matters gives another one, none else does."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lean_sidekick.lean.fingerprint import imports_key, toolchain_key
from lean_sidekick.lean.project import Project
from lean_sidekick.lean.toolchain import Toolchain
from lean_sidekick.lean.version import LeanVersion

MANIFEST = {
    "packages": [
        {"type": "git", "name": "pinned", "rev": "abc"},
        {"type": "path", "name": "beside", "dir": "../beside"},
        {"path": {"name": "old", "dir": "./old"}},
    ]
}


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    write(root / "lakefile.toml", 'name = "p"')
    write(root / "lean-toolchain", "leanprover/lean4:v4.20.0")
    write(root / "lake-manifest.json", json.dumps(MANIFEST))
    write(root / ".lake/build/lib/lean/Mine/Deep.olean", "1")
    write(root / ".lake/packages/pinned/.git/HEAD", "abc")
    write(root / ".lake/packages/pinned/.lake/build/lib/lean/Pinned.olean", "1")
    write(root / "old/build/lib/Old.olean", "1")
    write(tmp_path / "beside/.lake/build/lib/lean/Beside.olean", "1")
    write(tmp_path / "elsewhere/Other.olean", "1")
    return root


def key(root: Path) -> str | None:
    return imports_key(Project(root=root), {"LEAN_PATH": str(root.parent / "elsewhere")})


def rewritten(name: str) -> Callable[[Path], None]:
    return lambda root: write(root / name, "22")


def rebuilt_at_another_time(root: Path) -> None:
    os.utime(root / ".lake/build/lib/lean/Mine/Deep.olean", ns=(1, 1))


def deleted(root: Path) -> None:
    (root / ".lake/build/lib/lean/Mine/Deep.olean").unlink()


MATTERS = {
    "a module of the project": rewritten(".lake/build/lib/lean/Mine/Deep.olean"),
    "the same size at another time": rebuilt_at_another_time,
    "a module less": deleted,
    "a module more": rewritten(".lake/build/lib/lean/New.olean"),
    "the private part of a module": rewritten(".lake/build/lib/lean/Mine/Deep.olean.private"),
    "a module where Lake of 2022 puts it": rewritten("build/lib/New.olean"),
    "a package in a folder beside the project": rewritten("../beside/.lake/build/lib/lean/Beside.olean"),
    "a package in a folder, as manifests of 2023 say it": rewritten("old/build/lib/Old.olean"),
    "the options of a package in a folder": rewritten("../beside/lakefile.toml"),
    "the revision of a package": rewritten(".lake/packages/pinned/.git/HEAD"),
    "a package built again": rewritten(".lake/packages/pinned/.lake/build/lib/lean/Pinned.olean"),
    "a folder of LEAN_PATH": rewritten("../elsewhere/Other.olean"),
    "the options of the project": rewritten("lakefile.toml"),
    "the manifest": rewritten("lake-manifest.json"),
    "the toolchain": rewritten("lean-toolchain"),
}


@pytest.mark.parametrize("change", MATTERS)
def test_what_changes_imports_changes_the_key(root: Path, change: str) -> None:
    before = key(root)
    assert before is not None
    MATTERS[change](root)
    assert key(root) != before


@pytest.mark.parametrize("name", ["Mine.lean", "README.md", ".lake/build/ir/Mine.c", ".lake/build/lib/lean/Mine.ilean"])
def test_what_lean_does_not_load_changes_nothing(root: Path, name: str) -> None:
    before = key(root)
    rewritten(name)(root)
    assert key(root) == before


def test_another_lean_path_is_another_key(root: Path) -> None:
    assert imports_key(Project(root=root), {}) != key(root)


def test_a_lakefile_that_moves_its_outputs_has_no_key(root: Path) -> None:
    write(root / "lakefile.toml", 'name = "p"\nbuildDir = "out"')
    assert key(root) is None


def test_a_damaged_manifest_is_no_error(root: Path) -> None:
    for text in ("{", "[]", '{"packages": 3}', '{"packages": ["x"]}', '{"packages": [{"dir": 3}]}'):
        write(root / "lake-manifest.json", text)
        assert key(root) is not None


def test_a_folder_without_anything_has_a_key(tmp_path: Path) -> None:
    assert imports_key(Project(root=tmp_path), {}) is not None


def toolchain(home: Path) -> Toolchain:
    return Toolchain(
        lean_command=(str(home / "bin" / "lean"),), lake=None, version=LeanVersion(4, 20, 0), origin="a test"
    )


@pytest.mark.parametrize("name", ["bin/lean", "lib/lean/Init.olean", "lib/lean/libleanshared.so"])
def test_a_toolchain_rebuilt_in_its_place_has_another_key(tmp_path: Path, name: str) -> None:
    for file in ("bin/lean", "lib/lean/Init.olean", "lib/lean/libleanshared.so"):
        write(tmp_path / file, "1")
    before = toolchain_key(toolchain(tmp_path))
    assert toolchain_key(toolchain(tmp_path)) == before
    write(tmp_path / name, "22")
    assert toolchain_key(toolchain(tmp_path)) != before


def test_what_comes_and_goes_in_a_toolchain_s_folders_changes_nothing(tmp_path: Path) -> None:
    """A file for a moment moves the time of its folder: all that was extracted would be of another Lean."""
    for file in ("bin/lean", "lib/lean/Init.olean", "lib/lean/Init/Core.olean"):
        write(tmp_path / file, "1")
    before = toolchain_key(toolchain(tmp_path))
    for folder in ("lib/lean", "lib/lean/Init"):
        (tmp_path / folder / "passing").touch()
        (tmp_path / folder / "passing").unlink()
        os.utime(tmp_path / folder, (1, 1))
    assert toolchain_key(toolchain(tmp_path)) == before
    (tmp_path / "lib/lean/Std").mkdir()
    assert toolchain_key(toolchain(tmp_path)) != before
