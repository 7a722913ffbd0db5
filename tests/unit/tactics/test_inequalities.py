"""Polynomials on `Nat`: inequalities by what one side has more, contradictions, values that solve an equation."""

import pytest
from tactic_checks import EARLY, MODERN

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.term_reader import read_term
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.inequalities import Inequalities
from lean_sidekick.tactics.polynomials import polynomial, solution


async def proofs(goal: str, known: frozenset[str] = EARLY) -> list[str]:
    request = TacticRequest(goal=parse_goal(goal), known_tactics=known)
    return [candidate.text for candidate in await Inequalities().generate(request)]


async def test_an_inequality_is_proved_by_the_difference() -> None:
    assert await proofs("a b : Nat\n⊢ a ≤ b + a") == ["exact Nat.le.intro (k := b) (by rw [Nat.add_comm b a])"]
    (proof,) = await proofs("a k : Nat\n⊢ a * a < (a + k + 1) * (a + 1)")
    assert proof.startswith("exact Nat.le.intro (k := 2 * a + a * k + k) (by rw [")
    assert await proofs("a b : Nat\n⊢ a ≤ b") == []
    assert await proofs("a b : Nat\n⊢ a - b ≤ a") == []


async def test_a_number_larger_than_itself_ends_any_goal() -> None:
    (proof,) = await proofs("a k : Nat\nh : a + k + 1 = a\n⊢ False")
    assert proof.startswith("exact Nat.ltIrrefl _ (Nat.ltOfLtOfLe (Nat.le.intro (k := k) (by rw [")
    assert proof.endswith("(Nat.leOfEq h))")
    (proof,) = await proofs("p : Prop\na : Nat\nh : a + 2 ≤ a\n⊢ p")
    assert proof.startswith("exact False.elim (Nat.ltIrrefl _ (")
    assert await proofs("a k : Nat\nh : a + k = a\n⊢ False") == []
    (proof,) = await proofs("a b : Nat\nh : a + 2 ≤ b\nh1 : b < a + 1\n⊢ False")
    assert proof.endswith(" (Nat.addLeAdd h1 h))")


async def test_an_inequality_follows_from_multiples_and_sums_of_hypotheses() -> None:
    """Each of these was accepted by a Lean of July 2021."""
    (proof,) = await proofs("a b c d : Nat\nh : a ≤ b\nh1 : c ≤ d\n⊢ c + a ≤ d + b")
    assert proof == "exact Nat.addLeAdd h1 h"
    (proof,) = await proofs("n : Nat\nih : n < 2 ^ n\n⊢ Nat.succ n < 2 ^ Nat.succ n")
    assert proof.startswith("exact Nat.leTrans (Nat.le.intro (k := n) (by rw [")
    assert "(Nat.leTrans (Nat.mulLeMulLeft 2 ih) (Nat.leOfEq (by rw [" in proof
    assert await proofs("a b : Nat\nh : a ≤ b\n⊢ a + 1 ≤ b") == []


@pytest.mark.parametrize(
    ("goal", "step"),
    [
        ("h : 2 * a = 2 * b\n⊢ a = b", "apply Nat.leAntisymm"),
        ("h : 2 * a = 2 * b\n⊢ a ≤ b", "cases Nat.ltOrGe b a with | inl h1 => ?_ | inr h2 => ?_"),
        ("h : 2 * a = 2 * b\nh1 : b < a\n⊢ False", "exact Nat.ltIrrefl _ "),
        ("h : p a = p b\n⊢ a = b", None),
    ],
)
async def test_multiples_are_compared_by_contradiction(goal: str, step: str | None) -> None:
    found = await proofs(f"a b : Nat\np : Nat → Nat\n{goal}")
    assert found == [] if step is None else found[0].startswith(step)


async def test_nothing_where_omega_is_there() -> None:
    assert await proofs("a b : Nat\n⊢ a ≤ b + a", MODERN) == []


@pytest.mark.parametrize(
    ("equation", "known", "wanted"),
    [
        ("a + b = 2 * m", {"a": "2 * k", "b": "2 * l"}, "k + l"),
        ("c = a * m", {"b": "a * k", "c": "b * l"}, "k * l"),
        ("c = a * m", {"c": "b * l", "b": "a * k"}, "k * l"),
        ("n + 1 = 2 * m", {"n": "2 * k + 1"}, "k + 1"),
        ("b = a + m + 1", {"b": "a + 3"}, "2"),
        ("n = 2 * m + 1", {"n": "2 * k"}, None),
        ("m * m = a", {}, None),
        ("f m = a", {}, None),
    ],
)
def test_the_value_that_solves_an_equation(equation: str, known: dict[str, str], wanted: str | None) -> None:
    left, right = read_term(equation).args
    value = solution(left, right, "m", [(name, read_term(text)) for name, text in known.items()])
    assert (value and value.rendered) == wanted


def test_terms_with_the_same_value_are_the_same_polynomial() -> None:
    texts = ("(a + b) * (a + b)", "a ^ 2 + 2 * (a * b) + b * b", "a * a + b * a + Nat.succ 1 * b * a - 0 + b * b")
    first, second, third = (polynomial(read_term(text)).summands for text in texts)
    assert first == second != third
