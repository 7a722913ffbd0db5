"""Runs of `bench effort` and `bench premises` that stop in the middle, so that a test can kill them there.

    python -m support.held_runs effort|premises DATA OUT [--hold N]

With `--hold N` it prints `holding` after N results and never ends. Effort has a stand-in for the user and Lean whose
result follows from the theorem's name; premises is the command itself. `PYTHONPATH` must hold `tests` and `server`.
"""

import argparse
import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

from attrs import define, evolve

from lean_sidekick.cli import app
from lean_sidekick.evaluation import premises_run
from lean_sidekick.evaluation.data_sets import Selection, open_data_set
from lean_sidekick.evaluation.effort import Done, EffortTask, Moment, TheoremEffort
from lean_sidekick.evaluation.effort_run import EffortRun
from lean_sidekick.evaluation.pool import LocalPool
from lean_sidekick.evaluation.run_folder import open_run_folder
from support.scripted_bench import scripted_run


def say_holding() -> None:
    sys.stdout.write("holding\n")
    sys.stdout.flush()


@define
class Users:
    """See `pool.Workers`; a user who types every step whose number is even."""

    hold: int | None = None
    count: int = 0

    @asynccontextmanager
    async def open(self, number: int) -> AsyncIterator["Users"]:
        yield self

    async def run(self, task: EffortTask) -> TheoremEffort:
        if self.count == self.hold:
            say_holding()
            await asyncio.get_running_loop().create_future()
        self.count += 1
        await asyncio.sleep(0)
        name = task.referenced.item.name
        ways = [Done.TYPED if number % 2 == 0 else Done.RIGHT_STEP for number in range(1 + len(name) % 3)]
        moments = [Moment(step=f"s{n}", done=way, text="x", steps=1, seconds=n / 8) for n, way in enumerate(ways)]
        return TheoremEffort(name=name, steps=len(moments), moments=tuple(moments))


def make_effort(data_path: Path, out: Path, hold: int | None) -> int:
    """Makes or continues a run; how many theorems were done now."""
    users = Users(hold=hold)

    async def make() -> None:
        data = open_data_set(data_path, Selection(), None)
        record = evolve(scripted_run(data, 1).record, kind="effort")
        with open_run_folder(out, record, data, restart=False) as folder:
            run = EffortRun(data=data, record=record)
            async with aclosing(run.theorems(LocalPool(workers=users, count=1), folder)) as results:
                async for _ in results:
                    pass

    asyncio.run(make())
    return users.count


def make_premises(data: Path, out: Path, hold: int | None) -> int:
    """Makes or continues a run; how many ways were measured now."""
    measured = 0
    real = premises_run.run_premises

    def counted(*arguments: Any) -> Iterator[premises_run.WayFigures]:
        nonlocal measured
        for figures in real(*arguments):
            if measured == hold:
                say_holding()
                threading.Event().wait()
            measured += 1
            yield figures

    premises_run.run_premises = counted
    try:
        assert app.run(["bench", "premises", str(data), "--out", str(out)]) == 0
    finally:
        premises_run.run_premises = real
    return measured


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["effort", "premises"])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--hold", type=int)
    arguments = parser.parse_args()
    make = make_effort if arguments.kind == "effort" else make_premises
    make(arguments.data, arguments.out, arguments.hold)


if __name__ == "__main__":
    main()
