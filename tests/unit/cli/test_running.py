"""Interrupts: the work is cancelled, cleans up to its end, and the program says 130."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from lean_sidekick.cli.running import run_async

# Says "ready" when the work waits, "cleaned" only if its clean-up was let run to its end.
SCRIPT = """
import asyncio, sys
from lean_sidekick.cli.running import run_async

async def work():
    print("ready", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaning", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        print("cleaned", flush=True)

try:
    run_async(work())
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_lets_the_work_clean_up(name: str) -> None:
    """A second signal during the clean-up does not cut it short."""
    number = signal.Signals[name]
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin and child.stdout and child.stderr
        try:
            assert child.stdout.readline() == "ready\n"
            child.send_signal(number)
            assert child.stdout.readline() == "cleaning\n"
            child.send_signal(number)
            child.stdin.write("go on\n")
            child.stdin.flush()
            assert child.stdout.readline() == "cleaned\n"
            assert child.wait(timeout=20) == 130
            assert child.stderr.read() == ""
        finally:
            child.kill()


def test_an_ignored_signal_stays_ignored() -> None:
    """As under nohup: who started us wants us to outlive the terminal."""
    script = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)" + SCRIPT.replace(
        "await asyncio.Event().wait()", "await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin and child.stdout
        try:
            assert child.stdout.readline() == "ready\n"
            child.send_signal(signal.SIGHUP)
            child.stdin.write("go on\ngo on\n")
            child.stdin.flush()
            assert child.stdout.readline() == "cleaning\n"
            assert child.wait(timeout=20) == 0
        finally:
            child.kill()


def test_the_result_and_the_errors_of_the_work_come_through() -> None:
    async def good() -> int:
        await asyncio.sleep(0)
        return 7

    async def bad() -> int:
        raise LookupError("x")

    assert run_async(good()) == 7
    with pytest.raises(LookupError):
        run_async(bad())


def test_the_work_cannot_swallow_an_interrupt() -> None:
    """Work that gives a partial result on cancellation still ends the program as interrupted."""

    async def work() -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "partial"
        return "never"

    with pytest.raises(KeyboardInterrupt):
        run_async(work())


def test_signals_are_as_they_were_afterwards() -> None:
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]

    async def work() -> None:
        pass

    run_async(work())
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
