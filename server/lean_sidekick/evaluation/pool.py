"""Many tasks at once on one machine: workers that each have a Lean server of their own.

Tasks are taken from their iterator only when a worker is free, so that memory does not grow with their number.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Generic, Protocol, TypeVar

from attrs import frozen

WORKER_MB = 1_500
"""Memory of a worker whose Lean imports core only, with its plain runs; a setting that caps Lean says it better."""

MATHLIB_WORKER_MB = 6_500
"""Memory of a worker whose Lean imports Mathlib."""


TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")
_TaskIn = TypeVar("_TaskIn", contravariant=True)
_ResultOut = TypeVar("_ResultOut", covariant=True)


@frozen(kw_only=True)
class Done(Generic[TaskT, ResultT]):
    """A task with what came of it."""

    task: TaskT
    result: ResultT


class Worker(Protocol[_TaskIn, _ResultOut]):
    """Does tasks one after the other."""

    async def run(self, task: _TaskIn) -> _ResultOut:
        """Does a task. What goes wrong with this task alone is a result; an error that is raised ends the run."""


class Workers(Protocol[_TaskIn, _ResultOut]):
    """Makes workers; can be pickled, so that it can be sent to another machine."""

    def open(self, number: int) -> AbstractAsyncContextManager[Worker[_TaskIn, _ResultOut]]:
        """A worker with a Lean of its own; `number` tells those of one machine apart."""


class Pool(Protocol[TaskT, ResultT]):
    """Does many tasks, many at once."""

    def results(self, tasks: Iterable[TaskT]) -> AsyncGenerator[Done[TaskT, ResultT], None]:
        """Every task exactly once with its result, in any order. Closing the generator stops the work."""


@frozen(kw_only=True)
class LocalPool(Generic[TaskT, ResultT]):
    """A pool of `count` workers on this machine; see `Pool`."""

    workers: Workers[TaskT, ResultT]
    count: int

    async def results(self, tasks: Iterable[TaskT]) -> AsyncGenerator[Done[TaskT, ResultT], None]:
        """See `Pool.results`."""
        waiting = iter(tasks)
        running: dict[asyncio.Task[ResultT], tuple[TaskT, Worker[TaskT, ResultT]]] = {}
        async with AsyncExitStack() as stack:
            idle = [await stack.enter_async_context(self.workers.open(number)) for number in range(self.count)]
            try:
                while True:
                    while idle and (task := next(waiting, None)) is not None:
                        worker = idle.pop()
                        running[asyncio.create_task(worker.run(task))] = task, worker
                    if not running:
                        return
                    finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for work in finished:
                        task, worker = running.pop(work)
                        idle.append(worker)
                        yield Done(task=task, result=work.result())
            finally:
                for work in running:
                    work.cancel()
                await asyncio.gather(*running, return_exceptions=True)


def workers_for_memory(text: str, cap_mb: int) -> int:
    """How many workers fit into the memory that is free now, at most one a core and at least one.

    `text` is an item's, whose imports tell how much one takes; `cap_mb` is the setting that caps Lean, 0 without one.
    """
    import psutil

    needed_mb = cap_mb or (MATHLIB_WORKER_MB if "import Mathlib" in text else WORKER_MB)
    fit = psutil.virtual_memory().available // 2**20 // needed_mb
    return max(1, min(int(fit), os.cpu_count() or 1))
