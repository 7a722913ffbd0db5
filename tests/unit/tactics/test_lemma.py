"""Premises as lemmas: statements as Lean prints them match as those that people write do."""

import pytest

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.lemma import lemma_of
from lean_sidekick.tactics.lemmas import lemma_candidates
from lean_sidekick.tactics.premise_uses import premise_uses


def premise(statement: str, name: str = "foo", kind: str = "theorem") -> Premise:
    return Premise(full_name=name, kind=kind, statement=statement, module="Lib")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("(n m : Nat) : n + m = m + n", "∀ (n : Nat), ∀ (m : Nat), n + m = m + n"),
        ("{α : Type u} [Mul α] (a b : α) : a * b = b * a", "∀ (a : α), ∀ (b : α), a * b = b * a"),
        ("{a b : Prop} (left : a) (right : b) : a ∧ b", "∀ {a : Prop}, ∀ {b : Prop}, a → b → a ∧ b"),
        ("{p : Nat → Prop} (h : ∀ n, p n) (n : Nat) : p n", "∀ {p : Nat → Prop}, (∀ n, p n) → ∀ (n : Nat), p n"),
        (": True", "True"),
        ("(α : Type u) (a : α) : a = a", "∀ (α : Type u), ∀ (a : α), a = a"),
    ],
)
def test_what_people_leave_out_is_left_out(statement: str, expected: str) -> None:
    lemma = lemma_of(premise(statement))
    assert lemma is not None
    assert lemma.statement.rendered.replace("(∀ n, p n)", "(∀ n, p n)") == expected


def test_what_is_no_proof_is_no_lemma() -> None:
    assert lemma_of(premise("(α : Type) : Type", kind="inductive")) is None


def uses_of(goal: str, *retrieved: Premise) -> list[str]:
    shape = read_goal(parse_goal(goal))
    found = lemma_candidates(shape, Dialect(frozenset()), (), retrieved)
    return [candidate.text for candidate in found if any(one.full_name in candidate.text for one in retrieved)]


def test_retrieved_premises_are_used_where_they_fit() -> None:
    comm = premise("(n m : Nat) : n + m = m + n", "Nat.add_comm")
    goal = "a b c : Nat\n⊢ a + b + c = c + (a + b)"
    assert uses_of(goal, comm)[0] == "exact Nat.add_comm _ _"
    assert "rw [Nat.add_comm]" in uses_of(goal, comm)
    intro = premise("{a b : Prop} (left : a) (right : b) : a ∧ b", "And.intro", kind="constructor")
    assert uses_of("p q : Prop\n⊢ p ∧ q", intro) == ["apply And.intro"]


def test_retrieved_premises_that_cannot_match_are_left_out() -> None:
    comm = premise("(n m : Nat) : n * m = m * n", "Nat.mul_comm")
    assert uses_of("a b : Nat\n⊢ a + b = b + a", comm) == []


def test_an_instance_argument_is_no_premise_to_prove() -> None:
    mul = premise("{α : Type u} [CommMonoid α] (a b : α) : a * b = b * a", "mul_comm")
    assert uses_of("G : Type\nx y : G\n⊢ x * y = y * x", mul)[0] == "exact mul_comm _ _"


def test_the_uses_of_a_chosen_premise() -> None:
    shape = read_goal(parse_goal("a b : Nat\nh : a = b\n⊢ b = a"))
    texts = [candidate.text for candidate in premise_uses(premise("{n m : Nat} (h : n = m) : m = n", "foo"), shape)]
    assert texts[:5] == ["exact foo (by assumption)", "exact foo", "apply foo", "rw [foo]", "rw [← foo]"]
    assert {"rw [foo] at h", "simp [foo] at h", "have := foo h"} <= set(texts)
    # Of what nobody knows but the name, everything is tried.
    unknown = [candidate.text for candidate in premise_uses(Premise(full_name="x", kind="", statement=""), shape)]
    assert {"exact x", "apply x", "rw [x]", "rw [← x]", "simp [x]"} <= set(unknown)


def test_equations_that_simplify_are_tried_together() -> None:
    zero = premise("(n : Nat) : n + 0 = n", "Nat.add_zero")
    one = premise("(n : Nat) : n * 1 = n", "Nat.mul_one")
    comm = premise("(n m : Nat) : n + m = m + n", "Nat.add_comm")
    assert "simp [Nat.add_zero, Nat.mul_one]" in uses_of("a : Nat\n⊢ a + 0 = a * 1", comm, zero, one)


def test_no_number_of_premises_crowds_out_the_rest() -> None:
    many = [premise("(n m : Nat) : n + m = m + n", f"comm{i}") for i in range(100)]
    assert len(uses_of("a b c : Nat\n⊢ a + b + c = c + (a + b)", *many)) <= 40
