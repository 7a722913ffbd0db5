"""A step of one goal in the names of another: by place, by statement, and never with names that are not there."""

import pytest

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.renaming import renamings


def first(tactic: str, old: str, new: str) -> str | None:
    return next(iter(renamings(tactic, read_goal(parse_goal(old)), read_goal(parse_goal(new)))), None)


@pytest.mark.parametrize(
    ("tactic", "old", "new", "expected"),
    [
        # by the place in the target, though the names are crossed
        ("induction n", "m n : Nat\n⊢ m + n = n + m", "n m : Nat\n⊢ n + m = m + n", "induction m"),
        # by the statement, once the data are known
        (
            "exact h₂",
            "a b : Nat\nh₁ : a = 0\nh₂ : b = 0\n⊢ b = 0",
            "x y : Nat\nu : y = 0\nv : x = 0\n⊢ y = 0",
            "exact u",
        ),
        # an element may have become a term
        (
            "exact Nat.zero_add n",
            "n : Nat\n⊢ 0 + n = n",
            "a b : Nat\n⊢ 0 + (a + b) = a + b",
            "exact Nat.zero_add (a + b)",
        ),
        # names of the library and of the tactic itself stay
        (
            "intro h; exact Nat.succ.inj h",
            "n : Nat\n⊢ n = n → n = n",
            "k : Nat\n⊢ k = k → k = k",
            "intro h; exact Nat.succ.inj h",
        ),
        # what the tactic introduces gets another name where its own is in use
        ("intro h", "p q : Prop\n⊢ p → q", "a b : Prop\nh : a\n⊢ b → a", "intro h1"),
        (
            "cases n with | zero => rfl | succ k => rfl",
            "n : Nat\n⊢ n = n",
            "k : Nat\n⊢ k = k",
            "cases k with | zero => rfl | succ k1 => rfl",
        ),
        # a field of a hypothesis keeps its name
        ("exact h.1", "p q : Prop\nh : p ∧ q\n⊢ p", "a b : Prop\nu : a ∧ b\n⊢ a", "exact u.1"),
    ],
)
def test_the_likeliest_way(tactic: str, old: str, new: str, expected: str) -> None:
    assert first(tactic, old, new) == expected


@pytest.mark.parametrize(
    ("tactic", "old", "new"),
    [
        ("exact h", "p : Prop\nh : p\n⊢ p", "p : Prop\n⊢ p"),
        ("cases xs", "α : Type\nxs : List α\n⊢ xs = xs", "n : Nat\n⊢ n = n"),
        ("exact h✝", "p : Prop\nh✝ : p\n⊢ p", "p : Prop\nh✝ : p\n⊢ p"),
    ],
)
def test_without_a_counterpart_there_is_no_answer(tactic: str, old: str, new: str) -> None:
    assert renamings(tactic, read_goal(parse_goal(old)), read_goal(parse_goal(new))) == []


def test_several_ways_where_hypotheses_are_alike() -> None:
    goal = read_goal(parse_goal("a b : Nat\n⊢ f a b"))
    ways = renamings("induction n", read_goal(parse_goal("n : Nat\n⊢ g n")), goal)
    assert set(ways) == {"induction a", "induction b"}
