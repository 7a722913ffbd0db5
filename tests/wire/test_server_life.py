"""The life of a Lean server: it starts, dies, is started again, ends, and leaves nothing behind."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lean_sidekick.core.errors import LeanCrashed, LeanUnavailable, ProtocolError, SidekickError
from lean_sidekick.core.positions import Position
from lean_sidekick.lean import barrier, process, server, transport
from lean_sidekick.lean.gates import Gate
from lean_sidekick.lean.launch import Limits
from lean_sidekick.lean.process import has_guard
from lean_sidekick.lean.project import Project
from lean_sidekick.lean.toolchain import Toolchain
from lean_sidekick.lean.version import LeanVersion
from support.scripted_servers import (
    LIMIT_S,
    QUICK,
    SUPPORT,
    URI,
    scripted_server,
    still_running,
    wait_until_gone,
)


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    "scenario", ["WorkerCrash32901", "WorkerCrash32902", "WorkerCrash2021", "WorkerCrashUnanswered"]
)
async def test_a_worker_that_died_is_replaced(tmp_path: Path, scenario: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards that a crash is LeanCrashed and nothing else, and that the next text works, by `didOpen`."""
    monkeypatch.setattr(barrier, "FATAL_S", 0.2)
    async with scripted_server(tmp_path, scenario) as scripted:
        document = await scripted.lean.open(URI, "fine")
        assert await document.diagnostics(LIMIT_S) == ()
        await document.change("error a\ncrash")
        with pytest.raises(LeanCrashed):
            await document.diagnostics(LIMIT_S)
        await document.change("error a")
        assert [d.message for d in await document.diagnostics(LIMIT_S)] == ["a"]
        assert len(scripted.starts) == 1


async def test_the_same_text_is_given_to_a_new_worker_too(tmp_path: Path) -> None:
    """A crash is not remembered as the text's verdict: asking again asks again."""
    async with scripted_server(tmp_path, "WorkerCrash32902") as scripted:
        document = await scripted.lean.open(URI, "crash")
        for _ in range(2):
            with pytest.raises(LeanCrashed):
                await document.diagnostics(LIMIT_S)
        assert len(scripted.messages("textDocument/didOpen")) == 2


async def test_a_server_that_died_is_started_again(tmp_path: Path) -> None:
    """The request in flight fails; every document works at its next use, under a version that Lean has not seen."""
    async with scripted_server(tmp_path, "WatchdogDeath") as scripted:
        other = await scripted.lean.open("file:///project/B.lean", "by\nerror b")
        document = await scripted.lean.open(URI, "die")
        with pytest.raises(LeanCrashed, match="out of something"):
            await document.diagnostics(LIMIT_S)
        assert not scripted.lean.is_alive
        await document.change("error a")
        assert [d.message for d in await document.diagnostics(LIMIT_S)] == ["a"]
        assert [d.message for d in await other.diagnostics(LIMIT_S)] == ["b"]
        assert await other.plain_goal(Position(0, 0), LIMIT_S)
        assert len(scripted.starts) == 2
        versions = [m["params"]["textDocument"]["version"] for m in scripted.messages("textDocument/didOpen")]
    assert versions == sorted(set(versions))


async def test_all_that_waits_fails_at_once_when_the_server_dies(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "HangIgnoresCancel") as scripted:
        document = await scripted.lean.open(URI, "hang")
        waiting = [asyncio.create_task(document.diagnostics(LIMIT_S)) for _ in range(3)]
        await scripted.received("textDocument/waitForDiagnostics", 3)
        os.kill(scripted.starts[0]["pid"], signal.SIGKILL)
        results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [LeanCrashed] * 3


async def test_a_restart_gives_documents_to_the_new_server(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "Healthy") as scripted:
        document = await scripted.lean.open(URI, "error a")
        await scripted.lean.restart()
        assert [d.message for d in await document.diagnostics(LIMIT_S)] == ["a"]
        assert len(scripted.starts) == 2
        assert still_running([scripted.starts[0]["pid"]]) == []


