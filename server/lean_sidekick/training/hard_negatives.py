"""Hard negatives: premises that look right by their words and were not used.

Mined by BM25 from what a state sees. What its proof uses anywhere is never among them, nor what was used at an equal
state elsewhere. Needs no model library.
"""

import random
from collections.abc import Mapping, Sequence

import numpy as np
from attrs import define, field, frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.premises.collection import Collection
from lean_sidekick.premises.lexical import LexicalRanker
from lean_sidekick.premises.rankers import Array, Question
from lean_sidekick.premises.segment import Segment
from lean_sidekick.premises.tokens import goal_terms
from lean_sidekick.training.examples import one_line
from lean_sidekick.training.retrieval_data import LabelledState, TrainingCorpus

_LOOKED_AT = 32


@frozen(kw_only=True)
class Pair:
    """One training example: the number of a state, of a premise used there, and of premises that were not."""

    state: int
    used: int
    not_used: tuple[int, ...]


@define
class PairMaker:
    """Makes pairs of states and a corpus; the same seed gives the same pairs."""

    corpus: TrainingCorpus
    states: Sequence[LabelledState]
    truths: Mapping[str, frozenset[int]] = field(init=False)
    _collection: Collection = field(init=False)

    @truths.default
    def _join_truths(self) -> Mapping[str, frozenset[int]]:
        """By state: every premise that is right there, as far as anybody knows."""
        found: dict[str, frozenset[int]] = {}
        for state in self.states:
            key = one_line(state.state)
            found[key] = found.get(key, frozenset()) | frozenset(self.corpus.numbers(state.used | state.related))
        return found

    @_collection.default
    def _index(self) -> Collection:
        return Collection((Segment.build(self.corpus.files),))

    def true_of(self, state: LabelledState) -> frozenset[int]:
        """The numbers of the premises that must not count as wrong for a state."""
        return self.truths[one_line(state.state)]

    def lexical(self, state: LabelledState, limit: int) -> Array:
        """What BM25 finds for a state among the premises that it sees, best first."""
        question = Question(terms=goal_terms(state.goal), text=state.goal.text, allowed=self.corpus.accessible(state))
        return LexicalRanker().rank(self._collection, question, limit)

    def pairs(self, numbers: Sequence[int], negatives: int, seed: int) -> list[Pair]:
        """One pair for each premise used at each of some states. Raises InputError where nothing can be a negative."""
        choose = random.Random(seed)
        found = []
        for number in numbers:
            state = self.states[number]
            wrong = self._wrong(state, negatives, choose)
            for used in self.corpus.numbers(state.used):
                found.append(Pair(state=number, used=used, not_used=tuple(choose.sample(wrong, negatives))))
        return found

    def _wrong(self, state: LabelledState, least: int, choose: random.Random) -> list[int]:
        """At least so many premises that were not used: the likeliest by words, then others seen, then any."""
        true = self.true_of(state)
        wrong = [one for one in self.lexical(state, _LOOKED_AT + len(true)).tolist() if one not in true][:_LOOKED_AT]
        for pool in (np.flatnonzero(self.corpus.accessible(state)).tolist(), range(len(self.corpus.premises))):
            if len(wrong) >= least:
                break
            rest = [one for one in pool if one not in true and one not in set(wrong)]
            wrong += choose.sample(rest, min(len(rest), least - len(wrong)))
        if len(wrong) < least:
            raise InputError("The corpus is too small: hardly any of its premises is not used at every state.")
        return wrong
