"""What quantising costs: recall and time of the search over stored vectors against exact float32 products.

    python benchmarks/quantised_search.py --vectors vectors.npy --out benchmarks/results/quantised-search.json
    python benchmarks/quantised_search.py --library theorems.jsonl --encoder minilm --out …

The vectors are an encoder's own (`--library` makes them of its theorems, `--keep FILE` keeps them for the next time).
Where `--count` (250,000) asks for more than there are, the others are made of them: the middle of two that were drawn
at random, with noise of a length drawn between 0 and 0.6, so that the crowd is as lopsided as an encoder's. Questions
are `--questions` (200) such vectors that are not stored. Recall@k is the share of the k greatest exact products among
the first k that the search gives. `int8` looks at all vectors, so that what it loses is the price of one byte a number;
`signs then int8` is the product's way. Everything is seeded. Prints a table, writes JSON.
"""

import argparse
import asyncio
import json
import time
from pathlib import Path

import numpy as np

from lean_sidekick.engine.retrieval_models import encoder_choice
from lean_sidekick.evaluation.configuration import machine_fields
from lean_sidekick.evaluation.retrieval_metrics import percentile
from lean_sidekick.model_worker.client import WorkerClient, WorkerLimits
from lean_sidekick.premises.dense import WorkerEmbedder
from lean_sidekick.premises.labelled import read_library
from lean_sidekick.premises.quantised import QuantisedVectors, joined, nearest, quantise
from lean_sidekick.settings.settings import Settings

LOOKED_AT = (1_024, 2_048, 4_096, 16_384)
"""How many candidates the signs choose; the last is what `premises/dense_ranker.py` has."""
_BLOCK = 50_000


async def encoded(library: Path, encoder: str) -> np.ndarray:
    """The vectors of a library's theorems. float32 (theorems, dimension)."""
    choice = encoder_choice(Settings(premises_encoder=encoder))
    if choice is None:
        raise SystemExit("--library needs --encoder.")
    client = WorkerClient(print, WorkerLimits())
    premises = [premise for file in read_library(library, None).corpus() for premise in file.premises]
    try:
        embedder = WorkerEmbedder(client=client, choice=choice)
        await embedder.load()
        parts = [await embedder.premises(premises[start : start + 256]) for start in range(0, len(premises), 256)]
    finally:
        await client.close()
    return np.concatenate(parts)


def like(vectors: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Vectors of length one that lie among the given ones. float32 (count, dimension)."""
    made = vectors[random.integers(len(vectors), size=count)] + vectors[random.integers(len(vectors), size=count)]
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    noise = random.standard_normal(made.shape, dtype=np.float32)
    noise *= random.uniform(0, 0.6, size=(count, 1)).astype(np.float32) / np.linalg.norm(noise, axis=1, keepdims=True)
    made += noise
    found: np.ndarray = made / np.linalg.norm(made, axis=1, keepdims=True)
    return found


def measure(stored: np.ndarray, questions: np.ndarray) -> dict[str, dict[str, float]]:
    """Recall and time of each way to search."""
    quantised: QuantisedVectors = joined(
        [quantise(stored[start : start + _BLOCK]) for start in range(0, len(stored), _BLOCK)]
    )
    everything = np.ones(len(stored), dtype=bool)
    exact, seconds = [], []
    for question in questions:
        begin = time.perf_counter()
        exact.append(np.argsort(-(stored @ question), kind="stable")[:32].tolist())
        seconds.append(time.perf_counter() - begin)
    figures = {"float32": {"recall@10": 100.0, "recall@32": 100.0, **times(seconds)}}
    ways = {
        "int8": len(stored),
        **{f"signs, {looked} then int8": looked for looked in LOOKED_AT},
    }
    for name, looked_at in ways.items():
        seconds, shares = [], {10: [], 32: []}
        for question, best in zip(questions, exact, strict=True):
            begin = time.perf_counter()
            found = nearest(quantised, question, everything, 32, looked_at)[0].tolist()
            seconds.append(time.perf_counter() - begin)
            for k, values in shares.items():
                values.append(len(set(best[:k]) & set(found[:k])) / k)
        recalls = {f"recall@{k}": round(100 * float(np.mean(values)), 2) for k, values in shares.items()}
        figures[name] = {**recalls, **times(seconds)}
    return figures


def times(seconds: list[float]) -> dict[str, float]:
    """p50 and p95 in milliseconds."""
    return {f"ms_p{part}": round(1000 * percentile(seconds, part / 100), 1) for part in (50, 95)}


def main() -> None:
    """Reads the arguments, measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--vectors", type=Path, help="float32 (vectors, dimension), as numpy keeps them")
    chosen.add_argument("--library", type=Path)
    parser.add_argument("--encoder", default="")
    parser.add_argument("--keep", type=Path, help="where the vectors of --library are kept")
    parser.add_argument("--count", type=int, default=250_000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.vectors is not None:
        real = np.load(options.vectors).astype(np.float32)
    else:
        real = asyncio.run(encoded(options.library, options.encoder))
        if options.keep is not None:
            np.save(options.keep, real)
    random = np.random.default_rng(2021)
    stored = np.concatenate((real, like(real, max(0, options.count - len(real)), random)))[: options.count]
    results = measure(stored, like(real, options.questions, random))
    print(f"{len(stored)} vectors of {stored.shape[1]} numbers, {len(real)} of them an encoder's own")
    for name, row in results.items():
        print(f"{name:26} " + "  ".join(f"{key} {value:g}" for key, value in row.items()))
    if options.out is not None:
        said = {
            "vectors": len(stored),
            "own": min(len(real), len(stored)),
            "dimension": int(stored.shape[1]),
            "encoder": options.encoder,
            "questions": options.questions,
            "machine": machine_fields(),
            "ways": results,
        }
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
