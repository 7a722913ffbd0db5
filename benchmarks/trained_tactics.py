"""What a trained tactic model is worth: theorems of modules it was never trained on, proved with its candidates alone.

    python benchmarks/trained_tactics.py library/theorems.jsonl RUN... --out benchmarks/results/trained-tactics

Each RUN is a folder that `train tactics` wrote. The theorems are those of the modules that the first run held out, as
far as their printed type, put as a statement of its own, elaborates with core Lean alone. Each source proposes eight
tactics a goal and has the same number of checks: the model, and the eight most frequent tactics of its training data.
Nothing else is proposed. A proof that names its own theorem is not counted (`simp` may still use it, for all
alike). Every proof is judged by a plain `lean` run. Several theorems are worked on at once, so that the model has
goals to put together; seconds count nowhere.
"""

import argparse
import asyncio
import json
import random
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.engine.api import DocumentText, ProofStatus
from lean_sidekick.engine.session import engine_on, find_lean, start_verifier
from lean_sidekick.engine.suggest import Sources
from lean_sidekick.evaluation.configuration import machine_fields
from lean_sidekick.evaluation.items import Item
from lean_sidekick.evaluation.plain_check import PlainLean, find_falsehood, plain_lean
from lean_sidekick.lean.project import find_project
from lean_sidekick.model_worker.client import WorkerClient, WorkerLimits
from lean_sidekick.model_worker.messages import Device, Urgency
from lean_sidekick.settings.resolve import resolve_settings
from lean_sidekick.settings.settings import Settings
from lean_sidekick.tactics.api import TacticGenerator, TacticRequest
from lean_sidekick.tactics.card_files import load_card
from lean_sidekick.tactics.models import ModelGenerator
from lean_sidekick.tactics.transformer import LocalModel, spec_of
from lean_sidekick.training.examples import read_examples, split_examples

CANDIDATES = 8
ATTEMPT_S = 300.0
HEADER = 'universe u v w u_1 u_2 u_3\nnotation "ℕ" => Nat\n'


@frozen(kw_only=True)
class FrequentTactics:
    """The baseline: the same tactics to every goal."""

    texts: tuple[str, ...]

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """See `TacticGenerator`."""
        return [
            Candidate(text=text, source=Source.PORTFOLIO, score=-0.5 * place)
            for place, text in enumerate(self.texts, 1)
        ]


def statement(name: str, type_: str) -> str:
    """A printed type as a statement; variables that it begins with stand before the colon, as people write them."""
    type_, binders = " ".join(type_.split()), ""
    while type_.startswith("∀ ") and (end := _binders_end(type_)):
        binders += f" {type_[2:end]}"
        type_ = type_[end + 1 :].lstrip()
    return f"theorem {name}{binders} : {type_}"


def _binders_end(type_: str) -> int:
    """Where the comma behind `∀ {α : Type} (a : α)` stands; 0 where not all variables are in brackets."""
    depth = 0
    for place, character in enumerate(type_[2:], 2):
        depth += (character in "([{⦃") - (character in ")]}⦄")
        if not depth and character == ",":
            return place
        if not depth and character not in ")]}⦄ ":
            return 0
    return 0


def held_out_items(theorems: Path, modules: set[str], lean: PlainLean) -> list[tuple[Item, str]]:
    """The theorems with their own names, as far as their statements stand alone."""
    rows = [json.loads(line) for line in theorems.read_text(encoding="utf-8").splitlines()]
    wanted = [row for row in rows if row["library"] == "core" and row["written"] and row["module"] in modules]
    named = [(f"held_out_{number}", row) for number, row in enumerate(wanted)]
    text = HEADER + "".join(f"{statement(name, row['type'])} := sorry\n" for name, row in named)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "Statements.lean")
        path.write_text(text, encoding="utf-8")
        found = subprocess.run([*lean.command, str(path)], capture_output=True, text=True, timeout=600, check=False)
    lines = text.split("\n")
    bad: set[str] = set()
    for match in re.finditer(r"Statements\.lean:(\d+):\d+: error", found.stdout):
        line = int(match[1]) - 1
        while not (name := re.match(r"theorem (held_out_\d+)", lines[line])):
            line -= 1
        bad.add(name[1])
    return [
        (Item(name=name, text=f"{HEADER}\n{statement(name, row['type'])} := by\n"), row["name"])
        for name, row in named
        if name not in bad
    ]


