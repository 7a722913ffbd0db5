"""Proof terms for goals of pure logic. Each expected term was accepted by a Lean of July 2021."""

import pytest

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.term_reader import read_binders
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.logic import prove
from lean_sidekick.tactics.sequents import Fact


def check_proof(goal: str, expected: str | None) -> None:
    assert prove(read_goal(parse_goal(goal)), ()) == expected


@pytest.mark.parametrize(
    ("goal", "proof"),
    [
        ("p q : Prop\nh : p ∨ q\n⊢ q ∨ p", "(match h with | Or.inl hp => Or.inr hp | Or.inr hq => Or.inl hq)"),
        ("p q r : Prop\n⊢ (p → q) → (q → r) → p → r", "fun h h1 hp => h1 (h hp)"),
        ("p q : Prop\n⊢ p ∧ q ↔ q ∧ p", "⟨fun h => ⟨h.2, h.1⟩, fun h => ⟨h.2, h.1⟩⟩"),
        ("p : Prop\n⊢ ¬(p ∧ ¬p)", "fun h => h.2 h.1"),
        (
            "p : Prop\n⊢ ¬(p ↔ ¬p)",
            "fun h => h.mp (h.mpr (fun hp => h.mp hp hp)) (h.mpr (fun hp => h.mp hp hp))",
        ),
        ("α : Type\np : α → Prop\n⊢ (¬∃ (x : α), p x) → ∀ (x : α), ¬p x", "fun h x hp => h ⟨x, hp⟩"),
        (
            "α : Type\np q : α → Prop\nh : ∃ (x : α), p x ∧ q x\n⊢ ∃ (x : α), q x ∧ p x",
            "(match h with | ⟨x, h1⟩ => ⟨x, h1.2, h1.1⟩)",
        ),
        (
            "p q r : Prop\nh : p → q ∨ r\nhp : p\nhq : ¬q\n⊢ r",
            "(match h hp with | Or.inl hq1 => absurd hq1 hq | Or.inr hr => hr)",
        ),
    ],
)
def test_intuitionistic_proofs(goal: str, proof: str) -> None:
    check_proof(goal, proof)


@pytest.mark.parametrize(
    ("goal", "proof"),
    [
        ("p : Prop\nh : ¬¬p\n⊢ p", "Classical.byContradiction h"),
        (
            "p q : Prop\n⊢ ((p → q) → p) → p",
            "fun h => Classical.byContradiction (fun hn => hn (h (fun hp => absurd hp hn)))",
        ),
        (
            "α : Type\np : α → Prop\nh : ¬∀ (x : α), p x\n⊢ ∃ (x : α), ¬p x",
            "Classical.byContradiction (fun hn => h (fun x => Classical.byContradiction (fun hn1 => hn ⟨x, hn1⟩)))",
        ),
    ],
)
def test_classical_proofs(goal: str, proof: str) -> None:
    check_proof(goal, proof)


@pytest.mark.parametrize(
    ("goal", "proof"),
    [
        ("α : Type\na b c : α\nh1 : a = b\nh2 : c = b\n⊢ a = c", "h1.trans h2.symm"),
        ("a b : Nat\nh : a ≠ b\n⊢ b ≠ a", "h.symm"),
        ("a b : Nat\nh : a ≥ b\n⊢ b ≤ a", "h"),
        ("n : Nat\nh : Nat.succ n ≤ 0\nh2 : ¬n < 0\n⊢ False", "h2 h"),
        ("n : Nat\np : Nat → Prop\nh : p (n + 1)\n⊢ p (Nat.succ n)", "h"),
        ("p : Nat → Prop\nh : ∀ (x : Nat), p x → p (x + 1)\nh0 : p 0\n⊢ p 1", "h 0 h0"),
    ],
)
def test_equations_and_forms_that_are_the_same_by_definition(goal: str, proof: str) -> None:
    check_proof(goal, proof)


@pytest.mark.parametrize(
    "goal",
    [
        "p q : Prop\n⊢ p → q",
        "p q : Prop\nh : p ∨ q\n⊢ p",
        "α : Type\np : α → Prop\nh : ∃ (x : α), p x\n⊢ ∀ (x : α), p x",
        "p : Prop\nh✝ : p\n⊢ p",  # a proof could not name it
        "⊢ p ∧ (",
    ],
)
def test_no_proof(goal: str) -> None:
    check_proof(goal, None)


def test_what_cannot_be_named_is_left_to_lean() -> None:
    check_proof("α : Type\np : α → Prop\nx✝ : α\nh : ∀ (x : α), p x\n⊢ p x✝", "h _")


def test_bound_names_do_not_clash_with_values() -> None:
    check_proof("α : Type\nr : α → α → Prop\nx y : α\nh : ∀ (y x : α), r y x\n⊢ r x y", "h x y")


def test_lemmas_are_applied_with_their_explicit_arguments() -> None:
    lemmas = [
        Fact(statement, name)
        for name, signature in {
            "le_trans": "{a b c : Nat} : a ≤ b → b ≤ c → a ≤ c",
            "le_add": "(n k : Nat) : n ≤ n + k",
        }.items()
        if (statement := read_binders(signature)) is not None
    ]
    goal = "a b c : Nat\nh : b ≤ c\nh2 : a ≤ b\n⊢ a ≤ c + 5"
    assert prove(read_goal(parse_goal(goal)), lemmas) == "le_trans h2 (le_trans h (le_add c 5))"


def test_a_hopeless_goal_ends_soon() -> None:
    """The count of steps bounds the work: this would go on for ever otherwise."""
    names = "abcdefgh"
    hypotheses = [f"h{a}{b} : ({a} → {b}) ∨ ({b} → {a})" for a in names for b in names if a < b]
    goal = "\n".join([f"{' '.join(names)} z : Prop", *hypotheses, "⊢ z"])
    check_proof(goal, None)


def test_equal_propositions_follow_from_each_other() -> None:
    check_proof("p q : Prop\nh : p = q\nhp : p\n⊢ q", "h.mp hp")
    check_proof("α : Type\np : α → Prop\nx : α\nh : p x = ¬p x\nhp : p x\n⊢ False", "h.mp hp hp")


def test_equations_that_hypotheses_give_are_joined() -> None:
    goal = "α : Type\nr : α → α → Prop\nh : ∀ (a b : α), r a b → a = b\na b c : α\nhr : r a b\nhc : b = c\n⊢ a = c"
    check_proof(goal, "(h a b hr).trans hc")
