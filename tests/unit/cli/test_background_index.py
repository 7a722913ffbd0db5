"""The index that the editor builds in the background: at low priority, and gone with whoever started it."""

import asyncio
import os

import psutil
import pytest

from lean_sidekick.cli import index


async def test_the_end_of_the_input_ends_the_work() -> None:
    """Guards that no indexing goes on when the editor was killed."""
    read_end, write_end = os.pipe()
    work = asyncio.create_task(asyncio.Event().wait())
    try:
        index.end_with_input(work, read_end)
        os.write(write_end, b"not the end")
        os.close(write_end)
        async with asyncio.timeout(10):
            with pytest.raises(asyncio.CancelledError):
                await work
    finally:
        os.close(read_end)


@pytest.mark.skipif(os.name != "posix", reason="numbers of priority are those of POSIX")
def test_the_priority_is_the_lowest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards that the background index leaves the cores to the editor; a real process would keep its new priority."""
    asked: list[int] = []
    monkeypatch.setattr(psutil.Process, "nice", lambda self, value: asked.append(value))
    monkeypatch.setattr(psutil.Process, "ionice", lambda self, value: None)
    index._lower_priority()
    assert asked == [19]