async def prove(
    items: Sequence[tuple[Item, str]], generator: TacticGenerator, checks: int, settings: Settings, plain: PlainLean
) -> list[str]:
    """The theorems that are proved with one source of candidates, by one Lean server."""
    proved: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        engine = engine_on(lambda: start_verifier(Path(folder), settings), settings)
        engine.sources = Sources(generator=generator, probes=())
        try:
            for version, (item, own) in enumerate(items, 1):
                document = DocumentText(uri=Path(folder, "A.lean").as_uri(), version=version, text=item.text)
                async for result in engine.prove_all(
                    document, None, lambda: Budget(seconds=ATTEMPT_S, checks=checks), lambda _progress: None
                ):
                    if result.status is not ProofStatus.PROVED:
                        continue
                    falsehood = await find_falsehood(plain, item.text, item.name, result.proof or "")
                    if falsehood is not None:
                        raise SystemExit(f"FALSE PROOF of {item.name}: {falsehood}")
                    last = own.rpartition(".")[2]
                    if not re.search(rf"(?<![\w']){re.escape(last)}(?![\w'])", result.proof or ""):
                        proved.append(own)
        finally:
            await engine.close()
    return proved


async def prove_all(items: Sequence[tuple[Item, str]], generator: TacticGenerator, given: Any, *rest: Any) -> list[str]:
    """The same by several Lean servers, in the order of the theorems."""
    work = [prove(items[first :: given.workers], generator, given.checks, *rest) for first in range(given.workers)]
    proved = {name for part in await asyncio.gather(*work) for name in part}
    return [own for _, own in items if own in proved]


@asynccontextmanager
async def model_generator(folder: Path) -> Any:
    """The model of a run as the only source."""
    card = load_card(folder / f"{folder.absolute().name}.toml")
    client = WorkerClient(print, WorkerLimits())
    model = LocalModel(
        client=client, spec=spec_of(card, Device.AUTO, None), urgency=Urgency.BACKGROUND, timeout_s=ATTEMPT_S
    )
    try:
        yield ModelGenerator(card=card, model=model, source=Source.TRANSFORMER)
    finally:
        await client.close()


def frequent(plan: Mapping[str, Any]) -> FrequentTactics:
    """The most frequent tactics of what a run was trained on."""
    examples = read_examples([Path(path) for path in plan["data"]])
    split = split_examples(examples, plan["held_out_share"], plan["held_out"], plan["seed"])
    counted = Counter(example.tactic for example in split.train)
    return FrequentTactics(texts=tuple(text for text, _ in counted.most_common(CANDIDATES)))


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("theorems", type=Path)
    arguments.add_argument("runs", type=Path, nargs="+")
    arguments.add_argument("--checks", type=int, default=64, help="checks a theorem")
    arguments.add_argument("--workers", type=int, default=4, help="theorems at once, each with its own Lean server")
    arguments.add_argument("--most", type=int, default=1_000, help="theorems at most, chosen at random")
    arguments.add_argument("--out", type=Path, default=Path("bench-trained-tactics"))
    given = arguments.parse_args()
    settings, _ = resolve_settings(lean_path=None, project_root=Path.cwd())
    settings = evolve(settings, cache_outcomes=False, learn=False)
    toolchain = await find_lean(Path.cwd(), settings)
    plain = plain_lean(find_project(Path.cwd()), toolchain, frozenset(settings.allowed_axioms))
    plans = [json.loads((run / "plan.json").read_text(encoding="utf-8")) for run in given.runs]
    modules = {name.removesuffix(".lean").replace("/", ".") for name in plans[0]["held_out"]}
    items = held_out_items(given.theorems, modules, plain)
    items = random.Random(0).sample(items, min(given.most, len(items)))
    baseline = frequent(plans[0])
    proved = {"most frequent tactics": await prove_all(items, baseline, given, settings, plain)}
    for run in given.runs:
        async with model_generator(run) as generator:
            proved[run.name] = await prove_all(items, generator, given, settings, plain)
    known = set(proved["most frequent tactics"])
    summary = {
        "theorems": len(items),
        "modules": sorted(modules),
        "checks": given.checks,
        "proved": {name: len(found) for name, found in proved.items()},
        "proved_and_not_by_the_most_frequent": {name: len(set(found) - known) for name, found in proved.items()},
        "frequent_tactics": list(baseline.texts),
        "names": proved,
        "training": {run.name: json.loads((run / "summary.json").read_text(encoding="utf-8")) for run in given.runs},
        "lean": str(toolchain.version),
        "machine": machine_fields(),
    }
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "trained-tactics.json").write_text(json.dumps(summary, ensure_ascii=False, indent=1) + "\n")
    print(json.dumps({"theorems": len(items), "proved": summary["proved"]}))


if __name__ == "__main__":
    asyncio.run(main())
