"""Ranking by shared symbols, after MePo (Meng and Paulson, Lightweight relevance filtering, 2009).

A premise is relevant by the share of its symbols, weighted by rarity, that are relevant themselves. Relevant at first
are the goal's; each round, the symbols of the best premises become relevant too, a little less than what brought them
in.
"""

import numpy as np

from lean_sidekick.premises.collection import Collection, Field
from lean_sidekick.premises.rankers import Array, Question, best

NAME = "symbols"
_ROUNDS = 2
_TAKEN_PER_ROUND = 8
_DECAY = 0.4
_MAX_SYMBOLS = 96


class SymbolRanker:
    """Symbol overlap with rounds of newly relevant symbols."""

    name = NAME

    def rank(self, collection: Collection, question: Question, limit: int) -> Array:
        if not question.terms.symbols:
            return np.zeros(0, dtype=np.int64)
        hashes = collection.hashes(sorted(question.terms.symbols))
        rarity = collection.rarity(Field.SYMBOLS, hashes)
        if len(rarity) > _MAX_SYMBOLS:
            hashes = hashes[np.argsort(-rarity, kind="stable")[:_MAX_SYMBOLS]]
        relevance = dict.fromkeys(hashes.tolist(), 1.0)
        shared = np.zeros(len(collection), dtype=np.float32)
        new = relevance
        scores = shared
        for round_number in range(_ROUNDS + 1):
            added = np.array(list(new), dtype=np.uint64)
            values = collection.rarity(Field.SYMBOLS, added) * np.array(list(new.values()))
            shared += collection.scores(Field.SYMBOLS, added, values, counted=False)
            scores = _shares(shared, collection.symbol_totals)
            if round_number == _ROUNDS:
                break
            new = {}
            for number in best(scores, question.allowed, _TAKEN_PER_ROUND * (round_number + 1)).tolist():
                value = float(scores[number]) * _DECAY
                for symbol in collection.symbols_of(number).tolist():
                    if symbol not in relevance:
                        new[symbol] = max(value, new.get(symbol, 0.0))
            relevance |= new
        return best(scores, question.allowed, limit)


def _shares(shared: Array, totals: Array) -> Array:
    """The share of each document's symbols that is relevant, times what is shared, so that more of it counts too."""
    return shared * shared / (totals + 1.0)
