"""The store on disk: what is put in is found again, by this and other programs; no fault of a file reaches a user."""

import asyncio
import logging
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from lean_sidekick.storage.outcomes import TEXT_LIMIT, OutcomeStore

A, B, C = (bytes([n]) * 32 for n in range(3))
HOUR = 3600.0


@asynccontextmanager
async def opened(path: Path, **settings: Any) -> AsyncIterator[OutcomeStore]:
    store = OutcomeStore(path=path, **settings)
    try:
        yield store
    finally:
        await store.close()


def always() -> bool:
    return True


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "outcomes.sqlite3"


async def kept(path: Path, *keys: bytes) -> dict[bytes, str]:
    """What a program that starts now finds."""
    async with opened(path) as store:
        return dict(await store.get(keys or (A, B, C)))


async def test_what_was_put_in_is_found_by_the_next_program(path: Path) -> None:
    async with opened(path) as store:
        store.put({A: "x ⊢ y", B: "2"}, always)
        assert await store.get([A, C]) == {A: "x ⊢ y"}
    assert await kept(path) == {A: "x ⊢ y", B: "2"}


async def test_later_rows_replace_earlier_ones_and_none_takes_one_away(path: Path) -> None:
    async with opened(path) as store:
        store.put({A: "1", B: "2"}, always)
        store.put({A: "3", B: None}, always)
        assert await store.get([A, B]) == {A: "3"}


async def test_rows_that_are_no_longer_valid_when_they_are_written_are_dropped(path: Path) -> None:
    """The imports may have been rebuilt between an answer and its writing."""
    async with opened(path) as store:
        store.put({A: "1"}, lambda: False)
        assert await store.get([A]) == {}


async def test_more_keys_than_one_query_takes(path: Path) -> None:
    keys = [n.to_bytes(4, "big") for n in range(2000)]
    async with opened(path) as store:
        store.put(dict.fromkeys(keys, "v"), always)
        assert len(await store.get(keys)) == 2000


async def test_a_closed_store_finds_nothing_and_stores_nothing(path: Path) -> None:
    store = OutcomeStore(path=path)
    await store.close()
    await store.close()
    store.put({A: "1"}, always)
    assert await store.get([A]) == {}
    assert await kept(path) == {}


async def test_the_rows_not_used_for_longest_go_first_and_the_file_stays_bounded(path: Path) -> None:
    now = 0.0
    limit = 400_000
    async with opened(path, size_limit=limit, clock=lambda: now) as store:
        for n in range(200):
            now = n * HOUR
            store.put({n.to_bytes(4, "big"): "v" * 8000}, always)
            assert await store.get([(0).to_bytes(4, "big")]), "a row that is in use stays"
        newest = (199).to_bytes(4, "big")
        oldest = (1).to_bytes(4, "big")
        assert set(await store.get([newest, oldest])) == {newest}
    assert len(await asyncio.to_thread(path.read_bytes)) <= 2 * limit


async def test_a_text_without_end_is_not_kept(path: Path) -> None:
    async with opened(path) as store:
        store.put({A: "v" * (TEXT_LIMIT + 1), B: "2"}, always)
        assert await store.get([A, B]) == {B: "2"}


def write_garbage(path: Path) -> None:
    path.write_bytes(b"this is no database, and longer than a header of one hundred bytes " * 40)


