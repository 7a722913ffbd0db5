"""The trace of a search as a file: written while the search runs, so that an interrupted one leaves what there is."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.search.trace import Event, NoTrace, SearchEnded, SearchLog, Trace, event_line, read_logs


@frozen
class TraceFile:
    """Writes events as JSON lines; what the search waits for is the memory, the disk only at a search's end."""

    out: TextIOWrapper

    def write(self, event: Event) -> None:
        """See `search.trace.Trace`."""
        self.out.write(event_line(event) + "\n")
        if isinstance(event, SearchEnded):
            self.out.flush()


@contextmanager
def trace_to(path: Path | None) -> Iterator[Trace]:
    """A trace into a file, which is replaced; without a path, one that is forgotten. Raises InputError."""
    if path is None:
        yield NoTrace()
        return
    try:
        out = path.open("w", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from None
    with out:
        yield TraceFile(out)


def read_trace(path: Path) -> list[SearchLog]:
    """The searches of a trace file. Raises InputError."""
    try:
        with path.open(encoding="utf-8") as lines:
            return read_logs(lines, str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a trace of a search: it is not text.") from None
