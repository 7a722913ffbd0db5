"""Figures of ranked answers: recall@k, mean reciprocal rank, nDCG@10, percentiles of latency. Pure.

As LeanDojo defines them: recall@k is the share of a proof's premises among the first k, averaged over questions, and
premises that no corpus has count as not found; the reciprocal rank is that of the first right one.
"""

import math
import statistics
from collections.abc import Sequence

RECALL_AT = (1, 10, 32)
NDCG_AT = 10


def recall(ranked: Sequence[str], used: frozenset[str], k: int) -> float:
    """The share of `used` among the first `k`."""
    return len(used.intersection(ranked[:k])) / len(used)


def reciprocal_rank(ranked: Sequence[str], used: frozenset[str]) -> float:
    """One over the rank of the first right answer, 0 without one."""
    return next((1 / rank for rank, name in enumerate(ranked, 1) if name in used), 0.0)


def ndcg(ranked: Sequence[str], used: frozenset[str], k: int) -> float:
    """Discounted gain of the first `k` over that of a perfect order; a right answer gains one."""
    gained = sum(1 / math.log2(rank + 1) for rank, name in enumerate(ranked[:k], 1) if name in used)
    return gained / sum(1 / math.log2(rank + 1) for rank in range(1, min(len(used), k) + 1))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def figures(answers: Sequence[tuple[Sequence[str], frozenset[str]]], seconds: Sequence[float]) -> dict[str, float]:
    """All figures of a set of (ranked names, used names); recall in percent, latency in milliseconds."""
    found = {
        f"recall@{k}": round(100 * statistics.fmean(recall(ranked, used, k) for ranked, used in answers), 2)
        for k in RECALL_AT
    }
    found["mrr"] = round(statistics.fmean(reciprocal_rank(ranked, used) for ranked, used in answers), 4)
    found[f"ndcg@{NDCG_AT}"] = round(statistics.fmean(ndcg(ranked, used, NDCG_AT) for ranked, used in answers), 4)
    found["ms_p50"] = round(1000 * percentile(seconds, 0.5), 2)
    found["ms_p95"] = round(1000 * percentile(seconds, 0.95), 2)
    return found