def cut_in_the_middle(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    content = bytearray(path.read_bytes())
    for start in range(100, len(content)):
        content[start] = 0x5A
    path.write_bytes(content)


def another_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("DROP TABLE outcomes; CREATE TABLE outcomes (something TEXT);")


def text_that_is_none(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE outcomes SET value = CAST(x'ff61' AS TEXT)")
        connection.commit()


@pytest.mark.parametrize("damage", [write_garbage, cut_in_the_middle, another_table, text_that_is_none])
async def test_a_damaged_file_is_made_again_with_one_line_in_the_log(
    path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(path) as store:
        store.put({A: "1"}, always)
    await asyncio.to_thread(damage, path)
    caplog.set_level(logging.WARNING)
    async with opened(path) as store:
        assert await store.get([A]) == {}
        store.put({B: "2"}, always)
    assert await kept(path) == {B: "2"}
    assert len(caplog.records) == 1
    assert "damaged" in caplog.text


async def test_a_file_of_another_time_is_emptied(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(path) as store:
        store.put({A: "1"}, always)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 9999")
    assert await kept(path) == {}
    assert not caplog.records


async def test_the_file_can_be_deleted_while_it_is_in_use(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(path) as store:
        store.put({A: "1"}, always)
        assert await store.get([A]) == {A: "1"}
        for file in list(path.parent.iterdir()):
            file.unlink()
        store.put({B: "2"}, always)
        assert await store.get([A, B]) == {B: "2"}
        assert await kept(path) == {B: "2"}
    assert not caplog.records


async def test_a_folder_that_cannot_be_made_leaves_a_store_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "cache"
    in_the_way.write_text("a file, where the folder should be")
    async with opened(in_the_way / "outcomes.sqlite3") as store:
        store.put({A: "1"}, always)
        assert await store.get([A]) == {A: "1"}
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1
    assert "this run only" in caplog.text


FULL_DISK = """
import asyncio, logging, resource, sys
from pathlib import Path
from lean_sidekick.storage.outcomes import OutcomeStore

logging.basicConfig(format="%(message)s")
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

async def main():
    store = OutcomeStore(path=Path(sys.argv[1]))
    for n in range(60):
        store.put({n.to_bytes(4, "big"): "v" * 9000}, lambda: True)
    last = (59).to_bytes(4, "big")
    print(sorted(await store.get([last])) == [last])
    await store.close()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the limit that stands for a full disk is POSIX")
async def test_a_full_disk_costs_one_line_in_the_log(path: Path) -> None:
    """A limit on file sizes gives the writes of a full disk: they fail in the middle."""
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, timeout=50
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "True\n", "the store goes on in memory"
    assert done.stderr.count("\n") == 1, done.stderr
    assert "this run only" in done.stderr


WRITER = """
import asyncio, sys
from pathlib import Path
from lean_sidekick.storage.outcomes import OutcomeStore

async def main():
    store, name = OutcomeStore(path=Path(sys.argv[1])), sys.argv[2]
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(100):
        store.put({f"{name}{n}".encode(): name}, lambda: True)
        await store.get([f"{name}{n}".encode(), b"both"])
    store.put({b"both": name}, lambda: True)
    await store.close()

asyncio.run(main())
"""


async def test_two_programs_write_at_once(path: Path) -> None:
    """They begin together, on a file that is not there yet; no row of either is lost or mixed up."""
    writers = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            WRITER,
            str(path),
            name,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for name in "ab"
    ]
    try:
        async with asyncio.timeout(50):
            for writer in writers:
                assert writer.stdout is not None
                assert await writer.stdout.readline() == b"ready\n"
            for writer, (_, errors) in zip(
                writers, await asyncio.gather(*(w.communicate(b"go\n") for w in writers)), strict=True
            ):
                assert (writer.returncode, errors) == (0, b"")
    finally:
        for writer in writers:
            if writer.returncode is None:
                writer.kill()
                await writer.wait()
    names = [(f"{name}{n}", name) for name in "ab" for n in range(100)]
    found = await kept(path, b"both", *(key.encode() for key, _ in names))
    assert found.pop(b"both") in ("a", "b")
    assert found == {key.encode(): name for key, name in names}


async def test_a_writer_that_holds_the_file_costs_rows_but_no_error(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(path) as store:
        store.put({A: "1"}, always)
        assert await store.get([A]) == {A: "1"}
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            store.put({B: "2"}, always)
            assert await store.get([A, B]) == {A: "1"}
            other.execute("ROLLBACK")
        store.put({C: "3"}, always)
        assert await store.get([A, C]) == {A: "1", C: "3"}
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]


async def test_a_question_that_is_cancelled_leaves_the_store_usable(path: Path) -> None:
    async with opened(path) as store:
        store.put({A: "1"}, always)
        question = asyncio.ensure_future(store.get([A]))
        await asyncio.sleep(0)
        question.cancel()
        with pytest.raises(asyncio.CancelledError):
            await question
        assert await store.get([A]) == {A: "1"}
