"""pass@k and its intervals, against values computed another way."""

import itertools
from collections import Counter

import pytest

from lean_sidekick.evaluation.metrics import bootstrap, counts_within, pass_at_k, pass_figures, wilson


@pytest.mark.parametrize(("attempts", "proved"), [(1, 0), (1, 1), (5, 0), (5, 2), (6, 5), (6, 6)])
def test_pass_at_k_is_the_share_of_subsets_with_a_proof(attempts: int, proved: int) -> None:
    """The definition, counted out: choose k of the attempts, is there a proof among them?"""
    outcomes = [True] * proved + [False] * (attempts - proved)
    for k in range(1, attempts + 1):
        subsets = list(itertools.combinations(outcomes, k))
        assert pass_at_k(attempts, proved, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


@pytest.mark.parametrize(("attempts", "proved", "k"), [(1, 2, 1), (3, -1, 1), (3, 1, 0), (3, 1, 4)])
def test_impossible_numbers_are_refused(attempts: int, proved: int, k: int) -> None:
    with pytest.raises(ValueError, match="not defined"):
        pass_at_k(attempts, proved, k)


def test_wilson_against_published_values() -> None:
    """Newcombe (1998), table I: 81 of 263 and 0 of 20, score method without continuity correction."""
    assert (round(wilson(81, 263).low, 4), round(wilson(81, 263).high, 4)) == (0.2553, 0.3662)
    assert (round(wilson(0, 20).low, 4), round(wilson(0, 20).high, 4)) == (0.0, 0.1611)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


def test_bootstrap_covers_the_mean_and_repeats_itself() -> None:
    values = {0.0: 60, 0.5: 20, 1.0: 20}
    interval = bootstrap(values, seed=3)
    assert interval == bootstrap(values, seed=3)
    assert interval != bootstrap(values, seed=4)
    # The mean is 0.3, its standard error 0.04: the interval is about 1.96 of it to each side.
    assert interval.low == pytest.approx(0.3 - 0.078, abs=0.02)
    assert interval.high == pytest.approx(0.3 + 0.078, abs=0.02)


def test_one_attempt_has_the_interval_of_wilson_and_several_a_bootstrap() -> None:
    single = pass_figures(Counter({(1, 1): 30, (1, 0): 70}), [1], seed=0)
    assert single["1"]["estimate"] == 0.3
    assert single["1"]["interval"] == "Wilson"
    several = pass_figures(Counter({(4, 0): 50, (4, 2): 50}), [1, 2, 4], seed=0)
    assert [several[k]["estimate"] for k in ("1", "2", "4")] == [0.25, round(0.5 * (1 - 1 / 6), 4), 0.5]
    assert "bootstrap" in str(several["1"]["interval"])


def test_counts_within_takes_the_limit_in() -> None:
    assert counts_within([0.5, 1.0, 1.1, 7.0], [1.0, 2.0, 10.0]) == {"1": 2, "2": 3, "10": 4}
