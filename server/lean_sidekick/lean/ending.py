"""The end of a child that was started for a short run, such as `lean --version`, with all that it has started.

What a wrapper has started keeps the wrapper's pipes open, so that killing the wrapper alone is waited for without end.
Servers that live long have `process.LeanProcess`.
"""

import asyncio
import contextlib

import psutil

_KILL_S = 5.0


async def end_tree(process: asyncio.subprocess.Process) -> None:
    """Kills a child that still runs and everything below it, and waits for it some seconds at most."""
    if process.returncode is None:
        await asyncio.to_thread(_kill_tree, process.pid)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_KILL_S):
                await process.wait()


def _kill_tree(pid: int) -> None:
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        for each in (*root.children(recursive=True), root):
            with contextlib.suppress(psutil.Error):
                each.kill()
