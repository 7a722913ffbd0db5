"""Memory of a benchmark run that goes over very many theorems, without a Lean.

    python benchmarks/memory_over_many_theorems.py --out FILE.json

Four runs. `run`: 100,000 made-up theorems through reading, tasks, pool, rows, sorting and figures, with a prover whose
results follow from the name. `extraction`: 100,000 proofs in files of twenty from a scripted Lean through tracing,
store, splits and the check for leaks. `layout`: 100,000 theorems that differ, with two steps each that use premises,
written as LeanDojo Benchmark and checked. `engine`: 4,000 theorems through the engine, its tactic sources and its
search, on a verifier whose every fourth tactic leaves a goal and none closes one; each theorem is new to the caches of
terms, which are full after some 2,000 of them (`caches`: entries and bound of each). Printed is the memory of this
process (resident, MB) along the way: it must not grow with the theorems.
"""

import argparse
import asyncio
import functools
import gc
import itertools
import json
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import psutil
from attrs import evolve, frozen

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests")]

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.goals import ProofState, parse_goal
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.session import engine_on
from lean_sidekick.evaluation.configuration import ProverConfiguration
from lean_sidekick.evaluation.data_sets import DataSet, Selection, open_data_set
from lean_sidekick.evaluation.extraction.layout import write_benchmark
from lean_sidekick.evaluation.extraction.run import Extraction
from lean_sidekick.evaluation.extraction.store import open_traced_store
from lean_sidekick.evaluation.extraction.targets import Target
from lean_sidekick.evaluation.extraction.tracer import FileTracer
from lean_sidekick.evaluation.items import Item
from lean_sidekick.evaluation.pool import LocalPool
from lean_sidekick.evaluation.prove_run import ProveRun
from lean_sidekick.evaluation.provers import EngineProver
from lean_sidekick.evaluation.run_folder import open_run_folder
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.search.options import PLAIN
from lean_sidekick.settings.settings import Settings
from lean_sidekick.storage.json_lines import read_records
from lean_sidekick.verify.api import FinalStatus, FinalVerdict, Priority, Session, SiteState, Verifier
from support.fake_documents import FakeServer
from support.made_up_traces import ORIGIN, MadeUpProject
from support.scripted_bench import ScriptedProvers, scripted_run
from support.trace_lean import TraceLean

SAMPLES = 10
MB = 2**20


def resident_mb() -> float:
    gc.collect()
    return round(psutil.Process().memory_info().rss / MB, 1)


def write_theorems(folder: Path, count: int) -> Path:
    def rows() -> Iterator[str]:
        for number in range(count):
            statement = f"theorem t{number} (a b c : Nat) (h : a = b) : {number} * (a + c) = {number} * (b + c) := by"
            yield json.dumps({"name": f"t{number}", "statement": statement}) + "\n"

    path = folder / f"theorems-{count}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(rows())
    return path


@frozen
class StubbornSession:
    """A site whose goals never close; see `verify.api.Session`."""

    site: ProofSite

    async def known_tactics(self, texts: Sequence[str], budget: Budget) -> frozenset[str]:
        return frozenset(texts)

    async def site_state(self, budget: Budget) -> SiteState:
        number = self.site.declaration.label.removeprefix("t")
        goal = parse_goal(f"a b c : Nat\nh : a = b\n⊢ {number} * (a + c) = {number} * (b + c)")
        return SiteState(state=ProofState(goals=(goal,)), prefix_error="")

    async def check(
        self, steps: Sequence[str], candidates: Sequence[Candidate], budget: Budget
    ) -> AsyncGenerator[CheckedCandidate, None]:
        for number, candidate in enumerate(candidates):
            budget.spend_checks(1)
            outcome = Outcome(kind=OutcomeKind.FAILED)
            if number % 4 == 0:
                goal = parse_goal(f"a b c : Nat\nh : a = b\n⊢ {len(steps)} + {number} + a = b")
                outcome = Outcome(kind=OutcomeKind.PROGRESS, goals=(goal,))
            yield CheckedCandidate(candidate=candidate, outcome=outcome)

    async def confirm(self, block: str, budget: Budget) -> Outcome:
        return Outcome(kind=OutcomeKind.FAILED)

    async def run_steps(self, steps: Sequence[str], budget: Budget) -> Outcome:
        return Outcome(kind=OutcomeKind.FAILED)

    async def final_check(self, block: str, budget: Budget) -> FinalVerdict:
        return FinalVerdict(status=FinalStatus.REFUSED)

    async def close(self) -> None:
        pass


class StubbornVerifier:
    """See `verify.api.Verifier`."""

    async def open(self, site: ProofSite, priority: Priority = Priority.CURSOR) -> Session:
        return StubbornSession(site)

    async def close(self) -> None:
        pass


@frozen
class StubbornProvers:
    """See `pool.Workers`."""

    configuration: ProverConfiguration

    @asynccontextmanager
    async def open(self, number: int) -> AsyncIterator[EngineProver]:
        async def start() -> Verifier:
            return StubbornVerifier()

        async def judge(item: Item, proof: str) -> str | None:
            raise AssertionError("nothing is proved here")

        engine = engine_on(start, Settings())
        yield EngineProver(
            engine=engine, base=PLAIN, configuration=self.configuration, judge=judge, uri="file:///nowhere/A.lean"
        )
        await engine.close()


