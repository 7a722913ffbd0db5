"""What a tactic changes in the goals: names that came, went, or have another type."""

import pytest

from lean_sidekick.core.goal_changes import Change, ChangedGoal, changed_goal, changed_goals
from lean_sidekick.core.goals import parse_goal

MARKS = {Change.ADDED: "+", Change.REMOVED: "-", Change.CHANGED: "~"}


def lines(changed: ChangedGoal) -> list[str]:
    """A changed goal as a few lines."""
    found = []
    for one in changed.hypotheses:
        was = f" (was {one.before.type})" if one.before is not None else ""
        found.append(f"{MARKS[one.change]} {' '.join(one.hypothesis.names)} : {one.hypothesis.type}{was}")
    return [*found, f"{changed.same_count} same", *(["target"] if changed.is_target_changed else [])]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("p q : Prop\n⊢ p → q", "p q : Prop\nh : p\n⊢ q", ["+ h : p", "2 same", "target"]),
        (
            "p q : Prop\nh : p ∧ q\n⊢ p",
            "p q : Prop\nl : p\nr : q\n⊢ p",
            ["- h : p ∧ q", "+ l : p", "+ r : q", "2 same"],
        ),
        ("n : Nat\nh : n + 0 = n\n⊢ p", "n : Nat\nh : n = n\n⊢ p", ["~ h : n = n (was n + 0 = n)", "1 same"]),
        ("⊢ ∀ (a b : Nat), a = b", "a b : Nat\n⊢ a = b", ["+ a b : Nat", "0 same", "target"]),
        ("a b c : Nat\n⊢ p", "a c : Nat\n⊢ p", ["- b : Nat", "2 same"]),
        ("h✝ : p\nh : q\n⊢ r", "h : q\nh✝ : p\n⊢ r", ["2 same"]),
        ("h : p\n⊢ r", "h✝ : p\nh : q\n⊢ r", ["+ h✝ : p", "~ h : q (was p)", "0 same"]),
        ("h✝ : p\n⊢ r", "h✝ : q\n⊢ r", ["- h✝ : p", "+ h✝ : q", "0 same"]),
        ("x : Nat := 1\n⊢ p", "x : Nat := 2\n⊢ p", ["~ x : Nat (was Nat)", "0 same"]),
    ],
    ids=[
        "intro",
        "cases",
        "simp at",
        "a group comes",
        "one of a group goes",
        "moved",
        "shadowed",
        "without a name",
        "another value",
    ],
)
def test_what_is_different(before: str, after: str, expected: list[str]) -> None:
    assert lines(changed_goal(parse_goal(before), parse_goal(after))) == expected


def test_other_goals_of_the_state_are_known_again_each_once() -> None:
    """Two goals that print alike are two: only as many as were there before count as untouched."""
    before = [parse_goal("⊢ p ∧ q"), parse_goal("case b\n⊢ r")]
    after = [parse_goal("⊢ r"), parse_goal("⊢ r"), parse_goal("⊢ q")]
    assert [goal.is_other for goal in changed_goals(before, after)] == [True, False, False]
