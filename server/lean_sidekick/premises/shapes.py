"""Ranking by shape: whether a premise's conclusion is built like the goal, or one of its sides like a part of it.

This is a guess at what `exact`, `apply` and `rw` could use, made without types: rare shapes that agree count for a
premise, those of its conclusion that the goal does not have count against it.
"""

import numpy as np

from lean_sidekick.premises.collection import Collection, Field
from lean_sidekick.premises.rankers import FLOOR, NOTHING, Array, Question, best

_COST_OF_OTHERS = 0.5


class ShapeRanker:
    """Agreement of conclusions and rewriting sides with the goal."""

    name = "shape"

    def rank(self, collection: Collection, question: Question, limit: int) -> Array:
        if not question.terms.shapes:
            return NOTHING
        return best(shape_scores(collection, question), question.allowed, limit)


def shape_scores(collection: Collection, question: Question) -> Array:
    """The score of every document. float32 (documents,)."""
    if (known := question.scores.get(ShapeRanker.name)) is not None:
        return known
    hashes = collection.hashes(sorted(question.terms.shapes))
    values = collection.rarity(Field.SHAPES, hashes)
    shared = collection.scores(Field.SHAPES, hashes, values, counted=False)
    others = collection.totals(Field.SHAPES) - shared
    scores: Array = np.where(shared > 0, shared - _COST_OF_OTHERS * others + FLOOR, 0)
    question.scores[ShapeRanker.name] = scores
    return scores
