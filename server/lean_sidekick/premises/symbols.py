"""Ranking by shared symbols, after MePo (Meng and Paulson, Lightweight relevance filtering, 2009).

Symbols weigh by rarity. The goal's symbols are relevant at first, and each round those of the best premises become
relevant too, a little less. A premise's score is the weight of its relevant symbols less a part of the weight of the
others; a difference ranks better here than MePo's ratio, which prefers the shortest statements.
"""

import numpy as np

from lean_sidekick.premises.collection import Collection, Field
from lean_sidekick.premises.rankers import FLOOR, NOTHING, Array, Question, best

_ROUNDS = 1
_TAKEN_PER_ROUND = 8
_DECAY = 0.2
_COST_OF_OTHERS = 0.6
_MAX_SYMBOLS = 96


class SymbolRanker:
    """Symbol overlap with rounds of newly relevant symbols."""

    name = "symbols"

    def rank(self, collection: Collection, question: Question, limit: int) -> Array:
        if not question.terms.symbols:
            return NOTHING
        return best(symbol_scores(collection, question), question.allowed, limit)


def symbol_scores(collection: Collection, question: Question) -> Array:
    """The score of every document, 0 for those without a relevant symbol. float32 (documents,)."""
    if (known := question.scores.get(SymbolRanker.name)) is not None:
        return known
    hashes = collection.hashes(sorted(question.terms.symbols))
    if len(hashes) > _MAX_SYMBOLS:
        hashes = hashes[np.argsort(-collection.rarity(Field.SYMBOLS, hashes), kind="stable")[:_MAX_SYMBOLS]]
    relevance = dict.fromkeys(hashes.tolist(), 1.0)
    totals = collection.totals(Field.SYMBOLS)
    shared = np.zeros(len(collection), dtype=np.float32)
    new = dict(relevance)
    for round_number in range(_ROUNDS + 1):
        added = np.array(list(new), dtype=np.uint64)
        values = collection.rarity(Field.SYMBOLS, added) * np.array(list(new.values()))
        shared += collection.scores(Field.SYMBOLS, added, values, counted=False)
        scores = np.where(shared > 0, shared - _COST_OF_OTHERS * (totals - shared) + FLOOR, 0)
        if round_number < _ROUNDS:
            new = _newly_relevant(collection, best(scores, question.allowed, _TAKEN_PER_ROUND), relevance)
            relevance |= new
    question.scores[SymbolRanker.name] = scores
    return scores


def _newly_relevant(collection: Collection, taken: Array, relevance: dict[int, float]) -> dict[int, float]:
    new: dict[int, float] = {}
    for rank, number in enumerate(taken.tolist()):
        for symbol in collection.symbols_of(number).tolist():
            if symbol not in relevance:
                new.setdefault(symbol, _DECAY * (1 - rank / (2 * _TAKEN_PER_ROUND)))
    return new
