"""What it is worth to know what proofs use: from Lean, from the text of the proofs, or not at all.

    python benchmarks/premises_from_text.py theorems.jsonl --exercises core_dev.jsonl --sources LEAN4/src MATHLIB4 \\
      --out benchmarks/results/premises-from-text.json

`bench premises` gives the ranker over proofs the labels of all proofs that a question sees. Here the same questions are
asked with less. `above` changes what is known of the proofs above the place in the question's own file (labels, their
text as the editor reads it, nothing), for questions from files whose source is there; `all` takes everything from a
scan of the sources, as where no Lean can be asked, for the same questions and for exercises. Recall in percent, by
`LocalRetriever` with the rankers that ship.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from attrs import evolve

from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.evaluation.retrieval_metrics import figures
from lean_sidekick.premises.labelled import Question, exercise_questions, read_library, read_theorems
from lean_sidekick.premises.retriever import LocalRetriever
from lean_sidekick.premises.source_scan import KnownNames, read_source
from lean_sidekick.premises.sources import closure, read_imports

COUNT = 32

Change = Callable[[Premise], Premise]
Uses = Mapping[tuple[str | None, str], tuple[str, ...] | None]


def sources_of(modules: Iterable[str], folders: list[Path]) -> dict[str, Path]:
    """The source of each module that lies in one of the folders, imports before what imports them."""
    found = {}
    for module in modules:
        files = [folder / (module.replace(".", "/") + ".lean") for folder in folders]
        if file := next((file for file in files if file.is_file()), None):
            found[module] = file
    order = closure(found, {module: read_imports(file) for module, file in found.items()})
    return {module: found[module] for module in order if module in found}


def scanned_uses(sources: Mapping[str, Path], known: KnownNames | None) -> Uses:
    """What the proofs of the sources use, as their text says; without `known` every name that it may mean."""
    return {
        (module, premise.full_name): premise.uses
        for module, file in sources.items()
        for premise in read_source(file.read_text("utf-8"), str(file), module, known).premises
    }


def ask(corpus: Iterable[CorpusFile], questions: Iterable[Question]) -> list[tuple[list[str], frozenset[str]]]:
    """What the fusion answers, with what is right."""
    retriever = LocalRetriever.from_files(corpus)
    retriever.close()
    return [
        ([one.premise.full_name for one in retriever.answer_goal(q.goal, q.accessible, COUNT)], q.used)
        for q in questions
    ]


def without_latency(answers: list[tuple[list[str], frozenset[str]]]) -> dict[str, float]:
    """The figures of some answers."""
    found = figures(answers, [0.0] * len(answers))
    return {name: value for name, value in found.items() if not name.startswith("ms")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sources", type=Path, nargs="+", required=True)
    parser.add_argument("--exercises", type=Path, help="core_dev.jsonl, which is asked of the library")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    library = read_library(options.data, None)
    corpus, questions = tuple(library.corpus()), tuple(library.questions())
    sources = sources_of((file.module for file in corpus), options.sources)
    text, known = scanned_uses(sources, None), scanned_uses(sources, KnownNames())

    def from_uses(uses: Uses) -> Change:
        return lambda premise: evolve(premise, uses=uses.get((premise.module, premise.full_name)))

    ways: dict[str, Change] = {"labels": lambda premise: premise, "text": from_uses(text), "nothing": from_uses({})}
    local = [question for question in questions if question.is_written and question.accessible.module in sources]
    result: dict[str, object] = {"questions": len(questions), "questions_with_source": len(local)}
    for way, change in ways.items():
        answers = []
        for module in sorted({question.accessible.module or "" for question in local}):
            # What Lean said of the file when it was saved would say again what is left out here.
            seen = [file if file.module != module else with_premises(file, change) for file in corpus]
            own = [with_above(question, change) for question in local if question.accessible.module == module]
            answers += ask(seen, own)
        result[f"above: {way}"] = without_latency(answers)
    scanned = [with_premises(file, from_uses(known)) for file in corpus]
    result["all: labels"] = without_latency(ask(corpus, questions))
    result["all: text"] = without_latency(ask(scanned, [with_above(q, from_uses(known)) for q in questions]))
    if options.exercises is not None:
        exercises = tuple(exercise_questions(read_theorems(options.exercises)))
        result["exercises: labels"] = without_latency(ask(corpus, exercises))
        result["exercises: text"] = without_latency(ask(scanned, exercises))
    print(json.dumps(result, indent=1))
    if options.out is not None:
        options.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


def with_premises(file: CorpusFile, change: Change) -> CorpusFile:
    """The file with its premises changed."""
    return evolve(file, premises=tuple(map(change, file.premises)))


def with_above(question: Question, change: Change) -> Question:
    """The question with the declarations above it changed."""
    above = tuple(map(change, question.accessible.above))
    return evolve(question, accessible=evolve(question.accessible, above=above))


if __name__ == "__main__":
    main()
