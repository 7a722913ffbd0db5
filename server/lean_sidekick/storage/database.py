"""One sqlite file in the user's cache folder: opened, mended, and given up where it cannot be used.

Promises: any number of programs may use one file; it can be deleted at any time. What is wrong with the file is never
the user's problem: a damaged one is thrown away and made again, and where none can be written the work goes on in
memory, with one line in the log. Work can be lost, by a crash or by another writer at the same moment. A `Database` is
used from one thread, which is that of a `StoreThread` and never that of the event loop. Does not know what the rows
mean.
"""

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import TypeVar

from attrs import define, field

logger = logging.getLogger(__name__)

WAIT_S = 2.0
_BUSY_S = 0.5
_RETRY_S = 0.01

_T = TypeVar("_T")


@define(kw_only=True)
class StoreThread:
    """The one thread of a store, and how long the event loop waits for it; `name` is what messages call the store."""

    name: str
    _thread: ThreadPoolExecutor = field(init=False)
    is_over: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=self.name)

    async def ask(self, work: Callable[[], _T]) -> _T | None:
        """What the work gives back; None where it is not done in time, and from then on."""
        if self.is_over:
            return None
        done = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            async with asyncio.timeout(WAIT_S):
                return await done
        except TimeoutError:
            self.is_over = True
            logger.warning("%s did not answer within %g s; it is left alone.", self.name, WAIT_S)
            return None

    def later(self, work: Callable[[], object]) -> None:
        """Does some work when its turn comes; nobody waits."""
        if not self.is_over:
            self._thread.submit(work)

    async def close(self, work: Callable[[], object]) -> None:
        """Does what is waiting and this; later calls do nothing."""
        if self.is_over:
            self._thread.shutdown(wait=False, cancel_futures=True)
            return
        self.is_over = True
        done = asyncio.get_running_loop().run_in_executor(self._thread, work)
        self._thread.shutdown(wait=False)
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                await done


class _Remedy(Enum):
    """What to do about an error of sqlite."""

    SKIP = "another writer was faster"
    THROW_AWAY = "the file is damaged"
    GO_ON_IN_MEMORY = "the file cannot be used here"


@define(kw_only=True)
class Database:
    """A file with tables of one schema.

    `name` is what messages call it (`The outcome cache`). `tables` makes them by their names; a file whose `schema`
    number is another one is emptied first.
    """

    path: Path
    name: str
    schema: int
    tables: dict[str, str]
    _connection: sqlite3.Connection | None = field(default=None, init=False)
    _inode: int | None = field(default=None, init=False)
    _is_in_memory: bool = field(default=False, init=False)
    _was_thrown_away: bool = field(default=False, init=False)

    def do(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Does some work on the open file; where it cannot be done, mends what it can and tries again.

        None where the work was not done.
        """
        for _ in range(3):
            try:
                return work(self._connect())
            except (sqlite3.Error, OSError) as error:
                remedy = _remedy(error)
                if remedy is _Remedy.SKIP:
                    logger.debug("%s %s is busy: %s", self.name, self.path, error)
                    return None
                self._mend(remedy, error)
        return None

    def close(self) -> None:
        """Closes the file; the next work opens it again."""
        connection, self._connection = self._connection, None
        self._inode = None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _mend(self, remedy: _Remedy, error: Exception) -> None:
        self.close()
        if remedy is _Remedy.THROW_AWAY and not self._was_thrown_away:
            self._was_thrown_away = True
            with suppress(OSError):
                for ending in ("", "-wal", "-shm", "-journal"):
                    self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
                logger.warning("%s %s was damaged (%s) and is made again.", self.name, self.path, error)
                return
        self._is_in_memory = True
        logger.warning("%s %s cannot be used (%s); it is kept for this run only.", self.name, self.path, error)

    def _connect(self) -> sqlite3.Connection:
        if self._inode is not None and _inode(self.path) != self._inode:
            self.close()  # somebody deleted the file: what is written to it would be lost
        if self._connection is None:
            if not self._is_in_memory:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = ":memory:" if self._is_in_memory else self.path
            connection = sqlite3.connect(place, timeout=_BUSY_S, isolation_level=None)
            try:
                self._inode = None if self._is_in_memory else _inode(self.path)
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Makes the tables, or makes them again if their rows are of another time."""
        _switch_to_wal(connection)
        for pragma in ("synchronous = NORMAL", "journal_size_limit = 4194304"):
            connection.execute(f"PRAGMA {pragma}")
        if _schema(connection) == self.schema:
            return
        with transaction(connection):
            if _schema(connection) != self.schema:
                for name, statement in self.tables.items():
                    connection.execute(f"DROP TABLE IF EXISTS {name}")
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {self.schema}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One write that other programs see whole or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def marks(values: Sequence[object]) -> str:
    """The question marks of an SQL list of so many values."""
    return ",".join("?" * len(values))


def _inode(path: Path) -> int | None:
    """Which file stands at a path; None if there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return None


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
