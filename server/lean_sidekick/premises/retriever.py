"""The pipeline: a question to the accessible premises, through every ranker that is there, fused.

Rankers work in one thread of their own, so that the event loop never waits for numpy; questions wait for each other.
A ranker that has nothing to say is left out. Import late: numpy comes with it.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from attrs import evolve

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.premises.api import Accessible, FoundPremise, RankReason
from lean_sidekick.premises.collection import Array, Collection, Field
from lean_sidekick.premises.dense_ranker import DenseRanker, check_dimension, saved_vectors
from lean_sidekick.premises.fusion import Fused, Ranking, fuse
from lean_sidekick.premises.lexical import LexicalRanker
from lean_sidekick.premises.names import NameRanker
from lean_sidekick.premises.neighbours import NearRanker, ProofRanker, with_saved_uses
from lean_sidekick.premises.patterns import PatternRanker
from lean_sidekick.premises.rankers import Question, WeightedRanker
from lean_sidekick.premises.segment import Segment, SegmentBuilder
from lean_sidekick.premises.shapes import ShapeRanker
from lean_sidekick.premises.symbols import SymbolRanker
from lean_sidekick.premises.tokens import MAX_TEXT, Terms, goal_terms, premise_terms, question_terms

# How deep each ranker's answer goes into the fusion.
_DEPTH = 128
_KEPT_MASKS = 8
# How many words and symbols of a question are named as reasons.
_EXPLAINED = 24
_KEPT_TERMS = 20_000


def goal_rankers() -> tuple[WeightedRanker, ...]:
    """The rankers for goals that need no model; weights as measured (docs/decisions)."""
    return (
        WeightedRanker(LexicalRanker(), 1.0),
        WeightedRanker(SymbolRanker(), 1.0),
        WeightedRanker(ShapeRanker(), 1.0),
        WeightedRanker(NearRanker(), 1.5),
        WeightedRanker(ProofRanker(), 2.0),
    )


# How much the encoder's ranks count where there is one; as measured (docs/decisions).
_DENSE_GOAL = WeightedRanker(DenseRanker(), 1.0)
_DENSE_WORDS = WeightedRanker(DenseRanker(), 2.0)


def word_rankers() -> tuple[WeightedRanker, ...]:
    """The rankers for words, parts of names, patterns and Lean text that need no model."""
    return (
        WeightedRanker(LexicalRanker(), 1.0),
        WeightedRanker(SymbolRanker(), 0.5),
        WeightedRanker(NameRanker(), 2.0),
        WeightedRanker(PatternRanker(), 4.0),
    )


class LocalRetriever:
    """Answers from segments in this process. `close` ends its thread."""

    def __init__(
        self,
        segments: Iterable[Segment],
        for_goals: Sequence[WeightedRanker] | None = None,
        for_words: Sequence[WeightedRanker] | None = None,
    ) -> None:
        self._collection = Collection(tuple(segments))
        self._goal_rankers = goal_rankers() if for_goals is None else tuple(for_goals)
        self._word_rankers = word_rankers() if for_words is None else tuple(for_words)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="premises")
        self._masks: dict[tuple[frozenset[str] | None, str | None], Array] = {}
        self._terms: dict[tuple[str, str], Terms] = {}
        self._last_above: tuple[Premise, ...] = ()
        self._with_above = Collection(())

    @classmethod
    def from_files(cls, files: Iterable[CorpusFile]) -> "LocalRetriever":
        """A retriever over premises in memory."""
        return cls((Segment.build(files),))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """What is answered from, without the declarations above a place."""
        return self._collection.segments

    def with_goal_rankers(self, rankers: Sequence[WeightedRanker]) -> "LocalRetriever":
        """The same index asked by other rankers; what was computed for one is there for both."""
        other = LocalRetriever((), rankers, self._word_rankers)
        other._collection, other._masks, other._terms = self._collection, self._masks, self._terms
        return other

    def close(self) -> None:
        """Ends the thread when all questions are answered; no more may be asked."""
        self._thread.shutdown(wait=False)

    @property
    def dimensions(self) -> frozenset[int]:
        """How many numbers the vectors of the index have; empty where there are none."""
        return frozenset(one.vectors.dimension for one in self.segments if one.vectors is not None)

    def check_vector(self, vector: Array) -> None:
        """Raises InputError for a question's vector that cannot be compared with those of the index."""
        for dimension in self.dimensions:
            check_dimension(vector, dimension)

    async def for_goal(
        self, goal: Goal, accessible: Accessible, k: int, vector: Array | None = None
    ) -> Sequence[FoundPremise]:
        """At most `k` accessible premises for a goal, best first; `vector` is its own by the encoder, if there is one.

        Raises InputError for a vector that is not as long as those of the index.
        """
        return await self._run(lambda: self.answer_goal(goal, accessible, k, vector))

    async def for_words(
        self, text: str, accessible: Accessible, k: int, vector: Array | None = None
    ) -> Sequence[FoundPremise]:
        """At most `k` accessible premises for words, a part of a name, a pattern or Lean text, best first.

        Raises InputError for an empty question, and as `for_goal` does.
        """
        return await self._run(lambda: self.answer_words(text, accessible, k, vector))

    def answer_goal(
        self, goal: Goal, accessible: Accessible, k: int, vector: Array | None = None
    ) -> Sequence[FoundPremise]:
        """`for_goal`, in the calling thread; one at a time."""
        rankers = self._goal_rankers if vector is None else (*self._goal_rankers, _DENSE_GOAL)
        return self._answer(goal_terms(goal), goal.text[:MAX_TEXT], rankers, accessible, k, vector)

    def answer_words(
        self, text: str, accessible: Accessible, k: int, vector: Array | None = None
    ) -> Sequence[FoundPremise]:
        """`for_words`, in the calling thread; one at a time."""
        if not text.strip():
            raise InputError("The question is empty: give words, a part of a name, or a pattern such as `_ + _ = _`.")
        text = text[:MAX_TEXT]
        rankers = self._word_rankers if vector is None else (*self._word_rankers, _DENSE_WORDS)
        return self._answer(question_terms(text), text, rankers, accessible, k, vector)

    async def _run(self, work: Callable[[], Sequence[FoundPremise]]) -> Sequence[FoundPremise]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _answer(
        self,
        terms: Terms,
        text: str,
        rankers: Sequence[WeightedRanker],
        accessible: Accessible,
        k: int,
        vector: Array | None,
    ) -> Sequence[FoundPremise]:
        collection, allowed = self._accessible(accessible)
        question = Question(terms=terms, text=text, allowed=allowed, above=len(accessible.above), vector=vector)
        rankings = [
            Ranking(
                ranker=one.ranker.name,
                weight=one.weight,
                documents=tuple(one.ranker.rank(collection, question, max(_DEPTH, k)).tolist()),
            )
            for one in rankers
        ]
        fused = fuse(rankings, k)
        return _explained(collection, fused, terms)

    def _accessible(self, accessible: Accessible) -> tuple[Collection, Array]:
        """The collection with the declarations above at its end, and which of it may be answered with."""
        key = (accessible.modules, accessible.module)
        mask = self._masks.get(key)
        if mask is None:
            modules, own = accessible.modules, accessible.module
            mask = self._collection.mask(lambda module: module != own and (modules is None or module in modules))
            if len(self._masks) >= _KEPT_MASKS:
                self._masks.pop(next(iter(self._masks)))
            self._masks[key] = mask
        if not accessible.above:
            return self._collection, mask
        above = self._above_segment(accessible)
        return self._with_above, np.concatenate((mask, np.ones(len(above), dtype=bool)))

    def _above_segment(self, accessible: Accessible) -> Segment:
        """The declarations above a place, counted; those of the last question are kept, many ask from one place."""
        if accessible.above != self._last_above or not self._with_above.segments:
            builder = SegmentBuilder()
            for premise in accessible.above:
                builder.add_one(accessible.module or "", premise, self._premise_terms(premise))
            segment = with_saved_uses(self._collection, builder.finish(), accessible.module)
            vectors = saved_vectors(self._collection, segment)
            self._with_above = self._collection.with_segment(evolve(segment, vectors=vectors))
            self._last_above = accessible.above
        return self._with_above.segments[-1]

    def _premise_terms(self, premise: Premise) -> Terms:
        key = (premise.full_name, premise.statement)
        terms = self._terms.get(key)
        if terms is None:
            terms = premise_terms(premise)
            if len(self._terms) >= _KEPT_TERMS:
                self._terms.clear()
            self._terms[key] = terms
        return terms


