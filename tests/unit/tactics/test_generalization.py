"""Generalizations before an induction. Each text was accepted by a Lean of July 2021."""

import pytest

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.tactics.generalization import generalizations
from lean_sidekick.tactics.goal_shape import read_goal


def offered(goal: str) -> list[str]:
    return [candidate.text for candidate in generalizations(read_goal(parse_goal(goal)))]


def test_what_an_induction_hypothesis_spoke_of_is_replaced() -> None:
    goal = """a : α
l : List α
ih : List.length (rev l) = List.length l
⊢ List.length (rev l ++ [a]) = Nat.succ (List.length l)"""
    assert offered(goal) == ["rw [← ih]\nclear ih\ngeneralize rev l = xs"]


def test_two_hypotheses_are_used_together() -> None:
    goal = """l r : Tree
ihl : List.length (keys l) = size l
ihr : List.length (keys r) = size r
⊢ List.length (keys l ++ keys r) = size l + size r"""
    (text,) = offered(goal)
    assert text.startswith("rw [← ihl, ← ihr]\nclear ihl ihr\n")
    assert "generalize keys l = xs\ngeneralize keys r = xs1" in text


def test_a_constant_that_both_sides_hand_on() -> None:
    goal = "l : List α\n⊢ List.foldl f [] l = List.reverseAux l []"
    assert offered(goal) == ["generalize [] = acc"]


@pytest.mark.parametrize(
    "goal",
    [
        "l : List α\n⊢ List.foldl f [] l = g l",  # on one side alone
        "l : List α\nih : g [] l = h l []\n⊢ g [] (f l) = h (f l) []",  # within an induction, with nothing used
        "p q : Prop\n⊢ p ∧ q",
    ],
)
def test_nothing_to_generalize(goal: str) -> None:
    assert offered(goal) == []


def test_a_list_reversed_has_an_accumulator_too() -> None:
    goal = "l : List α\n⊢ List.foldl f [] l = List.reverse l"
    assert offered(goal) == ["simp only [List.reverse]\ngeneralize [] = acc"]


def test_two_numbers_at_once_where_a_step_skips_one() -> None:
    goal = "p : Nat → Prop\nh : ∀ (n : Nat), p n → p (n + 2)\nn : Nat\n⊢ p n"
    assert offered(goal) == ["refine And.left (?_ : p n ∧ p (n + 1))"]
    assert offered(goal.replace("n + 2", "n + 1")) == []
