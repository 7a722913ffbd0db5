"""Uses of hypotheses: apply, rewrite, substitute, injection."""

import pytest
from tactic_checks import EARLY, MODERN, check_leading, texts

from lean_sidekick.tactics.hypotheses import hypothesis_candidates


@pytest.mark.parametrize(
    ("goal", "leading"),
    [
        ("α : Type\np q r : α → Prop\nx : α\nh : ∀ (y : α), p y → q y → r y\n⊢ r x", ["apply h"]),
        ("p : Prop\nh : ¬p\n⊢ False", ["apply h"]),
        ("p q : Prop\nh : ¬p\n⊢ q", ["refine absurd ?_ h"]),
        ("α : Type\na b : α\np : α → Prop\nh : a = b\nh2 : p a\n⊢ p b", ["subst h", "exact h ▸ h2"]),
        ("f : Nat → Nat\na b : Nat\nh : f a = f b\n⊢ f (f a) = f (f b)", ["rw [h]"]),
        ("a b : Nat\nf : Nat → Nat\nih : f a = a\n⊢ f a + b = a + b", ["rw [ih]"]),
        ("a b : Nat\nh : Nat.succ a = Nat.succ b\n⊢ a = b", ["injection h with h1"]),
        ("α : Type\na b : α\nh : some a = none\n⊢ a = b", ["cases h"]),
        ("α : Type\na b : α\nl t : List α\nh : a :: l = b :: t\n⊢ l = t", ["injection h with h1 h2", "cases h"]),
    ],
)
def test_what_leads(goal: str, leading: list[str]) -> None:
    check_leading(hypothesis_candidates, goal, EARLY, leading)


def test_rewriting_only_where_a_side_fits() -> None:
    goal = "a b c : Nat\nf : Nat → Nat\nh : f a = c\nh2 : ∀ (x : Nat), f x = x\n⊢ f b = 0"
    found = texts(hypothesis_candidates, goal, EARLY)
    assert "rw [h2]" in found and "rw [h]" not in found
    assert "rw [h2] at h" in found


def test_instances_of_universal_hypotheses() -> None:
    goal = "α : Type\np : α → Prop\nx y : α\nh : ∀ (z : α), p z\n⊢ x = y"
    found = texts(hypothesis_candidates, goal, EARLY)
    assert "have h1 := h y" in found and "have h1 := h x" in found


def test_forms_of_today_need_to_be_known() -> None:
    goal = "n m : ℕ\nh : (↑n : ℤ) ≤ ↑m\n⊢ n ≤ m"
    assert "exact mod_cast h" in texts(hypothesis_candidates, goal, MODERN)
    assert "exact mod_cast h" not in texts(hypothesis_candidates, goal, EARLY)
    assert "simpa using h" in texts(hypothesis_candidates, goal, MODERN)


def test_instances_of_a_quantified_hypothesis_the_variable_of_its_own_name_first() -> None:
    """The text of the goal does not fit, but what it computes to does."""
    goal = (
        "α : Type\na : α\nl : List α\nk n : Nat\nih : ∀ (n : Nat), List.drop n (f l) = f (List.drop n l)\n"
        "⊢ List.drop (Nat.succ n) (f (a :: l)) = f (List.drop (Nat.succ n) (a :: l))"
    )
    found = texts(hypothesis_candidates, goal, EARLY)
    assert found.index("exact ih n") < found.index("exact ih k")
    assert "exact ih n" not in texts(hypothesis_candidates, goal.replace("⊢ List.drop", "⊢ False ∧ List.drop"), EARLY)


def test_successors_that_compute_to_zero_are_a_contradiction() -> None:
    goal = "n m : Nat\nh : Nat.succ n * Nat.succ m = 0\n⊢ False"
    assert "exact Nat.noConfusion h" in texts(hypothesis_candidates, goal, EARLY)
    assert "exact Nat.noConfusion h" not in texts(hypothesis_candidates, "n m : Nat\nh : n * m = 0\n⊢ False", EARLY)
