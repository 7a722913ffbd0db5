"""How likely a goal is to be proved, as a number: what MCTS goes by, and what says which unfinished state is best.

`HandMadeValue` is written by hand, `LinearValue` is fitted from recorded searches (`training/value.py`) on the same
features. Only the goals are looked at; Lean is asked nothing.
"""

import asyncio
import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from attrs import frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import Goal

_TOKEN = re.compile(r"[\w.'✝]+|\S")
_OPENING, _CLOSING = frozenset("([{⟨"), frozenset(")]}⟩")
_ARROWS = frozenset("→∧∨↔¬∃∀")
FEATURES = (
    "goals",
    "target size",
    "target depth",
    "hypotheses",
    "hypothesis size",
    "hypothesis depth",
    "connectives",
    "existentials",
    "equation",
    "contradiction",
    "metavariables",
    "steps",
)
"""The names of the numbers that `features` gives, in order."""


class ValueFunction(Protocol):
    """Estimates a node of the search tree."""

    def value(self, goals: Sequence[Goal], depth: int) -> float:
        """The chance, between 0 and 1, that all these goals can be proved from here; `depth` tactics stand before."""


def features(goals: Sequence[Goal], depth: int) -> tuple[float, ...]:
    """The numbers that a value is made of, named by `FEATURES`; sizes are logarithms of counts of words."""
    targets = [_TOKEN.findall(goal.target) for goal in goals]
    types = [_TOKEN.findall(h.type) for goal in goals for h in goal.hypotheses]
    words = [word for target in targets for word in target]
    return (
        float(len(goals)),
        math.log1p(len(words)),
        float(max((_nesting(target) for target in targets), default=0)),
        math.log1p(sum(len(goal.names) for goal in goals)),
        math.log1p(sum(map(len, types))),
        float(max(map(_nesting, types), default=0)),
        math.log1p(sum(word in _ARROWS for word in words)),
        float("∃" in words),
        float("=" in words),
        float(any(goal.target == "False" for goal in goals)),
        float(any(goal.has_metavariable for goal in goals)),
        float(depth),
    )


class HandMadeValue:
    """Long, deep, quantified targets and many goals are hard; hypotheses help little and cost little."""

    def value(self, goals: Sequence[Goal], depth: int) -> float:
        """See `ValueFunction`."""
        count, size, nesting, _, _, _, connectives, exists, _, absurd, shared, steps = features(goals, depth)
        effort = 0.25 * size + 0.1 * nesting + 0.2 * connectives + 0.4 * exists + 0.6 * shared + 0.06 * steps
        effort += 0.8 * absurd  # the target says nothing of what has to be done
        return math.exp(-0.1 - effort - 0.5 * (count - 1))


@frozen(kw_only=True)
class LinearValue:
    """A logistic function of the features: `weights` on what they are after `means` and `scales`."""

    bias: float
    weights: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]

    def value(self, goals: Sequence[Goal], depth: int) -> float:
        """See `ValueFunction`."""
        numbers = features(goals, depth)
        rows = zip(numbers, self.weights, self.means, self.scales, strict=True)
        total = self.bias + sum(weight * (number - mean) / scale for number, weight, mean, scale in rows)
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


async def value_function(file: str) -> ValueFunction:
    """The value function of a file, "" for the built-in one. Raises InputError."""
    return await asyncio.to_thread(read_value, Path(file)) if file else HandMadeValue()


def write_value(value: LinearValue, path: Path) -> None:
    """Writes a fitted value function as JSON."""
    rows = zip(FEATURES, value.weights, value.means, value.scales, strict=True)
    fields = {
        "bias": value.bias,
        "features": [dict(zip(("name", "weight", "mean", "scale"), r, strict=True)) for r in rows],
    }
    path.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")


def read_value(path: Path) -> LinearValue:
    """Reads what `write_value` wrote. Raises InputError if the file is no such thing."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        rows = fields["features"]
        if tuple(row["name"] for row in rows) != FEATURES:
            raise ValueError("it was fitted on other features")
        value = LinearValue(
            bias=float(fields["bias"]),
            weights=tuple(float(row["weight"]) for row in rows),
            means=tuple(float(row["mean"]) for row in rows),
            scales=tuple(float(row["scale"]) for row in rows),
        )
        if any(scale <= 0 for scale in value.scales):
            raise ValueError("a scale is not positive")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a value function ({error}): make one with `train value`.") from None
    return value


def _nesting(words: Sequence[str]) -> int:
    depth = deepest = 0
    for word in words:
        if word in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif word in _CLOSING:
            depth -= 1
    return deepest
