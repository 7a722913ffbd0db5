"""The premise index at the size of Mathlib: time, memory and latency on a synthetic corpus of realistic statements.

    python benchmarks/premises_scale.py --out benchmarks/results/premises-scale.json [--count 250000] [--folder DIR]

Statements are made from a grammar of operators, structures and lemma schemes like those of Mathlib, with a Zipf-like
choice of constants, so that common symbols are in most premises and most symbols in few; proofs use earlier premises.
Everything is seeded. Each figure is taken in a process of its own: `build` writes the index, `open` opens and asks it.
Memory is what the operating system calls private and anonymous (`Private_Dirty` of anonymous pages; Linux only).
"""

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.premises import CorpusFile, Premise

AREAS = ("Nat", "Int", "List", "Set", "Finset", "Group", "Ring", "Module", "Filter", "Measure", "Category", "Matrix")
STRUCTURES = ("Monoid", "Group", "CommGroup", "Semiring", "CommRing", "Field", "Lattice", "TopologicalSpace")
OPERATORS = (("+", "add"), ("*", "mul"), ("-", "sub"), ("/", "div"), ("⊔", "sup"), ("⊓", "inf"), ("∪", "union"))
RELATIONS = (("=", "eq"), ("≤", "le"), ("<", "lt"), ("∣", "dvd"), ("⊆", "subset"), ("↔", "iff"))
STEMS = ("map", "comp", "prod", "sum", "card", "image", "span", "norm", "deriv", "limit", "closure", "kernel", "degree")
ENDS = (
    "comm",
    "assoc",
    "left",
    "right",
    "cancel",
    "congr",
    "mono",
    "inj",
    "self",
    "zero",
    "one",
    "succ",
    "trans",
    "symm",
)
MODULE_SIZE = 40


