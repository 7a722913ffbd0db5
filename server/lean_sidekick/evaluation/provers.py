"""The prover of a benchmark: the product's engine, with every reported proof judged again by a plain run of Lean.

It is given the name and the statement of an item and nothing else. The items of one worker stand under one URI of the
project, one after the other, so that the imports stay loaded. Proofs are judged after the time of the attempt was
taken. What is remembered of earlier runs is not measured: the outcome cache is off.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from attrs import define, evolve, field, frozen

from lean_sidekick.engine.api import DocumentText, Engine, ProofStatus
from lean_sidekick.engine.session import open_engine, search_options
from lean_sidekick.engine.trace_files import trace_to
from lean_sidekick.evaluation.configuration import ProverConfiguration
from lean_sidekick.evaluation.items import Item
from lean_sidekick.evaluation.plain_check import PlainLean, find_falsehood
from lean_sidekick.evaluation.results import Attempt, AttemptTask
from lean_sidekick.search.options import SearchOptions
from lean_sidekick.settings.settings import Settings

TRACES = "traces"
"""The folder of the search trees in a run's folder."""

Judge = Callable[[Item, str], Awaitable[str | None]]
"""Why a plain run rejects a proof of an item, None if it accepts it."""


@define(kw_only=True)
class EngineProver:
    """An engine as a worker; see `pool.Worker`. `base` is how the settings say to search.

    `uri` is the document that items stand in, `traces` the folder for search trees, None for none.
    """

    engine: Engine
    base: SearchOptions
    configuration: ProverConfiguration
    judge: Judge
    uri: str
    traces: Path | None = None
    _version: int = field(default=0, init=False)

    async def run(self, task: AttemptTask) -> Attempt:
        """Tries to prove a theorem."""
        item, seed = task.item, task.seed
        self._version += 1
        document = DocumentText(uri=self.uri, version=self._version, text=item.text)
        trace_file = self.traces / f"{task.index}-{task.attempt}.jsonl" if self.traces else None
        with trace_to(trace_file) as trace:
            results = self.engine.prove_all(
                document,
                None,
                self.configuration.budget,
                lambda _progress: None,
                self.configuration.search_options(self.base, seed),
                trace,
            )
            async with aclosing(results):
                found = [result async for result in results]
        if not found:
            return Attempt.error(seed, "the item has no hole to fill")
        result = found[-1]
        falsehood = None
        if result.status is ProofStatus.PROVED:
            falsehood = await self.judge(item, result.proof or "")
        attempt = Attempt.of(result, seed, falsehood or "")
        return evolve(attempt, trace=f"{TRACES}/{trace_file.name}") if trace_file else attempt


@frozen(kw_only=True)
class EngineProvers:
    """Makes an engine of its own for every worker, in the project of `folder`; see `pool.Workers`."""

    folder: Path
    settings: Settings
    configuration: ProverConfiguration
    plain: PlainLean
    traces: Path | None = None

    @asynccontextmanager
    async def open(self, number: int) -> AsyncIterator[EngineProver]:
        """See `Workers.open`."""
        if self.traces:
            self.traces.mkdir(parents=True, exist_ok=True)
        engine = open_engine(self.folder, self.settings)
        try:
            await engine.prepare()
            yield EngineProver(
                engine=engine,
                base=search_options(self.settings),
                configuration=self.configuration,
                judge=self._judge,
                uri=(self.folder / f"LeanSidekickBenchmark{number}.lean").absolute().as_uri(),
                traces=self.traces,
            )
        finally:
            await engine.close()

    async def _judge(self, item: Item, proof: str) -> str | None:
        return await find_falsehood(self.plain, item.text, item.lean_name, proof)


def benchmark_settings(settings: Settings) -> Settings:
    """The settings that a benchmark runs with: what is remembered is not measured."""
    return evolve(settings, cache_outcomes=False, learn=False)
