"""What is counted in Lean text: words, symbols, shapes."""

import pytest

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.premises.tokens import (
    MAX_TEXT,
    goal_terms,
    name_words,
    premise_terms,
    question_words,
    scan,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Nat.add_comm", ("nat", "add", "comm")),
        ("Nat.addComm", ("nat", "add", "comm")),
        ("List.reverseAux_reverseAux_nil", ("list", "reverse", "aux", "reverse", "aux", "nil")),
        ("Nat.le_of_lt'", ("nat", "le", "of", "lt")),
        ("HTTPServer.x₁", ("http", "server", "x")),
        ("«weird name».foo", ("weird", "name", "foo")),
    ],
)
def test_names_split_at_dots_underscores_and_case(name: str, expected: tuple[str, ...]) -> None:
    assert name_words(name) == expected


def test_symbols_are_kept_as_names_read_them() -> None:
    assert scan("a ∣ b → a ≤ b + 0", frozenset())[0] == ["dvd", "→", "le", "add", "zero"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("multiplication is commutative", ["mul", "comm"]),
        ("the length of a concatenation", ["length", "append"]),
        ("_ * (_ + _) = _", ["mul", "add", "eq"]),
    ],
)
def test_english_is_read_as_names_say_it(question: str, expected: list[str]) -> None:
    assert [word for word in question_words(question) if word != "_"] == expected


def test_symbols_are_constants_and_dotted_names_count_short_too() -> None:
    _, found = scan("∀ (num : ℕ), Nat.gcd num 0 = num", frozenset({"num"}))
    assert found >= {"Nat", "Nat.gcd", "gcd", "Eq", "0"}
    assert "num" not in found


def test_local_variables_are_no_symbols() -> None:
    terms = goal_terms(parse_goal("foo : Nat\nbar : foo = 0\n⊢ Nat.succ foo = 1"))
    assert not {"foo", "bar"} & (terms.symbols | set(terms.words))
    assert "succ" in terms.symbols


def test_words_of_the_doc_string_count() -> None:
    premise = Premise(full_name="foo", kind="theorem", statement="True", doc="Addition is commutative.")
    assert {"add", "comm"} <= set(premise_terms(premise).words)


def test_a_rewriting_side_and_a_part_of_a_goal_have_the_same_shape() -> None:
    premise = Premise(full_name="add_zero", kind="theorem", statement="(a : Nat) : a + 0 = a")
    goal = goal_terms(parse_goal("b c : Nat\n⊢ f (b * c + 0) ∧ True"))
    assert "s:HAdd.hAdd(_,0)" in premise_terms(premise).shapes & goal.shapes


def test_a_very_long_text_is_read_in_part() -> None:
    long = "x + " * MAX_TEXT + "y"
    assert len(scan(long, frozenset())[0]) <= MAX_TEXT
