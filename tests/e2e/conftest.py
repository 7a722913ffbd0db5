"""One editor with one server for each test; nothing is left of either afterwards."""

from collections.abc import AsyncIterator

import pytest_asyncio

from support.editor import Editor, ServerHere, ServerProcess


@pytest_asyncio.fixture
async def editor() -> AsyncIterator[Editor]:
    """An editor whose server runs in this process and was not greeted yet."""
    started = Editor(await ServerHere.start())
    yield started
    await started.kill()


@pytest_asyncio.fixture
async def distant_editor() -> AsyncIterator[Editor]:
    """An editor whose server runs as a process of its own, as users have it, and was not greeted yet."""
    started = Editor(await ServerProcess.start())
    yield started
    await started.kill()
