"""Work in the background: kept, watched and ended in one place.

A task that fails is logged, whoever started it. At the end all are cancelled and waited for, within a limit.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from lean_sidekick.core.errors import SidekickError

_T = TypeVar("_T")
_logger = logging.getLogger(__name__)


class Tasks:
    """The running tasks of the server."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, _T], name: str) -> asyncio.Task[_T]:
        """Starts work; its owner may await or cancel the task, but need not."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self, limit_s: float) -> None:
        """Cancels everything and waits for it."""
        running = set(self._running)
        for task in running:
            task.cancel()
        if running:
            _, left = await asyncio.wait(running, timeout=limit_s)
            for task in left:
                _logger.error("%s did not end within %s s", task.get_name(), limit_s)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, SidekickError):
            _logger.info("%s: %s", task.get_name(), error)
        else:
            _logger.error("%s failed", task.get_name(), exc_info=error)
