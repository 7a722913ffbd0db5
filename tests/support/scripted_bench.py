"""A benchmark run without Lean: a prover whose results follow from the theorem's name and the seed alone.

    python -m support.scripted_bench DATA OUT [--attempts K] [--workers N] [--hold N]

makes such a run; with `--hold N` it prints `holding` before the attempt after the Nth and never ends, so that a test
can kill it in the middle. `PYTHONPATH` must hold `tests` and `server`.
"""

import argparse
import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from attrs import define, field, frozen

from lean_sidekick.core.errors import LeanUnavailable
from lean_sidekick.engine.api import ProofStatus
from lean_sidekick.evaluation.configuration import ProverConfiguration, RunRecord, data_fields
from lean_sidekick.evaluation.data_sets import DataSet, Selection, open_data_set
from lean_sidekick.evaluation.pool import LocalPool, Pool
from lean_sidekick.evaluation.prove_run import ProveRun
from lean_sidekick.evaluation.results import Attempt, AttemptTask
from lean_sidekick.evaluation.run_folder import open_run_folder


def scripted_attempt(name: str, seed: int) -> Attempt:
    """What the prover finds: about three in five attempts prove their theorem."""
    draw = hashlib.sha256(f"{name} {seed}".encode()).digest()
    is_proved = draw[0] < 154
    return Attempt(
        seed=seed,
        status=ProofStatus.PROVED if is_proved else ProofStatus.TIMED_OUT,
        proof=f"exact {name}_{draw.hex()[:4]}" if is_proved else None,
        axioms=("propext",) if draw[1] < 40 else (),
        seconds=draw[2] / 25.6 if is_proved else 10.0,
        checks=1 + draw[3],
        message="" if is_proved else "no proof was found in 10 s",
        refused_by_final_check=int(draw[4] < 10),
    )


@define
class ScriptedProver:
    """A prover that takes no time; it counts with its factory."""

    counter: "Counter"

    async def run(self, task: AttemptTask) -> Attempt:
        self.counter.count += 1
        if self.counter.hold is not None and self.counter.count > self.counter.hold:
            sys.stdout.write("holding\n")
            sys.stdout.flush()
            await asyncio.get_running_loop().create_future()
        if self.counter.fail is not None and self.counter.count > self.counter.fail:
            raise LeanUnavailable("Lean is gone.")
        await asyncio.sleep(0)
        return scripted_attempt(task.item.name, task.seed)


@define
class Counter:
    """How many attempts were asked for; those after the first `hold` never end, those after `fail` raise an error."""

    hold: int | None = None
    fail: int | None = None
    count: int = 0


@frozen(kw_only=True)
class ScriptedProvers:
    """See `pool.Workers`."""

    counter: Counter = field(factory=Counter)

    @asynccontextmanager
    async def open(self, number: int) -> AsyncIterator[ScriptedProver]:
        yield ScriptedProver(self.counter)


def scripted_run(data: DataSet, attempts: int) -> ProveRun:
    """A run over a data set on no machine in particular."""
    configuration = ProverConfiguration(timeout_s=10.0, attempts=attempts, seed=7, temperature=1.0)
    record = RunRecord(
        kind="prove",
        data=data_fields(data),
        configuration=configuration.as_fields(),
        settings={},
        lean="none",
        program="test",
        machine={"system": "none"},
    )
    return ProveRun(data=data, configuration=configuration, record=record)


async def make_run(run: ProveRun, pool: Pool[AttemptTask, Attempt], out: Path) -> int:
    """Makes or continues a run; gives how many theorems were done now."""
    done = 0
    with open_run_folder(out, run.record, run.data, restart=False) as folder:
        async with aclosing(run.attempts(pool, folder)) as results:
            async for _ in results:
                done += 1
    return done


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--attempts", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--hold", type=int)
    arguments = parser.parse_args()
    data = open_data_set(arguments.data, Selection(), None)
    pool = LocalPool(workers=ScriptedProvers(counter=Counter(hold=arguments.hold)), count=arguments.workers)
    asyncio.run(make_run(scripted_run(data, arguments.attempts), pool, arguments.out))


if __name__ == "__main__":
    main()
