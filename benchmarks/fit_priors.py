"""Fits the table of priors that comes with the program to the tactic steps of a public library.

    python benchmarks/fit_priors.py library-2021-07/steps.jsonl --out server/lean_sidekick/tactics/priors.json

The input has a line for each step of a proof, with `file`, `state_before` and `tactic`. For each state the program's
own sources are asked for candidates: their scores are what was promised, the step of the proof is what was taken. With
`--folds` the table is not written but judged: files are split into folds, and the table of all other folds says how
well it foresees the family of the next step. Nothing but these steps goes in; a benchmark's proofs never may.
"""

import argparse
import asyncio
import json
import math
import random
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.goals import split_goals
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.merge import plain_generator
from lean_sidekick.tactics.priors import Table, corrected, family, fitted_rows, situation, table_of

SOURCE = (
    "tactic steps of the Lean 4 core library (github.com/leanprover/lean4, commit 8c5d5ca980, 2021-07-20) and of early "
    "Mathlib 4 (github.com/joehendrix/mathlib4, commit 1fd1cdc64b, 2021-07-12), counted; no text of theirs is in here"
)
LICENCE = "Apache-2.0, as both sources"


@frozen(kw_only=True)
class Choice:
    """One step of the library: the shape of its goal, the family taken, and family and score of each candidate."""

    file: str
    situation: str
    taken: str
    offered: tuple[tuple[str, float], ...]


async def read_choices(path: Path) -> list[Choice]:
    """The steps of a file with what the program would have offered there."""
    generator = plain_generator()
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        goals = split_goals(row["state_before"])
        if not goals:
            continue
        shape = read_goal(goals[0])
        candidates = await generator.generate(TacticRequest(goal=goals[0]))
        found.append(
            Choice(
                file=row["file"],
                situation=situation(shape),
                taken=family(row["tactic"].split("\n")[0], shape),
                offered=tuple((family(candidate.text, shape), candidate.score) for candidate in candidates),
            )
        )
    return found


def fit(choices: Sequence[Choice]) -> Table:
    """The table of some steps."""
    table = Table()
    for choice in choices:
        promised: dict[str, float] = {}
        for kind, score in choice.offered:
            promised[kind] = promised.get(kind, 0.0) + math.exp(score)
        for kind, mass in promised.items():
            table.add((choice.situation, kind), mass, float(kind == choice.taken))
    return table_of(list(fitted_rows(table)))


def judge(choices: Sequence[Choice], folds: int) -> dict[str, dict[str, float]]:
    """How well the next step's family is foreseen, without the table and with that of the other folds."""
    files = sorted({choice.file for choice in choices})
    random.Random(0).shuffle(files)
    fold_of = {file: index % folds for index, file in enumerate(files)}
    tables = [fit([c for c in choices if fold_of[c.file] != fold]) for fold in range(folds)]
    found = {}
    for name in ("without", "with"):
        likelihoods, ranks = [], []
        for choice in choices:
            table = tables[fold_of[choice.file]] if name == "with" else Table()
            scores = [(corrected(s, table.correction((choice.situation, kind))), kind) for kind, s in choice.offered]
            if choice.taken not in dict(choice.offered):
                continue
            mass = sum(math.exp(score) for score, _ in scores)
            likelihoods.append(math.log(sum(math.exp(s) for s, kind in scores if kind == choice.taken) / mass))
            scores.sort(key=lambda pair: -pair[0])
            ranks.append([kind for _, kind in scores].index(choice.taken) + 1)
        found[name] = {
            "steps": len(ranks),
            "mean_log_likelihood": round(sum(likelihoods) / len(ranks), 3),
            "mrr": round(sum(1 / rank for rank in ranks) / len(ranks), 3),
            "in_first_24": round(sum(rank <= 24 for rank in ranks) / len(ranks), 3),
        }
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("steps", type=Path)
    arguments.add_argument("--out", type=Path, default=Path("priors.json"))
    arguments.add_argument("--folds", type=int)
    given = arguments.parse_args()
    choices = asyncio.run(read_choices(given.steps))
    if given.folds:
        print(json.dumps(judge(choices, given.folds), indent=1))
        return
    rows = [json.dumps(row, ensure_ascii=False) for row in fitted_rows(fit(choices))]
    head = {"source": SOURCE, "licence": LICENCE, "made_by": "benchmarks/fit_priors.py", "steps": len(choices)}
    text = json.dumps(head, ensure_ascii=False, indent=1)[:-2]
    given.out.write_text(text + ',\n "tallies": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
