"""Dense ranking: the premises whose vectors have the greatest products with the question's.

Declarations above the cursor have no vectors: the other rankers know them. Numpy alone; who makes vectors is `dense`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lean_sidekick.core.errors import InputError
from lean_sidekick.premises.collection import Collection
from lean_sidekick.premises.quantised import nearest
from lean_sidekick.premises.rankers import NOTHING, Question

Array = NDArray[Any]

LOOKED_AT = 4096
"""Candidates that the bits choose for the products to order; more find nothing more at 250,000 vectors."""


class DenseRanker:
    """The greatest products with the question's vector."""

    name = "dense"

    def rank(self, collection: Collection, question: Question, limit: int) -> Array:
        if question.vector is None:
            return NOTHING
        numbers, products = [NOTHING], [np.zeros(0, dtype=np.float32)]
        for start, segment in zip(collection.starts, collection.segments, strict=False):
            if segment.vectors is None:
                continue
            check_dimension(question.vector, segment.vectors.dimension)
            allowed = question.allowed[start : start + len(segment)]
            found, values = nearest(segment.vectors, question.vector, allowed, limit, LOOKED_AT)
            numbers.append(found + start)
            products.append(values)
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
