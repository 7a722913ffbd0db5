"""What neighbours are worth: theorems proved with and without the steps of other theorems of the same set.

    python benchmarks/neighbours.py core_dev.jsonl core_dev_steps.jsonl --checks 250 --timeout 60 \
        --out benchmarks/results/neighbours

For each split a random half of the theorems is the past of a project: the tactic steps of their proofs are in the
index. The other half is proved with that index, and by the same program in the same run without; what happens without
does not depend on the split, so that is done once for all theorems. A theorem whose statement is that of a theorem of
the past, up to the names of its variables, is not scored. Nothing is learned while theorems are scored. Every proof is
judged by a plain `lean` run. Seconds depend on the machine; numbers of checks do not.
"""

import argparse
import asyncio
import json
import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.declarations import Outline, statement_text
from lean_sidekick.core.goals import split_goals
from lean_sidekick.core.steps import StepOrigin, TakenStep
from lean_sidekick.core.term_reader import read_binders
from lean_sidekick.engine.api import DocumentText, ProofStatus
from lean_sidekick.engine.engine import ProjectEngine
from lean_sidekick.engine.session import engine_on, find_lean, start_verifier
from lean_sidekick.engine.suggest import Sources
from lean_sidekick.evaluation.data_sets import Selection, open_data_set
from lean_sidekick.evaluation.items import Item
from lean_sidekick.evaluation.plain_check import PlainLean, find_falsehood, plain_lean
from lean_sidekick.lean.project import find_project
from lean_sidekick.settings.resolve import resolve_settings
from lean_sidekick.settings.settings import Settings
from lean_sidekick.tactics.merge import default_generator, vocabulary_probes
from lean_sidekick.tactics.neighbours import Neighbours, StepIndex
from lean_sidekick.tactics.scripts import with_script

SECONDS = (1.0, 2.0, 5.0, 10.0)
CHECKS = (10, 25, 50, 100, 200, 500, 1000, 2000)


@frozen(kw_only=True)
class Row:
    """One theorem proved or not, with what it took."""

    name: str
    is_proved: bool
    seconds: float
    checks: int


@frozen(kw_only=True)
class Limits:
    """What one attempt may take."""

    seconds: float
    checks: int

    def budget(self) -> Budget:
        """The budget of one attempt."""
        return Budget(seconds=self.seconds, checks=self.checks)


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


async def prove(
    items: Sequence[Item], index: StepIndex | None, limits: Limits, settings: Settings, plain: PlainLean
) -> dict[str, Row]:
    """Proves the items one after the other; ends the program at a proof that a plain run rejects."""
    learned = () if index is None else (Neighbours(index),)
    sources = Sources(generator=default_generator(*learned), probes=vocabulary_probes())
    rows: dict[str, Row] = {}
    with tempfile.TemporaryDirectory() as folder:
        engine: ProjectEngine = engine_on(lambda: start_verifier(Path(folder), settings), settings)
        engine.sources = sources
        try:
            for version, item in enumerate(items, 1):
                document = DocumentText(uri=Path(folder, "A.lean").as_uri(), version=version, text=item.text)
                async for result in engine.prove_all(document, None, limits.budget, lambda _progress: None):
                    is_proved = result.status is ProofStatus.PROVED
                    falsehood = await find_falsehood(plain, item.text, item.name, result.proof) if is_proved else None
                    if falsehood is not None:
                        raise SystemExit(f"FALSE PROOF of {item.name}: {falsehood}")
                    rows[item.name] = Row(
                        name=item.name, is_proved=is_proved, seconds=result.seconds, checks=result.checks
                    )
        finally:
            await engine.close()
    return rows


def totals(splits: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """The sums over all splits: theorems scored, proved by number of checks, gained and lost at the limit."""
    return {
        "scored": sum(split["scored"] for split in splits),
        **{
            side: {limit: sum(split[side]["by_checks"][limit] for split in splits) for limit in map(str, CHECKS)}
            for side in ("without", "with")
        },
        "gained": [len(split["only_with"]) for split in splits],
        "lost": [len(split["only_without"]) for split in splits],
    }


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
    arguments.add_argument("--timeout", type=float, default=10.0, help="seconds an attempt")
    arguments.add_argument("--checks", type=int, default=1_000_000, help="checks an attempt")
    arguments.add_argument("--out", type=Path, default=Path("bench-neighbours"))
    given = arguments.parse_args()
    items = list(open_data_set(given.data, Selection(), None).items())
    steps = read_steps(given.steps)
    settings, _ = resolve_settings(lean_path=None, project_root=given.data.absolute().parent)
    settings = evolve(settings, cache_outcomes=False, learn=False)
    toolchain = await find_lean(given.data, settings)
    plain = plain_lean(find_project(given.data), toolchain, frozenset(settings.allowed_axioms))
    limits = Limits(seconds=given.timeout, checks=given.checks)
    baseline = await prove(items, None, limits, settings, plain)
    print(json.dumps({"all without": figures(list(baseline.values()))}), flush=True)
    results = []
    for seed in range(given.splits):
        past, scored = split(items, seed)
        index = StepIndex()
        for item in past:
            index.add(with_script(steps.get(item.name, ())))
        without = {item.name: baseline[item.name] for item in scored}
        with_them = await prove(scored, index, limits, settings, plain)
        proved = [{row.name for row in rows.values() if row.is_proved} for rows in (without, with_them)]
        row = {
            "seed": seed,
            "steps": len(index),
            "scored": len(scored),
            "without": figures(list(without.values())),
            "with": figures(list(with_them.values())),
            "only_with": sorted(proved[1] - proved[0]),
            "only_without": sorted(proved[0] - proved[1]),
        }
        results.append(row)
        print(json.dumps(row), flush=True)
    summary = {
        "data": given.data.name,
        "timeout_s": given.timeout,
        "checks": given.checks,
        "totals": totals(results),
        "splits": results,
        "lean": str(toolchain.version),
    }
    print(json.dumps(summary["totals"]))
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "neighbours.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
