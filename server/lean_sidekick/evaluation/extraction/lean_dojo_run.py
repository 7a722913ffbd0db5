"""Runs lean-dojo in a process of its own, under the Python that has it, and reads what it traced, file by file.

lean-dojo is never imported here. It clones the project at its commit, builds it and asks GitHub about its Lean: what it
needs and what it cannot do is its own affair (docs/extraction.md), and comes back as one sentence. All that it started
ends with it, with a cancel, and with this process.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.errors import ConfigError, InputError, LeanUnavailable, TimedOut
from lean_sidekick.evaluation.extraction.dojo_files import DojoOrigin, read_dojo_file, read_origin_line
from lean_sidekick.evaluation.extraction.traced import TracedFile
from lean_sidekick.lean.launch import Command
from lean_sidekick.lean.process import LeanProcess
from lean_sidekick.storage.json_lines import parse_record

RUNNER = Path(__file__).with_name("dojo_runner.py")
LIMIT_S = 7 * 24 * 3600.0
"""Tracing Mathlib takes lean-dojo a day on a large machine."""

_LOOK_S = 1.0
_END_S = 5.0
_NICENESS = 10
_NO_LEAN_DOJO, _NOT_TRACED = 3, 4

OnLine = Callable[[str], None]


@frozen(kw_only=True)
class LeanDojo:
    """A Python that has lean-dojo, and the project to trace: a git repository, of which the last commit is meant."""

    python: Path
    project: Path
    limit_s: float = LIMIT_S

    @asynccontextmanager
    async def trace(self, on_line: OnLine) -> AsyncIterator["DojoTrace"]:
        """What lean-dojo traced; it lies in a file that goes away with the context.

        `on_line` is told every second what lean-dojo said last. Raises InputError where the project cannot be traced,
        ConfigError where lean-dojo is not there, TimedOut after `limit_s`.
        """
        with tempfile.TemporaryDirectory(prefix="lean-sidekick-dojo-") as folder:
            path = Path(folder, "traced.jsonl")
            await self._run(path, on_line)
            yield DojoTrace(path=path)

    async def _run(self, path: Path, on_line: OnLine) -> None:
        python = shutil.which(self.python)
        if python is None:
            raise ConfigError(f"{self.python} is no program: name a Python that has lean-dojo with --dojo-python.")
        ended = asyncio.Event()
        process = LeanProcess(lambda output: None, ended.set)
        try:
            await process.start(
                Command(
                    arguments=(
                        str(Path(python).absolute()),
                        "-P",
                        str(RUNNER),
                        str(self.project.absolute()),
                        str(path),
                    ),
                    folder=path.parent,
                    environment=os.environ,
                    niceness=_NICENESS,
                )
            )
        except LeanUnavailable as error:
            raise ConfigError(f"{error} Name another Python with --dojo-python.") from None
        try:
            async with asyncio.timeout(self.limit_s):
                while not await _is_set_within(ended, _LOOK_S):
                    on_line(_last_line(process))
        except TimeoutError:
            raise TimedOut(f"lean-dojo did not come to an end within {self.limit_s / 3600:.3g} hours.") from None
        finally:
            await process.end(_END_S if ended.is_set() else 0.0)
        if process.exit_code != 0:
            self._raise(process.exit_code, _last_line(process))

    def _raise(self, status: int | None, said: str) -> None:
        why = said or f"exit status {status}"
        if status == _NO_LEAN_DOJO:
            raise ConfigError(
                f"{self.python} has no lean-dojo that can be imported ({why}): install the extra `dojo` there, or name "
                "another Python with --dojo-python."
            )
        if status == _NOT_TRACED:
            raise InputError(f"lean-dojo cannot trace {self.project} ({why}).")
        raise InputError(f"lean-dojo ended in the middle ({why}).")


@frozen(kw_only=True)
class DojoTrace:
    """The files of a trace, read one at a time."""

    path: Path

    @property
    def origin(self) -> DojoOrigin:
        """What was traced. Raises InputError."""
        return read_origin_line(parse_record(next(self._lines(), ""), "lean-dojo, line 1"))

    def files(self) -> Iterator[TracedFile]:
        """The files. Raises InputError for a line that is not what the runner writes."""
        for number, line in enumerate(self._lines(), start=1):
            if number > 1:
                yield read_dojo_file(parse_record(line, f"lean-dojo, line {number}"))

    def _lines(self) -> Iterator[str]:
        with self.path.open(encoding="utf-8") as file:
            yield from file


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def _last_line(process: LeanProcess) -> str:
    lines = [line for line in process.stderr_tail().splitlines() if line.strip()]
    return lines[-1].strip()[-300:] if lines else ""
