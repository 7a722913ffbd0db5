"""Functions that are asked for or cannot be: choice, diagonals, and equations between functions.

From `∀ x, ∃ y, r x y` choice gives a function where one is asked for. A list `f` of all functions or predicates is
refuted by one that differs from `f x` at `x`. What two equal functions are at a point is equal. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.terms import BinderKind, Shape, Term, application, atom, operator, substitute, with_args
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import GoalShape, Local, instantiate, read_goal, type_of
from lean_sidekick.tactics.names import Names
from lean_sidekick.tactics.patterns import has_instance, opened
from lean_sidekick.tactics.sequents import as_argument

CHOICE = "Classical.axiomOfChoice"
"""`(∀ x, ∃ y, r x y) → ∃ f, ∀ x, r x (f x)`, under this name in every Lean 4."""
_MAX_POINTS = 2
_OTHER_VALUE = {
    "Prop": lambda value: operator("¬", value),
    "Bool": lambda value: operator("!", value),
    "Nat": lambda value: operator("+", value, atom("1")),
}
"""For a value of a type, one that differs from it."""


class Functions:
    """Steps with and for functions as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Steps, likeliest first."""
        return function_candidates(read_goal(request.goal), Dialect(request.known_tactics))


def function_candidates(shape: GoalShape, dialect: Dialect) -> list[Candidate]:
    """Steps, likeliest first."""
    found = [*_choices(shape, dialect), *_diagonals(shape, dialect), *_values(shape)]
    candidates = [Candidate(text=text, source=Source.SHAPE, score=score) for text, score in found]
    return sorted(candidates, key=lambda candidate: -candidate.score)


def _choices(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    """The function that a hypothesis says exists point by point, where the target asks for a function."""
    asked = shape.target.variable_type if shape.target.is_binder("∃") else None
    if asked is None or not asked.is_operator("→") or not dialect.has_name(CHOICE):
        return
    for local in shape.proofs:
        chosen = _chosen(local.type)
        if chosen is not None and not has_instance(chosen, [other.type for other in shape.proofs]):
            yield opened(chosen, f"{CHOICE} {local.name}", Names(shape.taken), dialect), -0.4


def _chosen(statement: Term) -> Term | None:
    """What choice makes of `∀ x, ∃ y, r x y`."""
    if not statement.is_binder("∀") or not statement.body.is_binder("∃"):
        return None
    if statement.binder_kind is not BinderKind.EXPLICIT:
        return None
    exists = statement.body
    name = Names(statement.names | exists.names | {statement.variable}).fresh("g")
    value = application(atom(name), [atom(statement.variable)])
    body = substitute(exists.body, {exists.variable: value})
    return Term(shape=Shape.BINDER, text="∃", args=(with_args(statement, (body,)),), variable=name)


def _diagonals(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    """What differs from every function of a list, as a witness or for a hypothesis about all functions."""
    for local, kind, diagonal in _diagonals_of(shape):
        value = diagonal.rendered
        target = shape.target
        if target.is_binder("∃") and (target.variable_type is None or target.variable_type.alpha_key == kind.alpha_key):
            yield f"refine ⟨{value}, ?_⟩", -0.9
        for one in shape.proofs:
            if not one.type.is_binder("∀") or local.name not in one.type.body.names:
                continue
            instance = instantiate(one.type, diagonal)
            is_about = one.type.variable_type is not None and one.type.variable_type.alpha_key == kind.alpha_key
            if is_about and instance.is_binder("∃") and not has_instance(instance, [two.type for two in shape.proofs]):
                yield opened(instance, f"{one.name} ({value})", Names(shape.taken), dialect), -0.9


def _diagonals_of(shape: GoalShape) -> Iterator[tuple[Local, Term, Term]]:
    """For each `f : α → α → Prop` or the like, the type `α → Prop` and the function that is no `f x`."""
    for local in shape.data:
        kind = local.type
        if not kind.is_operator("→") or not kind.args[1].is_operator("→"):
            continue
        listed = kind.args[1]
        other = _OTHER_VALUE.get(listed.args[1].text)
        if other is None or kind.args[0].alpha_key != listed.args[0].alpha_key:
            continue
        name = Names(shape.taken).fresh("x")
        value = other(application(atom(local.name), [atom(name), atom(name)]))
        yield local, listed, Term(shape=Shape.BINDER, text="fun", args=(value,), variable=name)


def _values(shape: GoalShape) -> Iterator[tuple[str, float]]:
    """What two equal functions are at a point of the context, where one of them is written out."""
    known = {local.type.alpha_key for local in shape.proofs}
    for local in shape.proofs:
        if not local.type.is_operator("=") or not any(side.is_binder("fun") for side in local.type.args):
            continue
        kind = _domain(local.type.args, shape.types)
        points = [one for one in reversed(shape.data) if kind is None or one.type.alpha_key == kind.alpha_key]
        for point in points[:_MAX_POINTS]:
            if operator("=", *(_at(side, atom(point.name)) for side in local.type.args)).alpha_key not in known:
                name = Names(shape.taken).fresh("h1")
                yield f"have {name} := congrFun {as_argument(local.name)} {point.name}", -0.6


def _domain(sides: Sequence[Term], types: Mapping[str, Term]) -> Term | None:
    for side in sides:
        if side.is_binder("fun") and side.variable_type is not None:
            return side.variable_type
        kind = type_of(side, types)
        if kind is not None and kind.is_operator("→"):
            return kind.args[0]
    return None


def _at(function: Term, point: Term) -> Term:
    return instantiate(function, point) if function.is_binder("fun") else application(function, [point])
