"""Recall of retrieval as training counts it: LeanDojo's definition, premises outside the corpus count as not found."""

from collections.abc import Collection, Sequence

from attrs import define

RECALL_AT = (1, 10, 32)


@define
class RecallTally:
    """Sums over questions; `figures` are their means, between 0 and 1."""

    _count: int = 0
    _found: tuple[float, ...] = (0.0,) * len(RECALL_AT)
    _reciprocal: float = 0.0

    def add(self, ranked: Sequence[int], used: Collection[int], named: Collection[str]) -> None:
        """One question: the numbers found, best first, those that are right, and the names of all that were used."""
        right = [rank for rank, number in enumerate(ranked, 1) if number in used]
        shares = [sum(rank <= k for rank in right) / len(named) for k in RECALL_AT]
        self._found = tuple(total + share for total, share in zip(self._found, shares, strict=True))
        self._reciprocal += 1 / right[0] if right else 0.0
        self._count += 1

    def figures(self) -> dict[str, float]:
        """Mean recall at each k, and mean reciprocal rank."""
        count = max(1, self._count)
        found = {f"recall@{k}": total / count for k, total in zip(RECALL_AT, self._found, strict=True)}
        return {**found, "mrr": self._reciprocal / count}
