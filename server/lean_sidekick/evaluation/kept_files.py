"""Files that are sound whenever the process is killed: replaced whole, or added to line by line by one process.

A file that is replaced appears under its name when it is complete; of one that is added to, a last line that was cut
off is thrown away at the next start. Knows nothing of what stands in them.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from lean_sidekick.core.errors import InputError


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of another one when it is complete."""
    draft = path.with_name(path.name + ".draft")
    with draft.open("wb") as out:
        yield out
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)


def hold(lock: IO[str], path: Path) -> None:
    """Holds the folder until the file is closed, also by a process that is killed."""
    try:
        import fcntl
    except ImportError:  # Windows: two runs into one folder are not noticed there
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise InputError(f"Another process is writing to {path}: wait for it, or name another --out.") from None


def drop_torn_line(path: Path) -> None:
    """Cuts off what stands behind the last line end: the process was killed while it wrote it."""
    if not path.is_file():
        return
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        position = end
        while position > 0:
            step = min(65536, position)
            file.seek(position - step)
            found = file.read(step).rfind(b"\n")
            if found >= 0:
                file.truncate(position - step + found + 1)
                return
            position -= step
        file.truncate(0)
