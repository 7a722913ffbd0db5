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
    assert scan("a ∣ b → a ≤ b + 0", {})[0] == ["dvd", "→", "le", "add", "zero"]


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
    _, found = scan("∀ (num : ℕ), Nat.gcd num 0 = num", {"num": "Nat"})
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


FIELDS = "α : Type\nxs ys : List α\np : α × Nat\n⊢ (xs ++ ys).reverse.length = xs.length + p.1"
APPLICATIONS = "α : Type\nxs ys : List α\np : α × Nat\n⊢ length (reverse (xs ++ ys)) = List.length xs + fst p"


def test_field_notation_counts_as_the_application_that_it_is() -> None:
    """Lean of today prints the one, that of 2021 the other: a library of either must help the other's goals."""
    fields, applications = goal_terms(parse_goal(FIELDS)), goal_terms(parse_goal(APPLICATIONS))
    assert {"length", "reverse", "List.length", "fst"} <= fields.symbols
    assert fields.shapes == applications.shapes
    assert {"s:length(reverse)", "c:Eq.1:HAdd.hAdd"} <= fields.shapes


def test_the_type_of_a_variable_names_its_fields() -> None:
    premise = Premise(full_name="foo", kind="theorem", statement="{α : Type} (s : Finset α) : s.card = 0")
    assert {"Finset.card", "card"} <= premise_terms(premise).symbols
    assert "c:Eq.0:card" in premise_terms(premise).shapes


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("sᶜ ∪ t = u", "HasCompl.compl"),
        ("Aᵀ = B", "Matrix.transpose"),
        ("x <* y = z", "SeqLeft.seqLeft"),
        ("f ⟶ g", "Quiver.Hom"),
    ],
)
def test_notations_are_their_constants(text: str, symbol: str) -> None:
    assert symbol in scan(text, dict.fromkeys("stuAB", ""))[1]


@pytest.mark.parametrize(("target", "head"), [("∑ i ∈ s, f i = 0", "Finset.sum"), ("|x + y| = 0", "abs")])
def test_what_is_not_read_has_its_head(target: str, head: str) -> None:
    assert f"c:Eq.0:{head}" in goal_terms(parse_goal(f"x y : Int\n⊢ {target}")).shapes


def test_greater_is_less_the_other_way_round() -> None:
    assert (
        goal_terms(parse_goal("a : Nat\n⊢ a + 1 > 0")).shapes == goal_terms(parse_goal("a : Nat\n⊢ 0 < a + 1")).shapes
    )


def test_a_very_long_text_is_read_in_part() -> None:
    long = "x + " * MAX_TEXT + "y"
    assert len(scan(long, {})[0]) <= MAX_TEXT
