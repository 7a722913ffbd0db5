"""Where an extraction comes from: git's word without secrets, none without git, licences by folder."""

import os
import subprocess
from pathlib import Path

import pytest

from lean_sidekick.evaluation.extraction.origin import read_origin
from lean_sidekick.lean.project import find_project
from support.scripted_servers import scripted_toolchain

TOOLCHAIN = scripted_toolchain("Healthy", "4.24.0")


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


async def test_a_repository_tells_commit_and_address_without_a_password(tmp_path: Path) -> None:
    (tmp_path / "lean-toolchain").write_text("x\n")
    (tmp_path / "LICENSE").write_text("Do what you want.\n")
    package = tmp_path / ".lake" / "packages" / "std"
    package.mkdir(parents=True)
    (package / "LICENSE.txt").write_text("Theirs.\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "origin", "https://me:secret@example.org/a/b.git")
    git(tmp_path, "add", "lean-toolchain")
    git(tmp_path, "commit", "-q", "-m", "one")
    commit = git(tmp_path, "rev-parse", "HEAD")
    origin = await read_origin("Mine", find_project(tmp_path), TOOLCHAIN)
    assert (origin.dataset_name, origin.url, origin.commit) == ("Mine", "https://example.org/a/b", commit)
    assert (origin.lean, origin.leandojo_version) == ("4.24.0", None)
    assert {(one.name, one.text) for one in origin.licenses} == {
        (f"{tmp_path.name}-LICENSE", "Do what you want.\n"),
        ("std-LICENSE.txt", "Theirs.\n"),
    }
    (tmp_path / "lean-toolchain").write_text("y\n")
    assert (await read_origin("Mine", find_project(tmp_path), TOOLCHAIN)).commit == f"{commit} with changes"


async def test_outside_a_repository_and_without_git_there_is_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lean-toolchain").write_text("x\n")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for path in (os.environ["PATH"], str(tmp_path)):
        monkeypatch.setenv("PATH", path)
        origin = await read_origin("Mine", find_project(tmp_path), TOOLCHAIN)
        assert (origin.url, origin.commit, origin.licenses) == ("", "", ())
