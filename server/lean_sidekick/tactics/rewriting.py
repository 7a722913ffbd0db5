"""Rewriting as text: which parts of a target an equation fits, and what the target is afterwards. Pure.

Follows what `rw` does: the first part that fits fixes the variables, then every equal part outside binders is replaced.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from attrs import frozen

from lean_sidekick.core.terms import Shape, Term, match, replace, substitute, subterms
from lean_sidekick.tactics.goal_shape import FALSE
from lean_sidekick.tactics.sequents import open_statement


@frozen(kw_only=True)
class Rewrite:
    """One way an equation rewrites a term: every `instance` by its `replacement`, if the `premises` hold.

    `values` are those of the equation's variables.
    """

    result: Term
    premises: tuple[Term, ...]
    instance: Term
    replacement: Term
    values: Mapping[str, Term]


@frozen(kw_only=True)
class Equation:
    """An equation or equivalence at the end of a statement, with the variables that may be chosen."""

    left: Term
    right: Term
    variables: frozenset[str]
    premises: tuple[Term, ...]

    def flipped(self) -> "Equation":
        """The equation read from right to left."""
        return Equation(left=self.right, right=self.left, variables=self.variables, premises=self.premises)


@lru_cache(maxsize=2048)
def equation_of(statement: Term) -> Equation | None:
    """What `rw` would use a proof of this statement for; None if it is no equation."""
    arguments, conclusion = open_statement(statement)
    if conclusion == FALSE or not conclusion.is_operator("=", "↔"):
        return None
    left, right = conclusion.args
    return Equation(
        left=left,
        right=right,
        variables=frozenset(argument.name for argument in arguments if argument.name),
        premises=tuple(argument.type for argument in arguments if argument.is_premise and argument.type is not None),
    )


def rewrite(equation: Equation, term: Term) -> Rewrite | None:
    """The term rewritten from left to right as `rw` does it; None where the left side does not fit."""
    return next(rewrites(equation, term), None)


def rewrites(equation: Equation, term: Term) -> Iterator[Rewrite]:
    """The ways to rewrite a term from left to right, one for each part that fits; none for a bare variable."""
    if equation.left.shape is Shape.ATOM and equation.left.text in equation.variables:
        return
    seen: set[Term] = set()
    for part in subterms(term):
        values = None if part in seen else match(equation.left, part, equation.variables, {})
        if values is None:
            continue
        seen.add(part)
        right = substitute(equation.right, values)
        premises = tuple(substitute(premise, values) for premise in equation.premises)
        result = replace(term, part, right)
        yield Rewrite(result=result, premises=premises, instance=part, replacement=right, values=values)


def is_settled(term: Term) -> bool:
    """Whether `rfl` ends it at once: both sides are the same."""
    return term.is_operator("=", "↔") and term.args[0].alpha_key == term.args[1].alpha_key
