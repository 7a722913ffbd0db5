"""A small parent for a Lean server on Linux: nothing that it starts outlives the sidecar or the server.

Run as a program of its own, by path, with the standard library only:

    guard.py WATCH_FD NICENESS DATA_LIMIT_MB PROGRAM ARGUMENT…

It becomes the "subreaper" of everything below it, so that workers whose parent was killed become its own
children, and waits for one of two things: the program ends, or `WATCH_FD` (a pipe from the sidecar) is closed,
which also happens when the sidecar is killed. Then it gives the rest a moment to end by itself (Lean's processes
do when their input closes), kills what is left, and ends with the program's exit code. It reads and writes none of the
program's pipes and imports nothing from the package.
"""

import contextlib
import ctypes
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path

GRACE_S = 2.0
CANNOT_START = 127
_PR_SET_CHILD_SUBREAPER = 36


def main(arguments: list[str]) -> int:
    """Runs the program to its end; the exit code is the program's, 128 + n if signal n ended it."""
    watch_fd, niceness, data_limit_mb = (int(argument) for argument in arguments[:3])
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    woken_fd, wake_fd = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(wake_fd)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    os.set_inheritable(watch_fd, False)
    program = _start(arguments[3:], niceness, data_limit_mb)
    _let_go_of_pipes()
    status = _wait(program, watch_fd, woken_fd)
    if status is None:
        status = _wait(program, None, woken_fd, GRACE_S)
    _end_children(woken_fd)
    if status is None:
        return 128 + signal.SIGKILL
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _start(command: list[str], niceness: int, data_limit_mb: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        # Python ignores SIGPIPE, and what is ignored stays so in the program.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        os.nice(niceness)
        if data_limit_mb:
            limit = data_limit_mb * 1024 * 1024
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        os.execvp(command[0], command)
    except (OSError, ValueError) as error:
        os.write(2, f"{command[0]} cannot be started: {error}\n".encode())
    os._exit(CANNOT_START)


def _let_go_of_pipes() -> None:
    """Keeps no end of the program's pipes, so that both sides see each other's end."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)


def _wait(program: int, watch_fd: int | None, woken_fd: int, timeout_s: float | None = None) -> int | None:
    """The program's wait status; None if the sidecar let go or the time is over first. Reaps orphans on the way."""
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    sources = [woken_fd] if watch_fd is None else [woken_fd, watch_fd]
    while True:
        while (ended := _reap()) is not None:
            if ended[0] == program:
                return ended[1]
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select(sources, [], [], left)
        if woken_fd in ready:
            os.read(woken_fd, 4096)
        elif not ready or watch_fd in ready:
            return None


def _reap() -> tuple[int, int] | None:
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, status) if pid else None


def _end_children(woken_fd: int) -> None:
    """Kills the children until none is left; the children of a killed one become ours."""
    grace_end = time.monotonic() + GRACE_S / 4
    while children := _children():
        if time.monotonic() >= grace_end:
            for pid in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        while _reap() is not None:
            pass
        select.select([woken_fd], [], [], 0.01)


def _children() -> list[int]:
    own, children = os.getpid(), []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                # The program's name stands in parentheses and may hold anything; the parent is two fields later.
                fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
                if int(fields[1]) == own:
                    children.append(int(folder.name))
    return children


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
