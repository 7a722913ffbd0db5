"""`bench premises`: how well and how fast premises are found, each ranker alone and all together.

The protocol is LeanDojo's: a question is the first goal of a theorem and sees only what stands before it. The proofs
ranker learns from the proofs of what the question sees, never from its own; `fusion without proofs` does without.
Plain BM25 over tokens between blanks, by the library bm25s, is the bar that everything is measured against.
With vectors of an encoder, dense ranking is measured alone (as the product stores it, and by exact float32 products,
which is what the quantising costs) and in the fusion. Latencies are without the encoder's own time.
Half of the questions, by a hash of their names, served for choosing weights; both halves are reported.
"""

import hashlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
from attrs import evolve, frozen

from lean_sidekick.core.errors import ConfigError
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.evaluation.premises_dense import Array, DenseVectors
from lean_sidekick.evaluation.retrieval_metrics import RECALL_AT, figures
from lean_sidekick.premises.labelled import Question
from lean_sidekick.premises.quantised import quantise
from lean_sidekick.premises.rankers import WeightedRanker
from lean_sidekick.premises.retriever import LocalRetriever, goal_rankers
from lean_sidekick.premises.segment import Segment

_K = max(RECALL_AT)
PLAIN = "plain BM25"
FUSION = "fusion"
WITHOUT_PROOFS = "fusion without proofs"
DENSE = "dense"
EXACT = "dense, float32"
_PROOFS = "proofs"

Answerer = Callable[[Question], Sequence[str]]


@frozen(kw_only=True)
class WayFigures:
    """One way of answering: its figures by group of questions."""

    way: str
    groups: Mapping[str, Mapping[str, float]]


def run_premises(
    corpus: Sequence[CorpusFile],
    questions: Sequence[Question],
    dense: DenseVectors | None = None,
    done: Collection[str] = (),
) -> Iterator[WayFigures]:
    """Asks every question in every way that is not done; figures of one way as soon as they are known.

    Raises ConfigError.
    """
    return (_measure(way, make(), questions) for way, make in _answerers(corpus, questions, dense) if way not in done)


def _answerers(
    corpus: Sequence[CorpusFile], questions: Sequence[Question], dense: DenseVectors | None
) -> Iterator[tuple[str, Callable[[], Answerer]]]:
    """The ways, each with what makes it ready; what several need is made when the first of them is reached."""
    rankers = goal_rankers()
    ways: list[tuple[str, Sequence[WeightedRanker]]] = [(one.ranker.name, (one,)) for one in rankers]
    ways.append((WITHOUT_PROOFS, tuple(one for one in rankers if one.ranker.name != _PROOFS)))
    ways.append((FUSION, rankers))
    yield PLAIN, lambda: _plain_answerer(corpus)
    retriever = LocalRetriever.from_files(corpus)
    retriever.close()
    for name, used in ways:
        yield name, partial(_answerer, retriever.with_goal_rankers(used))
    if dense is None:
        return
    vectors = {question.name: vector for question, vector in zip(questions, dense.questions, strict=True)}
    yield EXACT, lambda: _exact_answerer(corpus, dense, vectors)
    with_vectors = LocalRetriever((evolve(Segment.build(corpus), vectors=quantise(dense.premises)),))
    with_vectors.close()
    for name, used in ((DENSE, ()), *((f"{name} and dense", used) for name, used in ways[-2:])):
        yield name, partial(_answerer, with_vectors.with_goal_rankers(used), vectors)


def _answerer(retriever: LocalRetriever, vectors: Mapping[str, Array] | None = None) -> Answerer:
    def answer(question: Question) -> Sequence[str]:
        vector = None if vectors is None else vectors[question.name]
        found = retriever.answer_goal(question.goal, question.accessible, _K, vector)
        return [one.premise.full_name for one in found]

    return answer


def _measure(way: str, answer: Answerer, questions: Sequence[Question]) -> WayFigures:
    answers, seconds = [], []
    for question in questions:
        begin = time.perf_counter()
        ranked = answer(question)
        seconds.append(time.perf_counter() - begin)
        answers.append((ranked, question.used))
    groups = {}
    for group, belongs in _GROUPS.items():
        members = [i for i, question in enumerate(questions) if belongs(question)]
        if members:
            groups[group] = {
                "questions": len(members),
                **figures([answers[i] for i in members], [seconds[i] for i in members]),
            }
    return WayFigures(way=way, groups=groups)


def _is_tuning(question: Question) -> bool:
    return int(hashlib.sha256(question.name.encode()).hexdigest(), 16) % 2 == 0


_GROUPS: Mapping[str, Callable[[Question], bool]] = {
    "all": lambda question: True,
    "tuning half": _is_tuning,
    "other half": lambda question: not _is_tuning(question),
    "written": lambda question: question.is_written,
    "made by the system": lambda question: not question.is_written,
}


def _plain_answerer(corpus: Sequence[CorpusFile]) -> Answerer:
    """BM25 with its usual constants over what stands between blanks in name and statement."""
    try:
        import bm25s
    except ImportError:
        raise ConfigError("The bar of this benchmark needs bm25s (pip install bm25s).") from None

    premises = [premise for file in corpus for premise in file.premises]
    see = _sight(corpus)
    index = bm25s.BM25()
    index.index([_blank_tokens(premise) for premise in premises], show_progress=False)

    def answer(question: Question) -> Sequence[str]:
        scores = index.get_scores(question.goal.text.split(), weight_mask=see(question).astype(np.float32))
        order = np.argsort(-scores, kind="stable")[:_K]
        return [premises[i].full_name for i in order if scores[i] > 0]

    return answer


def _exact_answerer(corpus: Sequence[CorpusFile], dense: DenseVectors, vectors: Mapping[str, Array]) -> Answerer:
    """The greatest products of vectors that were not quantised."""
    names = [premise.full_name for file in corpus for premise in file.premises]
    see = _sight(corpus)

    def answer(question: Question) -> Sequence[str]:
        seen = np.flatnonzero(see(question))
        order = np.argsort(-(dense.premises[seen] @ vectors[question.name]), kind="stable")[:_K]
        return [names[i] for i in seen[order]]

    return answer


def _sight(corpus: Sequence[CorpusFile]) -> Callable[[Question], Array]:
    """Which premises of the corpus, in its order, a question sees. bool (premises,)."""
    modules = np.array([file.module for file in corpus for _ in file.premises])
    names = (premise.full_name for file in corpus for premise in file.premises)
    numbers = {name: i for i, name in enumerate(names)}

    def see(question: Question) -> Array:
        accessible = question.accessible
        allowed: Array = modules != (accessible.module or "")
        if accessible.modules is not None:
            allowed &= np.isin(modules, list(accessible.modules))
        for one in accessible.above:
            allowed[numbers[one.full_name]] = True
        return allowed

    return see


def _blank_tokens(premise: Premise) -> list[str]:
    return [premise.full_name, *premise.statement.split()]
