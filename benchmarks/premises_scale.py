"""The premise index at the size of Mathlib: time, memory and latency on a synthetic corpus of realistic statements.

    python benchmarks/premises_scale.py --out benchmarks/results/premises-scale.json [--count 250000] [--folder DIR]

Statements are made from a grammar of operators, structures and lemma schemes like those of Mathlib, with a Zipf-like
choice of constants, so that common symbols are in most premises and most symbols in few; proofs use earlier premises.
A word of a premise stands in 25 % of all premises on average, in 11 % of 4,900 declarations of Mathlib (2024), so that
queries here have more to add up than real ones. Vectors are sums of one random vector a word, weighted by rarity.
Everything is seeded.

Each step runs in a process of its own: `build` writes the index, `embed` adds vectors, `ask` opens the index (its pages
dropped from the system's cache before) and asks it, `update` replaces files. `cpu` is processor time, which other
programs disturb less than time by the clock. Memory is private and anonymous (Linux only).
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
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from lean_sidekick.core.goals import Goal, parse_goal
from lean_sidekick.core.premises import CorpusFile, Premise


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


AREAS = words("""
    Nat Int Rat Real Complex List Array Multiset Finset Set Function Equiv Option Sum Prod Sigma Fin ZMod Group Subgroup
    Ring Ideal Field Module Submodule LinearMap Matrix Polynomial Filter Ultrafilter Topology Metric Measure Measurable
    Category Functor Simplex Graph Order Lattice
""")
STRUCTURES = words("""
    Monoid CommMonoid Group AddGroup CommGroup Semiring CommSemiring Ring CommRing DivisionRing Field Preorder
    PartialOrder LinearOrder Lattice SemilatticeSup TopologicalSpace MetricSpace MeasurableSpace Fintype
""")
STEMS = words("""
    map comp prod sum card image span norm deriv limit closure kernel degree range domain support bounded finite compact
    open closed dense continuous measurable integrable adjoint tensor dual basis rank trace det minor coeff root eval
    leading monic splits prime coprime gcd lcm factor order index coset quotient center conj orbit stabilizer fixed iter
    pred succ floor ceil abs sign interval cover subset filter join bind fold zip take drop head tail last length
