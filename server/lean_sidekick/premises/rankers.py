"""What a ranker is: a question and the documents it may be answered with, to document numbers, best first."""

from typing import Any, Protocol

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

from lean_sidekick.premises.collection import Collection
from lean_sidekick.premises.tokens import Terms

Array = NDArray[Any]


@define(kw_only=True, eq=False)
class Question:
    """A question as the rankers see it.

    `terms` is what was counted in it; `allowed` says which documents may answer, bool (documents,); the last `above`
    documents are the declarations above the place, in order. `vector` is the question's own by the encoder of the
    index, float32 (dimension,), None where there is no encoder. `scores` keeps what one ranker computed for another.
    """

    terms: Terms
    text: str
    allowed: Array
    above: int = 0
    vector: Array | None = None
    scores: dict[str, Array] = field(factory=dict)


class Ranker(Protocol):
    """Orders documents; works alone. `name` is shown to the user as the reason."""

    @property
    def name(self) -> str: ...

    def rank(self, collection: Collection, question: Question, limit: int) -> Array:
        """At most `limit` document numbers, best first; those that it has nothing to say of are left out."""


@frozen
class WeightedRanker:
    """A ranker and how much its ranks count in the fusion."""

    ranker: Ranker
    weight: float


# Added to scores that may be negative: a score of zero means "nothing to say".
FLOOR = 1000.0

NOTHING: Array = np.zeros(0, dtype=np.int64)


def best(scores: Array, allowed: Array, limit: int) -> Array:
    """The allowed documents with the highest positive scores; equal scores stand in document order."""
    candidates = np.flatnonzero((scores > 0) & allowed)
    if len(candidates) > limit:
        values = scores[candidates]
        least = np.partition(values, len(values) - limit)[len(values) - limit]
        candidates = candidates[values >= least]
    order = np.argsort(-scores[candidates], kind="stable")
    return candidates[order][:limit]
