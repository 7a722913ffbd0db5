"""Fitting the value of goals from recorded searches.

An example is a goal that a search worked on: proved or not by its end. Goals that were met and never tried say
nothing and are left out, and so are those that a search begins with: whether they are proved says how hard the theorem
was, and a search has no choice there. The model is a logistic function of `search.value.features` with a small penalty
on the weights, fitted by Newton's method: no library but numpy, no chance, the same logs give the same weights.

What is reported of a fit is never measured on what it was fitted on: the searches are split into two halves by a hash
of their declaration's name, and each half is judged by the weights of the other.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import parse_goals
from lean_sidekick.search.trace import SearchLog
from lean_sidekick.search.value import LinearValue, ValueFunction, features

PENALTY = 1.0
_ITERATIONS = 100
_TOLERANCE = 1e-10
_LEAST_EXAMPLES = 20

Numbers = NDArray[np.float64]


@frozen(kw_only=True)
class Example:
    """One goal of a search: its features, whether it was proved, and its weight (those of one search sum to 1)."""

    declaration: str
    numbers: tuple[float, ...]
    hand_made: float
    is_proved: bool
    weight: float


@frozen(kw_only=True)
class Quality:
    """How well a value tells what was proved: the area under the ROC curve (0.5 is chance) and the mean log-loss."""

    area: float
    log_loss: float


@frozen(kw_only=True)
class HalfReport:
    """One half of the searches, judged by the hand-made value and by the one fitted on the other half."""

    examples: int
    proved: int
    hand_made: Quality
    fitted: Quality


def examples_of(logs: Sequence[SearchLog], hand_made: ValueFunction) -> list[Example]:
    """The goals below the first ones that searches worked on, those of searches that were cut off left out."""
    found: list[Example] = []
    for log in logs:
        if not log.end:
            continue
        tried = {batch.node for batch in log.batches if not log.nodes[batch.node].is_root} & log.ended.keys()
        for number in sorted(tried):
            node = log.nodes[number]
            goals = parse_goals(node.goals)
            found.append(
                Example(
                    declaration=log.began.declaration,
                    numbers=features(goals, node.depth),
                    hand_made=hand_made.value(goals, node.depth),
                    is_proved=log.ended[number].is_proved,
                    weight=1.0 / len(tried),
                )
            )
    return found


def fit(examples: Sequence[Example]) -> LinearValue:
    """The value function that fits the examples best. Raises InputError where they are too few or all of one kind."""
    if len(examples) < _LEAST_EXAMPLES or len({example.is_proved for example in examples}) < 2:
        raise InputError(
            f"{len(examples)} goals are too few, or all of them ended alike: record more searches, some that fail."
        )
    raw, proved, weights = _arrays(examples)
    means = raw.mean(axis=0)
    scales = raw.std(axis=0)
    scales[scales < 1e-9] = 1.0
    inputs = np.hstack([np.ones((len(raw), 1)), (raw - means) / scales])
    penalty = np.full(inputs.shape[1], PENALTY)
    penalty[0] = 0.0
    solution = np.zeros(inputs.shape[1])
    for _ in range(_ITERATIONS):
        chance = _logistic(inputs @ solution)
        gradient = inputs.T @ (weights * (chance - proved)) + penalty * solution
        curvature = inputs.T @ (inputs * (weights * chance * (1 - chance))[:, None]) + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curvature, gradient)
        solution = solution - step
        if float(np.abs(step).max()) < _TOLERANCE:
            break
    return LinearValue(
        bias=float(solution[0]),
        weights=tuple(float(weight) for weight in solution[1:]),
        means=tuple(float(mean) for mean in means),
        scales=tuple(float(scale) for scale in scales),
    )


def judge_halves(examples: Sequence[Example]) -> tuple[HalfReport, HalfReport]:
    """Each half judged by the weights of the other. Raises InputError as `fit` does."""
    halves: tuple[list[Example], list[Example]] = ([], [])
    for example in examples:
        halves[half_of(example.declaration)].append(example)
    return _report(halves[0], fit(halves[1])), _report(halves[1], fit(halves[0]))


def half_of(declaration: str) -> int:
    """0 or 1, by a hash of the name."""
    return hashlib.sha256(declaration.encode()).digest()[0] % 2


def _report(half: Sequence[Example], fitted: LinearValue) -> HalfReport:
    raw, proved, weights = _arrays(half)
    inputs = (raw - np.array(fitted.means)) / np.array(fitted.scales)
    chance = _logistic(fitted.bias + inputs @ np.array(fitted.weights))
    by_hand = np.array([example.hand_made for example in half])
    return HalfReport(
        examples=len(half),
        proved=int(proved.sum()),
        hand_made=Quality(area=_area(by_hand, proved), log_loss=_log_loss(by_hand, proved, weights)),
        fitted=Quality(area=_area(chance, proved), log_loss=_log_loss(chance, proved, weights)),
    )


def _arrays(examples: Sequence[Example]) -> tuple[Numbers, Numbers, Numbers]:
    return (
        np.array([example.numbers for example in examples], dtype=np.float64),
        np.array([example.is_proved for example in examples], dtype=np.float64),
        np.array([example.weight for example in examples], dtype=np.float64),
    )


def _logistic(total: Numbers) -> Numbers:
    chance: Numbers = 1.0 / (1.0 + np.exp(-np.clip(total, -30.0, 30.0)))
    return chance


def _log_loss(chance: Numbers, proved: Numbers, weights: Numbers) -> float:
    safe = np.clip(chance, 1e-6, 1 - 1e-6)
    losses = -(proved * np.log(safe) + (1 - proved) * np.log(1 - safe))
    return float((weights * losses).sum() / weights.sum())


def _area(chance: Numbers, proved: Numbers) -> float:
    """The share of pairs of a proved and an unproved goal that stand in the right order; ties count half."""
    good, bad = chance[proved == 1], chance[proved == 0]
    if not len(good) or not len(bad):
        return 0.5
    differences = good[:, None] - bad[None, :]
    return float(((differences > 0) + 0.5 * (differences == 0)).mean())
