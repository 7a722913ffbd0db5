"""Lexical ranking: BM25 over words made for Lean (`tokens.py`)."""

from collections import Counter

import numpy as np

from lean_sidekick.premises.collection import Collection, Field
from lean_sidekick.premises.rankers import Array, Question, best

NAME = "lexical"
# A goal of a megabyte has thousands of words; the rarest say enough.
_MAX_WORDS = 96


class LexicalRanker:
    """BM25, with each word of the question counted as often as it stands there, damped."""

    name = NAME

    def rank(self, collection: Collection, question: Question, limit: int) -> Array:
        counts = Counter(question.terms.words)
        if not counts:
            return np.zeros(0, dtype=np.int64)
        hashes = collection.hashes(counts)
        values = collection.rarity(Field.WORDS, hashes) * (1 + np.log(np.fromiter(counts.values(), dtype=np.float64)))
        if len(values) > _MAX_WORDS:
            kept = np.argsort(-values, kind="stable")[:_MAX_WORDS]
            hashes, values = hashes[kept], values[kept]
        return best(collection.scores(Field.WORDS, hashes, values, counted=True), question.allowed, limit)
