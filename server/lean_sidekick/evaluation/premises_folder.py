"""The folder of a run of `bench premises`: figures of a way are on disk when they are known, and a run is continued.

`run.json` is the record of the run, `ways.jsonl` has a line a way while it goes on, `premises.json` is the whole result
and makes the run a finished one.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from attrs import define

from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.configuration import RunRecord, machine_fields, program_version, settings_fields
from lean_sidekick.evaluation.kept_files import drop_torn_line, hold, replacing
from lean_sidekick.evaluation.premises_run import WayFigures
from lean_sidekick.evaluation.run_folder import RECORD_FILE, check_record, read_object
from lean_sidekick.settings.settings import Settings
from lean_sidekick.storage.json_lines import Record, file_digest, read_records

RESULT_FILE, WAYS_FILE = "premises.json", "ways.jsonl"
_LOCK_FILE = ".lock"


def premises_record(data: Path, corpus: Path | None, imports: Path | None, settings: Settings) -> RunRecord:
    """What a run is made of: it is not continued with other files, settings or another program. Raises InputError."""
    files = {"data": data, "corpus": corpus, "imports": imports}
    return RunRecord(
        kind="premises",
        data={name: f"{path.name} {file_digest(path)}" for name, path in files.items() if path is not None},
        configuration={},
        settings=settings_fields(settings),
        lean="",
        program=program_version(),
        machine=machine_fields(),
    )


@define
class PremisesFolder:
    """A folder that is open for one run."""

    path: Path
    ways: tuple[WayFigures, ...]
    is_finished: bool
    _file: BinaryIO

    def add(self, figures: WayFigures) -> None:
        """Writes the figures of a way."""
        self._file.write((json.dumps({"way": figures.way, "groups": figures.groups}) + "\n").encode())
        self._file.flush()
        self.ways = (*self.ways, figures)

    def finish(self, summary: Mapping[str, object]) -> None:
        """Writes the result: the summary with the ways under `ways`."""
        fields = {**summary, "ways": {one.way: one.groups for one in self.ways}}
        with replacing(self.path / RESULT_FILE) as out:
            out.write((json.dumps(fields, indent=1) + "\n").encode())
        (self.path / WAYS_FILE).unlink(missing_ok=True)
        self.is_finished = True


@contextmanager
def open_premises_folder(path: Path, record: RunRecord, *, restart: bool) -> Iterator[PremisesFolder]:
    """The folder of a run, continued if it holds a part of the same run; with `restart` what is there is deleted.

    Raises InputError if it cannot be written, if another process works on it, if it holds another run, or is damaged.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = (path / _LOCK_FILE).open("a", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}): name another folder with --out.") from None
    ways_file = path / WAYS_FILE
    with lock:
        hold(lock, path)
        # A result without a record is of an earlier version of this program, which kept none: it is replaced.
        if restart or not (path / RECORD_FILE).is_file():
            for name in (RESULT_FILE, WAYS_FILE, RECORD_FILE):
                (path / name).unlink(missing_ok=True)
        check_record(path, record)
        drop_torn_line(ways_file)
        is_finished = (path / RESULT_FILE).is_file()
        if is_finished:
            ways = _finished_ways(path / RESULT_FILE)
        else:
            has_ways = ways_file.is_file() and ways_file.stat().st_size > 0
            ways = tuple(_way(row) for row in read_records(ways_file)) if has_ways else ()
        with ways_file.open("ab") as file:
            yield PremisesFolder(path=path, ways=ways, is_finished=is_finished, file=file)
    (path / _LOCK_FILE).unlink(missing_ok=True)
    if is_finished:
        ways_file.unlink(missing_ok=True)


def _finished_ways(path: Path) -> tuple[WayFigures, ...]:
    ways = read_object(path).get("ways")
    if not isinstance(ways, dict):
        raise InputError(f"{path}: `ways` is missing or no object; use --restart.")
    return tuple(_way(Record(fields={"way": way, "groups": groups}, place=str(path))) for way, groups in ways.items())


def _way(row: Record) -> WayFigures:
    groups = row.fields.get("groups")
    if not isinstance(groups, dict) or not all(isinstance(figures, dict) for figures in groups.values()):
        raise InputError(f"{row.place}: `groups` is missing or no object; use --restart.")
    return WayFigures(way=row.text("way"), groups=groups)
