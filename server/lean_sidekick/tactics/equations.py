"""Equations that hypotheses and lemmas give, for the prover to join to a proof of an equation.

What hypotheses give by their premises, `h a b hr : a = b`; what `∀ x, f (g x) = x` and laws say of a side of the goal;
and `f` on both sides of an equation where that is spoken of. Pure; nothing is searched for beyond that.
"""

from collections.abc import Iterator, Sequence

from lean_sidekick.core.terms import BinderKind, Shape, Term, application, operator, substitute
from lean_sidekick.tactics.goal_shape import GoalShape
from lean_sidekick.tactics.logic import applications
from lean_sidekick.tactics.normal import normal
from lean_sidekick.tactics.sequents import Fact, apply, open_statement

_MAX_INSTANCES = 24
_MAX_CONGRUENCES = 8


def derived_equations(shape: GoalShape, goal: Term, lemmas: Sequence[Fact]) -> list[Fact]:
    """Equations by which the sides of a goal may be joined; none for what is no equation."""
    if not goal.is_operator("="):
        return []
    stated = [Fact(normal(local.type, shape.types), local.name) for local in shape.proofs]
    given = [fact for fact in applications(shape) if fact.statement.is_operator("=")]
    instances = [*_instances([*stated, *lemmas], goal)][:_MAX_INSTANCES]
    congruences = [*_congruences([*stated, *given], instances)][:_MAX_CONGRUENCES]
    return [*given, *instances, *congruences]


def _instances(facts: Sequence[Fact], goal: Term) -> Iterator[Fact]:
    """What equations about every element say of the sides of the goal."""
    for fact in facts:
        arguments, conclusion = open_statement(fact.statement)
        variables = [argument for argument in arguments if argument.kind is not BinderKind.INSTANCE]
        is_about_one = len(arguments) == len(variables) == 1 and arguments[0].kind is BinderKind.EXPLICIT
        if is_about_one and arguments[0].name and conclusion.is_operator("="):
            for side in goal.args:
                yield Fact(substitute(conclusion, {arguments[0].name: side}), apply(fact.proof, side.rendered))


def _congruences(equations: Sequence[Fact], instances: Sequence[Fact]) -> Iterator[Fact]:
    """`congrArg f h` where an instance speaks of `f u` and `h : u = v`."""
    spoken = [side for fact in instances for side in fact.statement.args if side.shape is Shape.APPLICATION]
    for fact in equations:
        if not fact.statement.is_operator("="):
            continue
        for left in fact.statement.args:
            for whole in spoken:
                function, last = application(whole.args[0], whole.args[1:-1]), whole.args[-1]
                if last == left:
                    ours, theirs = (application(function, [side]) for side in fact.statement.args)
                    yield Fact(operator("=", ours, theirs), apply("congrArg", function.rendered, fact.proof))
