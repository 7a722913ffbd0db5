"""What Lean said before, on disk: a bounded map from keys to short texts in the user's cache folder.

Promises: the event loop never waits for the disk, and nobody ever waits long; any number of programs may use one
file; it can be deleted at any time. What is wrong with the file is never the user's problem: a damaged one is thrown
away and made again, and where none can be written the store goes on in memory, with one line in the log. Rows can be
lost, by a crash or by another writer at the same moment. Does not know what keys and texts mean.
"""

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import TypeVar

from attrs import define, field

logger = logging.getLogger(__name__)

SCHEMA = 1
"""Raised when rows change their shape or meaning; a file with another number is emptied."""

SIZE_LIMIT = 64 * 1024 * 1024
TEXT_LIMIT = 64 * 1024
WAIT_S = 2.0
_BUSY_S = 0.5
_RETRY_S = 0.01
_TOUCH_S = 3600.0
_CHUNK = 500

Rows = Mapping[bytes, str | None]
"""Texts by key; None takes a row away."""

_T = TypeVar("_T")


@define(kw_only=True)
class OutcomeStore:
    """The map, with one thread and one connection of its own.

    `size_limit` is in bytes: beyond it the rows that were not used for longest go. `clock` gives seconds since 1970.
    """

    path: Path
    size_limit: int = SIZE_LIMIT
    clock: Callable[[], float] = time.time
    _table: "_Table" = field(init=False)
    _thread: ThreadPoolExecutor = field(init=False)
    _is_over: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._table = _Table(path=self.path, size_limit=self.size_limit, clock=self.clock)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="outcomes")

    async def get(self, keys: Sequence[bytes]) -> Mapping[bytes, str]:
        """The texts of those keys that are there."""
        if self._is_over or not keys:
            return {}
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._table.get, keys)
        try:
            async with asyncio.timeout(WAIT_S):
                return await work
        except TimeoutError:
            self._is_over = True
            logger.warning("The outcome cache %s did not answer within %g s; it is left alone.", self.path, WAIT_S)
            return {}

    def put(self, rows: Rows, is_valid: Callable[[], bool]) -> None:
        """Stores rows some time later, if `is_valid` still says so then; it is called on the store's thread."""
        if not self._is_over and rows:
            self._thread.submit(self._table.put, dict(rows), is_valid)

    async def close(self) -> None:
        """Writes what is waiting and closes the file; later calls find nothing and store nothing."""
        if self._is_over:
            self._thread.shutdown(wait=False, cancel_futures=True)
            return
        self._is_over = True
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._table.close)
        self._thread.shutdown(wait=False)
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                await work


class _Remedy(Enum):
    """What to do about an error of sqlite."""

    SKIP = "another writer was faster"
    THROW_AWAY = "the file is damaged"
    GO_ON_IN_MEMORY = "the file cannot be used here"


@define(kw_only=True)
class _Table:
    """The map itself; all calls come from one thread."""

    path: Path
    size_limit: int
    clock: Callable[[], float]
    _connection: sqlite3.Connection | None = field(default=None, init=False)
    _inode: int | None = field(default=None, init=False)
    _is_in_memory: bool = field(default=False, init=False)
    _was_thrown_away: bool = field(default=False, init=False)
    _touched: set[bytes] = field(factory=set, init=False)

    def get(self, keys: Sequence[bytes]) -> dict[bytes, str]:
        return self._try(lambda connection: self._read(connection, keys)) or {}

    def put(self, rows: Rows, is_valid: Callable[[], bool]) -> None:
        if is_valid():
            self._try(lambda connection: self._write(connection, rows))

    def close(self) -> None:
        if self._connection is not None and self._touched:
            self._try(lambda connection: self._write(connection, {}))
        self._disconnect()

    def _read(self, connection: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, str]:
        found: dict[bytes, str] = {}
        long_ago = self.clock() - _TOUCH_S
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            query = f"SELECT key, value, used FROM outcomes WHERE key IN ({marks})"
            for key, value, used in connection.execute(query, chunk):
                found[key] = value
                if used < long_ago:
                    self._touched.add(key)
        return found

    def _write(self, connection: sqlite3.Connection, rows: Rows) -> None:
        now = int(self.clock())
        new = [(key, text, now) for key, text in rows.items() if text is not None and len(text) <= TEXT_LIMIT]
        with _transaction(connection):
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

    def _try(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Does some work on the open file; where it cannot be done, mends what it can and tries again."""
        for _ in range(3):
            try:
                return work(self._connect())
            except (sqlite3.Error, OSError) as error:
                remedy = _remedy(error)
                if remedy is _Remedy.SKIP:
                    logger.debug("the outcome cache %s is busy: %s", self.path, error)
                    return None
                self._mend(remedy, error)
        return None

    def _mend(self, remedy: _Remedy, error: Exception) -> None:
        self._disconnect()
        if remedy is _Remedy.THROW_AWAY and not self._was_thrown_away:
            self._was_thrown_away = True
            with suppress(OSError):
                for ending in ("", "-wal", "-shm", "-journal"):
                    self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
                logger.warning("The outcome cache %s was damaged (%s) and is made again.", self.path, error)
                return
        self._is_in_memory = True
        logger.warning(
            "The outcome cache %s cannot be used (%s); outcomes are remembered for this run only.", self.path, error
        )

    def _connect(self) -> sqlite3.Connection:
        if self._inode is not None and _inode(self.path) != self._inode:
            self._disconnect()  # somebody deleted the file: what is written to it would be lost
        if self._connection is None:
            if not self._is_in_memory:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = ":memory:" if self._is_in_memory else self.path
            connection = sqlite3.connect(place, timeout=_BUSY_S, isolation_level=None)
            try:
                self._inode = None if self._is_in_memory else _inode(self.path)
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._inode = None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()


def _inode(path: Path) -> int | None:
    """Which file stands at a path; None if there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _prepare(connection: sqlite3.Connection) -> None:
    """Makes the table, or makes it again if its rows are of another time."""
    _switch_to_wal(connection)
    for pragma in ("synchronous = NORMAL", "journal_size_limit = 4194304"):
        connection.execute(f"PRAGMA {pragma}")
    if _schema(connection) == SCHEMA:
        return
    with _transaction(connection):
        if _schema(connection) != SCHEMA:
            connection.execute("DROP TABLE IF EXISTS outcomes")
            connection.execute(
                "CREATE TABLE outcomes (key BLOB PRIMARY KEY, value TEXT NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID"
            )
            connection.execute(f"PRAGMA user_version = {SCHEMA}")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Sets the journal mode; sqlite itself does not wait where two programs switch a new file at the same time."""
    give_up = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if _remedy(error) is not _Remedy.SKIP or time.monotonic() > give_up:
                raise
            threading.Event().wait(_RETRY_S)  # on the store's own thread


def _schema(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One write that other programs see whole or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _remedy(error: Exception) -> _Remedy:
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, OSError):
        return _Remedy.GO_ON_IN_MEMORY
    if code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return _Remedy.SKIP
    # Without a code: text that is no UTF-8. SQLITE_ERROR: a table that is missing, or not ours.
    if code is None or code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
        return _Remedy.THROW_AWAY
    return _Remedy.GO_ON_IN_MEMORY
