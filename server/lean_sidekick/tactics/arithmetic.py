"""Mathlib's arithmetic tactics with arguments from the goal: squares, products, linear combinations, ranges.

Offered only where the toolchain is known to have `nlinarith`, which stands for Mathlib here. The tactics without
arguments are in `portfolio`.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from lean_sidekick.core.candidates import Candidate, Source, deduplicate
from lean_sidekick.core.terms import Shape, Term, subterms
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import NLINARITH, Dialect
from lean_sidekick.tactics.goal_shape import FALSE, ORDERS, GoalShape, Local, plain_type, read_goal
from lean_sidekick.tactics.normal import normal

_FIELDS = frozenset({"Real", "Rat", "Int", "NNReal", "Nat"})
_RINGS = frozenset({"Real", "Rat", "Int", "Complex", ""})
_MAX_VARIABLES = 4
_MAX_EQUATIONS = 3


class ArithmeticArguments:
    """Arithmetic tactics with arguments as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Calls that suit the goal, likeliest first; none where Mathlib is not known to be there."""
        return arithmetic_candidates(read_goal(request.goal), Dialect(request.known_tactics))


def arithmetic_candidates(shape: GoalShape, dialect: Dialect) -> list[Candidate]:
    """Calls that suit the goal, likeliest first; none where Mathlib is not known to be there."""
    if dialect.known is None or not dialect.has(NLINARITH):
        return []
    found = [*_nonlinear(shape), *_linear_combinations(shape), *_ranges(shape)]
    candidates = [Candidate(text=text, source=Source.PORTFOLIO, score=score) for text, score in found]
    return sorted(deduplicate(candidates), key=lambda candidate: -candidate.score)


def _nonlinear(shape: GoalShape) -> Iterator[tuple[str, float]]:
    """Hints for `nlinarith`: squares of differences, products of what is positive."""
    if shape.relation not in ORDERS | {"="} and shape.target != FALSE:
        return
    numbers = [one for one in shape.data if plain_type(one.type) in _FIELDS][:_MAX_VARIABLES]
    statements = [shape.target, *(local.type for local in shape.proofs)]
    if not numbers or not any(part.is_operator("*", "^", "/") for s in statements for part in subterms(s)):
        return
    squares = [f"sq_nonneg ({a.name} - {b.name})" for a, b in combinations(numbers, 2)]
    sums = [f"sq_nonneg ({a.name} + {b.name})" for a, b in combinations(numbers[:2], 2)]
    single = [f"sq_nonneg {one.name}" for one in numbers[:2]]
    products = [f"mul_pos {a.name} {b.name}" for a, b in combinations(_positive(shape), 2)]
    if squares:
        yield f"nlinarith [{', '.join(squares)}]", -2.1
    if squares and products:
        yield f"nlinarith [{', '.join([*squares, *products])}]", -2.2
    elif products:
        yield f"nlinarith [{', '.join(products)}]", -2.3
    yield f"nlinarith [{', '.join([*squares, *sums, *single])}]", -2.6


def _positive(shape: GoalShape) -> list[Local]:
    """Hypotheses `0 < x`."""
    types = shape.types
    found = []
    for local in shape.proofs:
        statement = normal(local.type, types)
        if statement.is_operator("<") and statement.args[0].text == "0":
            found.append(local)
    return found[:_MAX_VARIABLES]


def _linear_combinations(shape: GoalShape) -> Iterator[tuple[str, float]]:
    if not shape.target.is_operator("=") or shape.carrier not in _RINGS:
        return
    equations = [local.name for local in shape.proofs if local.type.is_operator("=")][-_MAX_EQUATIONS:]
    for name in equations:
        yield f"linear_combination {name}", -2.4
    for first, second in combinations(equations, 2):
        yield f"linear_combination {first} + {second}", -3.0
        yield f"linear_combination {first} - {second}", -3.1


def _ranges(shape: GoalShape) -> Iterator[tuple[str, float]]:
    """`interval_cases x` for a whole number with an upper bound in digits."""
    whole = {one.name for one in shape.data if plain_type(one.type) in ("Nat", "Int")}
    for name in sorted(whole):
        if any(_bounds(local.type, name) for local in shape.proofs):
            yield f"interval_cases {name}", -2.3


def _bounds(statement: Term, name: str) -> bool:
    return (
        statement.is_operator("<", "≤")
        and statement.args[0].text == name
        and statement.args[1].shape is Shape.ATOM
        and statement.args[1].text.isdecimal()
    )
