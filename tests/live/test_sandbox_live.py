"""Tactics that run programs, with the policy switched off: in the sandbox they get nowhere, and without it they do."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.errors import LeanUnavailable
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.engine.session import start_verifier
from lean_sidekick.lean.launch import Limits as ProcessLimits
from lean_sidekick.lean.project import find_project
from lean_sidekick.lean.sandbox import probe
from lean_sidekick.lean.server import LeanServer
from lean_sidekick.lean.toolchain import Toolchain
from lean_sidekick.lean.version import LeanVersion
from lean_sidekick.settings.settings import Settings
from lean_sidekick.verify.api import Verifier
from support.scripted_servers import wait_until_gone
from support.sites import sorry_site

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

LIMIT_S = 60.0
# The literal is read at elaboration time, as a hostile macro of a project would do it.
HOSTILE_FILE = """import Lean
open Lean Elab Tactic
elab "write_to " path:str : tactic => do
  IO.FS.writeFile path.isStrLit?.get! "x"
elab "run_program " script:str : tactic => do
  let output ← IO.Process.output { cmd := "bash", args := #["-c", script.isStrLit?.get!] }
  unless output.exitCode == 0 do throwError output.stderr
theorem a : True := by
  sorry
"""


@pytest.fixture(params=[True, False], ids=["in the sandbox", "without it"])
async def is_boxed(request: pytest.FixtureRequest) -> bool:
    is_boxed: bool = request.param
    if is_boxed and (answer := await probe(os.environ)).sandbox is None:
        pytest.skip(answer.found)
    return is_boxed


@pytest.fixture
async def lean(real_lean: Path, tmp_path: Path, is_boxed: bool) -> AsyncIterator["Attacked"]:
    """A Lean in a project of its own, on which nothing is refused before Lean sees it."""
    project = tmp_path / "project"
    project.mkdir()
    verifier = await start_verifier(project, nothing_refused(real_lean, is_boxed))
    yield Attacked(verifier, project)
    below = [process.pid for process in psutil.Process().children(recursive=True)]
    await verifier.close()
    assert await asyncio.to_thread(wait_until_gone, below, LIMIT_S) == []


def nothing_refused(lean: Path, is_boxed: bool) -> Settings:
    return Settings(
        lean_path=str(lean),
        lean_sandbox=is_boxed,
        allow_programs=True,
        keep_commands=True,
        candidate_time_limit_s=30.0,
    )


class Attacked:
    """Runs tactics of strangers."""

    def __init__(self, verifier: Verifier, project: Path) -> None:
        self._verifier = verifier
        self.project = project

    async def run(self, tactic: str, text: str = HOSTILE_FILE) -> tuple[OutcomeKind, str]:
        site = sorry_site(text, uri=(self.project / "A.lean").as_uri())
        session = await self._verifier.open(site)
        candidate = Candidate(text=f"({tactic}; trivial)", source=Source.PORTFOLIO, score=0.0)
        (checked,) = [c async for c in session.check((), [candidate], Budget(seconds=LIMIT_S, checks=10))]
        return checked.outcome.kind, checked.outcome.message


PLACES: dict[str, Callable[[Path], Path]] = {
    "the project": lambda project: project / "written",
    "the home folder": lambda project: Path(os.environ["HOME"]) / "written",
    "beside the project": lambda project: project.parent / "written",
}


@pytest.mark.parametrize("place", PLACES)
async def test_a_tactic_that_writes_a_file(lean: Attacked, is_boxed: bool, place: str) -> None:
    target = PLACES[place](lean.project)
    target.unlink(missing_ok=True)
    kind, message = await lean.run(f'write_to "{target}"')
    was_written = target.exists()
    target.unlink(missing_ok=True)
    assert was_written is not is_boxed
    if not is_boxed:
        assert kind is OutcomeKind.CLOSED, message
    if place == "the project" and is_boxed:
        assert kind is OutcomeKind.FAILED
        assert "read-only" in message


async def test_a_command_that_writes_a_file(lean: Attacked, is_boxed: bool) -> None:
    """`#eval` above the theorem, which `lean.keepCommands` leaves in the shadow."""
    target = lean.project / "written"
    text = HOSTILE_FILE.replace("theorem", f'#eval IO.FS.writeFile "{target}" "x"\ntheorem')
    assert (await lean.run("skip", text))[0] is OutcomeKind.CLOSED
    assert target.exists() is not is_boxed


async def test_a_program_that_writes_a_file(lean: Attacked, is_boxed: bool) -> None:
    """By a program of the system, and after an attempt to mount the project anew."""
    target = lean.project / "written"
    script = f"mount -o remount,rw {lean.project} 2>&-; touch {target}"
    kind, message = await lean.run(f'run_program "{script}"')
    assert target.exists() is not is_boxed
    assert kind is (OutcomeKind.FAILED if is_boxed else OutcomeKind.CLOSED), message


async def test_a_program_that_opens_a_socket(lean: Attacked, is_boxed: bool) -> None:
    async with listening() as (port, visitors):
        kind, message = await lean.run(f'run_program "echo hello > /dev/tcp/127.0.0.1/{port}"')
    assert visitors == ([] if is_boxed else [b"hello\n"])
    assert kind is (OutcomeKind.FAILED if is_boxed else OutcomeKind.CLOSED), message


async def test_a_secret_in_the_home_folder(lean: Attacked, is_boxed: bool) -> None:
    secret = Path(os.environ["HOME"]) / "secret"
    secret.write_text("x", encoding="utf-8")
    kind, message = await lean.run(f'run_program "cat {secret} && test -n \\"$(ls -A ~)\\""')
    secret.unlink()
    assert kind is (OutcomeKind.FAILED if is_boxed else OutcomeKind.CLOSED), message


async def test_a_program_that_ends_the_sidecar(lean: Attacked, is_boxed: bool) -> None:
    """The sidecar, played by a process of the test's own, is not to be seen from inside."""
    sleep = shutil.which("sleep")
    assert sleep is not None
    sidecar = await asyncio.create_subprocess_exec(sleep, "600")
    kind, message = await lean.run(f'run_program "kill -9 {sidecar.pid}"')
    try:
        async with asyncio.timeout(0.2 if is_boxed else 5):
            await sidecar.wait()
    except TimeoutError:
        sidecar.kill()
        await sidecar.wait()
        assert is_boxed, message
    else:
        assert not is_boxed
    assert kind is (OutcomeKind.FAILED if is_boxed else OutcomeKind.CLOSED), message


async def test_what_a_program_left_running_ends_with_lean(real_lean: Path, tmp_path: Path, is_boxed: bool) -> None:
    """A process that cut all ties (own session, no pipes) is still ended when the server is closed."""
    mark = f"{sys.maxsize - os.getpid()}"
    verifier = await start_verifier(tmp_path, nothing_refused(real_lean, is_boxed))
    attacked = Attacked(verifier, tmp_path)
    # The Lean of 2021 lets programs inherit its own ends of their pipes, and would wait for them.
    no_pipes = "for n in $(seq 3 99); do eval exec $n'>&-'; done"
    script = f"{no_pipes}; setsid sleep {mark} > /dev/null 2>&1 < /dev/null & disown; true"
    kind, message = await attacked.run(f'run_program "{script}"')
    assert kind is OutcomeKind.CLOSED, message
    left = [p.pid for p in psutil.process_iter(["cmdline"]) if mark in (p.info["cmdline"] or [])]
    assert left
    await verifier.close()
    assert await asyncio.to_thread(wait_until_gone, left, LIMIT_S) == []


async def test_lake_reads_the_project_and_changes_only_its_copy(tmp_path: Path) -> None:
    """A stand-in for Lake under the true bubblewrap: what it sees, and what of its writing is left afterwards."""
    answer = await probe(os.environ)
    if answer.sandbox is None:
        pytest.skip(answer.found)
    report = "echo $(cat .lake/config/it; cat .lake/packages/p/P.lean) >&2"
    writing = "echo new > .lake/config/it; touch .lake/config/more; touch lakefile.lean lake-manifest.json 2>&-"
    bin_folder = tmp_path / "toolchain" / "bin"
    project = tmp_path / "project"
    (project / ".lake" / "config").mkdir(parents=True)
    bin_folder.mkdir(parents=True)
    (tmp_path / "elsewhere" / "p").mkdir(parents=True)
    (project / "lakefile.lean").touch()
    (project / ".lake" / "config" / "it").write_text("old", encoding="utf-8")
    (tmp_path / "elsewhere" / "p" / "P.lean").write_text("package", encoding="utf-8")
    (project / ".lake" / "packages").symlink_to(tmp_path / "elsewhere")
    for name in ("lean", "lake"):
        (bin_folder / name).write_text(f"#!/bin/sh\n{writing}\n{report}\nexit 1\n", encoding="utf-8")
        (bin_folder / name).chmod(0o755)
    toolchain = Toolchain(
        lean_command=(str(bin_folder / "lean"),),
        lake=bin_folder / "lake",
        version=LeanVersion(4, 24, 0),
        origin="a stand-in",
    )
    server = LeanServer(find_project(project), toolchain, ProcessLimits(), sandbox=answer.sandbox)
    with pytest.raises(LeanUnavailable, match="exit code 1: new package"):
        await server.start()
    await server.close()
    assert (project / ".lake" / "config" / "it").read_text("utf-8") == "old"
    assert sorted(path.name for path in project.rglob("*")) == [".lake", "config", "it", "lakefile.lean", "packages"]


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[int, list[bytes]]]:
    """A port of this machine, and what was sent to it."""
    visitors: list[bytes] = []
    arrived = asyncio.Event()

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visitors.append(await reader.read(100))
        writer.close()
        arrived.set()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], visitors
        try:
            async with asyncio.timeout(0.5):
                await arrived.wait()
        except TimeoutError:
            pass
