"""Whether a value fitted from recorded searches proves more than the one made by hand.

    python benchmarks/record_searches.py core_dev.jsonl --search mcts --checks 300 --out searches.jsonl
    python benchmarks/value_halves.py core_dev.jsonl searches.jsonl --checks 300

The theorems are split into halves by a hash of the name. Each half is searched with the value that was fitted to the
recorded searches of the other half, under the same limit of checks, and compared with what was recorded of it. No half
is judged by a value that has seen it.
"""

import argparse
import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import asdict, evolve

from lean_sidekick.core.budget import Budget
from lean_sidekick.engine.api import DocumentText, ProofStatus
from lean_sidekick.engine.session import open_engine
from lean_sidekick.engine.trace_files import read_trace
from lean_sidekick.evaluation.data_sets import Selection, open_data_set
from lean_sidekick.search.options import Part, SearchKind, SearchOptions
from lean_sidekick.search.value import HandMadeValue, write_value
from lean_sidekick.settings.resolve import resolve_settings
from lean_sidekick.training.value import examples_of, fit, half_of, judge_halves


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("searches", type=Path)
    parser.add_argument("--checks", type=int, default=300)
    parser.add_argument("--timeout", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=Path("value-halves.json"))
    arguments = parser.parse_args()
    settings, _ = resolve_settings()
    logs = read_trace(arguments.searches)
    examples = examples_of(logs, HandMadeValue())
    by_hand = {log.began.declaration: log.end[0] for log in logs if log.end}
    data = open_data_set(arguments.data, Selection(), None)
    rows = []
    with TemporaryDirectory() as folder:
        for half, report in enumerate(judge_halves(examples)):
            file = Path(folder) / f"fitted-without-{half}.json"
            write_value(fit([example for example in examples if half_of(example.declaration) != half]), file)
            options = SearchOptions(
                kind=SearchKind.MCTS, without=frozenset([Part.POLISH]), value_file=str(file.absolute())
            )
            engine = open_engine(arguments.data, evolve(settings, cache_outcomes=False))
            uri = (arguments.data.parent / "Benchmark.lean").absolute().as_uri()
            names = [item for item in data.items() if half_of(item.name) == half and item.name in by_hand]
            proved = {}
            try:
                for version, item in enumerate(names, 1):
                    document = DocumentText(uri=uri, version=version, text=item.text)
                    results = engine.prove_all(
                        document,
                        None,
                        lambda: Budget(seconds=arguments.timeout, checks=arguments.checks),
                        lambda _: None,
                        options,
                    )
                    async for result in results:
                        proved[item.name] = (result.status is ProofStatus.PROVED, result.checks)
                        print(half, version, item.name, result.status.value, result.checks)
            finally:
                await engine.close()
            rows.append(
                {
                    "half": half,
                    "theorems": len(names),
                    "proved_by_hand": sum(by_hand[item.name].status == "proved" for item in names),
                    "proved_fitted": sum(is_proved for is_proved, _ in proved.values()),
                    "checks_by_hand": sum(by_hand[item.name].checks for item in names),
                    "checks_fitted": sum(checks for _, checks in proved.values()),
                    "ranking": asdict(report),
                }
            )
    figures = {"data": arguments.data.name, "checks": arguments.checks, "halves": rows}
    arguments.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    asyncio.run(main())
