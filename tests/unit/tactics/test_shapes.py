"""Structural tactics for the target."""

import pytest
from tactic_checks import EARLY, MODERN, check_leading, texts

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.inductive_types import inductive_types
from lean_sidekick.tactics.shapes import shape_candidates


@pytest.mark.parametrize(
    ("goal", "known", "leading"),
    [
        ("p q r : Prop\n⊢ p → (q → r) → q", EARLY, ["intro hp h", "intro hp"]),
        # A binder's name that is taken gets a number.
        ("α : Type\nx : α\np : α → Prop\n⊢ ∀ (x y : α), p x → x = y", EARLY, ["intro x1 y hp", "intro x1 y"]),
        ("a b : Nat\n⊢ a ≠ b", EARLY, ["intro h"]),
        ("α : Type\np q : α → Prop\n⊢ (∃ (x : α), p x ∧ q x) → False", EARLY, ["intro h", "intro ⟨x, hp, hq⟩"]),
        ("α : Type\np q : α → Prop\n⊢ (∃ x, p x ∧ q x) → False", MODERN, ["intro h", "rintro ⟨x, hp, hq⟩"]),
        ("p q r : Prop\n⊢ p ∨ q → r", MODERN, ["intro h", "rintro (hp | hq)"]),
        ("p q r : Prop\n⊢ p ∧ q ∧ r", EARLY, ["constructor", "refine ⟨?_, ?_, ?_⟩"]),
        ("p q : Prop\nhq : q\n⊢ p ∨ q", EARLY, ["apply Or.inr", "apply Or.inl"]),
        ("p q : Prop\nhq : q\n⊢ p ∨ q", MODERN, ["right", "left", "by_cases hp : p"]),
        ("f g : Nat → Nat\n⊢ f = g", EARLY, ["funext x"]),
        ("s t : Set ℕ\n⊢ s = t", MODERN, ["ext x"]),
        ("p q : Prop\n⊢ p = q", EARLY, ["apply propext"]),
        ("a b c : Nat\n⊢ a + b = a + c", EARLY, ["refine congrArg (fun x => a + x) ?_"]),
        ("a b c : Nat\n⊢ (a + b) * c = b * c", EARLY, ["refine congrArg (fun x => x * c) ?_"]),
    ],
)
def test_what_leads(goal: str, known: frozenset[str], leading: list[str]) -> None:
    check_leading(shape_candidates, goal, known, leading)


def test_while_nothing_is_known_both_forms_are_offered() -> None:
    found = texts(shape_candidates, "p q : Prop\n⊢ p ∨ q", None)
    assert {"left", "apply Or.inl", "right", "apply Or.inr"} <= set(found)


@pytest.mark.parametrize(
    ("goal", "witnesses"),
    [
        # From an equation in the body, then the context, then small values.
        ("n k : Nat\nf : Nat → Nat\nh : f n = k\n⊢ ∃ (m : Nat), m = n + 1", ["n + 1", "k", "n"]),
        ("n : Nat\n⊢ ∃ (m : Nat), n < m", ["n", "0", "1"]),
        ("α : Type\na b : α\np : α → Prop\nh : p b\n⊢ ∃ (x : α), p x", ["b", "a"]),
        ("b : Bool\n⊢ ∃ (c : Bool), c = b", ["b", "true", "false"]),
        ("a b k l : Nat\nh : a = 2 * k\nh2 : b = 2 * l\n⊢ ∃ (m : Nat), a + b = 2 * m", ["k + l", "l", "k"]),
    ],
)
def test_witnesses(goal: str, witnesses: list[str]) -> None:
    found = [text for text in texts(shape_candidates, goal, EARLY) if text.startswith("refine ⟨")]
    assert found[: len(witnesses)] == [f"refine ⟨{witness}, ?_⟩" for witness in witnesses]


def test_an_existential_of_equations_is_tried_with_rfl() -> None:
    assert "exact ⟨_, rfl⟩" in texts(shape_candidates, "n : Nat\n⊢ ∃ (m : Nat), n + 1 = m", EARLY)
    assert "exact ⟨_, _, rfl⟩" in texts(shape_candidates, "a : α\nl : List α\n⊢ ∃ b, ∃ t, a :: l = b :: t", MODERN)


def test_values_of_an_enumeration_are_tried() -> None:
    declared = inductive_types("inductive Signal where\n  | red | green")
    shape = read_goal(parse_goal("⊢ ∃ (t : Signal), Signal.next t = Signal.red"))
    found = [candidate.text for candidate in shape_candidates(shape, Dialect(EARLY), declared)]
    assert [text for text in found if "Signal." in text] == ["exact ⟨Signal.red, rfl⟩", "exact ⟨Signal.green, rfl⟩"]
    shape = read_goal(parse_goal("s : Signal\n⊢ ∃ (t : Signal), t ≠ s"))
    found = [candidate.text for candidate in shape_candidates(shape, Dialect(EARLY), declared)]
    assert {"refine ⟨Signal.red, ?_⟩", "refine ⟨Signal.green, ?_⟩"} <= set(found)


def test_classical_steps_need_something_undecided() -> None:
    goal = "p q : Prop\nh : ¬p\nh2 : q → p\n⊢ q"
    early, modern = texts(shape_candidates, goal, EARLY), texts(shape_candidates, goal, MODERN)
    assert "apply False.elim" in early and "exfalso" in modern
    assert "refine Classical.byContradiction (fun hnq => ?_)" in early and "by_contra hnq" in modern
    assert "cases Classical.em q with | inl hq => ?_ | inr hnq => ?_" in early and "by_cases hq : q" in modern
    assert not [text for text in early if "Classical.em p" in text]  # `¬p` is known


def test_conditions_are_split_on() -> None:
    goal = "n : Nat\n⊢ (if n < 3 then 1 else 2) = 1"
    assert "by_cases h : n < 3" in texts(shape_candidates, goal, MODERN)


def test_exists_where_the_toolchain_has_todays_form() -> None:
    """That of early Lean takes one value and tries nothing afterwards."""
    goal = "n : Nat\n⊢ ∃ (m : Nat), m = n + 1"
    assert "exists n + 1" in texts(shape_candidates, goal, MODERN)
    assert not any(text.startswith("exists") for text in texts(shape_candidates, goal, EARLY))
