"""Lean servers of ours with a scripted Lean behind them, for tests of the wire."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from lean_sidekick.lean.launch import Limits
from lean_sidekick.lean.project import Project, find_project
from lean_sidekick.lean.server import LeanServer, Patience
from lean_sidekick.lean.toolchain import Toolchain
from lean_sidekick.lean.version import LeanVersion, version_of_toolchain

SUPPORT = Path(__file__).parent
TRANSCRIPTS = SUPPORT.parent / "data" / "lean-transcripts"
URI = "file:///project/A.lean"
QUICK = Patience(start_s=20, shutdown_s=1, exit_s=0.3)
LIMIT_S = 20.0
"""For waits that should end long before."""


def scripted_toolchain(scenario: str, version: str, lake: Path | None = None) -> Toolchain:
    """A toolchain whose Lean plays a scenario of `scripted_scenarios.py`."""
    number = version_of_toolchain(version)
    assert isinstance(number, LeanVersion)
    command = (sys.executable, str(SUPPORT / "scripted_lean.py"), scenario)
    return Toolchain(lean_command=command, lake=lake, version=number, origin="scripted")


class ScriptedServer:
    """A `LeanServer` with what its scripted Lean wrote down."""

    def __init__(self, server: LeanServer, log_file: Path) -> None:
        self.lean = server
        self._log_file = log_file

    @property
    def log(self) -> list[dict[str, Any]]:
        """The starts and the messages that came in, oldest first."""
        if not self._log_file.exists():
            return []
        return [json.loads(line) for line in self._log_file.read_text("utf-8").splitlines()]

    @property
    def starts(self) -> list[dict[str, Any]]:
        return [entry for entry in self.log if "started" in entry]

    async def received(self, method: str, count: int = 1) -> None:
        """Waits until so many messages of one method have come in."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.messages(method)) < count:  # noqa: ASYNC110 (another process receives them)
                await asyncio.sleep(0.005)

    def messages(self, method: str) -> list[dict[str, Any]]:
        """The messages of one method."""
        return [entry for entry in self.log if entry.get("method") == method]


@asynccontextmanager
async def scripted_server(
    folder: Path,
    scenario: str,
    *,
    version: str = "4.24.0",
    project: Project | None = None,
    lake: Path | None = None,
    limits: Limits | None = None,
    patience: Patience = QUICK,
    clock: Callable[[], float] = time.monotonic,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[ScriptedServer]:
    """A server that is closed at the end, when no process of it may be left; `environment` is added to ours."""
    log_file = folder / "scripted-lean.log"
    server = LeanServer(
        project or find_project(folder / "A.lean"),
        scripted_toolchain(scenario, version, lake),
        limits or Limits(),
        environment={**os.environ, "SCRIPTED_LEAN_LOG": str(log_file), **(environment or {})},
        patience=patience,
        clock=clock,
    )
    scripted = ScriptedServer(server, log_file)
    try:
        yield scripted
    finally:
        await server.close()
        assert not server.is_alive
        pids = [entry[key] for entry in scripted.log for key in ("pid", "worker") if key in entry]
        assert still_running(pids) == []


def still_running(pids: list[int]) -> list[int]:
    """Those of the processes that run and are not about to be reaped."""
    found = []
    for pid in pids:
        try:
            process = psutil.Process(pid)
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
        except psutil.NoSuchProcess:
            continue
    return found


def wait_until_gone(pids: list[int], timeout_s: float) -> list[int]:
    """Waits for processes of others to end; those that did not. Blocks."""
    processes = []
    for pid in pids:
        try:
            processes.append(psutil.Process(pid))
        except psutil.NoSuchProcess:
            continue
    _, alive = psutil.wait_procs(processes, timeout=timeout_s)
    return [process.pid for process in alive if process.status() != psutil.STATUS_ZOMBIE]