async def test_garbage_fails_at_once_and_is_survived(tmp_path: Path) -> None:
    """Lost bytes could be the message with the error: the connection ends, the next one works."""
    async with scripted_server(tmp_path, "GarbageOnWire") as scripted:
        document = await scripted.lean.open(URI, "fine")
        await document.diagnostics(LIMIT_S)
        await document.change("garbage")
        with pytest.raises((ProtocolError, LeanCrashed), match=r"no message|ended"):
            await document.diagnostics(LIMIT_S)
        document_2 = await scripted.lean.open("file:///project/B.lean", "error b")
        assert [d.message for d in await document_2.diagnostics(LIMIT_S)] == ["b"]


async def test_a_server_that_stops_reading_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards that a write has a limit: more text than the pipe holds, to a process that reads nothing."""
    monkeypatch.setattr(transport, "WRITE_TIMEOUT_S", 0.3)
    async with scripted_server(tmp_path, "StopsReading") as scripted:
        document = await scripted.lean.open(URI, "fine")
        with pytest.raises(LeanCrashed, match="stopped reading"):
            await document.change("x" * 2_000_000)
        assert not scripted.lean.is_alive


async def test_a_lean_that_does_not_start_says_why_and_is_left_alone(tmp_path: Path) -> None:
    """Two tries at once, then growing pauses; nobody spins."""
    clock = Clock()
    async with scripted_server(tmp_path, "DiesAtStart", clock=clock) as scripted:
        for _ in range(3):
            with pytest.raises(LeanUnavailable, match=r"does not start .* exit code 1: invalid -D parameter"):
                await scripted.lean.start()
        assert len(scripted.starts) == 3
        with pytest.raises(LeanUnavailable, match="died 3 times in a row"):
            await scripted.lean.open(URI, "x")
        assert len(scripted.starts) == 3
        clock.now += QUICK.first_pause_s
        with pytest.raises(LeanUnavailable, match="does not start"):
            await scripted.lean.start()
        with pytest.raises(LeanUnavailable, match="tried again in 4 s"):
            await scripted.lean.start()


async def test_a_server_that_lived_long_is_started_again_at_once(tmp_path: Path) -> None:
    """Guards that only quick deaths count."""
    clock = Clock()
    async with scripted_server(tmp_path, "WatchdogDeath", clock=clock) as scripted:
        document = await scripted.lean.open(URI, "fine")
        for _ in range(5):
            clock.now += QUICK.healthy_s
            await document.change("die")
            with pytest.raises(LeanCrashed):
                await document.diagnostics(LIMIT_S)
            await document.change("fine")
        assert len(scripted.starts) == 6


async def test_a_lean_that_worked_and_keeps_dying_is_crashed_and_not_missing(tmp_path: Path) -> None:
    """Guards that a check under way ends with an outcome: only `crashed` is one, and only for a Lean that is there."""
    clock = Clock()
    async with scripted_server(tmp_path, "WatchdogDeath", clock=clock) as scripted:
        document = await scripted.lean.open(URI, "fine")
        for _ in range(3):
            await document.change("die")
            with pytest.raises(LeanCrashed):
                await document.diagnostics(LIMIT_S)
            with contextlib.suppress(LeanCrashed):
                await document.change("fine")
        with pytest.raises(LeanCrashed, match="died 3 times in a row"):
            await document.diagnostics(LIMIT_S)
        clock.now += QUICK.first_pause_s
        await document.change("fine")
        assert await document.diagnostics(LIMIT_S) == ()


async def test_a_start_that_never_answers_has_a_limit(tmp_path: Path) -> None:
    patience = server.Patience(start_s=0.5, shutdown_s=1, exit_s=0.3)
    async with scripted_server(tmp_path, "NeverInitializes", patience=patience) as scripted:
        # Its last words are there if it was quick enough to say them.
        with pytest.raises(LeanUnavailable, match=r"did not answer within 0\.5 s( \(it said: still loading\))?\.?$"):
            await scripted.lean.start()
        assert still_running([scripted.starts[0]["pid"]]) == []


async def test_closing_does_not_wait_for_a_slow_start(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "NeverInitializes") as scripted:
        starting = asyncio.create_task(scripted.lean.start())
        await scripted.received("initialize")
        async with asyncio.timeout(LIMIT_S / 2):
            await scripted.lean.close()
        with pytest.raises(LeanUnavailable):
            await starting


async def test_cancelling_a_start_leaves_nothing(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "NeverInitializes") as scripted:
        starting = asyncio.create_task(scripted.lean.start())
        await scripted.received("initialize")
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert still_running([scripted.starts[0]["pid"]]) == []


async def test_one_start_serves_all_who_wait(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "SlowStart") as scripted:
        await asyncio.gather(*(scripted.lean.start() for _ in range(5)))
        assert len(scripted.starts) == 1


async def test_a_closed_server_stays_closed(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "Healthy") as scripted:
        document = await scripted.lean.open(URI, "fine")
        await asyncio.gather(scripted.lean.close(), scripted.lean.close())
        with pytest.raises(LeanUnavailable, match="closed"):
            await document.diagnostics(LIMIT_S)
        assert len(scripted.starts) == 1


@pytest.mark.parametrize("is_guarded", [True, False], ids=["guard", "no guard"])
@pytest.mark.parametrize("scenario", ["IgnoresExit", "StrayWorker"])
async def test_what_does_not_end_is_killed(
    tmp_path: Path, scenario: str, is_guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`scripted_server` looks for what is left; both scenarios ignore every polite word. Windows and macOS have no
    guard."""
    if not is_guarded:
        monkeypatch.setattr(process, "has_guard", lambda: False)
        monkeypatch.setattr(server, "has_guard", lambda: False)
    async with scripted_server(tmp_path, scenario) as scripted:
        document = await scripted.lean.open(URI, "fine")
        await document.diagnostics(LIMIT_S)


