"""Inequalities on `Nat` through what lies between: `f m ≤ f (m + 1)` with `ih : f m ≤ f k` needs `f k ≤ f (m + 1)`.

Only where a hypothesis has one side of the target. What is linear is for `inequalities` and the tactics of the
toolchain; this is for terms that they take as they stand. Pure.
"""

from collections.abc import Iterator, Sequence

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.terms import Shape, Term
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import GoalShape, carrier, read_goal

_HYPOTHESIS, _INDUCTION_HYPOTHESIS, _LATER = -2.0, -1.0, 0.1
_TRANSITIVITY = ("Nat.leTrans", "Nat.le_trans")
"""The early name and that of today."""


class Transitivity:
    """Steps through what lies between, as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """One step for each hypothesis that shares a side with the target, the newest first."""
        return transitivity_candidates(read_goal(request.goal), Dialect(request.known_tactics))


def transitivity_candidates(shape: GoalShape, dialect: Dialect) -> list[Candidate]:
    """One step for each hypothesis that shares a side with the target, the newest first."""
    name = next((one for one in _TRANSITIVITY if dialect.has_name(one)), None)
    if name is None or not shape.target.is_operator("≤") or shape.carrier not in ("Nat", ""):
        return []
    found = sorted(_steps(name, shape), key=lambda pair: -pair[1])
    return [Candidate(text=text, source=Source.HYPOTHESIS, score=score) for text, score in found]


def transitivity_names() -> tuple[str, ...]:
    """The names of the lemma, in all spellings."""
    return _TRANSITIVITY


def _steps(name: str, shape: GoalShape) -> Iterator[tuple[str, float]]:
    low, high = shape.target.args
    for index, local in enumerate(reversed(shape.proofs)):
        if not local.type.is_operator("≤") or carrier(local.type, shape.types) not in ("Nat", ""):
            continue
        score = (_INDUCTION_HYPOTHESIS if local.name.startswith("ih") else _HYPOTHESIS) - _LATER * index
        smaller, larger = local.type.args
        if _is_same(smaller, low) and not _is_same(larger, high):
            yield f"refine {name} {local.name} ?_", score
        elif _is_same(larger, high) and not _is_same(smaller, low):
            yield f"refine {name} ?_ {local.name}", score


def _is_same(side: Term, other: Term) -> bool:
    """Whether two sides are the same compound term: a variable or number that both have says little."""
    return side.shape is not Shape.ATOM and side.alpha_key == other.alpha_key
