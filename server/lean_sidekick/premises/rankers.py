"""What a ranker is: a question and the documents it may be answered with, to document numbers, best first."""

from typing import Any, Protocol

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lean_sidekick.premises.collection import Collection
from lean_sidekick.premises.tokens import Terms

Array = NDArray[Any]


@frozen(kw_only=True, eq=False)
class Question:
    """A question as the rankers see it: what was counted in it, its text, and which documents may answer."""

    terms: Terms
    text: str
    allowed: Array  # bool (documents,)


class Ranker(Protocol):
    """Orders documents; works alone. `name` is shown to the user as the reason."""

    @property
    def name(self) -> str: ...

    def rank(self, collection: Collection, question: Question, limit: int) -> Array:
        """At most `limit` document numbers, best first; those with nothing in common are left out."""


def best(scores: Array, allowed: Array, limit: int) -> Array:
    """The allowed documents with the highest positive scores; equal scores stand in document order."""
    candidates = np.flatnonzero((scores > 0) & allowed)
    if len(candidates) > limit:
        values = scores[candidates]
        least = np.partition(values, len(values) - limit)[len(values) - limit]
        candidates = candidates[values >= least]
    order = np.argsort(-scores[candidates], kind="stable")
    return candidates[order][:limit]
