"""Structural tactics from the shape of the target: introduce, split, choose, give a witness.

Every candidate is one tactic whose leftover goals have names that can be typed. Where a toolchain has no `left`,
`by_cases` or `rintro`, a form of the same step is offered that every Lean 4 has. Splitting hypotheses is in
`case_splits`.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from lean_sidekick.core.candidates import Candidate, Source, deduplicate
from lean_sidekick.core.terms import Shape, Term
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.classical import cases_on, classical_steps, is_decided
from lean_sidekick.tactics.dialect import CONGR, EXT, FUNEXT, LEFT, RINTRO, Dialect
from lean_sidekick.tactics.goal_shape import (
    FALSE,
    Argument,
    GoalShape,
    conjuncts,
    disjuncts,
    plain_type,
    read_goal,
    telescope,
    type_of,
)
from lean_sidekick.tactics.inductive_types import Constructor, inductive_types
from lean_sidekick.tactics.names import Names
from lean_sidekick.tactics.patterns import pattern
from lean_sidekick.tactics.witnesses import witnesses


class Shapes:
    """Structural tactics for the target as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Steps for the target, likeliest first."""
        declared = inductive_types(request.surroundings.text_above)
        return shape_candidates(read_goal(request.goal), Dialect(request.known_tactics), declared)


def shape_candidates(
    shape: GoalShape, dialect: Dialect, declared: Mapping[str, tuple[Constructor, ...]] = MappingProxyType({})
) -> list[Candidate]:
    """Steps for the target, likeliest first; `declared` are the types of the open file."""
    steps = _candidates(shape, dialect, declared)
    found = [Candidate(text=text, source=Source.SHAPE, score=score) for text, score in steps]
    return sorted(deduplicate(found), key=lambda candidate: -candidate.score)


def _candidates(
    shape: GoalShape, dialect: Dialect, declared: Mapping[str, tuple[Constructor, ...]]
) -> Iterator[tuple[str, float]]:
    target = shape.target
    yield from _introductions(shape, dialect)
    if target.is_operator("∧", "↔"):
        yield from _both_sides(target)
    elif target.is_operator("∨"):
        yield from _either_side(shape, dialect)
    elif target.is_binder("∃"):
        yield from witnesses(shape, dialect, declared)
    elif target.is_operator("="):
        yield from _equation(shape, dialect)
    elif target.shape in (Shape.APPLICATION, Shape.ATOM) and target != FALSE and target.head not in shape.taken:
        yield "constructor", -3.0
    elif target.is_operator("×"):
        yield "constructor", -1.0
    yield from classical_steps(shape, dialect)


def _introductions(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    arguments, _ = telescope(shape.target)
    if not arguments:
        return
    names = Names(shape.taken)
    plain = [
        names.proof(argument.type) if argument.is_premise else names.variable(argument.name, argument.type)
        for argument in arguments
    ]
    count = len(plain)
    yield "intro " + " ".join(plain), -0.15 if shape.target.is_operator("≠", "¬") else -0.1
    has_rintro = dialect.known is not None and dialect.has(RINTRO)
    opened = _opened(arguments, shape, with_cases=has_rintro)
    if any(one.startswith("⟨") or "|" in one for one in opened):
        word = "rintro" if has_rintro else "intro"
        yield " ".join([word, *(f"({one})" if "|" in one else one for one in opened)]), -0.25
    variables = next((i for i, argument in enumerate(arguments) if argument.is_premise), count)
    if 0 < variables < count:
        yield "intro " + " ".join(plain[:variables]), -1.6
    if count > 1 and variables != 1:
        yield f"intro {plain[0]}", -2.0


def _opened(arguments: Sequence[Argument], shape: GoalShape, *, with_cases: bool) -> list[str]:
    """Patterns that take the premises apart while they are introduced."""
    names = Names(shape.taken)
    return [
        pattern(argument.type, names, with_cases=with_cases)
        if argument.is_premise and argument.type is not None
        else names.variable(argument.name, argument.type)
        for argument in arguments
    ]


def _both_sides(target: Term) -> Iterator[tuple[str, float]]:
    yield "constructor", -0.3
    parts = conjuncts(target)
    if len(parts) > 2:
        yield f"refine ⟨{', '.join(['?_'] * len(parts))}⟩", -0.35
    else:
        yield "refine ⟨?_, ?_⟩", -1.5


def _either_side(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    known = {local.type.alpha_key for local in shape.proofs}
    parts = disjuncts(shape.target)
    for index, (word, constructor) in enumerate((("left", "Or.inl"), ("right", "Or.inr"))):
        side = shape.target.args[index]
        score = -1.6
        if {part.alpha_key for part in disjuncts(side)} & known:
            score = -0.7
        elif side == FALSE:
            score = -4.0
        if dialect.has(LEFT):
            yield word, score
        if dialect.may_lack(LEFT):
            yield f"apply {constructor}", score - 0.01
    if len(parts) > 2:
        for index in range(1, len(parts)):
            inner = "?_" if index == len(parts) - 1 else "(Or.inl ?_)"
            path = "Or.inr (" * (index - 1) + "Or.inr " + inner + ")" * (index - 1)
            yield f"refine {path}", -2.5
    # `p ∨ q` from `¬p → q`, where a classical distinction is needed anyway.
    if not is_decided(parts[0], shape):
        yield cases_on(parts[0], shape, dialect), -2.4


def _equation(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    left, right = shape.target.args
    types = shape.types
    kind = type_of(left, types) or type_of(right, types)
    is_function = left.is_binder("fun") or right.is_binder("fun") or (kind is not None and kind.is_operator("→"))
    if is_function:
        lambda_ = left if left.is_binder("fun") else right
        wanted = lambda_.variable if lambda_.is_binder("fun") else "x"
        name = Names(shape.taken).variable(wanted, None)
        if dialect.has(FUNEXT):
            yield f"funext {name}", -0.4
        if dialect.may_lack(FUNEXT):
            yield f"refine funext (fun {name} => ?_)", -0.5
    if kind is not None and kind.text == "Prop":
        yield "apply propext", -0.9
    if kind is not None and plain_type(kind) in ("Set", "Finset", "function", "Prod", "Matrix", "Subtype"):
        name = Names(shape.taken).fresh("x")
        if dialect.has(EXT):
            yield f"ext {name}", -1.0
            yield "ext", -1.6
    if left.shape is Shape.APPLICATION and right.shape is Shape.APPLICATION and left.head == right.head:
        if dialect.has(CONGR):
            yield "congr", -2.6
        yield "apply congrArg", -2.4
        if len(left.args) > 2:
            yield "apply congr", -4.5
    elif left.shape is Shape.OPERATOR and right.shape is Shape.OPERATOR and left.text == right.text:
        yield from _same_operator(left, right)
    yield "apply Eq.symm", -4.0


def _same_operator(left: Term, right: Term) -> Iterator[tuple[str, float]]:
    """`f a = f b` where the two sides differ in one argument."""
    if len(left.args) != 2:
        return
    symbol = left.text
    same_first, same_last = left.args[0] == right.args[0], left.args[1] == right.args[1]
    for same, kept, before in ((same_first, left.args[0], True), (same_last, left.args[1], False)):
        if not same:
            continue
        name = Names(kept.names).fresh("x")
        value = kept.rendered if kept.shape is not Shape.OPERATOR else f"({kept.rendered})"
        function = f"{value} {symbol} {name}" if before else f"{name} {symbol} {value}"
        yield f"refine congrArg (fun {name} => {function}) ?_", -1.6