async def measure(run: ProveRun, pool: LocalPool, folder: Path, data: DataSet) -> list[float]:
    """The memory after every tenth of the theorems and at the end."""
    samples, done = [], 0
    with open_run_folder(folder, run.record, data, restart=True) as opened:
        async with aclosing(run.attempts(pool, opened)) as results:
            async for _ in results:
                done += 1
                if done % (data.count // SAMPLES) == 0:
                    samples.append(resident_mb())
    rows = Counter(row.fields["message"] for row in read_records(folder / "results.jsonl"))
    print(*rows.most_common(3), sep="\n")
    return [*samples, resident_mb()]


def measure_layout(folder: Path, count: int) -> dict[str, object]:
    """The memory before, after every tenth of the files is written, and at the end, when all is written and checked."""
    project, samples, numbers = MadeUpProject(count), [resident_mb()], itertools.count(1)
    every = max(1, len(project.paths) // SAMPLES)

    def look(path: str) -> None:
        if next(numbers) % every == 0:
            samples.append(resident_mb())

    report = write_benchmark(project, folder, ORIGIN, 0, look)
    on_disk = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return {
        "theorems": report.theorems,
        "mb_along": [*samples, resident_mb()],
        "mb_on_disk": round(on_disk / MB, 1),
        "is_sound": report.is_sound,
    }


def caches() -> dict[str, list[int | None]]:
    """Entries and bound of each cache of a function in this program that holds something."""
    found = {}
    for one in gc.get_objects():
        if isinstance(one, functools._lru_cache_wrapper) and one.__module__.startswith("lean_sidekick"):
            info = one.cache_info()
            if info.currsize:
                found[f"{one.__module__}.{one.__qualname__}"] = [info.currsize, info.maxsize]
    return found


@frozen
class MadeUpFiles:
    """See `extraction.targets.Targets`: files of twenty theorems each."""

    count: int

    def read(self) -> Iterator[Target]:
        for number in range(self.count):
            lines = (f"theorem t{number * 20 + n} (n : Nat) : n = n := by rfl" for n in range(20))
            yield Target(path=f"M/F{number:05}.lean", module=f"M.F{number:05}", text="\n".join(lines) + "\n")


@frozen
class ScriptedTracers:
    """See `pool.Workers`."""

    @asynccontextmanager
    async def open(self, number: int) -> AsyncIterator[FileTracer]:
        lean = TraceLean()

        def forgetful(text: str) -> Sequence[Diagnostic]:
            lean.asked.clear()
            server.elaborated.clear()
            return lean(text)

        server = FakeServer(forgetful)
        yield FileTracer(server=server, uri="file:///m/A.lean", path_of=lambda module: None, worker_memory=lambda: 0)


async def measure_extraction(folder: Path, theorems: int) -> dict[str, object]:
    """The memory after every tenth of the files, and after the benchmark was written of them."""
    extraction = Extraction(targets=MadeUpFiles(theorems // 20), lean="scripted")
    samples, done = [], 0
    with open_traced_store(folder) as store:
        before = resident_mb()
        pool = LocalPool(workers=ScriptedTracers(), count=2)
        async with aclosing(extraction.outcomes(pool, store)) as outcomes:
            async for _ in outcomes:
                done += 1
                if done % (extraction.targets.count // SAMPLES) == 0:
                    samples.append(resident_mb())
        files = extraction.selected(store, with_imported=True)
        write_benchmark(files, folder, ORIGIN, 0, lambda path: None)
        return {"theorems": theorems, "mb_before": before, "mb_along": samples, "mb_written": resident_mb()}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--theorems", type=int, default=100_000)
    parser.add_argument("--engine-theorems", type=int, default=4000)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = resident_mb()
        data = open_data_set(write_theorems(folder, arguments.theorems), Selection(), None)
        after = resident_mb()
        samples = await measure(
            scripted_run(data, 1), LocalPool(workers=ScriptedProvers(), count=4), folder / "run", data
        )
        figures["run"] = {"theorems": data.count, "mb_before": before, "mb_read_through": after, "mb_along": samples}
        print("run", figures["run"])

        figures["layout"] = measure_layout(folder / "layout", arguments.theorems)
        print("layout", figures["layout"])

        data = open_data_set(write_theorems(folder, arguments.engine_theorems), Selection(), None)
        configuration = ProverConfiguration(timeout_s=5.0, check_limit=20)
        run = evolve(scripted_run(data, 1), configuration=configuration)
        samples = await measure(run, LocalPool(workers=StubbornProvers(configuration), count=1), folder / "e", data)
        figures["engine"] = {"theorems": data.count, "mb_along": samples, "caches": caches()}
        print("engine", figures["engine"])

        figures["extraction"] = await measure_extraction(folder / "x", arguments.theorems)
        print("extraction", figures["extraction"])
    if arguments.out:
        arguments.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
