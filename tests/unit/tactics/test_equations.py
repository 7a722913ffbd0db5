"""Equations that hypotheses and lemmas give, joined by the prover. Each term was accepted by a Lean of July 2021."""

import pytest

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.term_reader import read_term
from lean_sidekick.tactics.equations import derived_equations
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.logic import prove
from lean_sidekick.tactics.sequents import Fact

RELATION = "α : Type\nr : α → α → Prop\nh : ∀ (a b : α), r a b → a = b\na b c : α\nhr : r a b\nhc : b = c"
INVERSE = "α β : Type\nf : α → β\ng : β → α\nhg : ∀ (x : β), f (g x) = x\ny z : β\nh : g y = g z"
UNIT = "α : Type\ninst✝ : Mon α\nu : α\nh : ∀ (a : α), Mon.op u a = a"


@pytest.mark.parametrize(
    ("goal", "proof"),
    [
        (f"{RELATION}\n⊢ a = c", "(h a b hr).trans hc"),
        (f"{INVERSE}\n⊢ y = z", "(((hg y).symm).trans (congrArg f h)).trans (hg z)"),
        (f"{UNIT}\n⊢ u = Mon.one", "((Mon.op_one u).symm).trans (h Mon.one)"),
        (f"{UNIT}\n⊢ u = Mon.two", None),
    ],
)
def test_equations_are_joined(goal: str, proof: str | None) -> None:
    shape = read_goal(parse_goal(goal))
    laws = [Fact(read_term("∀ (a : α), Mon.op a Mon.one = a"), "Mon.op_one")]
    assert prove(shape, (), derived_equations(shape, shape.target, laws)) == proof


def test_other_goals_have_none() -> None:
    shape = read_goal(parse_goal(f"{RELATION}\n⊢ r a c"))
    assert derived_equations(shape, shape.target, ()) == []
