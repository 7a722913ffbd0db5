"""Traced files on disk while an extraction runs: added one by one, found again after a kill, read one at a time.

`traced.jsonl` in the folder has a line a file: key and path, a tab, and the file. The key says what was traced (a
digest of the source and of the Lean that ran it, say), so that the next run knows which files it need not run again. A
file that is added again replaces its earlier line. Memory is a few words a source file, whatever its proofs hold.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from attrs import define, frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.extraction.traced import TracedFile
from lean_sidekick.evaluation.extraction.traced_json import from_json, to_json
from lean_sidekick.evaluation.kept_files import drop_torn_line, hold

STORE_FILE = "traced.jsonl"
_LOCK_FILE = ".lock"


@frozen(kw_only=True)
class _Line:
    """Where the line of a file begins, its number, and its key."""

    offset: int
    number: int
    key: str


@define
class TracedStore:
    """The files traced so far; made by `open_traced_store`."""

    path: Path
    _file: BinaryIO
    _lines: dict[str, _Line]
    _line_count: int

    @property
    def paths(self) -> tuple[str, ...]:
        """The files there, in alphabetical order, so that the order in which they came does not matter."""
        return tuple(sorted(self._lines))

    def key(self, path: str) -> str | None:
        """What was traced of a file, None if nothing was."""
        line = self._lines.get(path)
        return None if line is None else line.key

    def clear(self) -> None:
        """Throws everything away."""
        self._file.truncate(0)
        self._lines, self._line_count = {}, 0

    def add(self, file: TracedFile, key: str) -> None:
        """Writes a file down; it is on its way to the disk when this returns."""
        offset = self._file.seek(0, 2)
        self._file.write(f"{json.dumps([key, file.path])}\t{to_json(file)}\n".encode())
        self._file.flush()
        self._line_count += 1
        self._lines[file.path] = _Line(offset=offset, number=self._line_count, key=key)

    def read(self, path: str) -> TracedFile:
        """A file again. Raises InputError if its line was damaged."""
        line = self._lines[path]
        self._file.seek(line.offset)
        try:
            text = self._file.readline().decode().partition("\t")[2]
        except UnicodeDecodeError:
            text = ""
        return from_json(text, f"{self.path}, line {line.number}")


@contextmanager
def open_traced_store(folder: Path) -> Iterator[TracedStore]:
    """The store in a folder, made if it is not there.

    Raises InputError if the folder cannot be written, if another process works in it, or if a line is damaged.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK_FILE).open("a", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({error.strerror}): name another folder.") from None
    path = folder / STORE_FILE
    with lock:
        hold(lock, folder)
        drop_torn_line(path)
        with path.open("ab+") as file:
            lines, count = _find_lines(file, path)
            yield TracedStore(path=path, file=file, lines=lines, line_count=count)
    (folder / _LOCK_FILE).unlink(missing_ok=True)


def _find_lines(file: BinaryIO, path: Path) -> tuple[dict[str, _Line], int]:
    lines: dict[str, _Line] = {}
    file.seek(0)
    number = offset = 0
    while raw := file.readline():
        number += 1
        try:
            key, name = json.loads(raw.partition(b"\t")[0])
        except (ValueError, TypeError):
            raise InputError(f"{path}, line {number}: damaged; delete the file to trace everything again.") from None
        lines[name] = _Line(offset=offset, number=number, key=key)
        offset += len(raw)
    return lines, number
