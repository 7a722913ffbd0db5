"""The index on disk: segments in a folder, and a small database that says which file of the corpus is in which.

Promises: any number of programs may read and write one index at the same time; a writer that dies loses at most what
it had not committed, and a reader never sees half of anything; files are replaced one by one. Deleting the folder
loses nothing but time, so what is damaged is an `IndexDamaged` for whoever opened it, who throws it away (`discard`)
and builds anew. Blocks: call it in a thread or in a process of its own.
"""

import hashlib
import logging
import shutil
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np
from attrs import define, evolve, field, frozen

from lean_sidekick.core.errors import IndexDamaged
from lean_sidekick.core.premises import CorpusFile
from lean_sidekick.premises.postings import TokenHashes
from lean_sidekick.premises.quantised import QuantisedVectors, joined
from lean_sidekick.premises.segment import Segment, SegmentBuilder
from lean_sidekick.premises.segment_file import (
    StoredRecords,
    encode_premise,
    open_segment,
    open_vectors,
    store_records,
    verify,
    write_segment,
    write_vectors,
)
from lean_sidekick.premises.segment_merge import Part, merged
from lean_sidekick.premises.tokens import premise_terms

logger = logging.getLogger(__name__)

VERSION = 5
"""Raised when segments or tokens change; an index with another number is thrown away."""

DATABASE = "index.sqlite3"
_BUSY_S = 30.0
_TRIES = 5
_SCHEMA = """
CREATE TABLE IF NOT EXISTS segment (name TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS file (
  module TEXT PRIMARY KEY, segment TEXT NOT NULL, stamp TEXT NOT NULL, imports TEXT NOT NULL
);
"""


SEGMENT_LIMIT = 50_000
"""The most premises of a segment."""

COMMIT_EVERY_S = 5.0
"""How much reading a crash may cost."""


@frozen
class Tier:
    """Segments of fewer than `limit` premises, of which there may be `count`."""

    limit: int
    count: int


