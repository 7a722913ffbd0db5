"""What a goal looks like from its text: hypotheses, telescopes, carriers."""

import pytest

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.term_reader import read_term
from lean_sidekick.tactics.goal_shape import Nature, conjuncts, disjuncts, negation, read_goal, telescope
from lean_sidekick.tactics.normal import normal

GOAL = """case succ
α : Type u_1
inst✝ : DecidableEq α
p q : α → Prop
f : α → α
x✝ y : α
n : Nat
l : List α
h : ∀ (x : α), p x
hq✝ : q y
e : n = 0
hc : Continuous f
b : Bool
⊢ List.length l = n + 1"""


def test_what_each_hypothesis_is() -> None:
    shape = read_goal(parse_goal(GOAL))
    assert {local.name: local.nature for local in shape.locals} == {
        "α": Nature.SORT,
        "p": Nature.FUNCTION,
        "q": Nature.FUNCTION,
        "f": Nature.FUNCTION,
        "y": Nature.DATA,
        "n": Nature.DATA,
        "l": Nature.DATA,
        "h": Nature.PROOF,
        "e": Nature.PROOF,
        "hc": Nature.PROOF,
        "b": Nature.DATA,
    }
    assert {"x✝", "inst✝", "hq✝"} <= shape.taken


def test_what_is_about_elements_is_a_statement_whatever_it_is_called() -> None:
    goal = "α : Type\nr : α → α → Prop\na b : α\nn : Nat\nk : Reach r a b\ne : Even n\nt : Tree α\ni : Fin n\n⊢ a = b"
    natures = {local.name: local.nature for local in read_goal(parse_goal(goal)).locals}
    assert [natures[name] for name in "keti"] == [Nature.PROOF, Nature.PROOF, Nature.DATA, Nature.DATA]


@pytest.mark.parametrize(
    ("goal", "relation", "carrier", "is_closed"),
    [
        ("n : Nat\n⊢ n + 0 = n", "=", "Nat", False),
        ("n : ℕ\n⊢ ¬n < n", "<", "Nat", False),
        ("⊢ 2 + 2 ≠ 5", "≠", "Nat", True),
        ("x : ℝ\nh : 0 < x\n⊢ x ^ 2 > 0", ">", "Real", False),
        ("α : Type\nl : List α\n⊢ l ++ [] = l", "=", "List", False),
        ("α : Type\nl : List α\n⊢ List.length l ≤ 3", "≤", "Nat", False),
        ("a b : Bool\n⊢ (a && b) = (b && a)", "=", "Bool", False),
        ("f : Nat → Nat → Bool\n⊢ f 0 1 = true", "=", "Bool", False),
        ("p : Prop\n⊢ p ∧ p", "", "", False),
        ("⊢ ∀ (a b : Nat), a = b → b = a", "", "Nat", True),
        ("⊢ ?m.12 = 0", "=", "", False),
    ],
)
def test_relation_and_carrier(goal: str, relation: str, carrier: str, is_closed: bool) -> None:
    shape = read_goal(parse_goal(goal))
    assert (shape.relation, shape.carrier, shape.is_closed) == (relation, carrier, is_closed)


@pytest.mark.parametrize(
    ("text", "arguments", "conclusion"),
    [
        ("∀ (x : α) {n : Nat}, p x → q n", ["x : α", "n : Nat", "p x"], "q n"),
        ("p → ¬q", ["p", "q"], "False"),
        ("a ≠ b", ["a = b"], "False"),
        ("p ∧ q", [], "p ∧ q"),
    ],
)
def test_telescopes(text: str, arguments: list[str], conclusion: str) -> None:
    found, end = telescope(read_term(text))
    shown = [(f"{a.name} : " if a.name else "") + (a.type.rendered if a.type else "") for a in found]
    assert (shown, end.rendered) == (arguments, conclusion)


def test_parts_of_connectives() -> None:
    assert [part.rendered for part in conjuncts(read_term("a ∧ (b ∧ c) ∧ d"))] == ["a", "b ∧ c", "d"]
    assert [part.rendered for part in disjuncts(read_term("a ∨ b ∧ c ∨ d"))] == ["a", "b ∧ c", "d"]
    assert [negation(read_term(text)) for text in ("¬p", "p → False", "p")] == [read_term("p"), read_term("p"), None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a ≥ b", "b ≤ a"),
        ("n > m", "m < n"),
        ("Nat.succ n ≤ m", "n < m"),
        ("1 ≤ n", "0 < n"),
        ("n + 1 ≤ x", "n + 1 ≤ x"),  # x is no natural number
        ("n ≠ m", "¬n = m"),
        ("p → False", "¬p"),
        ("Nat.succ Nat.zero = n", "1 = n"),
        ("∀ (k : Nat), k ≥ Nat.succ n", "∀ (k : Nat), n < k"),
    ],
)
def test_normal_forms(text: str, expected: str) -> None:
    types = {name: read_term(kind) for name, kind in {"n": "Nat", "m": "Nat", "x": "ℝ", "a": "α", "b": "α"}.items()}
    assert normal(read_term(text), types).rendered == expected


def test_a_goal_without_a_target_has_a_shape() -> None:
    assert read_goal(parse_goal("not a goal at all")).target.rendered == ""