@pytest.mark.skipif(not has_guard(), reason="the guard process exists on Linux only")
async def test_workers_of_a_killed_server_are_ended(tmp_path: Path) -> None:
    """Their parent is gone and they hear nothing: only the guard can still find them."""
    async with scripted_server(tmp_path, "StrayWorker") as scripted:
        await scripted.lean.start()
        (worker,) = [entry["worker"] for entry in scripted.log if "worker" in entry]
        os.kill(scripted.starts[0]["pid"], signal.SIGKILL)
        assert await asyncio.to_thread(wait_until_gone, [worker], LIMIT_S) == []


@pytest.mark.skipif(not has_guard(), reason="the guard process exists on Linux only")
def test_nothing_outlives_a_killed_sidecar(tmp_path: Path) -> None:
    """A stand-in sidecar starts a server with a stubborn worker and is killed; guards that both end."""
    program = f"""
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {str(SUPPORT.parent)!r})
from support.scripted_servers import URI, scripted_server
async def main():
    async with scripted_server(Path({str(tmp_path)!r}), "StrayWorker") as scripted:
        await scripted.lean.open(URI, "fine")
        pids = [entry[key] for entry in scripted.log for key in ("pid", "worker") if key in entry]
        print(*pids, scripted.lean.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
    sidecar = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert sidecar.stdout is not None
        pids = [int(pid) for pid in sidecar.stdout.readline().split()]
        assert still_running(pids) == pids
        assert len(pids) == 3
    finally:
        sidecar.kill()
        sidecar.wait(LIMIT_S)
    assert wait_until_gone(pids, LIMIT_S) == []


async def test_a_program_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    toolchain = Toolchain(
        lean_command=(str(tmp_path / "nothing"),), lake=None, version=LeanVersion(4, 24, 0), origin="test"
    )
    lean = server.LeanServer(Project(root=tmp_path), toolchain, Limits(), patience=QUICK)
    with pytest.raises(LeanUnavailable, match="cannot be started") as raised:
        await lean.start()
    await lean.close()
    assert "\n" not in str(raised.value)


async def test_a_folder_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "Healthy", project=Project(root=tmp_path / "gone")) as scripted:
        with pytest.raises(LeanUnavailable, match="gone"):
            await scripted.lean.start()


@pytest.mark.parametrize(
    ("version", "options"),
    [
        ("4.0.0", ["-j2", "-M2048"]),
        ("4.8.0", ["-j2", "-M2048"]),
        ("4.9.0", ["-j2", "-M2048", "-Dserver.reportDelayMs=0"]),
        ("4.34.0-rc2", ["-j2", "-M2048", "-Dserver.reportDelayMs=0"]),
    ],
)
async def test_each_version_gets_the_options_it_takes(tmp_path: Path, version: str, options: list[str]) -> None:
    """A Lean of 2021 refuses to start with an option that it does not know."""
    limits = Limits(threads=1, memory_mb=2048)
    async with scripted_server(tmp_path, "Healthy", version=version, limits=limits) as scripted:
        await scripted.lean.start()
        assert scripted.starts[0]["started"][1:] == ["--server", *options]
        assert scripted.starts[0]["folder"] == str(tmp_path)


async def test_leans_that_build_by_themselves_do_not_find_their_builder(tmp_path: Path) -> None:
    """Before `dependencyBuildMode` opening a file ran Lake; what is built is still found."""
    (tmp_path / "lakefile.lean").touch()
    (tmp_path / "build" / "lib").mkdir(parents=True)
    environment = {"LEAN_PATH": "/somewhere"}
    lake = tmp_path / "lake"
    async with scripted_server(tmp_path, "Healthy", version="4.1.0", lake=lake, environment=environment) as scripted:
        await scripted.lean.start()
        found = scripted.starts[0]["environment"]
    assert found["LAKE"] == f"{os.sep}nonexistent"
    assert found["LEAN_PATH"] == f"/somewhere{os.pathsep}{tmp_path / 'build' / 'lib'}"


@pytest.mark.parametrize(
    ("version", "protocol", "is_early"),
    [("4.0.0", "0.0.1", True), ("4.0.0", "0.1.2", False), ("4.24.0", "0.3.0", False), ("4.24.0", "0.0.1", False)],
)
async def test_the_4_0_0_of_2021_is_told_from_the_release(
    tmp_path: Path, version: str, protocol: str, is_early: bool
) -> None:
    environment = {"SCRIPTED_LEAN_PROTOCOL": protocol}
    async with scripted_server(tmp_path, "Healthy", version=version, environment=environment) as scripted:
        await scripted.lean.start()
        assert scripted.lean.gates.is_early is is_early
        assert scripted.lean.gates.has(Gate.CAMEL_CASE_TACTICS) is is_early


async def test_standard_error_is_kept_in_bounds(tmp_path: Path) -> None:
    async with scripted_server(tmp_path, "StderrFlood") as scripted:
        connection = await scripted.lean.connect()
        document = await scripted.lean.open(URI, "fine")
        await document.diagnostics(LIMIT_S)
        tail = connection.stderr_tail()
    assert len(tail) < 400_000


async def test_many_users_at_once(tmp_path: Path) -> None:
    """Edits, questions, cancellations and a death, all at once: each ends with a result or one of our errors."""

    async def use(number: int) -> None:
        document = await scripted.lean.open(f"file:///project/{number}.lean", "fine")
        for round_number in range(5):
            text = "die" if (number, round_number) == (3, 2) else f"error {number}.{round_number}"
            try:
                await document.change(text)
                messages = [d.message for d in await document.diagnostics(LIMIT_S)]
                assert messages == [text.removeprefix("error ")]
            except SidekickError as error:
                assert isinstance(error, LeanCrashed)

    async with scripted_server(tmp_path, "WatchdogDeath") as scripted:
        await asyncio.gather(*(use(number) for number in range(8)))
        assert len(scripted.starts) == 2
