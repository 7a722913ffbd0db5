"""Ranking by shape: whether a premise's conclusion is built like the goal, or one of its sides like a part of it.

This is a guess at what `exact`, `apply` and `rw` could use, made without types: rare shapes that agree count for a
premise, those of its conclusion that the goal does not have count against it.
"""

import numpy as np

from lean_sidekick.premises.collection import Collection, Field
from lean_sidekick.premises.rankers import Array, Question, best

NAME = "shape"
_PENALTY = 0.5


class ShapeRanker:
    """Agreement of conclusions and rewriting sides with the goal."""

    name = NAME

    def rank(self, collection: Collection, question: Question, limit: int) -> Array:
        if not question.terms.shapes:
            return np.zeros(0, dtype=np.int64)
        hashes = collection.hashes(sorted(question.terms.shapes))
        values = collection.rarity(Field.SHAPES, hashes)
        shared = collection.scores(Field.SHAPES, hashes, values, counted=False)
        scores = np.where(shared > 0, shared - _PENALTY * (collection.shape_totals - shared), 0)
        return best(scores, question.allowed, limit)
