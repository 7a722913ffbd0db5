"""Extraction, its speed, its agreement with steps recorded from Lean itself, and steps replayed, in one call.

    python benchmarks/extraction.py --source lean4/src --data DATA --replay 200 --out benchmarks/results/extraction.json
    python benchmarks/extraction.py EXTRACTION --project FOLDER --replay 200     only replays what `extract` wrote

Three parts (`--part` takes some of them): `init` and `std`, the library of the Lean that is used, from its sources,
and `exercises`, the reference proofs of `DATA/core_exercises/core_dev.jsonl`. Each is traced anew by `lean-sidekick
extract` with `--workers` Leans; the extractions stay in `--folder` if that is named, and with `--kept` those there are
used as they are, which leaves out the speed. The truth are `DATA/library-2021-07/steps.jsonl` and
`DATA/core_exercises/core_dev_steps.jsonl`, a step a line: `file`, `theorem`, `pos` (a byte offset in the file),
`tactic`, `state_before`, `state_after`, `premises` (theorems and axioms alone). Steps of the exercises, whose truth is
one file of them all, are matched by theorem and order. Steps of the library are drawn for `--replay` by lot.

Agreement is of states, texts and premises apart; states also without regard to where Lean breaks lines, for the truth
was printed wider. Premises of the truth are counted twice: all of them, and without those that the tactic's text does
not name, which come from what a macro expands to.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from lean_sidekick.engine.session import start_server
from lean_sidekick.evaluation.configuration import machine_fields, program_version
from lean_sidekick.evaluation.extraction.layout import METADATA_FILE
from lean_sidekick.evaluation.extraction.replay import Replayed, Replayer, offset_of
from lean_sidekick.evaluation.extraction.store import TracedStore, open_traced_store
from lean_sidekick.evaluation.extraction.traced import TracedFile, TracedStep
from lean_sidekick.settings.resolve import resolve_settings

EXERCISES = "core_exercises"
KINDS = ("theorem", "axiom")
SHOWN = 12
SEED = 0
REPLAYED = 200


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


async def replay_some(folders: Sequence[Path], project: Path, count: int) -> dict[str, object]:
    """Draws steps of all the files of some extractions and replays them in the project that they are of."""
    places = []
    for folder in folders:
        with open_traced_store(folder) as store:
            places += [
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
            text = (project / path).read_text(encoding="utf-8")
            result = await replayer.run((project / path).as_uri(), text, theorem, step)
            outcomes[result.outcome.value] += 1
            if result.outcome is not Replayed.SAME:
                state = step.state_before if result.outcome is Replayed.OTHER_BEFORE else step.state_after
                print(f"{path}:{step.start.line} {step.tactic[:60]!r}: {result.outcome.value}")
                print(f"  seen   {result.seen[-300:]!r}\n  traced {state[-300:]!r}")
    finally:
        await replayer.close()
        await server.close()
    return {"steps": len(chosen), "seed": SEED, **outcomes}


@frozen(kw_only=True)
class Part:
    """What is extracted, and the truth about it; `project` is where the paths of its files begin, None for a set."""

    name: str
    place: Path
    truth: Path
    project: Path | None

    def extract(self, folder: Path, workers: int) -> dict[str, object]:
        """Traces it anew; the speed."""
        more = [] if self.project is None else ["--project", str(self.project)]
        command = [sys.executable, "-m", "lean_sidekick", "extract", str(self.place), *more, "--own-corpus"]
        command += ["--workers", str(workers), "--restart", "--json", "--out", str(folder)]
        finished = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if finished.returncode not in (0, 1) or not finished.stdout:
            sys.exit(f"{self.name} was not extracted.")
        last = json.loads(finished.stdout.splitlines()[-1])
        rate = round(last["steps"] / last["seconds"], 2)
        return {"workers": workers, "seconds": last["seconds"], "steps_per_second": rate}

    def figures(self, folder: Path, known: set[str]) -> dict[str, object]:
        """What an extraction has, and how far it agrees with the truth."""
        with open_traced_store(folder) as store:
            files = list(traced_files(store))
            theorems = [theorem for file in files for theorem in file.theorems]
            complete = [file for file in files if file.error is None and all(one.is_complete for one in file.theorems)]
            return {
                "files": len(files),
                "lean": json.loads((folder / METADATA_FILE).read_text(encoding="utf-8"))["lean"],
                "failed_files": sum(file.error is not None for file in files),
                "complete_files": len(complete),
                "proofs": len(theorems),
                "complete_proofs": sum(one.is_complete for one in theorems),
                "steps": sum(len(theorem.steps) for theorem in theorems),
                "agreement": compare(store, read_truth(self.truth), self.project, known | theorem_names(store)),
            }


def parts(source: Path, data: Path) -> dict[str, Part]:
    library, exercises = data / "library-2021-07" / "steps.jsonl", data / "core_exercises"
    return {
        "init": Part(name="init", place=source / "Init", truth=library, project=source),
        "std": Part(name="std", place=source / "Std", truth=library, project=source),
        "exercises": Part(
            name="exercises",
            place=exercises / "core_dev.jsonl",
            truth=exercises / "core_dev_steps.jsonl",
            project=None,
        ),
    }


def known_names(folder: Path) -> set[str]:
    """Theorems and axioms of an extraction; none where it is not there."""
    if not folder.is_dir():
        return set()
    with open_traced_store(folder) as store:
        return theorem_names(store)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("extraction", type=Path, nargs="?", help="one of a project, whose steps are replayed")
    parser.add_argument("--project", type=Path, help="that project")
    parser.add_argument("--source", type=Path, help="the sources of Lean, a folder with Init and Std")
    parser.add_argument("--data", type=Path, help="the folder with the exercises and the truth")
    parser.add_argument("--part", choices=["init", "std", "exercises"], action="append", help="only this; repeatable")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--replay", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where the extractions stay")
    parser.add_argument("--kept", action="store_true", help="take the extractions that --folder holds")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    figures: dict[str, object] = {"machine": machine_fields(), "program": program_version()}
    if arguments.extraction is not None:
        if arguments.project is None:
            parser.error("--project is needed: the steps are replayed in its files")
        project = arguments.project.absolute()
        figures["replay"] = asyncio.run(replay_some([arguments.extraction], project, arguments.replay or REPLAYED))
        print("replay", figures["replay"])
    elif arguments.source is None or arguments.data is None:
        parser.error("name an extraction, or --source and --data")
    else:
        figures |= measured(arguments)
    if arguments.out:
        arguments.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def measured(arguments: argparse.Namespace) -> dict[str, object]:
    """The parts, one after the other."""
    source, chosen = arguments.source.absolute(), arguments.part or ["init", "std", "exercises"]
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        for name, part in parts(source, arguments.data.absolute()).items():
            if name in chosen:
                speed = {} if arguments.kept else part.extract(folder / name, arguments.workers)
                # What is not of the library is compared as far as the library has it.
                figures[name] = speed | part.figures(folder / name, known_names(folder / "init"))
                print(name, json.dumps(figures[name], indent=1))
        if arguments.replay:
            library = [folder / name for name in ("init", "std") if (folder / name).is_dir()]
            figures["replay"] = asyncio.run(replay_some(library, source, arguments.replay))
            print("replay", figures["replay"])
    return figures


if __name__ == "__main__":
    main()
