"""Many attempts at once on one machine: workers that each have a prover of their own, usually a Lean server.

Tasks are taken from their iterator only when a worker is free, so that memory does not grow with their number.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Protocol

from attrs import frozen

from lean_sidekick.evaluation.items import Item
from lean_sidekick.evaluation.results import Attempt

WORKER_MB = 1_500
"""Memory of a worker whose Lean imports core only, with its plain runs; a setting that caps Lean says it better."""

MATHLIB_WORKER_MB = 6_500
"""Memory of a worker whose Lean imports Mathlib."""


@frozen(kw_only=True)
class Task:
    """One attempt to be made: the number of the theorem in the data, the number of the attempt, and its seed."""

    index: int
    item: Item
    attempt: int
    seed: int


@frozen(kw_only=True)
class Done:
    """A task with what came of it."""

    task: Task
    result: Attempt


class Prover(Protocol):
    """Makes attempts one after the other."""

    async def attempt(self, item: Item, seed: int) -> Attempt:
        """Tries to prove an item. An error that concerns this item alone is a result."""


class ProverFactory(Protocol):
    """Makes provers; can be pickled, so that it can be sent to another machine."""

    def open(self, worker: int) -> AbstractAsyncContextManager[Prover]:
        """A prover of its own for the worker with this number."""


class Pool(Protocol):
    """Makes attempts at many items, many at once."""

    def results(self, tasks: Iterable[Task]) -> AsyncGenerator[Done, None]:
        """Every task exactly once with its result, in any order. Closing the generator stops the work."""


@frozen(kw_only=True)
class LocalPool:
    """A pool on this machine; see `Pool`. An error that a prover raises ends the run."""

    provers: ProverFactory
    workers: int

    async def results(self, tasks: Iterable[Task]) -> AsyncGenerator[Done, None]:
        """See `Pool.results`."""
        waiting = iter(tasks)
        running: dict[asyncio.Task[Attempt], tuple[Task, Prover]] = {}
        async with AsyncExitStack() as stack:
            idle = [await stack.enter_async_context(self.provers.open(worker)) for worker in range(self.workers)]
            try:
                while True:
                    while idle and (task := next(waiting, None)) is not None:
                        prover = idle.pop()
                        running[asyncio.create_task(prover.attempt(task.item, task.seed))] = task, prover
                    if not running:
                        return
                    finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for attempt in finished:
                        task, prover = running.pop(attempt)
                        idle.append(prover)
                        yield Done(task=task, result=attempt.result())
            finally:
                for attempt in running:
                    attempt.cancel()
                await asyncio.gather(*running, return_exceptions=True)


def workers_for_memory(text: str, cap_mb: int) -> int:
    """How many workers fit into the memory that is free now, at most one a core and at least one.

    `text` is an item's, whose imports tell how much one takes; `cap_mb` is the setting that caps Lean, 0 without one.
    """
    import psutil

    needed_mb = cap_mb or (MATHLIB_WORKER_MB if "import Mathlib" in text else WORKER_MB)
    fit = psutil.virtual_memory().available // 2**20 // needed_mb
    return max(1, min(int(fit), os.cpu_count() or 1))
