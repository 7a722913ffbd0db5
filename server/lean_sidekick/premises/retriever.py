"""The pipeline: a question to the accessible premises, through every ranker that is there, fused.

Rankers work in one thread of their own, so that the event loop never waits for numpy; questions wait for each other.
A ranker that has nothing to say is left out. Import late: numpy comes with it.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from attrs import frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.premises.api import Accessible, FoundPremise, RankReason
from lean_sidekick.premises.collection import Array, Collection
from lean_sidekick.premises.fusion import Fused, Ranking, fuse
from lean_sidekick.premises.lexical import LexicalRanker
from lean_sidekick.premises.rankers import Question, Ranker
from lean_sidekick.premises.segment import Segment, SegmentBuilder
from lean_sidekick.premises.shapes import ShapeRanker
from lean_sidekick.premises.symbols import SymbolRanker
from lean_sidekick.premises.tokens import (
    MAX_TEXT,
    Terms,
    conclusion_shapes,
    goal_terms,
    premise_terms,
    question_words,
    read_statement,
    symbols_of,
)

# How deep each ranker's answer goes into the fusion.
_DEPTH = 200
_KEPT_MASKS = 8
_KEPT_TERMS = 20_000


@frozen
class WeightedRanker:
    """A ranker and how much its ranks count."""

    ranker: Ranker
    weight: float


def goal_rankers() -> tuple[WeightedRanker, ...]:
    """The rankers for goals that need no model."""
    return (
        WeightedRanker(LexicalRanker(), 1.0),
        WeightedRanker(SymbolRanker(), 1.0),
        WeightedRanker(ShapeRanker(), 1.0),
    )


def word_rankers() -> tuple[WeightedRanker, ...]:
    """The rankers for words, fragments and Lean text that need no model."""
    return (WeightedRanker(LexicalRanker(), 1.0), WeightedRanker(SymbolRanker(), 0.5))


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

    @classmethod
    def from_files(cls, files: Iterable[CorpusFile]) -> "LocalRetriever":
        """A retriever over premises in memory."""
        return cls((Segment.build(files),))

    def close(self) -> None:
        """Ends the thread; questions that wait are answered with an error of their future."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def for_goal(self, goal: Goal, accessible: Accessible, k: int) -> Sequence[FoundPremise]:
        """At most `k` accessible premises for a goal, best first."""
        return await self._run(lambda: self._answer(goal_terms(goal), goal.text, self._goal_rankers, accessible, k))

    async def for_words(self, text: str, accessible: Accessible, k: int) -> Sequence[FoundPremise]:
        """At most `k` accessible premises for words, a name fragment, a pattern or Lean text, best first.

        Raises InputError for an empty question.
        """
        if not text.strip():
            raise InputError("The question is empty: give words, a part of a name, or a pattern such as `_ + _ = _`.")
        text = text[:MAX_TEXT]
        return await self._run(lambda: self._answer(_question_terms(text), text, self._word_rankers, accessible, k))

    async def _run(self, work: Callable[[], Sequence[FoundPremise]]) -> Sequence[FoundPremise]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _answer(
        self, terms: Terms, text: str, rankers: Sequence[WeightedRanker], accessible: Accessible, k: int
    ) -> Sequence[FoundPremise]:
        collection, allowed = self._accessible(accessible)
        question = Question(terms=terms, text=text, allowed=allowed)
        rankings = []
        for weighted in rankers:
            documents = weighted.ranker.rank(collection, question, max(_DEPTH, k)).tolist()
            rankings.append(
                Ranking(ranker=weighted.ranker.name, weight=weighted.weight, documents=tuple(documents)),
            )
        return [self._found(collection, one, terms) for one in fuse(rankings, k)]

    def _found(self, collection: Collection, fused: Fused, terms: Terms) -> FoundPremise:
        premise = collection.premise(fused.document)
        own = self._premise_terms(premise)
        shared: Mapping[str, tuple[str, ...]] = {
            LexicalRanker.name: tuple(sorted(set(own.words).intersection(terms.words))),
            SymbolRanker.name: tuple(sorted(own.symbols & terms.symbols)),
        }
        return FoundPremise(
            premise=premise,
            score=fused.score,
            reasons=tuple(RankReason(ranker=name, rank=r, shared=shared.get(name, ())) for name, r in fused.ranks),
        )

    def _accessible(self, accessible: Accessible) -> tuple[Collection, Array]:
        """The collection with the declarations above, and which of it may be answered with."""
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
        builder = SegmentBuilder()
        for premise in accessible.above:
            builder.add_one(accessible.module or "", premise, self._premise_terms(premise))
        above = builder.finish()
        return self._collection.with_segment(above), np.concatenate((mask, np.ones(len(above), dtype=bool)))

    def _premise_terms(self, premise: Premise) -> Terms:
        key = (premise.full_name, premise.statement)
        terms = self._terms.get(key)
        if terms is None:
            terms = premise_terms(premise)
            if len(self._terms) >= _KEPT_TERMS:
                self._terms.clear()
            self._terms[key] = terms
        return terms


def _question_terms(text: str) -> Terms:
    return Terms(tuple(question_words(text)), symbols_of(text), conclusion_shapes(read_statement(text)))
