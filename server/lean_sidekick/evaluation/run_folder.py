"""The folder of a run: what was found is on disk as soon as it is known, and a run that was killed is continued.

`run.json` is the record of the run. `results.jsonl` has one row a theorem in the order in which they were done, and in
the order of the data once the run is finished. With several attempts a theorem, `attempts.jsonl` keeps those of
theorems that are not done yet, and is taken away at the end. A last line that was cut off is thrown away. The files are
the run: nothing is kept elsewhere, and memory grows by eight bytes a theorem.
"""

import json
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from attrs import define, field

from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.configuration import RunRecord
from lean_sidekick.evaluation.data_sets import DataSet
from lean_sidekick.evaluation.kept_files import drop_torn_line, hold, replacing
from lean_sidekick.storage.json_lines import Record, read_records

RECORD_FILE, RESULTS_FILE, ATTEMPTS_FILE, SUMMARY_FILE = "run.json", "results.jsonl", "attempts.jsonl", "summary.json"
_LOCK_FILE = ".lock"
_NOT_DONE = -1


@define
class RunFolder:
    """A folder that is open for one run; theorems are known by their number in the data."""

    path: Path
    _results: BinaryIO
    _places: "array[int]"
    _early: dict[int, dict[int, Record]]
    _early_file: BinaryIO | None = field(default=None, init=False)

    def is_done(self, index: int) -> bool:
        """Whether the row of a theorem is there."""
        return self._places[index] != _NOT_DONE

    @property
    def done_count(self) -> int:
        """How many rows are there."""
        return len(self._places) - self._places.count(_NOT_DONE)

    def early_attempts(self, index: int) -> Mapping[int, Record]:
        """The attempts at a theorem that a process made that has ended, by their number."""
        return self._early.get(index, {})

    def add_attempt(self, name: str, attempt: int, fields: Mapping[str, object]) -> None:
        """Keeps one of several attempts at a theorem that is not done yet."""
        if self._early_file is None:
            self._early_file = (self.path / ATTEMPTS_FILE).open("ab")
        _append(self._early_file, {"declaration": name, "attempt": attempt, **fields})

    def add(self, index: int, fields: Mapping[str, object]) -> None:
        """Writes the row of a theorem."""
        self._early.pop(index, None)
        self._places[index] = self._results.tell()
        _append(self._results, fields)

    def sort(self) -> None:
        """Puts the rows into the order of the data; the last thing that is done with them."""
        results = self.path / RESULTS_FILE
        with results.open("rb") as rows, replacing(results) as out:
            for place in self._places:
                if place != _NOT_DONE:
                    rows.seek(place)
                    out.write(rows.readline())

    def finish(self, summary: Mapping[str, object]) -> None:
        """Writes `summary.json`, which makes the run a finished one."""
        with replacing(self.path / SUMMARY_FILE) as out:
            out.write((json.dumps(summary, ensure_ascii=False, indent=1) + "\n").encode())
        (self.path / ATTEMPTS_FILE).unlink(missing_ok=True)

    def close(self) -> None:
        """Closes the files."""
        self._results.close()
        if self._early_file is not None:
            self._early_file.close()


@contextmanager
def open_run_folder(path: Path, record: RunRecord, data: DataSet, *, restart: bool) -> Iterator[RunFolder]:
    """The folder of a run over a data set, continued if it holds a part of the same run.

    With `restart` an earlier run is deleted. Raises InputError if another process works on it, if it holds another
    run, or if its rows are damaged; nothing is changed then.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = (path / _LOCK_FILE).open("a", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}): name another folder with --out.") from None
    with lock:
        hold(lock, path)
        if restart:
            for name in (SUMMARY_FILE, RESULTS_FILE, ATTEMPTS_FILE, RECORD_FILE):
                (path / name).unlink(missing_ok=True)
        check_record(path, record)
        places, early = _read_rows(path, data)
        folder = RunFolder(path, (path / RESULTS_FILE).open("ab"), places, early)
        try:
            yield folder
        finally:
            folder.close()
    (path / _LOCK_FILE).unlink(missing_ok=True)


def is_finished(path: Path) -> bool:
    """Whether the run in a folder came to its end."""
    return (path / SUMMARY_FILE).is_file()


def read_object(path: Path) -> Mapping[str, object]:
    """A file that holds one JSON object. Raises InputError."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
    if not isinstance(value, dict):
        raise InputError(f"{path} holds no object.")
    return value


def _append(file: BinaryIO, fields: Mapping[str, object]) -> None:
    file.write((json.dumps(fields, ensure_ascii=False) + "\n").encode())
    file.flush()


def check_record(path: Path, record: RunRecord) -> None:
    """Writes the record of a new run; that of an earlier one must agree with it."""
    file = path / RECORD_FILE
    fields = {**record.identity, "machine": record.machine}
    if not file.is_file():
        if (path / RESULTS_FILE).exists():
            raise InputError(f"{path} holds results without their {RECORD_FILE}: use --restart, or another --out.")
        with replacing(file) as out:
            out.write((json.dumps(fields, ensure_ascii=False, indent=1) + "\n").encode())
        return
    wanted = json.loads(json.dumps(record.identity))
    found = read_object(file)
    differences = [name for name in wanted if found.get(name) != wanted[name]]
    if differences:
        what = "; ".join(_difference(name, found.get(name), wanted[name]) for name in differences)
        raise InputError(f"{path} holds another run ({what}): use --restart to replace it, or another --out.")


def _difference(name: str, old: object, new: object) -> str:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        return ", ".join(f"{key} {old.get(key)}, not {new.get(key)}" for key in keys)
    return f"{name} {old}, not {new}"


def _read_rows(path: Path, data: DataSet) -> "tuple[array[int], dict[int, dict[int, Record]]]":
    places = array("q", [_NOT_DONE]) * data.count
    early: dict[int, dict[int, Record]] = {}
    results, attempts = path / RESULTS_FILE, path / ATTEMPTS_FILE
    for file in (results, attempts):
        drop_torn_line(file)
    has_results, has_attempts = (file.is_file() and file.stat().st_size > 0 for file in (results, attempts))
    if not (has_results or has_attempts):
        return places, early
    index_of = {item.name: index for index, item in enumerate(data.items())}
    if has_results:
        with results.open("rb") as rows:
            for record in read_records(results):
                index = _index(record, index_of)
                if places[index] != _NOT_DONE:
                    raise InputError(f"{record.place}: the theorem has a row already; the file was changed.")
                places[index] = rows.tell()
                rows.readline()
    for record in read_records(attempts) if has_attempts else ():
        index = _index(record, index_of)
        if places[index] == _NOT_DONE:
            early.setdefault(index, {})[int(record.number("attempt"))] = record
    return places, early


def _index(record: Record, index_of: Mapping[str, int]) -> int:
    name = record.text("declaration")
    if name not in index_of:
        raise InputError(f"{record.place}: the data has no theorem {name}.")
    return index_of[name]
