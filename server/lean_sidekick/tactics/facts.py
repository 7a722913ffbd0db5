"""What earlier proofs established, as `have` steps for other goals.

A `have` that speaks of no hypothesis establishes its statement anywhere; so does a proof whose goal is an equation for
all values of the elements it speaks of. Only equations count, and only where a side of one fits a part of the target.
A guess from texts: whether the proof holds elsewhere is for Lean to say. Pure.
"""

import re

from attrs import evolve, frozen

from lean_sidekick.core.goals import INACCESSIBLE_MARK, Goal
from lean_sidekick.core.render import indent
from lean_sidekick.core.steps import TakenStep
from lean_sidekick.core.term_reader import read_binders
from lean_sidekick.core.terms import IDENTIFIER, Shape, Term
from lean_sidekick.tactics.goal_shape import GoalShape, Nature
from lean_sidekick.tactics.rewriting import Equation, equation_of, rewrite
from lean_sidekick.tactics.scripts import aligned, outer_steps

NAME = "fact"
"""What the `have` of a proof is called that had no name of its own."""
_HAVE = re.compile(r"have [\w']+ : (∀ .*?) := ", re.DOTALL)
_MAX_LENGTH = 800
_BUILDS = ("induction", "cases", "match")


@frozen(kw_only=True)
class Fact:
    """An equation for all values of its variables, and the step that establishes it.

    `key` is equal for equal statements. `step` is to be put in the names of another goal like any step.
    """

    key: str
    equation: Equation
    step: TakenStep

    def fit(self, target: Term) -> int:
        """How much of a target one of its sides says: symbols and applications of the part that fits; 0 if none does.

        One operator between variables (`a + b`) fits everywhere and says nothing.
        """
        ways = (self.equation, self.equation.flipped())
        sizes = [_size(way.left, way.variables) for way in ways if rewrite(way, target) is not None]
        best = max(sizes, default=0)
        return best if best > 1 else 0


def fact_of(step: TakenStep, shape: GoalShape) -> Fact | None:
    """What a step at a goal establishes for goals elsewhere, if anything."""
    stated = _stated(step) or _generalised(step, shape)
    if stated is None:
        return None
    statement = read_binders(": " + " ".join(stated[0].split()))
    if statement is None or statement.names & {one.name for one in shape.locals if one.nature is not Nature.SORT}:
        return None
    equation = equation_of(statement)
    if equation is None or not equation.variables or equation.premises:
        return None
    return Fact(key=statement.alpha_key, equation=equation, step=stated[1])


def _stated(step: TakenStep) -> tuple[str, TakenStep] | None:
    have = _HAVE.match(step.tactic)
    return None if have is None or len(outer_steps(step.tactic)) > 1 else (have[1], step)


def _generalised(step: TakenStep, shape: GoalShape) -> tuple[str, TakenStep] | None:
    """A proof by cases or by induction, or of several steps, for all elements that its goal speaks of."""
    parts = outer_steps(step.tactic)
    if len(parts) == 1 and not ("\n" in step.tactic and step.tactic.startswith(_BUILDS)):
        return None
    if len(step.tactic) > _MAX_LENGTH or not shape.target.is_operator("=") or INACCESSIBLE_MARK in shape.goal.text:
        return None
    spoken = shape.target.names | {name.partition(".")[0] for name in IDENTIFIER.findall(step.tactic)}
    if any(one.name in spoken for one in shape.locals if one.nature in (Nature.PROOF, Nature.INSTANCE)):
        return None
    elements = [one for one in shape.locals if one.nature in (Nature.DATA, Nature.FUNCTION) and one.name in spoken]
    if not elements:
        return None
    statement = "∀ " + " ".join(f"({one.name} : {one.type.rendered})" for one in elements) + f", {shape.goal.target}"
    script = step.tactic if len(parts) > 1 else aligned(step.tactic)
    proof = "intro " + " ".join(one.name for one in elements) + "\n" + script
    text = f"have {NAME} : {' '.join(statement.split())} := by\n" + indent(proof, "  ")
    return statement, evolve(step, tactic=text, goal=_sorts_of(shape))


def _sorts_of(shape: GoalShape) -> Goal:
    """The goal with its sorts alone: everything else is bound in the statement."""
    sorts = {one.name for one in shape.locals if one.nature is Nature.SORT}
    kept = tuple(one for one in shape.goal.hypotheses if sorts.issuperset(one.names))
    return evolve(shape.goal, hypotheses=kept)


def _size(term: Term, variables: frozenset[str]) -> int:
    if term.shape is Shape.ATOM:
        return int(term.text not in variables)
    return 1 + sum(_size(arg, variables) for arg in term.args)
