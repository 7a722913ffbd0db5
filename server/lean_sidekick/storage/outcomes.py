"""What Lean said before, on disk: a bounded map from keys to short texts in the user's cache folder.

Promises: the event loop never waits for the disk, and nobody ever waits long; any number of programs may use one
file; it can be deleted at any time (see `database`). Rows can be lost, by a crash or by another writer at the same
moment. Does not know what keys and texts mean.
"""

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from attrs import define, field

from lean_sidekick.storage.database import Database, StoreThread, marks, transaction

SCHEMA = 1
"""Raised when rows change their shape or meaning; a file with another number is emptied."""

SIZE_LIMIT = 64 * 1024 * 1024
TEXT_LIMIT = 64 * 1024
_TABLES = {
    "outcomes": "CREATE TABLE outcomes (key BLOB PRIMARY KEY, value TEXT NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID"
}
_TOUCH_S = 3600.0
_CHUNK = 500

Rows = Mapping[bytes, str | None]
"""Texts by key; None takes a row away."""


@define(kw_only=True)
class OutcomeStore:
    """The map, with one thread and one connection of its own.

    `size_limit` is in bytes: beyond it the rows that were not used for longest go. `clock` gives seconds since 1970.
    """

    path: Path
    size_limit: int = SIZE_LIMIT
    clock: Callable[[], float] = time.time
    _table: "_Table" = field(init=False)
    _thread: StoreThread = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._table = _Table(path=self.path, size_limit=self.size_limit, clock=self.clock)
        self._thread = StoreThread(name=f"The outcome cache {self.path}")

    async def get(self, keys: Sequence[bytes]) -> Mapping[bytes, str]:
        """The texts of those keys that are there."""
        return (await self._thread.ask(lambda: self._table.get(keys)) if keys else None) or {}

    def put(self, rows: Rows, is_valid: Callable[[], bool]) -> None:
        """Stores rows some time later, if `is_valid` still says so then; it is called on the store's thread."""
        if rows:
            kept = dict(rows)
            self._thread.later(lambda: self._table.put(kept, is_valid))

    async def close(self) -> None:
        """Writes what is waiting and closes the file; later calls find nothing and store nothing."""
        await self._thread.close(self._table.close)


@define(kw_only=True)
class _Table:
    """The map itself; all calls come from one thread."""

    path: Path
    size_limit: int
    clock: Callable[[], float]
    _database: Database = field(init=False)
    _touched: set[bytes] = field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        self._database = Database(path=self.path, name="The outcome cache", schema=SCHEMA, tables=_TABLES)

    def get(self, keys: Sequence[bytes]) -> dict[bytes, str]:
        return self._database.do(lambda connection: self._read(connection, keys)) or {}

    def put(self, rows: Rows, is_valid: Callable[[], bool]) -> None:
        if is_valid():
            self._database.do(lambda connection: self._write(connection, rows))

    def close(self) -> None:
        if self._touched:
            self._database.do(lambda connection: self._write(connection, {}))
        self._database.close()

    def _read(self, connection: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, str]:
        found: dict[bytes, str] = {}
        long_ago = self.clock() - _TOUCH_S
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            query = f"SELECT key, value, used FROM outcomes WHERE key IN ({marks(chunk)})"
            for key, value, used in connection.execute(query, chunk):
                found[key] = value
                if used < long_ago:
                    self._touched.add(key)
        return found

    def _write(self, connection: sqlite3.Connection, rows: Rows) -> None:
        now = int(self.clock())
        new = [(key, text, now) for key, text in rows.items() if text is not None and len(text) <= TEXT_LIMIT]
        with transaction(connection):
            connection.executemany("INSERT OR REPLACE INTO outcomes (key, value, used) VALUES (?, ?, ?)", new)
            gone = [(key,) for key, text in rows.items() if text is None]
            connection.executemany("DELETE FROM outcomes WHERE key = ?", gone)
            touched = [(now, key) for key in self._touched]
            connection.executemany("UPDATE outcomes SET used = ? WHERE key = ?", touched)
            if self._size(connection) > self.size_limit:
                connection.execute(
                    "DELETE FROM outcomes WHERE key IN (SELECT key FROM outcomes ORDER BY used"
                    " LIMIT (SELECT count(*) / 4 + 1 FROM outcomes))"
                )
        self._touched.clear()

    def _size(self, connection: sqlite3.Connection) -> int:
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)