class Statements:
    """Statements and goals, from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._constants = [f"{area}.{stem}{n or ''}" for n in range(60) for area in AREAS for stem in STEMS]
        self._weights = [1 / (rank + 3) for rank in range(len(self._constants))]

    def constants(self, count: int) -> list[str]:
        return self._random.choices(self._constants, self._weights, k=count)

    def term(self, variables: Sequence[str], depth: int) -> tuple[str, list[str]]:
        """A term, and the words its name would have."""
        if depth == 0 or self._random.random() < 0.25:
            return (self._random.choice([*variables, "0", "1"]), []) if self._random.random() < 0.9 else ("n", [])
        left, left_words = self.term(variables, depth - 1)
        if self._random.random() < 0.5:
            symbol, word = self._random.choice(OPERATORS)
            right, right_words = self.term(variables, depth - 1)
            return f"({left} {symbol} {right})", [word, *left_words, *right_words]
        (constant,) = self.constants(1)
        return f"({constant} {left})", [constant.rsplit(".", 1)[-1], *left_words]

    def conclusion(self, variables: Sequence[str]) -> tuple[str, list[str]]:
        symbol, word = self._random.choice(RELATIONS)
        left, left_words = self.term(variables, 3)
        right, right_words = self.term(variables, 2)
        return f"{left} {symbol} {right}", [*left_words, word, *right_words]

    def premise(self, number: int, module: str, earlier: Sequence[str]) -> Premise:
        variables = self._random.sample("abcdfgxyz", 3)
        conclusion, words = self.conclusion(variables)
        hypotheses = "".join(f"{self.conclusion(variables)[0]} → " for _ in range(self._random.choice((0, 0, 1, 1, 2))))
        structure = self._random.choice(STRUCTURES)
        binders = f"{{α : Type u_1}} [inst : {structure} α] ({' '.join(variables)} : α)"
        name = "_".join([*words[:4], self._random.choice(ENDS)])
        return Premise(
            full_name=f"{self._random.choice(AREAS)}.{name}_{number}",
            kind="theorem",
            statement=f"∀ {binders}, {hypotheses}{conclusion}",
            module=module,
            doc=f"The {words[0]} of {words[-1]} is {self._random.choice(ENDS)}." if number % 5 == 0 and words else "",
            constants=tuple(self.constants(8)),
            uses=tuple(self._random.choices(earlier, k=min(len(earlier), 6))),
        )

    def goal(self) -> str:
        variables = self._random.sample("abcdfgxyz", 3)
        hypotheses = "\n".join(f"h{i} : {self.conclusion(variables)[0]}" for i in range(self._random.randint(0, 4)))
        head = f"α : Type u_1\ninst : {self._random.choice(STRUCTURES)} α\n{' '.join(variables)} : α"
        return "\n".join(filter(None, [head, hypotheses, f"⊢ {self.conclusion(variables)[0]}"]))


def corpus(count: int, seed: int) -> Iterator[CorpusFile]:
    """The synthetic corpus, file by file."""
    statements, names = Statements(seed), []
    for start in range(0, count, MODULE_SIZE):
        module = f"Synthetic.{AREAS[start // MODULE_SIZE % len(AREAS)]}.File{start // MODULE_SIZE}"
        numbers = range(start, min(start + MODULE_SIZE, count))
        premises = tuple(statements.premise(number, module, names[-5000:]) for number in numbers)
        names += [premise.full_name for premise in premises]
        yield CorpusFile(path=module.replace(".", "/") + ".lean", module=module, premises=premises)


def anonymous_mb() -> float:
    """Private memory of this process that is not backed by a file, in MB."""
    total = 0
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith(("Anonymous:",)):
            total += int(line.split()[1])
    return round(total / 1024, 1)


def percentiles(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    at = {"p50": 0.5, "p95": 0.95}
    found = {
        name: round(1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2) for name, share in at.items()
    }
    return {**found, "worst": round(1000 * ordered[-1], 2)}


def build(folder: Path, count: int) -> dict[str, object]:
    """Writes the index; the time of the generator is taken off."""
    from lean_sidekick.premises.index import PremiseIndex

    files = list(corpus(count, 1)) if count <= 20_000 else corpus(count, 1)
    generating = 0.0
    begin = time.perf_counter()
    writer = PremiseIndex(folder).writer()
    last = time.perf_counter()
    for file in files:
        generating += time.perf_counter() - last
        writer.add(file, "1")
        last = time.perf_counter()
    writer.finish()
    return {
        "seconds": round(time.perf_counter() - begin - generating, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "disk_mb": round(sum(f.stat().st_size for f in folder.iterdir()) / 2**20, 1),
        "segments": len(list(folder.glob("*.segment"))),
    }


def ask(folder: Path, count: int) -> dict[str, object]:
    """Opens the index and asks it; each ranker alone, then all."""
    from lean_sidekick.premises.api import Accessible
    from lean_sidekick.premises.index import PremiseIndex
    from lean_sidekick.premises.retriever import LocalRetriever, goal_rankers

    bare = anonymous_mb()
    begin = time.perf_counter()
    retriever = LocalRetriever(PremiseIndex(folder).segments())
    opened = time.perf_counter() - begin
    statements = Statements(2)
    goals = [parse_goal(statements.goal()) for _ in range(200)]
    modules = frozenset(f"Synthetic.{AREAS[i % len(AREAS)]}.File{i}" for i in range(0, count // MODULE_SIZE))
    above = next(iter(corpus(60, 3))).premises
    accessible = Accessible(modules=modules, above=above, module="Mine")
    begin = time.perf_counter()
    retriever.answer_goal(goals[0], accessible, 32)
    first = time.perf_counter() - begin
    figures: dict[str, object] = {"open_ms": round(1000 * opened, 1), "first_question_ms": round(1000 * first, 1)}
    ways = {one.ranker.name: (one,) for one in goal_rankers()} | {"all": goal_rankers()}
    for name, rankers in ways.items():
        asked = retriever.with_goal_rankers(rankers)
        seconds = []
        for goal in goals:
            begin = time.perf_counter()
            asked.answer_goal(goal, accessible, 32)
            seconds.append(time.perf_counter() - begin)
        figures[f"{name}_ms"] = percentiles(seconds)
    questions = (
        "mul assoc",
        "add_comm",
        "map_eq_le",
        "_ * (_ + _) = _",
        "card of the image is mono",
        "Finset.map (_ + _)",
    )
    for question in questions:
        seconds = []
        for _ in range(20):
            begin = time.perf_counter()
            retriever.answer_words(question, accessible, 32)
            seconds.append(time.perf_counter() - begin)
        figures[f"words {question!r} ms"] = percentiles(seconds)
    figures["anonymous_mb"] = anonymous_mb()
    figures["anonymous_mb_before"] = bare
    return figures


def update(folder: Path, count: int) -> dict[str, object]:
    """Replaces files one by one, as an editor does when a file is saved, and opens the index anew."""
    from lean_sidekick.premises.index import PremiseIndex

    files = [file for i, file in enumerate(corpus(4000, 1)) if i % 5 == 0]
    written, reopened = [], []
    for number, file in enumerate(files):
        begin = time.perf_counter()
        writer = PremiseIndex(folder).writer()
        writer.add(file, f"new {number}")
        writer.finish()
        written.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        PremiseIndex(folder).segments()
        reopened.append(time.perf_counter() - begin)
    return {"update_ms": percentiles(written), "open_again_ms": percentiles(reopened)}


STEPS = {"build": build, "ask": ask, "update": update}


def main() -> None:
    """Runs the steps, each in a process of its own, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=250_000)
    parser.add_argument("--folder", type=Path, help="where the index is kept; without it, it is deleted")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step is not None:
        print(json.dumps(STEPS[options.step](options.folder, options.count)))
        return
    folder = options.folder or Path(tempfile.mkdtemp(prefix="premises-scale-"))
    folder.mkdir(parents=True, exist_ok=True)
    figures: dict[str, object] = {"count": options.count, "cores": os.cpu_count()}
    try:
        for step in STEPS:
            command = [sys.executable, __file__, "--step", step, "--folder", str(folder), "--count", str(options.count)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            figures[step] = json.loads(done.stdout)
            print(step, json.dumps(figures[step], indent=1))
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    if options.out is not None:
        options.out.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
