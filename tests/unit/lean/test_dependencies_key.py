"""Which projects share what was learned of their dependencies."""

from pathlib import Path

import pytest

from lean_sidekick.lean.fingerprint import dependencies_key
from lean_sidekick.lean.project import find_project
from lean_sidekick.lean.toolchain import Toolchain
from lean_sidekick.lean.version import LeanVersion

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def toolchain(tmp_path: Path) -> Toolchain:
    lean = tmp_path / "toolchain" / "bin" / "lean"
    lean.parent.mkdir(parents=True)
    lean.write_text("")
    (tmp_path / "toolchain" / "lib" / "lean").mkdir(parents=True)
    (tmp_path / "toolchain" / "lib" / "lean" / "Init.olean").write_text("")
    version = LeanVersion(major=4, minor=9, patch=0, pre=None)
    return Toolchain(lean_command=(str(lean),), lake=None, version=version, origin="a test")


def project(folder: Path, head: str = REVISION) -> Path:
    git = folder / ".lake" / "packages" / "mathlib" / ".git"
    git.mkdir(parents=True)
    (folder / "lakefile.toml").write_text(f'name = "{folder.name}"\n')
    (git / "HEAD").write_text(head + "\n")
    return folder


def key(folder: Path, toolchain: Toolchain, **environment: str) -> str:
    return dependencies_key(find_project(folder), toolchain, environment)


def test_projects_with_the_same_revisions_share(tmp_path: Path, toolchain: Toolchain) -> None:
    one, two = project(tmp_path / "one"), project(tmp_path / "two")
    (two / "Own.lean").write_text("theorem t : True := trivial\n")
    assert key(one, toolchain) == key(two, toolchain)


def test_another_revision_or_path_is_another_index(tmp_path: Path, toolchain: Toolchain) -> None:
    one, two = project(tmp_path / "one"), project(tmp_path / "two", REVISION[::-1])
    assert key(one, toolchain) != key(two, toolchain)
    assert key(one, toolchain) != key(one, toolchain, LEAN_PATH="/somewhere")


def test_a_branch_is_followed_to_its_revision(tmp_path: Path, toolchain: Toolchain) -> None:
    pinned, branch = project(tmp_path / "one"), project(tmp_path / "two", "ref: refs/heads/main")
    git = branch / ".lake" / "packages" / "mathlib" / ".git"
    (git / "packed-refs").write_text(f"# pack-refs\n{REVISION} refs/heads/main\n")
    assert key(pinned, toolchain) == key(branch, toolchain)
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "refs" / "heads" / "main").write_text(REVISION[::-1] + "\n")
    assert key(pinned, toolchain) != key(branch, toolchain)


def test_a_package_at_no_revision_counts_by_its_sources(tmp_path: Path, toolchain: Toolchain) -> None:
    one = project(tmp_path / "one", "nothing")
    before = key(one, toolchain)
    (one / ".lake" / "packages" / "mathlib" / "New.lean").write_text("")
    assert key(one, toolchain) != before
    assert key(one, toolchain) != key(project(tmp_path / "two", "nothing"), toolchain)


def test_another_toolchain_is_another_index(tmp_path: Path, toolchain: Toolchain) -> None:
    one = project(tmp_path / "one")
    before = key(one, toolchain)
    (Path(toolchain.lean).parent.parent / "lib" / "lean" / "Init.olean").write_text("rebuilt")
    assert key(one, toolchain) != before
