"""Extraction against steps recorded from Lean itself, and steps replayed.

    python benchmarks/extraction.py EXTRACTION --truth steps.jsonl [--project FOLDER] [--replay 200] --out FILE.json

EXTRACTION is what `lean-sidekick extract` wrote. `--truth` has one step a line: `file`, `theorem`, `pos` (a byte
offset in the file), `tactic`, `state_before`, `state_after`, `premises` (theorems and axioms alone). Steps of a set of
exercises, whose truth is one file of them all, are matched by theorem and order.

Agreement is of states, texts and premises apart; states also without regard to where Lean breaks lines, for the truth
was printed wider. Premises of the truth are counted twice: all of them, and without those that the tactic's text does
not name, which come from what a macro expands to.
"""

import argparse
import asyncio
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lean_sidekick.engine.session import start_server
from lean_sidekick.evaluation.data_sets import Selection, open_data_set
from lean_sidekick.evaluation.extraction.replay import Replayed, Replayer, offset_of
from lean_sidekick.evaluation.extraction.store import TracedStore, open_traced_store
from lean_sidekick.evaluation.extraction.traced import TracedFile, TracedStep
from lean_sidekick.evaluation.reference import read_reference, read_referenced
from lean_sidekick.settings.resolve import resolve_settings

EXERCISES = "core_exercises"
KINDS = ("theorem", "axiom")
SHOWN = 12
SEED = 0


def traced_files(store: TracedStore) -> Iterator[TracedFile]:
    for path in store.paths:
        yield store.read(path)


def theorem_names(store: TracedStore) -> set[str]:
    """The names of theorems and axioms, as far as the extraction has their files: what the truth calls premises."""
    return {
        premise.full_name for file in traced_files(store) for premise in file.premises.premises if premise.kind in KINDS
    }


def read_truth(path: Path) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            found[row["theorem"] if row["file"] == EXERCISES else row["file"]].append(row)
    return found


def file_steps(file: TracedFile, text: str) -> dict[int, TracedStep]:
    """The steps by byte offset, the longest of those that begin at one place first."""
    found: dict[int, TracedStep] = {}
    for theorem in file.theorems:
        for step in theorem.steps:
            found.setdefault(len(text[: offset_of(text, step.start)].encode()), step)
    return found


def squeezed(text: str) -> str:
    return " ".join(text.split())


def named_in(premises: Sequence[str], tactic: str) -> set[str]:
    return {name for name in premises if name.rpartition(".")[2] in tactic}


def compare(
    store: TracedStore, truth: Mapping[str, list[Mapping[str, Any]]], project: Path | None, known: set[str]
) -> dict[str, object]:
    counts: Counter[str] = Counter()
    shown: list[str] = []
    for path in store.paths:
        rows = truth.get(path) or truth.get(Path(path).stem)
        if rows is None:
            continue
        file = store.read(path)
        if path in truth:
            assert project is not None, "--project is needed to find the steps of files"
            steps = file_steps(file, (project / path).read_text(encoding="utf-8"))
            pairs = [(row, steps.get(row["pos"])) for row in rows]
        else:
            own = [step for theorem in file.theorems for step in theorem.steps]
            ordered = sorted(rows, key=lambda row: (row["pos"], -len(row["tactic"])))
            pairs = [(row, own[n] if n < len(own) else None) for n, row in enumerate(ordered)]
        for row, step in pairs:
            counts["steps"] += 1
            if step is None:
                counts["missing"] += 1
                shown.append(f"missing: {path} {row['tactic'][:60]}")
                continue
            said = {premise.full_name for premise in step.premises if premise.full_name in known}
            checks = {
                "tactic": squeezed(step.tactic) == squeezed(row["tactic"]),
                "state_before": step.state_before == row["state_before"],
                "state_after": step.state_after == row["state_after"],
                "state_before_unbroken": squeezed(step.state_before) == squeezed(row["state_before"]),
                "state_after_unbroken": squeezed(step.state_after) == squeezed(row["state_after"]),
                "premises": said == set(row["premises"]),
                "named_premises": said == named_in(row["premises"], row["tactic"]),
            }
            counts.update(name for name, is_equal in checks.items() if is_equal)
            if not (checks["tactic"] and checks["state_before_unbroken"] and checks["state_after_unbroken"]):
                shown.append(
                    f"differs: {path} {row['tactic'][:60]!r}: {[n for n, equal in checks.items() if not equal]}"
                )
            elif not checks["named_premises"]:
                other = said ^ named_in(row["premises"], row["tactic"])
                shown.append(f"premises: {path} {row['tactic'][:60]!r}: {sorted(other)}")
    print(*shown[:SHOWN], sep="\n")
    return dict(counts)


