"""What the definitions of a file recurse on, and the inductions that follow from it."""

import pytest
from tactic_checks import EARLY

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.tactics.case_splits import split_candidates
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.recursion import matched_arguments

INSERT = """def insert (x : Nat) : List Nat → List Nat
  | [] => [x]
  | y :: ys => if x ≤ y then x :: y :: ys else y :: insert x ys
"""


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (INSERT, {"insert": {1}}),
        ("def f {α : Type} (a b : α) (n : Nat) : Nat → Nat\n  | 0 => n\n  | k + 1 => k\n", {"f": {3}}),
        ("def N.add : N → N → N\n  | a, N.zero => a\n  | a, N.succ b => N.succ (add a b)\n", {"add": {1}}),
        ("def swap : A × B → Nat → B × A\n  | (a, b), n => (b, a)\n", {"swap": {0}}),
        ("def id (n : Nat) : Nat := n\n", {}),
        ("def both : Nat → Nat → Nat\n  | m, n => m\n", {}),
        ("-- def f : Nat → Nat\n--  | 0 => 0\n", {}),
    ],
)
def test_places(text: str, places: dict[str, set[int]]) -> None:
    assert matched_arguments(text) == {name: frozenset(found) for name, found in places.items()}


def test_an_induction_on_what_is_handed_on_comes_last() -> None:
    shape = read_goal(parse_goal("x : Nat\nl : List Nat\n⊢ List.length (insert x l) = List.length l + 1"))
    found = split_candidates(shape, Dialect(EARLY), matched=matched_arguments(INSERT))
    score = {candidate.text.split(" with", 1)[0]: candidate.score for candidate in found}
    assert score["induction l"] > score["induction x"] + 0.5
