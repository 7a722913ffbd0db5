"""The project that a file belongs to."""

import json
from pathlib import Path
from typing import Any

import pytest

from lean_sidekick.core.errors import ConfigError
from lean_sidekick.lean.project import find_missing_packages, find_project


def make(folder: Path, *files: str) -> Path:
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def test_the_nearest_folder_with_a_lakefile_or_toolchain_is_the_root(tmp_path: Path) -> None:
    make(tmp_path, "lean-toolchain", "a/lakefile.toml", "a/src/B/C.lean")
    project = find_project(tmp_path / "a" / "src" / "B" / "C.lean")
    assert project.root == tmp_path / "a"
    assert project.lakefile == tmp_path / "a" / "lakefile.toml"
    assert project.toolchain_file == tmp_path / "lean-toolchain"


def test_lake_prefers_its_lean_file(tmp_path: Path) -> None:
    make(tmp_path, "lakefile.toml", "lakefile.lean")
    assert find_project(tmp_path).lakefile == tmp_path / "lakefile.lean"


@pytest.mark.parametrize(
    "folder", [".lake/packages/mathlib", "lake-packages/mathlib", ".lake/packages/a/.lake/packages/b"]
)
def test_a_package_s_file_belongs_to_the_project_that_uses_it(tmp_path: Path, folder: str) -> None:
    make(tmp_path, "lean-toolchain", "lakefile.lean", f"{folder}/lakefile.lean", f"{folder}/lean-toolchain")
    assert find_project(tmp_path / folder / "Mathlib" / "X.lean").root == tmp_path


def test_a_file_without_a_project_has_its_folder(tmp_path: Path) -> None:
    project = find_project(tmp_path / "nowhere" / "A.lean")
    assert project.root == tmp_path / "nowhere"
    assert (project.lakefile, project.toolchain_file, project.leanpkg_file) == (None, None, None)


def test_a_package_file_of_2021_makes_a_project(tmp_path: Path) -> None:
    make(tmp_path, "leanpkg.toml", "src/A.lean")
    project = find_project(tmp_path / "src" / "A.lean")
    assert (project.root, project.leanpkg_file, project.lakefile) == (tmp_path, tmp_path / "leanpkg.toml", None)


def test_a_folder_is_a_place_too(tmp_path: Path) -> None:
    make(tmp_path, "lakefile.toml")
    assert find_project(tmp_path).root == tmp_path


def manifest(folder: Path, packages: list[Any], **more: Any) -> None:
    (folder / "lake-manifest.json").write_text(json.dumps({"packages": packages} | more), encoding="utf-8")


def test_packages_that_are_not_there_are_named(tmp_path: Path) -> None:
    """New manifests are flat, old ones nest by kind; local packages need no download."""
    here, elsewhere = "a" * 40, "b" * 40
    manifest(
        tmp_path,
        [
            {"name": "there", "type": "git", "rev": here},
            {"name": "moved", "type": "git", "rev": here},
            {"name": "«gone»", "type": "git", "rev": here},
            {"name": "local", "type": "path", "dir": "../local"},
            {"git": {"name": "old", "rev": here}},
            {"path": {"name": "old-local"}},
        ],
        packagesDir="deps",
    )
    for name, head in (("there", here), ("moved", elsewhere)):
        make(tmp_path, f"deps/{name}/.git/HEAD")
        (tmp_path / "deps" / name / ".git" / "HEAD").write_text(head + "\n", encoding="utf-8")
    assert find_missing_packages(find_project(tmp_path)) == ("moved", "gone", "old")


def test_without_a_manifest_nothing_is_missing(tmp_path: Path) -> None:
    assert find_missing_packages(find_project(tmp_path)) == ()


@pytest.mark.parametrize("text", ["{", "[]", '{"packages": [3]}', '{"packages": [{"type": "git"}]}', '{"packages": 3}'])
def test_a_broken_manifest_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "lake-manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="lake update"):
        find_missing_packages(find_project(tmp_path))
