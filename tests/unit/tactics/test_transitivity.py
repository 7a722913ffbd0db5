"""Inequalities through what lies between."""

import pytest
from tactic_checks import EARLY, texts

from lean_sidekick.tactics.dialect import name_probe
from lean_sidekick.tactics.transitivity import transitivity_candidates

KNOWN = EARLY | {name_probe("Nat.leTrans")}


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("f : Nat → Nat\nm k : Nat\nih : f m ≤ f k\n⊢ f m ≤ f (k + 1)", ["refine Nat.leTrans ih ?_"]),
        ("f : Nat → Nat\nm k : Nat\nh : f m ≤ f k\n⊢ f 0 ≤ f k", ["refine Nat.leTrans ?_ h"]),
        ("a b c : Nat\nh : a ≤ b\n⊢ a ≤ c", []),  # variables alone
        ("f : Nat → Nat\nm k : Nat\nh : f m ≤ f k\n⊢ f m ≤ f k", []),
        ("f : Nat → Int\nm k : Nat\nh : f m ≤ f k\n⊢ f m ≤ f 0", []),
    ],
)
def test_steps(goal: str, expected: list[str]) -> None:
    assert texts(transitivity_candidates, goal, KNOWN) == expected


def test_the_name_that_the_toolchain_has() -> None:
    goal = "f : Nat → Nat\nm k : Nat\nih : f m ≤ f k\n⊢ f m ≤ f (k + 1)"
    assert texts(transitivity_candidates, goal, EARLY | {name_probe("Nat.le_trans")}) == ["refine Nat.le_trans ih ?_"]
    assert texts(transitivity_candidates, goal, EARLY | {name_probe("Nat.add_comm")}) == []