def _explained(collection: Collection, fused: Sequence[Fused], terms: Terms) -> list[FoundPremise]:
    """The documents with the words and symbols that each shares with the question."""
    numbers = [one.document for one in fused]
    shared: Mapping[str, dict[int, list[str]]] = {
        LexicalRanker.name: _sharing(collection, Field.WORDS, terms.words, numbers),
        SymbolRanker.name: _sharing(collection, Field.SYMBOLS, terms.symbols, numbers),
    }
    return [
        FoundPremise(
            premise=collection.premise(one.document),
            score=one.score,
            reasons=tuple(
                RankReason(ranker=name, rank=rank, shared=tuple(shared.get(name, {}).get(one.document, ())))
                for name, rank in one.ranks
            ),
        )
        for one in fused
    ]


def _sharing(
    collection: Collection, field: Field, tokens: Iterable[str], numbers: Sequence[int]
) -> dict[int, list[str]]:
    """The rarest of some tokens that each document holds, in alphabetical order."""
    named = sorted(set(tokens))
    hashes = collection.hashes(named)
    rarest = np.sort(np.argsort(-collection.rarity(field, hashes), kind="stable")[:_EXPLAINED])
    held = collection.holding(field, hashes[rarest], np.array(numbers, dtype=np.int64))
    return {
        number: [named[rarest[place]] for place in np.flatnonzero(held[:, column]).tolist()]
        for column, number in enumerate(numbers)
    }
