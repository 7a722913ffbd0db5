"""`if` in a target: the branch that the hypotheses choose, or a distinction on the condition."""

import pytest
from tactic_checks import EARLY, MODERN

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.branches import Branches
from lean_sidekick.tactics.dialect import name_probe

NAMES = EARLY | {name_probe(name) for name in ("ifPos", "ifNeg", "difPos", "difNeg", "Nat.notLeOfGt")}


async def steps(goal: str, known: frozenset[str] = NAMES) -> list[str]:
    request = TacticRequest(goal=parse_goal(goal), known_tactics=known)
    return [candidate.text for candidate in await Branches().generate(request)]


@pytest.mark.parametrize(
    ("goal", "wanted"),
    [
        ("a b : Nat\nh : a ≤ b\n⊢ (if a ≤ b then a else b) ≤ a", "rw [ifPos h]"),
        ("a b : Nat\nh : ¬a ≤ b\n⊢ (if a ≤ b then a else b) ≤ a", "rw [ifNeg h]"),
        ("a b : Nat\nh : b < a\n⊢ (if a ≤ b then a else b) ≤ a", "rw [ifNeg (Nat.notLeOfGt h)]"),
        ("p : Prop\nx : Nat\nhp : p\n⊢ (if h : p then f h else x) = y", "rw [difPos hp]"),
        (
            "a b : Nat\n⊢ (if a ≤ b then a else b) ≤ a",
            "cases Classical.em (a ≤ b) with | inl h => ?_ | inr hn => ?_",
        ),
    ],
)
async def test_the_branch_that_holds(goal: str, wanted: str) -> None:
    assert (await steps(goal))[0] == wanted


async def test_nothing_where_there_is_no_if_or_a_tactic_for_it() -> None:
    assert await steps("p : Prop\nhp : p\n⊢ p") == []
    assert await steps("a b : Nat\n⊢ (if a ≤ b then a else b) ≤ a", MODERN) == []