def texts(store: TracedStore, project: Path | None, data: Path | None) -> dict[str, str]:
    if data is not None:
        folder = data.stem
        return {
            f"{folder}/{one.item.name}.lean": read_reference(one).text
            for one in read_referenced(open_data_set(data, Selection(), None))
        }
    assert project is not None
    return {path: (project / path).read_text(encoding="utf-8") for path in store.paths}


async def replay_some(store: TracedStore, project: Path, sources: Mapping[str, str], count: int) -> dict[str, object]:
    places = [
        (file.path, theorem, step)
        for file in traced_files(store)
        for theorem in file.theorems
        if theorem.is_complete
        for step in theorem.steps
    ]
    chosen = random.Random(SEED).sample(places, min(count, len(places)))
    settings, _ = resolve_settings(lean_path=None, project_root=project)
    server = await start_server(project, settings)
    replayer = Replayer(server=server)
    outcomes: Counter[str] = Counter()
    try:
        for path, theorem, step in sorted(chosen, key=lambda one: (one[0], one[2].start)):
            result = await replayer.run((project / path).as_uri(), sources[path], theorem, step)
            outcomes[result.outcome.value] += 1
            if result.outcome is not Replayed.SAME:
                state = step.state_before if result.outcome is Replayed.OTHER_BEFORE else step.state_after
                print(f"{path}:{step.start.line} {step.tactic[:60]!r}: {result.outcome.value}")
                print(f"  seen   {result.seen[-300:]!r}\n  traced {state[-300:]!r}")
    finally:
        await replayer.close()
        await server.close()
    return {"steps": len(chosen), "seed": SEED, **outcomes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("extraction", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--project", type=Path, help="the folder that the traced paths begin in")
    parser.add_argument("--data", type=Path, help="the set, for an extraction of reference proofs")
    parser.add_argument("--library", type=Path, action="append", default=[], help="an extraction of what it imports")
    parser.add_argument("--replay", type=int, default=0)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    figures: dict[str, object] = {}
    with open_traced_store(arguments.extraction) as store:
        files = list(traced_files(store))
        theorems = [theorem for file in files for theorem in file.theorems]
        figures["files"] = len(files)
        figures["failed_files"] = sum(file.error is not None for file in files)
        figures["complete_files"] = sum(
            file.error is None and all(theorem.is_complete for theorem in file.theorems) for file in files
        )
        figures["proofs"], figures["complete_proofs"] = len(theorems), sum(one.is_complete for one in theorems)
        figures["steps"] = sum(len(theorem.steps) for theorem in theorems)
        if arguments.truth:
            known = theorem_names(store)
            for other in arguments.library:
                with open_traced_store(other) as library:
                    known |= theorem_names(library)
            figures["agreement"] = compare(store, read_truth(arguments.truth), arguments.project, known)
        if arguments.replay:
            project = arguments.project or Path.cwd()
            sources = texts(store, arguments.project, arguments.data)
            figures["replay"] = asyncio.run(replay_some(store, project.absolute(), sources, arguments.replay))
    json.dump(figures, sys.stdout, indent=1)
    print()
    if arguments.out:
        arguments.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
