"""Goals as Lean prints them, read into values."""

import pytest

from lean_sidekick.core.goals import parse_goal, split_goals


def test_a_goal_has_its_case_its_hypotheses_and_its_target() -> None:
    goal = parse_goal("case succ\na b : Nat\nh : a = b\n⊢ b = a")
    assert goal.case_name == "succ"
    assert [(h.names, h.type) for h in goal.hypotheses] == [(("a", "b"), "Nat"), (("h",), "a = b")]
    assert goal.target == "b = a"
    assert goal.names == ("a", "b", "h")


def test_continuation_lines_belong_to_the_line_before() -> None:
    goal = parse_goal("h : a =\n  b\n⊢ a ∧\n    b")
    assert goal.hypotheses[0].type == "a = b"
    assert goal.target == "a ∧ b"


@pytest.mark.parametrize(
    ("line", "type_", "value"),
    [
        ("x : Nat := 5", "Nat", "5"),
        ("h : p", "p", None),
        ("h : f { x := 1 } = 2", "f { x := 1 } = 2", None),
        ("y : S := { x := 1 }", "S", "{ x := 1 }"),
    ],
)
def test_the_value_of_a_let_variable_is_told_from_a_structure_in_a_type(
    line: str, type_: str, value: str | None
) -> None:
    (hypothesis,) = parse_goal(f"{line}\n⊢ p").hypotheses
    assert (hypothesis.type, hypothesis.value) == (type_, value)


def test_equal_goals_have_one_normal_form() -> None:
    one = parse_goal("case a\nx✝ : Nat\nh✝¹ : p x✝\n⊢ q")
    other = parse_goal("case b\ny✝ : Nat\nh✝ : p y✝\n⊢ q")
    assert one.normal_form() == other.normal_form()
    assert one.normal_form() != parse_goal("x✝ : Nat\nh✝¹ : p x✝\n⊢ r").normal_form()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("⊢ ?w = 2", True),
        ("⊢ ?m.12 = 2", True),
        ("⊢ x = 2", False),
        ("⊢ a? = 2", False),
        ("h : Option.get? x\n⊢ p", False),
    ],
)
def test_metavariables_are_seen(text: str, expected: bool) -> None:
    assert parse_goal(text).has_metavariable is expected


def test_goals_of_a_message_are_separated_by_blank_lines() -> None:
    assert [g.target for g in split_goals("case a\n⊢ p\n\ncase b\nh : x\n⊢ q")] == ["p", "q"]
    assert split_goals("") == ()


def test_a_blank_line_inside_a_goal_does_not_end_it() -> None:
    """As Lean prints some `match` alternatives."""
    first = "o : Option Nat\n⊢ match o with\n      \n    | none => True\n\n    | some a => True"
    goals = split_goals(f"{first}\n\ncase b\n⊢ q")
    assert [goal.text for goal in goals] == [first, "⊢ q"]
