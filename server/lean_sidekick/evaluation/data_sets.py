"""Benchmark files: their items, read lazily, and where they come from.

A file is read once from end to end before anything is proved, so that what is wrong with it is said at once; after
that items are read again as they are needed, and memory does not grow with the file. Source, commit and licence are
those that a `SOURCE.txt` beside the file states.
"""

import hashlib
import re
from array import array
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.items import Format, Item, format_of, item_name, read_item
from lean_sidekick.evaluation.lean_dojo import CheckoutReader
from lean_sidekick.storage.json_lines import Record, file_digest, read_records

SOURCE_FILE = "SOURCE.txt"


@frozen(kw_only=True)
class Origin:
    """Where items come from, as stated beside the file; "" is what is not stated."""

    repository: str
    commit: str
    licence: str


@frozen(kw_only=True)
class Selection:
    """Which items of a file are meant: those of a split ("" for all), and of those every Nth."""

    split: str = ""
    every: int = 1


@frozen(kw_only=True)
class DataSet:
    """A benchmark file that was read through once and found sound.

    `count` is the number of items selected; `digest` the SHA-256 of the file; `defective` the number of selected items
    whose statement has a known defect.
    """

    path: Path
    kind: Format
    selection: Selection
    count: int
    defective: int
    digest: str
    origins: tuple[Origin, ...]
    read: Callable[[Record], Item]

    def items(self) -> Iterator[Item]:
        """The selected items in the order of the file, read as they are asked for."""
        return map(self.read, self.records())

    def records(self) -> Iterator[Record]:
        """The selected objects as they stand in the file; a prover never sees them."""
        return _selected(self.path, self.selection)


def open_data_set(path: Path, selection: Selection, project: Path | None) -> DataSet:
    """Reads a file through. Raises InputError that names the file and the line.

    `project` is the checkout that items of LeanDojo Benchmark are read from.
    """
    first = next(read_records(path), None)
    if first is None:
        raise InputError(f"{path} is an empty array.")
    kind = format_of(first)
    read = CheckoutReader(project).read if kind is Format.LEANDOJO else lambda record: read_item(record, kind)
    names = array("Q")
    for record in read_records(path):
        names.append(_hash(item_name(record, kind)))
        if kind is not Format.LEANDOJO:
            read(record)
    if any(one == other for one, other in pairwise(sorted(names))):
        _refuse_repeat(path, kind)
    del names
    count = defective = 0
    for record in _selected(path, selection):
        count += 1
        defective += bool(read(record).defect)
    if not count:
        raise InputError(f"{path} has no item of the split {selection.split}.")
    return DataSet(
        path=path,
        kind=kind,
        selection=selection,
        count=count,
        defective=defective,
        digest=file_digest(path),
        origins=read_origins(path),
        read=read,
    )


def read_origins(path: Path) -> tuple[Origin, ...]:
    """What `SOURCE.txt` beside a data file states, () without one.

    Read are lines `repository: …`, `commit: …`, `licence: …`, or a table with these columns, set apart by two blanks.
    """
    try:
        text = (path.parent / SOURCE_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ()
    table = re.search(r"^source {2,}repository {2,}commit {2,}licence\n((?:.+\n)+)", text, re.MULTILINE)
    if table:
        rows = [re.split(r" {2,}| (?=[0-9a-f]{40} )|(?<=[0-9a-f]{40}) ", line) for line in table[1].splitlines()]
        return tuple(Origin(repository=row[1], commit=row[2], licence=row[3]) for row in rows if len(row) == 4)
    stated = dict(re.findall(r"^(repository|commit|licence): (.+)$", text, re.MULTILINE))
    if not stated:
        return ()
    values = {name: stated.get(name, "").strip() for name in ("repository", "commit", "licence")}
    return (Origin(**values),)


def _selected(path: Path, selection: Selection) -> Iterator[Record]:
    number = 0
    for record in read_records(path):
        if selection.split and record.optional_text("split") != selection.split:
            continue
        if number % selection.every == 0:
            yield record
        number += 1


def _hash(name: str) -> int:
    """Eight bytes instead of a name: a hundred thousand names would take more memory than the run."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


def _refuse_repeat(path: Path, kind: Format) -> None:
    places: dict[str, str] = {}
    for record in read_records(path):
        name = item_name(record, kind)
        if name in places:
            first = places[name].removeprefix(f"{path}, ")
            raise InputError(f"{record.place}: the name {name} stands already at {first}.")
        places[name] = record.place
