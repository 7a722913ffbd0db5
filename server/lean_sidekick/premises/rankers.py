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
_BLOCK = 64

NOTHING: Array = np.zeros(0, dtype=np.int64)


def best(scores: Array, allowed: Array, limit: int) -> Array:
    """The allowed documents with the highest positive scores; equal scores stand in document order."""
    counted = np.where(allowed, scores, 0)
    least = _lower_bound(counted, limit)
    candidates = np.flatnonzero(counted >= least if least > 0 else counted > 0)
    order = np.argsort(-counted[candidates], kind="stable")
    return candidates[order][:limit]


def _lower_bound(scores: Array, limit: int) -> float:
    """A score that `limit` documents reach at least: the `limit`-th of the best of each block; 0 with few blocks."""
    blocks = len(scores) // _BLOCK
    if not 0 < limit <= blocks:
        return 0.0
    tops = scores[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1)
    return float(np.partition(tops, blocks - limit)[blocks - limit])
