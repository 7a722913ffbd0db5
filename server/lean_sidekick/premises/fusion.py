"""Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009), with a weight for each ranker. Pure."""

import heapq
from collections.abc import Sequence

from attrs import frozen

# The usual constant is 60: it prefers what all rankers know a little of. Rankers that look at different things (what is
# near, what says the same, what similar proofs used) need a small one, with which a first place counts (measured).
RANK_CONSTANT = 5.0


@frozen(kw_only=True)
class Ranking:
    """One ranker's answer: document numbers, best first."""

    ranker: str
    weight: float
    documents: tuple[int, ...]


@frozen(kw_only=True)
class Fused:
    """A document with its score and its rank (from 1) in each ranking that has it, best share first."""

    document: int
    score: float
    ranks: tuple[tuple[str, int], ...]


def fuse(rankings: Sequence[Ranking], limit: int, constant: float = RANK_CONSTANT) -> list[Fused]:
    """The documents by the sum of weight / (constant + rank); ties go to the lower document number."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, document in enumerate(ranking.documents, 1):
            scores[document] = scores.get(document, 0.0) + ranking.weight / (constant + rank)
    best = heapq.nsmallest(limit, scores, key=lambda document: (-scores[document], document))
    shares: dict[int, list[tuple[float, str, int]]] = {document: [] for document in best}
    for ranking in rankings:
        for rank, document in enumerate(ranking.documents, 1):
            if document in shares:
                shares[document].append((-ranking.weight / (constant + rank), ranking.ranker, rank))
    return [
        Fused(
            document=document,
            score=scores[document],
            ranks=tuple((name, rank) for _, name, rank in sorted(shares[document])),
        )
        for document in best
    ]
