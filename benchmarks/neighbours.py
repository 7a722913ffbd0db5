"""What neighbours are worth: theorems proved with and without the steps of other theorems of the same set.

    python benchmarks/neighbours.py core_dev.jsonl core_dev_steps.jsonl --out benchmarks/results/neighbours

For each split a random half of the theorems is the past of a project: the tactic steps of their proofs are in the
index. The other half is proved, with that index and without, by the same program in the same run. A theorem whose
statement is that of a theorem of the past, up to the names of its variables, is not scored. Nothing is learned while
theorems are scored. Every proof is judged by a plain `lean` run. Seconds depend on the machine; numbers of checks do
not.
"""

import argparse
import asyncio
import json
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from attrs import evolve, frozen

from lean_sidekick.core.declarations import Outline, statement_text
from lean_sidekick.core.goals import split_goals
from lean_sidekick.core.steps import StepOrigin, TakenStep
from lean_sidekick.core.term_reader import read_binders
from lean_sidekick.engine.engine import ProjectEngine
from lean_sidekick.engine.session import find_lean, start_verifier
from lean_sidekick.engine.suggest import Sources
from lean_sidekick.evaluation.items import Item, read_items
from lean_sidekick.evaluation.prove_run import ProveRun, attempts, machine
from lean_sidekick.settings.resolve import resolve_settings
from lean_sidekick.tactics.merge import default_generator, vocabulary_probes
from lean_sidekick.tactics.neighbours import Neighbours, StepIndex

SECONDS = (1.0, 2.0, 5.0, 10.0)
CHECKS = (50, 100, 200, 500, 1000, 2000)


@frozen(kw_only=True)
class Row:
    """One theorem proved or not, with what it took."""

    name: str
    is_proved: bool
    seconds: float
    checks: int


def read_steps(path: Path) -> dict[str, list[TakenStep]]:
    """The steps of each theorem of a file with `theorem`, `state_before` and `tactic`."""
    found: dict[str, list[TakenStep]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        goals = split_goals(row["state_before"])
        if goals:
            step = TakenStep(goal=goals[0], tactic=row["tactic"], declaration=row["theorem"], origin=StepOrigin.PROOF)
            found.setdefault(row["theorem"], []).append(step)
    return found


def statement_key(item: Item) -> str:
    """A text that is equal for statements that differ in the names of their variables alone."""
    outline = Outline(item.text)
    declaration = outline.declarations()[-1]
    term = read_binders(statement_text(outline.scan, declaration))
    return item.text if term is None else term.alpha_key


def split(items: Sequence[Item], seed: int) -> tuple[list[Item], list[Item]]:
    """Past and scored theorems: two halves, no statement of the past among the scored."""
    shuffled = list(items)
    random.Random(seed).shuffle(shuffled)
    past, scored = shuffled[: len(items) // 2], shuffled[len(items) // 2 :]
    known = {statement_key(item) for item in past}
    return past, [item for item in scored if statement_key(item) not in known]


async def prove(run: ProveRun, sources: Sources, settings_path: Path, folder: Path) -> dict[str, Row]:
    """Proves the items of a run; ends the program at a proof that a plain run rejects."""
    settings, _ = resolve_settings(lean_path=None, project_root=settings_path.parent)

    async def start():
        return await start_verifier(settings_path, settings)

    engine = ProjectEngine(
        start_verifier=start, sources=sources, suggestion_limit=10, idle_close_s=settings.lean_idle_close_minutes * 60
    )
    rows: dict[str, Row] = {}
    try:
        async for judged in attempts(run, engine, folder):
            if judged.falsehood is not None:
                raise SystemExit(f"FALSE PROOF of {judged.item.name}: {judged.falsehood}")
            result = judged.result
            rows[judged.item.name] = Row(
                name=judged.item.name,
                is_proved=result.status.value == "proved",
                seconds=result.seconds,
                checks=result.checks,
            )
    finally:
        await engine.close()
    return rows


def figures(rows: Sequence[Row]) -> dict[str, object]:
    """How many are proved within so many seconds and checks."""
    proved = [row for row in rows if row.is_proved]
    return {
        "proved": len(proved),
        "by_seconds": {f"{limit:g}": sum(row.seconds <= limit for row in proved) for limit in SECONDS},
        "by_checks": {str(limit): sum(row.checks <= limit for row in proved) for limit in CHECKS},
    }


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("data", type=Path)
    arguments.add_argument("steps", type=Path)
    arguments.add_argument("--splits", type=int, default=5)
    arguments.add_argument("--timeout", type=float, default=10.0)
    arguments.add_argument("--out", type=Path, default=Path("bench-neighbours"))
    given = arguments.parse_args()
    items = read_items(given.data)
    steps = read_steps(given.steps)
    settings, _ = resolve_settings(lean_path=None, project_root=given.data.absolute().parent)
    found = await find_lean(given.data, settings)
    base = ProveRun(
        items=items,
        data_name=given.data.name,
        timeout_s=given.timeout,
        lean=found.lean_command,
        lean_version=str(found.version),
        allowed_axioms=frozenset(settings.allowed_axioms),
    )
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(given.splits):
            past, scored = split(items, seed)
            index = StepIndex()
            for item in past:
                index.add(steps.get(item.name, ()))
            run = evolve(base, items=tuple(scored))
            row: dict[str, object] = {"seed": seed, "steps": len(index), "scored": len(scored)}
            proved: dict[str, set[str]] = {}
            for name, generator in (
                ("without", default_generator()),
                ("with", default_generator(Neighbours(index))),
            ):
                rows = await prove(
                    run, Sources(generator=generator, probes=vocabulary_probes()), given.data, Path(folder)
                )
                row[name] = figures(list(rows.values()))
                proved[name] = {one.name for one in rows.values() if one.is_proved}
            row["only_with"] = sorted(proved["with"] - proved["without"])
            row["only_without"] = sorted(proved["without"] - proved["with"])
            results.append(row)
            print(json.dumps(row), flush=True)
    summary = {
        "data": given.data.name,
        "timeout_s": given.timeout,
        "splits": results,
        "lean": str(found.version),
        "machine": machine(),
    }
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "neighbours.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
