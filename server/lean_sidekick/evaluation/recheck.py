"""`bench recheck`: every proof that a run kept, judged again by a plain run of Lean.

Reads the files of a run and its data, writes `recheck.json` into the run's folder and changes nothing else.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.engine.api import ProofStatus
from lean_sidekick.evaluation.data_sets import DataSet
from lean_sidekick.evaluation.items import Item
from lean_sidekick.evaluation.kept_files import replacing
from lean_sidekick.evaluation.plain_check import PlainLean, find_falsehood
from lean_sidekick.evaluation.results import read_theorem
from lean_sidekick.evaluation.run_folder import RESULTS_FILE
from lean_sidekick.storage.json_lines import read_records

RECHECK_FILE = "recheck.json"


@frozen(kw_only=True)
class Rechecked:
    """One proof that the run reported; `falsehood` is why the plain run rejects it, "" if it accepts it."""

    name: str
    falsehood: str


async def recheck(
    run: Path, data: DataSet, lean: PlainLean, lean_version: str, workers: int
) -> AsyncGenerator[Rechecked, None]:
    """Every reported proof of a run with its verdict, some at a time; writes the figures at the end.

    Raises InputError if the run has a theorem that the data has not.
    """
    claimed = 0
    false: list[Rechecked] = []
    async with aclosing(_judged(_claims(run, data), lean, workers)) as verdicts:
        async for verdict in verdicts:
            claimed += 1
            if verdict.falsehood:
                false.append(verdict)
            yield verdict
    figures = {
        "claimed": claimed,
        "accepted": claimed - len(false),
        "false_proofs": len(false),
        "lean": lean_version,
        # Verdicts come as they are ready, so the file has an order of its own.
        "false": [
            {"declaration": one.name, "falsehood": one.falsehood} for one in sorted(false, key=lambda one: one.name)
        ],
    }
    with replacing(run / RECHECK_FILE) as out:
        out.write((json.dumps(figures, ensure_ascii=False, indent=1) + "\n").encode())


def _claims(run: Path, data: DataSet) -> Iterator[tuple[Item, str]]:
    """Every proof that the run reported with its item."""
    waiting: dict[str, Item] = {}
    items = data.items()
    for record in read_records(run / RESULTS_FILE):
        result = read_theorem(record)
        # Rows are in the order of the data, unless the run was cut off: then some items are read ahead.
        while result.name not in waiting:
            item = next(items, None)
            if item is None:
                raise InputError(f"{record.place}: the data has no theorem {result.name}.")
            waiting[item.name] = item
        item = waiting.pop(result.name)
        for attempt in result.attempts:
            if attempt.status is ProofStatus.PROVED:
                yield item, attempt.proof or ""


async def _judged(claims: Iterator[tuple[Item, str]], lean: PlainLean, workers: int) -> AsyncGenerator[Rechecked, None]:
    running: set[asyncio.Task[Rechecked]] = set()
    try:
        while True:
            while len(running) < workers and (claim := next(claims, None)) is not None:
                running.add(asyncio.create_task(_judge(*claim, lean)))
            if not running:
                return
            finished, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for verdict in finished:
                yield verdict.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _judge(item: Item, proof: str, lean: PlainLean) -> Rechecked:
    return Rechecked(name=item.name, falsehood=await find_falsehood(lean, item.text, item.lean_name, proof) or "")
