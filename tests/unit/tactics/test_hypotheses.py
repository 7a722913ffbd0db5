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
