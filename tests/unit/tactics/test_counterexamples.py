"""Which goals small values make false, and what keeps that from being certain."""

from collections.abc import Mapping

import pytest

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.terms import Term
from lean_sidekick.tactics import counterexamples
from lean_sidekick.tactics.counterexamples import Falsity, Value, falsity


@pytest.mark.parametrize(
    "goal",
    [
        "n : Nat\n⊢ n = 2 * n",
        "a b : Nat\nh : a * b = 0\n⊢ a = 0",
        "a b c : Nat\n⊢ a - b - c = a - (b - c)",
        "p q : Prop\nh : p ∨ q\n⊢ p",
        "a b : Bool\n⊢ (a && b) = (a || b)",
        "α : Type\nl m : List α\n⊢ l ++ m = m ++ l",
        "α : Type\nx y : α\n⊢ x = y",
        "α : Type\nl : List α\n⊢ List.length l = 1 ∨ l = []",
        "n : ℕ\nh : 1 ≤ n\n⊢ n % 2 = 1",
    ],
)
def test_what_is_false(goal: str) -> None:
    assert falsity(parse_goal(goal)) is Falsity.CERTAIN


@pytest.mark.parametrize(
    "goal",
    [
        "n : Nat\n⊢ n ≤ n * n",
        "a b : Nat\nh : a ≤ b\n⊢ a ≤ b + 1",
        "p : Prop\nh : ¬¬p\n⊢ p",
        "α : Type\nl : List α\n⊢ List.length (List.reverse l) = List.length l",
        "a b : Int\n⊢ a - b = a",
        "⊢ 2 - 3 = 0 ∧ 1 / 2 = 5",
        "x y : ℝ\n⊢ x = y",
        "n : Nat\n⊢ ∃ (m : Nat), n < m",
        "α : Type\np : α → Prop\n⊢ ∃ (x : α), p x",
        "n : Nat\n⊢ n = ?m.5",
        "n : Nat\n⊢ fact n = 0",
        "n : Nat\nh : 2 ^ (2 ^ n) = 7\n⊢ n = 4",
    ],
)
def test_what_is_true_or_not_understood(goal: str) -> None:
    assert falsity(parse_goal(goal)) is Falsity.NOT_SEEN


@pytest.mark.parametrize("hypothesis", ["h : Even n", "h✝ : n = 0 ∧ Even n", "inst✝ : Foo n", "f : Nat → Nat"])
def test_a_hypothesis_that_is_not_understood_may_rule_the_values_out(hypothesis: str) -> None:
    assert falsity(parse_goal(f"n : Nat\n{hypothesis}\n⊢ n = 2 * n")) is Falsity.UNLESS_RULED_OUT


@pytest.mark.parametrize(
    "goal",
    ["n : Nat\n⊢ ∃ (k : Nat), n = 2 * k", "n m : Nat\nh : ∃ (k : Nat), m = n + k\n⊢ m = n", "⊢ ∀ (n : Nat), n < 5"],
)
def test_bound_numbers_are_small_ones_alone(goal: str) -> None:
    assert falsity(parse_goal(goal)) is Falsity.UNLESS_RULED_OUT


def test_hypotheses_without_a_name_count() -> None:
    assert falsity(parse_goal("n : Nat\nh✝ : n = 0\n⊢ n = 2 * n")) is Falsity.NOT_SEEN


def test_the_work_for_a_goal_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in parts of terms that are computed, so that no goal keeps an event loop waiting."""
    computed = 0
    value = counterexamples._value

    def counted(term: Term, values: Mapping[str, Value]) -> Value:
        nonlocal computed
        computed += 1
        return value(term, values)

    monkeypatch.setattr(counterexamples, "_value", counted)
    sums = " + ".join(["a * b * c * d"] * 12)
    bound = " ∧ ".join(["(∀ (k : Nat), a + k = k + a)"] * 6)
    for goal in (
        f"a b c d e f g : Nat\nh : {sums} = {sums}\nh1 : {bound}\n⊢ a + b + c + d + e + f = f + e + d + c + b + g",
        f"a b c d : Nat\nh : {' ∧ '.join([sums + ' = 0'] * 40)}\n⊢ a + b = b + a",
    ):
        computed = 0
        falsity(parse_goal(goal))
        assert 0 < computed < 12_000
