"""The same tasks on a Ray cluster: many machines, one result file on the machine that asked.

Ray does the scheduling: tasks go out in chunks, a chunk is one Ray task that takes one processor, and what a lost node
had not handed in is run again by Ray on another one. A chunk's results come back together and once, so nothing is lost
and nothing counted twice. Every node needs this program in the same version, the Lean and the project under the same
paths; the items travel with the tasks. Ray is the extra `ray` and is imported when a pool is used.
"""

import asyncio
import importlib
import os
import socket
from collections.abc import AsyncGenerator, Iterable, Sequence
from itertools import islice
from typing import Any, Generic

from attrs import frozen

from lean_sidekick.core.errors import ConfigError, SidekickError
from lean_sidekick.evaluation.configuration import program_version
from lean_sidekick.evaluation.pool import Done, ResultT, TaskT, Workers

CHUNKS_A_PROCESSOR = 2
"""Chunks that are out at once: one that runs and one that waits, so that no processor waits for the network."""

_CONNECT_S = 10.0


@frozen(kw_only=True)
class RayPool(Generic[TaskT, ResultT]):
    """A pool on the cluster at `address` (`auto`: the one this machine is part of); see `pool.Pool`.

    `chunk` tasks share one start of Lean. Raises ConfigError without Ray, without a cluster, and for a node with
    another version of the program.
    """

    workers: Workers[TaskT, ResultT]
    address: str
    chunk: int

    async def results(self, tasks: Iterable[TaskT]) -> AsyncGenerator[Done[TaskT, ResultT], None]:
        """See `Pool.results`."""
        ray = _import_ray()
        await asyncio.to_thread(_connect, ray, self.address)
        # Retried for ever when a node is lost, never when the program itself fails.
        remote = ray.remote(num_cpus=1, max_retries=-1, retry_exceptions=False)(_do_chunk)
        waiting = iter(tasks)
        running: dict[asyncio.Future[Any], tuple[list[TaskT], Any]] = {}
        try:
            while True:
                limit = CHUNKS_A_PROCESSOR * max(1, int(ray.cluster_resources().get("CPU", 1)))
                while len(running) < limit and (chunk := list(islice(waiting, self.chunk))):
                    reference = remote.remote(self.workers, chunk, program_version())
                    running[asyncio.wrap_future(reference.future())] = chunk, reference
                if not running:
                    return
                finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for future in finished:
                    chunk, _ = running.pop(future)
                    for task, result in zip(chunk, _results(ray, future), strict=True):
                        yield Done(task=task, result=result)
        finally:
            for _, reference in running.values():
                ray.cancel(reference, force=True)
            await asyncio.gather(*running, return_exceptions=True)
            await asyncio.to_thread(ray.shutdown)


def cluster_size(address: str) -> dict[str, int]:
    """The nodes and processors of a cluster, for the record of a run. Raises ConfigError."""
    ray = _import_ray()
    _connect(ray, address)
    try:
        return {
            "nodes": sum(node["Alive"] for node in ray.nodes()),
            "processors": int(ray.cluster_resources().get("CPU", 0)),
        }
    finally:
        ray.shutdown()


def _do_chunk(workers: Workers[TaskT, ResultT], tasks: Sequence[TaskT], program: str) -> list[ResultT]:
    """Runs on a node: does some tasks one after the other with one worker."""
    if program_version() != program:
        raise ConfigError(
            f"The node {os.uname().nodename} has another version of Lean Sidekick ({program_version()}, not {program})."
        )

    async def do() -> list[ResultT]:
        # The process id tells the documents of the workers of one machine apart.
        async with workers.open(os.getpid()) as worker:
            return [await worker.run(task) for task in tasks]

    return asyncio.run(do())


def _results(ray: Any, future: "asyncio.Future[Any]") -> list[Any]:
    """What a chunk gave; an error of the program itself is raised as it was."""
    try:
        results: list[Any] = future.result()
        return results
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, SidekickError):
            raise error.cause from error
        raise


def _import_ray() -> Any:
    try:
        return importlib.import_module("ray")  # by name: type checkers have no need of it
    except ImportError:
        raise ConfigError("A cluster needs Ray, which is missing: pip install 'lean-sidekick[ray]'.") from None


def _connect(ray: Any, address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        if host and port.isdecimal() and "/" not in host:  # Ray itself asks for minutes whether anybody is there
            socket.create_connection((host, int(port)), timeout=_CONNECT_S).close()
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ConfigError(f"There is no Ray cluster at {address} ({reason}); start one with `ray start`.") from None
