"""One child process with everything it starts: its pipes, and its end.

Promises: output is read as it comes, so the child never waits for us; its standard error is drained into a
bounded tail; `end` ends the whole tree, workers in sessions of their own included, and nothing outlives a
sidecar that is killed (on Linux a small guard process sees to it, see `guard.py`; elsewhere Lean's processes end
when their input closes). Does not know what the bytes mean.
"""

import asyncio
import contextlib
import os
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

import psutil

from lean_sidekick.core.errors import LeanUnavailable
from lean_sidekick.lean.launch import Command

STDERR_TAIL_BYTES = 64 * 1024
BELOW_NORMAL = 0x4000
"""`BELOW_NORMAL_PRIORITY_CLASS` of Windows; psutil has the name there alone."""
_GUARD = Path(__file__).with_name("guard.py")
_TERMINATE_S = 1.0
_KILL_S = 5.0
_HALF_END_S = 0.5


class LeanProcess(asyncio.SubprocessProtocol):
    """A child: started once by `start`, given back by `end`.

    `on_end` is called once, when the child has ended or has closed its output.
    """

    def __init__(self, on_output: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._on_output = on_output
        self._on_end: Callable[[], None] | None = on_end
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._transport: asyncio.SubprocessTransport | None = None
        self._guard_fd: int | None = None
        self._known: set[psutil.Process] = set()
        self._exited = asyncio.Event()
        self._half_ends = 0
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._ending: asyncio.Task[None] | None = None

    async def start(self, command: Command) -> None:
        """Starts the child.

        Raises:
            LeanUnavailable: it cannot be started.
        """
        arguments = command.arguments
        watched_fd: int | None = None
        try:
            if has_guard():
                watched_fd, self._guard_fd = os.pipe()
                limits = (str(command.niceness), str(command.data_limit_mb or 0))
                arguments = (sys.executable, "-I", "-S", str(_GUARD), str(watched_fd), *limits, *arguments)
            await asyncio.get_running_loop().subprocess_exec(
                lambda: self,
                *arguments,
                cwd=command.folder,
                env=dict(command.environment),
                start_new_session=True,
                pass_fds=() if watched_fd is None else (watched_fd,),
            )
        except OSError as error:
            self._release_guard()
            reason = error.strerror or str(error)
            raise LeanUnavailable(f"{command.arguments[0]} cannot be started in {command.folder}: {reason}.") from error
        except asyncio.CancelledError:
            self._release_guard()
            raise
        finally:
            if watched_fd is not None:
                os.close(watched_fd)
        if not has_guard():
            self._be_modest(command.niceness)

    @property
    def pid(self) -> int:
        """The process id (of the guard, where there is one)."""
        return self._child.get_pid()

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs, 128 + n or -n if signal n ended it."""
        return None if self._transport is None else self._transport.get_returncode()

    def stderr_tail(self) -> str:
        """The last of what it wrote to its standard error."""
        return b"".join(self._tail).decode(errors="replace")

    def write(self, data: bytes) -> None:
        """Queues bytes for its input; bytes for a child that has ended are dropped."""
        pipe = self._stdin
        if pipe is not None and not pipe.is_closing():
            pipe.write(data)

    async def flush(self, timeout_s: float) -> None:
        """Waits until the child has taken nearly all of its input, or has ended; raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            await self._may_write.wait()

    def note_descendants(self) -> None:
        """Remembers what the child has started, for the case that it dies first. Blocks for some milliseconds."""
        with contextlib.suppress(psutil.Error):
            self._known |= set(psutil.Process(self.pid).children(recursive=True))

    async def end(self, grace_s: float) -> None:
        """Closes its input, gives it a while to end, and then ends it with all that it started.

        May be called more than once and be cancelled; the end goes on by itself.
        """
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(grace_s))
        await asyncio.shield(self._ending)

    async def _end(self, grace_s: float) -> None:
        self._close_stdin()
        try:
            if not await self._wait_for_exit(grace_s):
                await asyncio.to_thread(self.note_descendants)
            await asyncio.to_thread(_end_processes, self._known)
            if not await self._wait_for_exit(_TERMINATE_S) and self._transport is not None:
                with contextlib.suppress(ProcessLookupError):
                    self._transport.kill()
                await self._wait_for_exit(_KILL_S)
        finally:
            self._release_guard()
            if self._transport is not None:
                self._transport.close()

    async def _wait_for_exit(self, timeout_s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._exited.wait()
        return self._exited.is_set()

    @property
    def _child(self) -> asyncio.SubprocessTransport:
        assert self._transport is not None, "the child was not started"
        return self._transport

    @property
    def _stdin(self) -> asyncio.WriteTransport | None:
        pipe = self._child.get_pipe_transport(0)
        return pipe if isinstance(pipe, asyncio.WriteTransport) else None

    def _close_stdin(self) -> None:
        pipe = self._stdin
        if pipe is None:
            return
        if pipe.get_write_buffer_size():
            pipe.abort()
        else:
            pipe.close()

    def _be_modest(self, niceness: int) -> None:
        with contextlib.suppress(psutil.Error, OSError):
            psutil.Process(self.pid).nice(priority(niceness, is_posix=os.name == "posix"))

    def _release_guard(self) -> None:
        if self._guard_fd is not None:
            os.close(self._guard_fd)
            self._guard_fd = None

    # -- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        assert isinstance(data, bytes)
        if fd == 1:
            self._on_output(data)
            return
        self._tail.append(data)
        self._tail_size += len(data)
        while self._tail_size > STDERR_TAIL_BYTES and len(self._tail) > 1:
            self._tail_size -= len(self._tail.popleft())

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self._half_ended()

    def process_exited(self) -> None:
        self._exited.set()
        self._half_ended()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def _half_ended(self) -> None:
        """The output was closed or the process is gone. Both come together, unless something else holds the pipe."""
        self._half_ends += 1
        if self._half_ends == 2:
            self._report_end()
        else:
            asyncio.get_running_loop().call_later(_HALF_END_S, self._report_end)

    def _report_end(self) -> None:
        on_end, self._on_end = self._on_end, None
        self._may_write.set()
        if on_end is not None:
            on_end()


def priority(niceness: int, *, is_posix: bool) -> int:
    """What psutil is told for a low priority: Windows has classes instead of numbers."""
    return niceness if is_posix else BELOW_NORMAL


def has_guard() -> bool:
    """Whether children are started under the guard: on Linux, when its file and a Python are at hand."""
    return sys.platform == "linux" and bool(sys.executable) and _GUARD.is_file()


def _end_processes(processes: set[psutil.Process]) -> None:
    """Asks processes to end, and kills those that do not. Blocks for a second at most."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=_TERMINATE_S)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=_TERMINATE_S)
