"""Records searches over a data set as traces, for `lean-sidekick train value`.

    python benchmarks/record_searches.py core_dev.jsonl --search mcts --checks 300 --out searches.jsonl

The prover sees name and statement of an item, as in `bench prove`; nothing is remembered from one to the next.
"""

import argparse
import asyncio
from pathlib import Path

from attrs import evolve

from lean_sidekick.core.budget import Budget
from lean_sidekick.engine.api import DocumentText
from lean_sidekick.engine.session import open_engine
from lean_sidekick.engine.trace_files import trace_to
from lean_sidekick.evaluation.data_sets import Selection, open_data_set
from lean_sidekick.search.options import Part, SearchKind, SearchOptions
from lean_sidekick.settings.resolve import resolve_settings


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--search", default="mcts", choices=[kind.value for kind in SearchKind])
    parser.add_argument("--checks", type=int, default=300)
    parser.add_argument("--timeout", type=float, default=30.0)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("searches.jsonl"))
    arguments = parser.parse_args()
    settings, _ = resolve_settings()
    options = SearchOptions(kind=SearchKind(arguments.search), without=frozenset([Part.POLISH]))
    data = open_data_set(arguments.data, Selection(every=arguments.every), None)
    engine = open_engine(arguments.data, evolve(settings, cache_outcomes=False))
    uri = (arguments.data.parent / "Benchmark.lean").absolute().as_uri()
    try:
        with trace_to(arguments.out) as trace:
            for version, item in enumerate(data.items(), 1):
                document = DocumentText(uri=uri, version=version, text=item.text)
                results = engine.prove_all(
                    document,
                    None,
                    lambda: Budget(seconds=arguments.timeout, checks=arguments.checks),
                    lambda _: None,
                    options,
                    trace,
                )
                async for result in results:
                    print(version, result.declaration, result.status.value, result.checks)
    finally:
        await engine.close()


if __name__ == "__main__":
    asyncio.run(main())