# What an editor adds one by one, and what a long run of indexing leaves every few seconds.
_TIERS = (Tier(1_000, 12), Tier(SEGMENT_LIMIT // 2, 6))


@frozen(kw_only=True)
class IndexedFile:
    """One file of the corpus in the index; `stamp` is what its writer knows it by."""

    module: str
    segment: str
    stamp: str
    imports: tuple[str, ...] = ()


@define
class PremiseIndex:
    """An index in a folder, which need not exist yet."""

    folder: Path

    def files(self) -> Mapping[str, IndexedFile]:
        """What is in the index, by module. Raises IndexDamaged."""
        if not (self.folder / DATABASE).is_file():
            return {}
        with self._connect() as connection:
            rows = connection.execute("SELECT module, segment, stamp, imports FROM file").fetchall()
        return {
            module: IndexedFile(
                module=module, segment=segment, stamp=stamp, imports=tuple(filter(None, imports.split("\n")))
            )
            for module, segment, stamp, imports in rows
        }

    def segments(self, encoder: str | None = None) -> tuple[Segment, ...]:
        """The segments as they are now, mapped; they stay valid whatever is written later.

        With an `encoder`, those that have vectors by it have them. Raises IndexDamaged.
        """
        for _ in range(_TRIES):
            files = self.files()
            by_segment: dict[str, set[str]] = {}
            for file in files.values():
                by_segment.setdefault(file.segment, set()).add(file.module)
            try:
                return tuple(
                    self._with_vectors(_live(open_segment(self.folder / name), modules), name, encoder)
                    for name, modules in sorted(by_segment.items())
                )
            except FileNotFoundError:
                continue  # another program merged segments since the database was read
        raise IndexDamaged(f"The premise index in {self.folder} names files that are not there.")

    def verify(self) -> None:
        """Reads everything through. Raises IndexDamaged."""
        with suppress(FileNotFoundError):
            for name in sorted({file.segment for file in self.files().values()}):
                verify(self.folder / name)
        self.segments()

    def discard(self) -> None:
        """Throws the index away; programs that have it open keep what they opened."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def writer(self, limit: int = SEGMENT_LIMIT, interval_s: float = COMMIT_EVERY_S) -> "IndexWriter":
        """A writer; `limit` premises make a segment, which bounds its memory, and `interval_s` what a crash costs."""
        return IndexWriter(self, limit, interval_s)

    def remove(self, modules: Iterable[str]) -> None:
        """Takes files out. Raises IndexDamaged."""
        with self._connect() as connection:
            connection.executemany("DELETE FROM file WHERE module = ?", [(module,) for module in modules])
        self._drop_unused()

    def commit(self, segment: Segment, files: Iterable[IndexedFile]) -> None:
        """Adds a segment that holds these files; older versions of them count no more. Raises IndexDamaged, OSError.

        What the files say of their segment is not looked at.
        """
        name = self._write(segment)
        with self._connect() as connection:
            connection.execute("INSERT INTO segment VALUES (?)", (name,))
            connection.executemany(
                "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)",
                [(file.module, name, file.stamp, "\n".join(file.imports)) for file in files],
            )
        self._drop_unused()

    def _write(self, segment: Segment) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{uuid.uuid4().hex}.segment"
        write_segment(self.folder / name, segment)
        return name

    def merge(self, tiers: Sequence[Tier], most: int) -> None:
        """Makes few segments of many small ones: of each tier with too many, as many as go into `most` premises.

        Raises IndexDamaged, OSError.
        """
        for tier in tiers:
            modules: dict[str, set[str]] = {}
            for file in self.files().values():
                modules.setdefault(file.segment, set()).add(file.module)
            try:
                small = {name: one for name in modules if len(one := open_segment(self.folder / name)) < tier.limit}
            except FileNotFoundError:
                return  # another program is at it
            if len(small) > tier.count:
                for group in _groups(small, most):
                    self._merge({name: Part(small[name], frozenset(modules[name])) for name in group})

    def _merge(self, parts: Mapping[str, Part]) -> None:
        name = self._write(merged(tuple(parts.values())))
        self._merge_vectors(parts, name)
        with self._connect() as connection:
            connection.execute("INSERT INTO segment VALUES (?)", (name,))
            # What another program has replaced meanwhile stays as it made it.
            connection.executemany("UPDATE file SET segment = ? WHERE segment = ?", [(name, old) for old in parts])
        self._drop_unused()

    def _merge_vectors(self, parts: Mapping[str, Part], name: str) -> None:
        """Adds the vectors by every encoder that all parts have some by; others are made again."""
        endings = [{file.name.removeprefix(old) for file in self.folder.glob(f"{old}.*.vectors")} for old in parts]
        for ending in set.intersection(*endings):
            with suppress(FileNotFoundError, IndexDamaged):
                found = [
                    open_vectors(self.folder / f"{old}{ending}", len(part.segment)).taken(part.kept)
                    for old, part in parts.items()
                ]
                write_vectors(self.folder / f"{name}{ending}", joined(found))

    def without_vectors(self, encoder: str) -> Mapping[str, Segment]:
        """The segments, by name, that have no vectors by an encoder. Raises IndexDamaged."""
        names = sorted({file.segment for file in self.files().values()})
        with suppress(FileNotFoundError):
            return {
                name: open_segment(self.folder / name)
                for name in names
                if not (self.folder / _vectors_name(name, encoder)).is_file()
            }
        return {}  # another program is at it

    def add_vectors(self, segment: str, encoder: str, parts: Sequence[QuantisedVectors]) -> None:
        """Adds the vectors of a segment by an encoder, part after part; parts that were kept go. Raises OSError."""
        name = _vectors_name(segment, encoder)
        write_vectors(self.folder / name, joined(parts))
        for part in self.folder.glob(f"{name}.*"):
            part.unlink(missing_ok=True)

    def kept_part(self, segment: str, encoder: str, number: int, count: int) -> QuantisedVectors | None:
        """A part of `count` vectors that was kept by an interrupted run, None where there is none."""
        try:
            return open_vectors(self._part(segment, encoder, number), count)
        except (FileNotFoundError, IndexDamaged):
            return None  # it is made again

    def keep_part(self, segment: str, encoder: str, number: int, part: QuantisedVectors) -> None:
        """Keeps a part of a segment's vectors until all are there. Raises OSError."""
        write_vectors(self._part(segment, encoder, number), part)

    def drop_vectors(self, encoder: str) -> None:
        """Throws away all vectors by an encoder."""
        for file in self.folder.glob(f"*{_vectors_name('', encoder)}*"):
            file.unlink(missing_ok=True)

    def _part(self, segment: str, encoder: str, number: int) -> Path:
        return self.folder / f"{_vectors_name(segment, encoder)}.{number}"

    def _with_vectors(self, segment: Segment, name: str, encoder: str | None) -> Segment:
        if encoder is None:
            return segment
        try:
            vectors = open_vectors(self.folder / _vectors_name(name, encoder), len(segment))
        except FileNotFoundError:
            return segment
        except IndexDamaged as error:
            logger.warning("%s It is thrown away.", error)
            with suppress(OSError):
                (self.folder / _vectors_name(name, encoder)).unlink()
            return segment
        return evolve(segment, vectors=vectors)

    def _drop_unused(self) -> None:
        """Takes segments away that hold no file any more."""
        with self._connect() as connection:
            unused = [
                name
                for (name,) in connection.execute(
                    "SELECT name FROM segment WHERE name NOT IN (SELECT DISTINCT segment FROM file)"
                )
            ]
            connection.executemany("DELETE FROM segment WHERE name = ?", [(name,) for name in unused])
        for name in unused:
            with suppress(OSError):  # Windows keeps a file that somebody has open; the next one to come tries again
                (self.folder / name).unlink()
                for vectors in self.folder.glob(f"{name}.*"):
                    vectors.unlink()

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        """A transaction."""
        try:
            with closing(sqlite3.connect(self.folder / DATABASE, timeout=_BUSY_S)) as connection, connection:
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                if version not in (0, VERSION):
                    raise IndexDamaged(f"The premise index in {self.folder} was made by another version.")
                if version == 0:
                    connection.executescript(f"{_SCHEMA} PRAGMA user_version = {VERSION};")
                yield connection
        except sqlite3.Error as error:
            raise IndexDamaged(f"The premise index in {self.folder} cannot be used ({error}).") from None


@define
class IndexWriter:
    """Adds files, and commits them every few seconds; `finish` commits what is left and merges what came of it."""

    _index: PremiseIndex
    _limit: int
    _interval_s: float
    _hashes: TokenHashes = field(factory=TokenHashes, init=False)
    _builder: SegmentBuilder = field(init=False)
    _encoded: list[bytes] = field(factory=list, init=False)
    _files: dict[str, IndexedFile] = field(factory=dict, init=False)
    _last_commit: float = field(factory=time.monotonic, init=False)

    @_builder.default
    def _new_builder(self) -> SegmentBuilder:
        return SegmentBuilder(self._hashes, keep_premises=False)

    def add(self, file: CorpusFile, stamp: str) -> None:
        """Adds or replaces one file. Raises IndexDamaged, OSError."""
        if file.module in self._files:
            self.commit()
        for premise in file.premises:
            self._builder.add_one(file.module, premise, premise_terms(premise))
            self._encoded.append(encode_premise(evolve(premise, module=file.module)))
        if not file.premises:
            self._builder.add_module(file.module)
        self._files[file.module] = IndexedFile(module=file.module, segment="", stamp=stamp, imports=file.imports)
        if len(self._encoded) >= self._limit or time.monotonic() - self._last_commit >= self._interval_s:
            self.commit()

    def commit(self) -> None:
        """Writes what was added since the last time. Raises IndexDamaged, OSError."""
        self._last_commit = time.monotonic()
        if not self._files:
            return
        records: StoredRecords = store_records(self._encoded)
        self._index.commit(self._builder.finish(records), self._files.values())
        self._builder, self._encoded, self._files = self._new_builder(), [], {}

    def finish(self) -> None:
        """Commits, and merges what has become many small pieces."""
        self.commit()
        self._index.merge(_TIERS, self._limit)


def _groups(segments: Mapping[str, Segment], most: int) -> Iterator[list[str]]:
    """The names of segments in groups of at most `most` premises; one alone is no group."""
    group: list[str] = []
    size = 0
    for name, segment in sorted(segments.items(), key=lambda item: len(item[1])):
        if group and size + len(segment) > most:
            if len(group) > 1:
                yield group
            group, size = [], 0
        group.append(name)
        size += len(segment)
    if len(group) > 1:
        yield group


def _vectors_name(segment: str, encoder: str) -> str:
    return f"{segment}.{hashlib.sha256(encoder.encode()).hexdigest()[:16]}.vectors"


def _live(segment: Segment, modules: set[str]) -> Segment:
    """A segment of which only some modules still count."""
    if modules.issuperset(segment.modules):
        return segment
    alive = np.array([module in modules for module in segment.modules], dtype=bool)
    return evolve(segment, is_live=alive[segment.module_of])
