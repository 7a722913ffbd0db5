"""Figures of proving runs: pass@k, intervals, and shares by time and by checks. Pure.

pass@k is the unbiased estimator of Chen et al. (Evaluating Large Language Models Trained on Code, 2021): for a theorem
with n attempts of which c proved it, 1 - C(n-c, k) / C(n, k), averaged over theorems.
"""

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

RESAMPLES = 2_000
_DRAWS_LIMIT = 4_000_000
_Z = 1.959963984540054


@frozen(kw_only=True)
class Interval:
    """A 95 % confidence interval, and how it was computed."""

    low: float
    high: float
    method: str


def pass_at_k(attempts: int, proved: int, k: int) -> float:
    """The unbiased estimate for one theorem. Raises ValueError for numbers that cannot be."""
    if not (0 <= proved <= attempts and 1 <= k <= attempts):
        raise ValueError(f"pass@{k} of {proved} proved in {attempts} attempts is not defined")
    return 1.0 - math.comb(attempts - proved, k) / math.comb(attempts, k)


def wilson(successes: int, trials: int) -> Interval:
    """The score interval of Wilson (1927) for a share of successes."""
    if trials == 0:
        return Interval(low=0.0, high=1.0, method="Wilson")
    share, square = successes / trials, _Z * _Z
    centre = (share + square / (2 * trials)) / (1 + square / trials)
    half = _Z * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials)) / (1 + square / trials)
    return Interval(low=max(0.0, centre - half), high=min(1.0, centre + half), method="Wilson")


def bootstrap(values: Mapping[float, int], seed: int) -> Interval:
    """The percentile interval of the mean over theorems, drawn again with replacement; `values` with their counts."""
    count = sum(values.values())
    resamples = max(100, min(RESAMPLES, _DRAWS_LIMIT // max(1, count)))
    source = random.Random(seed)
    population, weights = list(values), list(values.values())
    means = sorted(math.fsum(source.choices(population, weights, k=count)) / count for _ in range(resamples))
    low, high = (means[round(quantile * (resamples - 1))] for quantile in (0.025, 0.975))
    return Interval(low=low, high=high, method=f"bootstrap over theorems, {resamples} resamples, seed {seed}")


def pass_figures(outcomes: Counter[tuple[int, int]], ks: Iterable[int], seed: int) -> dict[str, dict[str, object]]:
    """pass@k with its interval for several k; `outcomes` counts theorems by (attempts, proofs among them).

    With one attempt a theorem the interval is Wilson's, otherwise a bootstrap.
    """
    figures: dict[str, dict[str, object]] = {}
    count = sum(outcomes.values())
    for k in ks:
        values: Counter[float] = Counter()
        for (attempts, proved), number in outcomes.items():
            values[pass_at_k(attempts, proved, k)] += number
        mean = math.fsum(value * number for value, number in values.items()) / count
        interval = wilson(values[1.0], count) if set(values) <= {0.0, 1.0} else bootstrap(values, seed)
        figures[str(k)] = {
            "estimate": round(mean, 4),
            "low": round(interval.low, 4),
            "high": round(interval.high, 4),
            "interval": interval.method,
        }
    return figures


def counts_within(costs: Sequence[float], limits: Iterable[float]) -> dict[str, int]:
    """How many costs are within each limit."""
    return {f"{limit:g}": sum(cost <= limit for cost in costs) for limit in limits}