""")
ENDS = words("comm assoc left right cancel congr mono inj self zero one succ trans symm iff of apply def")
OPERATORS = (("+", "add"), ("*", "mul"), ("-", "sub"), ("/", "div"), ("⊔", "sup"), ("⊓", "inf"), ("∪", "union"))
OPERATOR_WEIGHTS = (10, 12, 4, 3, 2, 2, 2)
RELATIONS = (("=", "eq"), ("≤", "le"), ("<", "lt"), ("∣", "dvd"), ("⊆", "subset"), ("↔", "iff"), ("∈", "mem"))
RELATION_WEIGHTS = (45, 9, 5, 3, 4, 12, 9)
MODULE_SIZE = 40
GOALS = 200
DIMENSION = 384
RECALL_AT = 32
ENCODER = "synthetic"
QUESTIONS = (
    "mul assoc",
    "add_comm",
    "map_eq_le",
    "_ * (_ + _) = _",
    "card of the image is mono",
    "Finset.map (_ + _)",
)


class Statements:
    """Statements and goals, from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._constants = [f"{area}.{stem}{n or ''}" for n in range(4) for area in AREAS for stem in STEMS]
        # The same order for every seed, so that goals ask about what the premises are about.
        random.Random(0).shuffle(self._constants)
        self._weights = list(accumulate(1 / (rank + 10) for rank in range(len(self._constants))))

    def constants(self, count: int) -> list[str]:
        return self._random.choices(self._constants, cum_weights=self._weights, k=count)

    def term(self, variables: Sequence[str], depth: int) -> tuple[str, list[str]]:
        """A term, and the words its name would have."""
        if depth == 0 or self._random.random() < 0.25:
            return (self._random.choice(variables) if self._random.random() < 0.9 else self._random.choice("01"), [])
        left, left_words = self.term(variables, depth - 1)
        if self._random.random() < 0.5:
            ((symbol, word),) = self._random.choices(OPERATORS, OPERATOR_WEIGHTS)
            right, right_words = self.term(variables, depth - 1)
            return f"({left} {symbol} {right})", [word, *left_words, *right_words]
        (constant,) = self.constants(1)
        return f"({constant} {left})", [constant.rsplit(".", 1)[-1], *left_words]

    def conclusion(self, variables: Sequence[str]) -> tuple[str, list[str]]:
        ((symbol, word),) = self._random.choices(RELATIONS, RELATION_WEIGHTS)
        left, left_words = self.term(variables, 2)
        right, right_words = self.term(variables, 2)
        return f"{left} {symbol} {right}", [*left_words, word, *right_words]

    def premise(self, number: int, module: str, earlier: Sequence[str]) -> Premise:
        variables = self._random.sample("abcdfgxyz", 3)
        conclusion, words = self.conclusion(variables)
        hypotheses = "".join(
            f"{self.conclusion(variables)[0]} → " for _ in range(self._random.choice((0, 0, 0, 1, 1, 2)))
        )
        structure = self._random.choice(STRUCTURES)
        binders = f"{{α : Type u_1}} [inst : {structure} α] ({' '.join(variables)} : α)"
        name = "_".join([*words[:4], self._random.choice(ENDS)])
        return Premise(
            full_name=f"{self._random.choice(AREAS)}.{name}_{number}",
            kind="theorem",
            statement=f"∀ {binders}, {hypotheses}{conclusion}",
            module=module,
            doc=f"The {words[0]} of {words[-1]} is {self._random.choice(ENDS)}." if number % 3 == 0 and words else "",
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


def drop_cached(folder: Path) -> None:
    """Asks the system to forget the pages of the index."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Clock:
    """Takes times of the same thing again and again."""

    def __init__(self) -> None:
        self._wall: list[float] = []
        self._cpu: list[float] = []

    def time(self, work: Callable[[], object]) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        self._wall.append(time.perf_counter() - wall)
        self._cpu.append(time.process_time() - cpu)

    def figures(self) -> dict[str, float]:
        return {**percentiles(self._wall), **{f"cpu_{name}": ms for name, ms in percentiles(self._cpu).items()}}


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

    generating = generating_cpu = 0.0
    began, began_cpu = time.perf_counter(), time.process_time()
    writer = PremiseIndex(folder).writer()
    last, last_cpu = time.perf_counter(), time.process_time()
    for file in corpus(count, 1):
        generating += time.perf_counter() - last
        generating_cpu += time.process_time() - last_cpu
        writer.add(file, "1")
        last, last_cpu = time.perf_counter(), time.process_time()
    writer.finish()
    return {
        "seconds": round(time.perf_counter() - began - generating, 1),
        "cpu_seconds": round(time.process_time() - began_cpu - generating_cpu, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "disk_mb": round(sum(f.stat().st_size for f in folder.iterdir()) / 2**20, 1),
        "segments": len(list(folder.glob("*.segment"))),
    }


def embed(folder: Path, count: int) -> dict[str, object]:
    """Adds vectors, and writes down what an exact search by float32 finds for the goals."""
    import numpy as np

    from lean_sidekick.premises.index import PremiseIndex
    from lean_sidekick.premises.quantised import quantise

    index = PremiseIndex(folder)
    questions = goal_vectors(goals())
    best: list[list[tuple[float, int]]] = [[] for _ in questions]
    start, seconds = 0, 0.0
    for name, segment in sorted(index.without_vectors(ENCODER).items()):
        postings, vectors = segment.words, np.zeros((len(segment), DIMENSION), dtype=np.float32)
        for place, key in enumerate(postings.keys.tolist()):
            held = postings.documents[postings.starts[place] : postings.starts[place + 1]]
            vectors[held] += np.float32(np.log1p(count / len(held))) * word_vector(key)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        products = vectors @ questions.T
        for found, column in zip(best, products.T, strict=True):
            top = np.argpartition(-column, RECALL_AT)[:RECALL_AT]
            found += zip(column[top].tolist(), (top + start).tolist(), strict=True)
        began = time.perf_counter()
        index.add_vectors(name, ENCODER, [quantise(vectors)])
        seconds += time.perf_counter() - began
        start += len(segment)
    exact = [[number for _, number in sorted(found, reverse=True)[:RECALL_AT]] for found in best]
    (folder / "exact.json").write_text(json.dumps(exact))
    return {"quantise_and_write_seconds": round(seconds, 1)}


def word_vector(token: int) -> Any:
    """A random vector that belongs to a token. float32 (DIMENSION,)."""
    import numpy as np

    return np.random.default_rng(token).standard_normal(DIMENSION, dtype=np.float32)


def goal_vectors(asked: Sequence[Goal]) -> Any:
    """The vectors of goals, float32 (goals, DIMENSION): rare words count more, known by their kind of spelling."""
    import numpy as np

    from lean_sidekick.premises.postings import token_hash
    from lean_sidekick.premises.tokens import goal_terms

    rows = [sum(word_vector(token_hash(word)) for word in set(goal_terms(goal).words)) for goal in asked]
    vectors = np.array(rows, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def goals() -> list[Goal]:
    """The goals that are asked, the same in every step."""
    statements = Statements(2)
    return [parse_goal(statements.goal()) for _ in range(GOALS)]


def ask(folder: Path, count: int) -> dict[str, object]:
    """Opens the index and asks it; each ranker alone, then all, then by words."""
    drop_cached(folder)
    began = time.perf_counter()
    from lean_sidekick.premises.api import Accessible
    from lean_sidekick.premises.index import PremiseIndex
    from lean_sidekick.premises.retriever import LocalRetriever, goal_rankers

    imported, bare = time.perf_counter(), anonymous_mb()
    retriever = LocalRetriever(PremiseIndex(folder).segments(ENCODER))
    opened = time.perf_counter()
    asked = goals()
    modules = frozenset(f"Synthetic.{AREAS[i % len(AREAS)]}.File{i}" for i in range(0, count // MODULE_SIZE))
    above = next(iter(corpus(60, 3))).premises
    accessible = Accessible(modules=modules, above=above, module="Mine")
    begin = time.perf_counter()
    retriever.answer_goal(asked[0], accessible, RECALL_AT)
    figures: dict[str, object] = {
        "import_ms": round(1000 * (imported - began), 1),
        "open_ms": round(1000 * (opened - imported), 1),
        "first_question_ms": round(1000 * (time.perf_counter() - begin), 1),
    }
    ways = {one.ranker.name: (one,) for one in goal_rankers()} | {"all": goal_rankers()}
    for name, rankers in ways.items():
        by_way, clock = retriever.with_goal_rankers(rankers), Clock()
        for goal in asked:
            clock.time(lambda goal=goal, by_way=by_way: by_way.answer_goal(goal, accessible, RECALL_AT))
        figures[f"{name} ms"] = clock.figures()
    figures |= ask_vectors(folder, retriever.segments, asked)
    for question in QUESTIONS:
        clock = Clock()
        for _ in range(20):
            clock.time(lambda question=question: retriever.answer_words(question, accessible, RECALL_AT))
        figures[f"words {question!r} ms"] = clock.figures()
    figures["anonymous_mb"] = anonymous_mb()
    figures["anonymous_mb_before"] = bare
    return figures


def ask_vectors(folder: Path, segments: Sequence[Any], asked: Sequence[Goal]) -> dict[str, object]:
    """Dense search with the vectors of the questions given, and what of the exact answer it finds."""
    import numpy as np

    from lean_sidekick.premises.collection import Collection
    from lean_sidekick.premises.dense_ranker import DenseRanker
    from lean_sidekick.premises.rankers import Question
    from lean_sidekick.premises.tokens import goal_terms

    collection, clock = Collection(segments), Clock()
    allowed = np.ones(len(collection), dtype=bool)
    exact, found = json.loads((folder / "exact.json").read_text()), []
    for goal, vector, best in zip(asked, goal_vectors(asked), exact, strict=True):
        question = Question(terms=goal_terms(goal), text=goal.text, allowed=allowed, vector=vector)
        clock.time(lambda question=question: DenseRanker().rank(collection, question, RECALL_AT))
        found.append(len(set(best).intersection(DenseRanker().rank(collection, question, RECALL_AT).tolist())))
    share = sum(found) / (RECALL_AT * len(found))
    return {"dense ms": clock.figures(), f"dense_recall@{RECALL_AT}_of_exact": round(share, 4)}


def update(folder: Path, count: int) -> dict[str, object]:
    """Replaces files one by one, as an editor does when a file is saved, and opens the index anew."""
    from lean_sidekick.premises.index import PremiseIndex

    written, reopened = Clock(), Clock()

    def replace(number: int, file: CorpusFile) -> None:
        writer = PremiseIndex(folder).writer()
        writer.add(file, f"new {number}")
        writer.finish()

    for number, file in enumerate(file for i, file in enumerate(corpus(min(count, 4000), 1)) if i % 5 == 0):
        written.time(lambda number=number, file=file: replace(number, file))
        reopened.time(lambda: PremiseIndex(folder).segments())
    return {"update ms": written.figures(), "open_again ms": reopened.figures()}


STEPS = {"build": build, "embed": embed, "ask": ask, "update": update}


def main() -> None:
    """Runs the steps, each in a process of its own, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=250_000)
    parser.add_argument(
        "--folder", type=Path, help="where the index is kept, and not built again; without it, it is deleted"
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step is not None:
        print(json.dumps(STEPS[options.step](options.folder, options.count)))
        return
    folder = options.folder or Path(tempfile.mkdtemp(prefix="premises-scale-"))
    folder.mkdir(parents=True, exist_ok=True)
    figures: dict[str, object] = {"count": options.count, "cores": os.cpu_count()}
    # An index that is there already is asked as it is.
    steps = [step for step in STEPS if not (step in ("build", "embed") and any(folder.glob("*.vectors")))]
    try:
        for step in steps:
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
