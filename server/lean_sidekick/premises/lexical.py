"""Lexical ranking: BM25 over words made for Lean (`tokens.py`)."""

from collections import Counter

import numpy as np

from lean_sidekick.premises.collection import Collection, Field
from lean_sidekick.premises.rankers import NOTHING, Array, Question, best

# A goal of a megabyte has thousands of words; the rarest say enough.
_MAX_WORDS = 96


class LexicalRanker:
    """BM25, with a word that the question repeats counted more, damped."""

    name = "lexical"

    def rank(self, collection: Collection, question: Question, limit: int) -> Array:
        if not question.terms.words:
            return NOTHING
        return best(lexical_scores(collection, question), question.allowed, limit)


def lexical_scores(collection: Collection, question: Question) -> Array:
    """BM25's score of every document. float32 (documents,)."""
    if (known := question.scores.get(LexicalRanker.name)) is not None:
        return known
    counts = Counter(question.terms.words)
    hashes = collection.hashes(counts)
    values = collection.rarity(Field.WORDS, hashes) * (1 + np.log(np.fromiter(counts.values(), dtype=np.float64)))
    if len(values) > _MAX_WORDS:
        kept = np.argsort(-values, kind="stable")[:_MAX_WORDS]
        hashes, values = hashes[kept], values[kept]
    found = question.scores[LexicalRanker.name] = collection.scores(Field.WORDS, hashes, values, counted=True)
    return found
