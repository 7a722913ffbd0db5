"""Do words find lemmas? Questions in words, by rankers alone, in the fusion, and with an encoder.

    python benchmarks/word_questions.py --library theorems.jsonl --encoder minilm --out benchmarks/results/words.json
    python benchmarks/word_questions.py --sources src/Init src/Std --encoder minilm --out …

Two sets, each with one right answer a question:

- `--library`: `benchmarks/data/word_questions.tsv`, eighty sentences written by hand from the statements of theorems
  of the library of July 2021 (a seeded sample of its written theorems, those that can be said in a sentence), before
  anything was measured on them and without their names at hand in the wording. The library has no doc strings.
- `--sources`: the first sentence of every doc string of the Lean files in some folders, with its code in backticks
  left out, asked of all declarations of these folders; no doc string is in the index.

Recall@k is the share of questions whose answer is among the first k. Prints a table, writes JSON.
"""

import argparse
import asyncio
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from attrs import evolve, frozen

from lean_sidekick.core.premises import CorpusFile
from lean_sidekick.engine.retrieval_models import encoder_choice
from lean_sidekick.evaluation.configuration import machine_fields
from lean_sidekick.evaluation.retrieval_metrics import figures
from lean_sidekick.model_worker.client import WorkerClient, WorkerLimits
from lean_sidekick.premises.api import Accessible
from lean_sidekick.premises.dense import WorkerEmbedder
from lean_sidekick.premises.labelled import read_library
from lean_sidekick.premises.quantised import quantise
from lean_sidekick.premises.rankers import WeightedRanker
from lean_sidekick.premises.retriever import LocalRetriever, word_rankers
from lean_sidekick.premises.segment import Segment
from lean_sidekick.premises.source_scan import read_source
from lean_sidekick.settings.settings import Settings

QUESTIONS = Path(__file__).parent / "data" / "word_questions.tsv"
K = 32
_CODE = re.compile(r"`[^`]*`|\\[|\\]\\([^)]*\\)")
_WORD = re.compile(r"[A-Za-z]{3,}")


@frozen(kw_only=True)
class WordQuestion:
    """A question and the full name of what it means."""

    text: str
    answer: str


def from_library(path: Path) -> tuple[list[CorpusFile], list[WordQuestion]]:
    """The library, and the questions written by hand."""
    rows = (line.split("\t") for line in QUESTIONS.read_text(encoding="utf-8").splitlines())
    return list(read_library(path, None).corpus()), [WordQuestion(answer=name, text=text) for name, text in rows]


def from_sources(folders: Sequence[Path]) -> tuple[list[CorpusFile], list[WordQuestion]]:
    """All declarations without their doc strings, and these as questions."""
    files, questions = [], []
    for path in sorted(path for folder in folders for path in folder.rglob("*.lean")):
        file = read_source(path.read_text(encoding="utf-8"), path=path.name, module=path.stem)
        questions += [
            WordQuestion(text=text, answer=premise.full_name)
            for premise in file.premises
            if len(_WORD.findall(text := first_sentence(premise.doc))) >= 4
        ]
        bare = tuple(evolve(premise, doc="") for premise in file.premises)
        files.append(evolve(file, premises=bare))
    return files, questions


def first_sentence(doc: str) -> str:
    """The first sentence of a doc string, without code."""
    return " ".join(_CODE.sub(" ", doc).split()).partition(". ")[0].rstrip(".:")


async def vectors(
    encoder: str, form: str, files: Sequence[CorpusFile], questions: Sequence[WordQuestion]
) -> tuple[np.ndarray, np.ndarray, float]:
    """Those of the premises, those of the questions, and seconds a question (median)."""
    choice = encoder_choice(Settings(premises_encoder=encoder, premises_encoder_format=form))
    assert choice is not None
    client = WorkerClient(lambda text: print(text), WorkerLimits())
    embedder = WorkerEmbedder(client=client, choice=choice)
    premises = [premise for file in files for premise in file.premises]
    try:
        await embedder.load()
        parts = [await embedder.premises(premises[start : start + 256]) for start in range(0, len(premises), 256)]
        asked, seconds = [], []
        for question in questions:
            begin = time.perf_counter()
            asked.append(await embedder.words(question.text, 60.0))
            seconds.append(time.perf_counter() - begin)
    finally:
        await client.close()
    return np.concatenate(parts), np.stack(asked), float(np.median(seconds))


def ways(with_vectors: bool) -> Iterator[tuple[str, Sequence[WeightedRanker], bool]]:
    """Each way to answer: its name, its rankers, and whether the encoder helps."""
    rankers = word_rankers()
    for one in rankers:
        yield one.ranker.name, (one,), False
    yield "fusion", rankers, False
    if with_vectors:
        yield "dense", (), True
        yield "lexical and dense", rankers[:1], True
        yield "fusion and dense", rankers, True


def measure(
    files: Sequence[CorpusFile], questions: Sequence[WordQuestion], found: tuple[np.ndarray, np.ndarray] | None
) -> Mapping[str, Mapping[str, float]]:
    """The figures of every way."""
    segment = Segment.build(files)
    if found is not None:
        segment = evolve(segment, vectors=quantise(found[0]))
    results = {}
    for name, rankers, is_dense in ways(found is not None):
        retriever = LocalRetriever((segment,), for_words=rankers)
        retriever.close()
        answers, seconds = [], []
        for number, question in enumerate(questions):
            vector = found[1][number] if found is not None and is_dense else None
            begin = time.perf_counter()
            ranked = retriever.answer_words(question.text, Accessible(), K, vector)
            seconds.append(time.perf_counter() - begin)
            answers.append(([one.premise.full_name for one in ranked], frozenset((question.answer,))))
        results[name] = figures(answers, seconds)
    return results


def main() -> None:
    """Reads the arguments, measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--library", type=Path)
    chosen.add_argument("--sources", type=Path, nargs="+")
    parser.add_argument("--encoder", default="", help="a card, a folder or a name; without it, no dense ranking")
    parser.add_argument("--format", default="auto")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    files, questions = from_sources(options.sources) if options.sources else from_library(options.library)
    found, question_s = None, 0.0
    if options.encoder:
        premises, asked, question_s = asyncio.run(vectors(options.encoder, options.format, files, questions))
        found = (premises, asked)
    results = measure(files, questions, found)
    size = sum(len(file.premises) for file in files)
    print(f"{len(questions)} questions of {size} declarations; {1000 * question_s:.0f} ms to embed a question")
    for name, row in results.items():
        print(f"{name:20} " + "  ".join(f"{key} {value:g}" for key, value in row.items()))
    if options.out is not None:
        said = {
            "set": "doc strings" if options.sources else QUESTIONS.name,
            "questions": len(questions),
            "declarations": size,
            "encoder": options.encoder,
            "format": options.format,
            "embedding_ms": round(1000 * question_s, 1),
            "machine": machine_fields(),
            "ways": results,
        }
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
