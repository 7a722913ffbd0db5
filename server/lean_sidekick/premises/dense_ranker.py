"""Dense ranking: the premises whose vectors have the greatest products with the question's.

Declarations above the cursor have the vectors under which they were saved; new ones have none, and the other rankers
know them. Numpy alone; who makes vectors is `dense`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lean_sidekick.core.errors import InputError
from lean_sidekick.premises.collection import Collection
from lean_sidekick.premises.quantised import QuantisedVectors, nearest, quantise
from lean_sidekick.premises.rankers import NOTHING, Question
from lean_sidekick.premises.segment import Segment

Array = NDArray[Any]

LOOKED_AT = 16_384
"""Candidates of all segments that the bits choose for the products to order: they have 99 % of the 32 best of 250,000
vectors of a synthetic corpus (`benchmarks/premises_scale.py`; `benchmarks/quantised_search.py` for an encoder's)."""


class DenseRanker:
    """The greatest products with the question's vector."""

    name = "dense"

    def rank(self, collection: Collection, question: Question, limit: int) -> Array:
        if question.vector is None:
            return NOTHING
        numbers, products = [NOTHING], [np.zeros(0, dtype=np.float32)]
        total = sum(len(segment) for segment in collection.segments if segment.vectors is not None)
        for start, segment in zip(collection.starts, collection.segments, strict=False):
            if segment.vectors is None:
                continue
            check_dimension(question.vector, segment.vectors.dimension)
            allowed = question.allowed[start : start + len(segment)]
            looked_at = max(4 * limit, LOOKED_AT * len(segment) // total)
            found, values = nearest(segment.vectors, question.vector, allowed, limit, looked_at)
            has_vector = values != 0
            numbers.append(found[has_vector] + start)
            products.append(values[has_vector])
        every = np.concatenate(products)
        order = np.argsort(-every, kind="stable")[:limit]
        best: Array = np.concatenate(numbers)[order]
        return best


def check_dimension(vector: Array, dimension: int) -> None:
    """Raises InputError for a question's vector that cannot be compared with those of an index."""
    if len(vector) != dimension:
        raise InputError(
            f"The encoder gives vectors of {len(vector)} numbers, but those of the index have {dimension}: run "
            "`lean-sidekick index` with this encoder."
        )


def saved_vectors(collection: Collection, segment: Segment) -> QuantisedVectors | None:
    """The vectors that declarations of an open file have in the index under their names; zeros for new ones.

    None where the index has no vectors, or those of several lengths. One that was changed since keeps its old one.
    """
    dimensions = {one.vectors.dimension for one in collection.segments if one.vectors is not None}
    if len(dimensions) != 1 or not len(segment):
        return None
    vectors = quantise(np.zeros((len(segment), dimensions.pop()), dtype=np.float32))
    for one in collection.segments:
        if one.vectors is not None:
            documents = one.find_names(segment.names)
            known = np.flatnonzero(documents >= 0)
            vectors.values[known] = one.vectors.values[documents[known]]
            vectors.scales[known] = one.vectors.scales[documents[known]]
            vectors.signs[known] = one.vectors.signs[documents[known]]
    return vectors
