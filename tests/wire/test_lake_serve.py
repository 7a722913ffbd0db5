"""The way through Lake, with a stand-in that checks how it is called and ends with each code that Lake documents."""

import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from lean_sidekick.core.errors import ConfigError, ImportsOutOfDate, InputError, LeanUnavailable
from lean_sidekick.lean.project import find_project
from support.scripted_servers import LIMIT_S, SUPPORT, ScriptedServer, scripted_server

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-in is started through its first line")

Serving = Callable[..., AbstractAsyncContextManager[ScriptedServer]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a lakefile."""
    (tmp_path / "lakefile.toml").write_text('name = "p"\n', encoding="utf-8")
    (tmp_path / "lean-toolchain").write_text("leanprover/lean4:v4.24.0\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def lake_log(tmp_path: Path) -> Path:
    return tmp_path / "lake.log"


@pytest.fixture
def serving(folder: Path, lake_log: Path) -> Serving:
    """Servers of the project that are started through the stand-in."""
    lake = folder / "toolchain" / "lake"
    lake.parent.mkdir()
    shutil.copy(SUPPORT / "stand_in_lake.py", lake)
    lake.write_text(f"#!{sys.executable}\n" + lake.read_text("utf-8"), encoding="utf-8")
    lake.chmod(0o755)

    @asynccontextmanager
    async def serve(
        scenario: str = "LakeWorker", version: str = "4.24.0", **codes: str
    ) -> AsyncIterator[ScriptedServer]:
        environment = {
            "STAND_IN_LAKE_LOG": str(lake_log),
            "STAND_IN_LAKE_SERVER": json.dumps([sys.executable, str(SUPPORT / "scripted_lean.py"), scenario]),
        } | codes
        project = find_project(folder / "src" / "A.lean")
        async with scripted_server(
            folder, scenario, version=version, project=project, lake=lake, environment=environment
        ) as server:
            yield server

    return serve


def calls(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []


def uri(folder: Path) -> str:
    return (folder / "src" / "A.lean").as_uri()


async def test_lake_serves_from_the_project_s_root(folder: Path, lake_log: Path, serving: Serving) -> None:
    """Arguments and folder are those of the official client; what Lake needs not to download is set."""
    async with serving() as server:
        document = await server.lean.open(uri(folder), "error a")
        diagnostics = await document.diagnostics(LIMIT_S)
        environment = server.starts[0]["environment"]
    serve, set_up = calls(lake_log)
    assert serve == {
        "command": "serve",
        "arguments": ["--", "-j2", "-Dserver.reportDelayMs=0"],
        "folder": str(folder),
    }
    assert set_up["arguments"][-1] == "--no-build"
    assert environment["GIT_ALLOW_PROTOCOL"] == "file"
    assert environment["LAKE_NO_CACHE"] == "true"
    assert [d.message for d in diagnostics] == ["a"]


@pytest.mark.parametrize("code", [0, 2])
async def test_set_up_that_worked_or_was_not_needed(folder: Path, serving: Serving, code: int) -> None:
    """0: the file belongs to the workspace. 2: no configuration, a plain search path."""
    async with serving(STAND_IN_LAKE_SETUP=str(code)) as server:
        document = await server.lean.open(uri(folder), "error a")
        assert [d.message for d in await document.diagnostics(LIMIT_S)] == ["a"]


async def test_imports_that_would_have_to_be_built(folder: Path, serving: Serving) -> None:
    """3: `--no-build` and something to build. Lake's lines and the empty list before the error are no verdict."""
    async with serving(STAND_IN_LAKE_SETUP="3") as server:
        document = await server.lean.open(uri(folder), "fine")
        with pytest.raises(ImportsOutOfDate, match=r"imports of A\.lean are out of date.*lake build"):
            await document.diagnostics(LIMIT_S)


@pytest.mark.parametrize("code", [1, 99])
async def test_set_up_that_failed(folder: Path, serving: Serving, code: int) -> None:
    async with serving(STAND_IN_LAKE_SETUP=str(code)) as server:
        document = await server.lean.open(uri(folder), "fine")
        with pytest.raises(InputError, match="setup-file"):
            await document.diagnostics(LIMIT_S)


@pytest.mark.parametrize("code", [1, 2, 3])
async def test_lake_that_does_not_serve(serving: Serving, code: int) -> None:
    """Its reason is shown, in one sentence."""
    async with serving(STAND_IN_LAKE_SERVE=str(code)) as server:
        with pytest.raises(LeanUnavailable, match=rf"exit code {code}: error: lakefile\.lean:3:4: unexpected token"):
            await server.lean.start()


async def test_packages_that_lake_would_download_first(folder: Path, lake_log: Path, serving: Serving) -> None:
    """Lake clones what is missing as soon as it loads the workspace: so it is not started at all."""
    package = {"name": "mathlib", "type": "git", "url": "https://example.invalid/m", "rev": "a" * 40}
    manifest = {"version": "1.1.0", "packagesDir": ".lake/packages", "packages": [package]}
    (folder / "lake-manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    async with serving() as server:
        with pytest.raises(ImportsOutOfDate, match=r"`mathlib`.*lake build"):
            await server.lean.start()
        assert calls(lake_log) == []
        head = folder / ".lake" / "packages" / "mathlib" / ".git" / "HEAD"
        head.parent.mkdir(parents=True)
        head.write_text("b" * 40, encoding="utf-8")
        with pytest.raises(ImportsOutOfDate, match="`mathlib`"):
            await server.lean.start()
        head.write_text("a" * 40 + "\n", encoding="utf-8")
        await server.lean.start()


async def test_a_manifest_that_cannot_be_read(folder: Path, serving: Serving) -> None:
    (folder / "lake-manifest.json").write_text("{", encoding="utf-8")
    async with serving() as server:
        with pytest.raises(ConfigError, match=r"lake-manifest\.json cannot be read"):
            await server.lean.start()


async def test_without_a_lakefile_lean_is_started_itself(folder: Path, lake_log: Path, serving: Serving) -> None:
    (folder / "lakefile.toml").unlink()
    async with serving("Healthy") as server:
        await server.lean.start()
        assert server.starts[0]["started"][:2] == ["Healthy", "--server"]
        assert calls(lake_log) == []


async def test_a_lean_whose_workers_would_build_is_not_started_through_lake(lake_log: Path, serving: Serving) -> None:
    """Before 4.3 there was no way to ask a worker not to build."""
    async with serving("Healthy", version="4.2.0") as server:
        await server.lean.start()
        assert calls(lake_log) == []
