"""What is remembered of Lean's notifications about one version."""

from typing import Any

import pytest

from lean_sidekick.lean.barrier import VersionRecord


def publish(record: VersionRecord, *messages: str, version: Any = 7, **more: Any) -> None:
    place = {"line": 0, "character": 0}
    items = [{"range": {"start": place, "end": place}, "severity": 1, "message": message} for message in messages]
    record.on_diagnostics({"version": version, "diagnostics": items} | more)


def progress(record: VersionRecord, processing: Any, version: Any = 7) -> None:
    record.on_progress({"textDocument": {"uri": "file:///x", "version": version}, "processing": processing})


def messages(record: VersionRecord) -> list[str]:
    return [d.message for d in record.diagnostics]


def test_a_list_replaces_the_one_before_and_a_piece_is_joined() -> None:
    record = VersionRecord(7)
    publish(record, "a")
    publish(record, "b")
    publish(record, "c", isIncremental=True)
    publish(record, "d", isIncremental=True)
    assert messages(record) == ["b", "c", "d"]
    publish(record, "e", isIncremental=False)
    assert messages(record) == ["e"]


@pytest.mark.parametrize("version", [6, 8, None, "7"])
def test_other_versions_and_none_are_ignored(version: Any) -> None:
    """Untagged lists could be old ones."""
    record = VersionRecord(7)
    publish(record, "a", version=version)
    progress(record, [], version=version)
    assert (record.publications, record.is_done) == (0, False)


def test_progress_that_cannot_be_read_is_no_end() -> None:
    record = VersionRecord(7)
    progress(record, None)
    progress(record, {})
    progress(record, "done")
    record.on_progress({"processing": []})
    assert not record.is_done


def test_the_newest_progress_counts() -> None:
    record = VersionRecord(7)
    progress(record, [])
    assert (record.is_done, record.is_fatal) == (True, False)
    progress(record, [{"range": {}, "kind": 2}])
    assert (record.is_done, record.is_fatal) == (False, True)
    progress(record, [{"range": {}}])
    assert (record.is_done, record.is_fatal) == (False, False)


async def test_waiting_ends_with_the_news_or_with_the_time() -> None:
    record = VersionRecord(7)
    assert not await record.wait_until(lambda: record.publications > 0, 0.01)
    publish(record)
    assert await record.wait_until(lambda: record.publications > 0, None)
