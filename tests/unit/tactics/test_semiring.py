"""Equations of commutative semirings as one `rw`. Each expected text was accepted by a Lean of July 2021."""

import inspect
import re
from pathlib import Path

import pytest
from tactic_checks import EARLY, texts

from lean_sidekick.tactics.dialect import name_probe
from lean_sidekick.tactics.merge import vocabulary_probes
from lean_sidekick.tactics.semiring import lemma_names, semiring_candidates

# The names of early Lean that the expected texts use, as if they had been asked for.
NAMES = """add_comm add_assoc add_left_comm add_zero zero_add add_one add_succ mul_comm mul_assoc mul_one
    one_mul mul_zero zero_mul mul_succ succ_mul left_distrib right_distrib powSucc powZero succ_Eq_add_one
    natZeroEqZero"""
KNOWN = EARLY | {name_probe(f"Nat.{name}") for name in NAMES.split()}


@pytest.mark.parametrize(
    ("equation", "steps"),
    [
        ("a + b = b + a", "Nat.add_comm b a"),
        ("a * (b * c) = b * (a * c)", "← Nat.mul_assoc b a c, Nat.mul_comm b a, Nat.mul_assoc a b c"),
        ("2 * a = a + a", "Nat.succ_mul 1 a, Nat.one_mul a"),
        ("a ^ 2 = a * a", "Nat.powSucc a 1, Nat.powSucc a 0, Nat.powZero a, Nat.one_mul a"),
        ("a * b + a = a * Nat.succ b", "Nat.succ_Eq_add_one b, Nat.left_distrib a b 1, Nat.mul_one a"),
        ("a + 1 + 1 = 2 + a", "Nat.add_assoc a 1 1, Nat.add_comm 2 a"),
        ("a ^ (b + Nat.succ c) = a ^ (b + c) * a", "Nat.add_succ b c, Nat.powSucc a (b + c)"),
        (
            "(a + 0) * (0 + b * 1 + c * 0) = a * b",
            "Nat.add_zero a, Nat.zero_add (b * 1), Nat.mul_one b, Nat.mul_zero c, Nat.add_zero b",
        ),
    ],
)
def test_steps(equation: str, steps: str) -> None:
    assert texts(semiring_candidates, f"a b c : Nat\n⊢ {equation}", KNOWN) == [f"rw [{steps}]"]


def test_an_equation_among_the_hypotheses_is_used_where_it_fits() -> None:
    goal = "a m n : Nat\nih : a ^ (m + n) = a ^ m * a ^ n\n⊢ a ^ (m + Nat.succ n) = a ^ m * a ^ Nat.succ n"
    assert texts(semiring_candidates, goal, KNOWN) == [
        "rw [Nat.add_succ m n, Nat.powSucc a (m + n), ih, Nat.powSucc a n, Nat.mul_assoc (a ^ m) (a ^ n) a]"
    ]


def test_a_hypothesis_that_says_the_same_in_another_order() -> None:
    goal = "p : Nat → Prop\na b c : Nat\nh : p (a * b + c)\n⊢ p (c + b * a)"
    text = "exact (by rw [Nat.mul_comm b a, Nat.add_comm c (a * b)] : a * b + c = c + b * a) ▸ h"
    assert texts(semiring_candidates, goal, KNOWN) == [text]
    assert texts(semiring_candidates, "a b : Nat\nh : a ≤ b\n⊢ b ≤ a", KNOWN) == []


def test_a_variable_is_replaced_by_what_it_equals() -> None:
    goal = "a b k l : Nat\nh1 : a = 2 * k\nh2 : b = 2 * l\n⊢ a + b = 2 * (k + l)"
    assert texts(semiring_candidates, goal, KNOWN)[0].startswith("rw [h1, h2, ")


@pytest.mark.parametrize(
    "goal",
    [
        "a b : Nat\n⊢ a + b = a * b",
        "a b : Nat\n⊢ a + b ≤ b + a",
        "x y : ℝ\n⊢ x + y = y + x",  # there is `ring` where there are reals
        "a b : Nat\n⊢ a - b = a - (b + 0) - 1",
    ],
)
def test_nothing_is_offered(goal: str) -> None:
    assert texts(semiring_candidates, goal, KNOWN) == []


def test_every_lemma_that_a_step_asks_for_is_listed() -> None:
    """A name that is used but never asked for would count as unknown for ever."""
    source = Path(inspect.getfile(semiring_candidates)).read_text("utf-8")
    asked = {name for call in re.findall(r"lemmas\.name\(([^()]*)\)", source) for name in re.findall(r'"(\w+)"', call)}
    assert asked and {f"Nat.{name}" for name in asked} <= set(lemma_names())


def test_a_step_needs_its_lemma() -> None:
    without = KNOWN - {name_probe("Nat.mul_comm")}
    assert texts(semiring_candidates, "a b : Nat\n⊢ a * b = b * a", without) == []


def test_the_lemmas_are_among_the_names_that_are_asked_for() -> None:
    assert set(vocabulary_probes()) >= KNOWN - EARLY
    assert {name_probe(name) for name in lemma_names()} <= set(vocabulary_probes())


def test_a_general_induction_hypothesis_is_used_for_the_values_it_is_needed_for() -> None:
    goal = """f : Nat → Nat
a n : Nat
ih : ∀ (n : Nat), f n = n + f 0
⊢ f (n + a) = n + f a"""
    # Not for 0, which would bring itself back.
    assert texts(semiring_candidates, goal, KNOWN) == ["rw [ih (n + a), ih a, Nat.add_assoc n a (f 0)]"]
