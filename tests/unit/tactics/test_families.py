"""Inductive predicates of the open file: read from text, inverted, inducted on, their constructors used as lemmas."""

import pytest
from tactic_checks import EARLY

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.tactics.api import Surroundings, TacticRequest
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.families import derived_variables, families, family_candidates, rule_premises
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.merge import default_generator

EVEN = """
inductive Even : Nat → Prop where
  | zero : Even 0
  | step (n : Nat) : Even n → Even (n + 2)
"""
CLOSURE = """
inductive Closure {α : Type} (r : α → α → Prop) : α → α → Prop where
  | refl : ∀ a, Closure r a a
  | head : ∀ a b c, r a b → Closure r b c → Closure r a c
"""
OTHERS = """
inductive Tree where | leaf | node : Tree → Tree → Tree
inductive In (a : Nat) : List Nat → Prop where
  | head : ∀ l, In a (a :: l)
  | tail : ∀ b l, In a l → In a (b :: l)
"""


def steps(text: str, goal: str) -> list[str]:
    return list(scores(text, goal))


def scores(text: str, goal: str) -> dict[str, float]:
    found = family_candidates(read_goal(parse_goal(goal)), Dialect(None), families(text))
    return {candidate.text: candidate.score for candidate in found}


def test_constructors_are_read_with_what_they_conclude() -> None:
    (family,) = families(CLOSURE).values()
    assert (family.name, family.parameters) == ("Closure", 1)
    refl, head = family.rules
    assert (refl.recursive, head.recursive) == ((), (4,))
    assert [premise.full_name for premise in rule_premises(CLOSURE)] == ["Closure.refl", "Closure.head"]
    assert refl.premise.statement == "{α : Type} {r : α → α → Prop} : ∀ a, Closure r a a"


def test_types_of_data_and_what_cannot_be_read_are_no_families() -> None:
    assert list(families(OTHERS)) == ["In"]
    assert families("inductive Odd : Nat → Prop where | one : Strange") == {}
    assert families("theorem a : True := trivial") == {}


def test_inversion_has_the_alternatives_alone_that_the_indices_leave() -> None:
    assert "cases h with | step n1 h => ?_" in steps(EVEN, "n : Nat\nh : Even (n + 2)\n⊢ Even n")
    assert "cases h with | step n1 h => ?_" in steps(EVEN, "n : Nat\nh : Even (Nat.succ (Nat.succ n))\n⊢ Even n")
    assert "cases h with | zero => ?_" in steps(EVEN, "h : Even 0\n⊢ False")
    assert "cases h" in steps(EVEN, "h : Even 1\n⊢ False")
    assert steps(OTHERS, "a : Nat\nh : In a []\n⊢ False") == ["cases h"]


@pytest.mark.parametrize(
    ("goal", "wanted"),
    [
        ("a : Nat\nl m : List Nat\n⊢ In a (a :: l ++ m)", "rw [List.cons_append]"),
        ("a b : Nat\nl m : List Nat\n⊢ In a (b :: a :: l ++ m)", "simp only [List.cons_append]"),
        ("a b : Nat\nl m : List Nat\nh : In a (b :: l ++ m)\n⊢ False", "rw [List.cons_append] at h"),
        ("a : Nat\nm : List Nat\nh : In a ([] ++ m)\n⊢ False", "rw [List.nil_append] at h"),
    ],
)
def test_indices_are_brought_to_constructors_first(goal: str, wanted: str) -> None:
    assert steps(OTHERS, goal)[0] == wanted


def test_numbers_in_indices_come_last() -> None:
    assert steps(EVEN, "n m : Nat\n⊢ Even (n + 2 + m)")[0] == "rw [Nat.add_right_comm]"
    assert not any(text.startswith("rw") for text in steps(EVEN, "n m : Nat\n⊢ Even (n + m + 2)"))
    assert not any(text.startswith("rw") for text in steps(EVEN, "n m : Nat\n⊢ Even (n + m + m)"))


def test_an_index_that_is_no_variable_is_named_before_induction() -> None:
    goal = "r : Nat → Nat → Prop\nf : Nat → Nat\na b : Nat\nh : Closure r (f a) b\n⊢ ∃ c, b = f c"
    assert "revert h\ngeneralize hk : f a = k\nintro h" in steps(CLOSURE, goal)
    named = "r : Nat → Nat → Prop\nf : Nat → Nat\na b k : Nat\nhk : f a = k\nh : Closure r k b\n⊢ ∃ c, b = f c"
    wanted = "induction h generalizing a with | refl a1 => ?_ | head a1 b1 c hr h ih => ?_"
    assert wanted in steps(CLOSURE, named)


def test_induction_leads_where_the_target_is_about_the_indices() -> None:
    about = scores(CLOSURE, "r : Nat → Nat → Prop\na b : Nat\nh : Closure r a b\n⊢ a = b")
    other = scores(CLOSURE, "r : Nat → Nat → Prop\na b c : Nat\nh : Closure r a b\n⊢ b = c")
    induction = "induction h with | refl a1 => ?_ | head a1 b1 c hr h ih => ?_"
    assert about[induction] > next(score for text, score in other.items() if text.startswith("induction h with"))
    shape = read_goal(parse_goal("r : Nat → Nat → Prop\na b : Nat\nh : Closure r a b\n⊢ a = b"))
    assert derived_variables(shape, families(CLOSURE)) == {"a", "b"}


def test_induction_is_offered_where_the_indices_are_variables() -> None:
    wanted = "induction h with | zero => ?_ | step n1 h ih => ?_"
    assert wanted in steps(EVEN, "n : Nat\nh : Even n\n⊢ ∃ k, n = 2 * k")
    assert not any(text.startswith("induction") for text in steps(EVEN, "n : Nat\nh : Even (n + 2)\n⊢ Even n"))


@pytest.mark.parametrize(
    ("goal", "wanted"),
    [
        ("⊢ Even 0", "exact Even.zero"),
        ("⊢ Even 4", "apply Even.step"),
        ("m n : Nat\nhm : Even m\n⊢ Even (m + n)", "apply Even.step"),
    ],
)
def test_constructors_are_applied_to_the_target(goal: str, wanted: str) -> None:
    assert wanted in steps(EVEN, goal)


async def test_the_prover_uses_constructors_as_lemmas() -> None:
    goal = parse_goal(
        "α : Type\nr s : α → α → Prop\nh : ∀ (a b : α), r a b → s a b\na b c : α\nhr : r a b\nih : Closure s b c\n"
        "⊢ Closure s a c"
    )
    request = TacticRequest(goal=goal, known_tactics=EARLY, surroundings=Surroundings(text_above=CLOSURE))
    first, *_ = await default_generator().generate(request)
    assert first.text == "exact Closure.head a b c (h a b hr) ih"
