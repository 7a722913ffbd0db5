"""Printed terms: reading, printing, matching."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_sidekick.core.term_reader import read_binders, read_term
from lean_sidekick.core.terms import Shape, atom, fresh_name, match, replace, substitute

ROUND_TRIPS = [
    "p ∧ (q ∨ r) → ¬p ∨ q",
    "(p → q) → ¬q → ¬p",
    "¬(p ∧ ¬q)",
    "∀ (x : α), p x → ∃ (y : β), r x y ∧ y ≠ x",
    "(∃ (x : U), ∀ (y : U), R x y) → ∀ (y : U), ∃ (x : U), R x y",
    "a + b + (c + d) = a * (b + c) ^ 2 - 1",
    "List.length (a :: as ++ bs) = Nat.succ (List.length as)",
    "List.map (fun (x : α) => g (f x)) l = []",
    "(p.fst, p.snd) = p",
    "(a || b || c) = (a || (b || c))",
    "↑(n + 1) ^ 2 ≤ x⁻¹",
    "|x - y| < ε",
    "{x | p x} ⊆ s ∩ t",
    "a ^ (m + n) = a ^ m * a ^ n",
    "f (g x) (h y) = -(-1)",
    "Real.sqrt (x ^ 2 + 1) ≤ ‖x‖ + 1",
]


@pytest.mark.parametrize("text", ROUND_TRIPS)
def test_what_was_read_prints_as_it_was(text: str) -> None:
    assert read_term(text).rendered == text


@pytest.mark.parametrize(
    ("text", "head", "arguments"),
    [
        ("p ∧ q ∨ r", "∨", ["p ∧ q", "r"]),
        ("p → q → r", "→", ["p", "q → r"]),
        ("¬p ∧ q", "∧", ["¬p", "q"]),
        ("¬x = y", "¬", ["x = y"]),
        ("a :: as ++ bs", "++", ["a :: as", "bs"]),
        ("a - b - c", "-", ["a - b", "c"]),
        ("a ↔ b ↔ (b ↔ a)", "↔", ["a ↔ b", "b ↔ a"]),  # as the Lean of 2021 prints a nested equivalence
        ("P ∧ Q ↔ R ∧ Q ↔ Q → (P ↔ R)", "↔", ["P ∧ Q ↔ R ∧ Q", "Q → (P ↔ R)"]),
        ("f x (g y)", "f", ["x", "g y"]),
        ("∑ k in s, f k = 78", "=", ["∑ k in s, f k", "78"]),
        ("¬∃ (x : α), p x ∧ q", "¬", ["∃ (x : α), p x ∧ q"]),
    ],
)
def test_operators_bind_as_in_lean(text: str, head: str, arguments: list[str]) -> None:
    term = read_term(text)
    assert term.head == head
    assert [argument.rendered for argument in term.arguments] == arguments


def test_a_bounded_quantifier_is_read_with_its_condition() -> None:
    assert read_term("∀ x ∈ s, p x").rendered == "∀ x, x ∈ s → p x"
    assert read_term("∃ y > 0, q y").rendered == "∃ y, y > 0 ∧ q y"


def test_a_dependent_arrow_is_a_quantifier() -> None:
    assert read_term("(x : α) → β x").rendered == "∀ (x : α), β x"


@pytest.mark.parametrize(
    "text", ["let x := 1; x = 1", "match a with | 0 => b | _ => c", "p ∧", ") → (", "∀ , p", "⋯", "x := y"]
)
def test_what_is_not_understood_keeps_its_text(text: str) -> None:
    term = read_term(text)
    assert term.shape is Shape.OPAQUE
    assert term.rendered == text


def test_text_of_several_lines_is_one_term() -> None:
    assert read_term("a +\n    b =\n  c").rendered == "a + b = c"


@given(st.text(alphabet="pqxyfα∀∃λ fun,:.()[]{}⟨⟩¬∧∨→↔=+-*^|✝⋯?_0 1\n", max_size=60))
def test_reading_never_fails_and_printing_reads_back(text: str) -> None:
    term = read_term(text)
    assert read_term(term.rendered).alpha_key == term.alpha_key


@given(st.text(max_size=40))
def test_reading_any_text_never_fails(text: str) -> None:
    assert isinstance(read_term(text).rendered, str)
    read_binders(text)


def test_bound_names_do_not_tell_terms_apart() -> None:
    assert read_term("∀ (x : α), p x").alpha_key == read_term("∀ (y : α), p y").alpha_key
    assert read_term("∀ (x : α), p x").alpha_key != read_term("∀ (x : α), q x").alpha_key


def test_names_are_the_free_ones() -> None:
    assert read_term("∃ (x : α), p x y.fst").names == {"α", "p", "y", "y.fst"}


def test_substitution_does_not_capture() -> None:
    term = substitute(read_term("∃ (x : α), r x y"), {"y": read_term("f x")})
    assert term.rendered == "∃ (x1 : α), r x1 (f x)"


def test_substitution_reaches_into_opaque_text() -> None:
    assert substitute(read_term("(n, f n)"), {"n": read_term("m + 1")}).rendered == "((m + 1), f (m + 1))"


@pytest.mark.parametrize(
    ("pattern", "text", "values"),
    [
        ("x + y", "a * b + c", {"x": "a * b", "y": "c"}),
        ("x + x", "a + b", None),
        ("x + 0", "a + 0", {"x": "a"}),
        ("p x", "p (f a)", {"x": "f a"}),
        ("∀ (z : α), q z x", "∀ (w : α), q w b", {"x": "b"}),
        ("∃ (z : α), q z x", "∃ (w : α), q w w", None),  # the value would contain the bound variable
    ],
)
def test_matching(pattern: str, text: str, values: dict[str, str] | None) -> None:
    found = match(read_term(pattern), read_term(text), frozenset({"x", "y"}), {})
    assert (found and {name: value.rendered for name, value in found.items()}) == values


def test_replacing_takes_every_equal_part_outside_binders() -> None:
    term = replace(read_term("a + b = f (a + b) ∧ ∀ (x : α), a + b = x"), read_term("a + b"), atom("c"))
    assert term.rendered == "c = f c ∧ ∀ (x : α), a + b = x"


def test_statements_of_declarations() -> None:
    term = read_binders("{α : Type} [inst : DecidableEq α] (a b : α) (h : a = b) : b = a")
    assert term is not None
    assert term.rendered == "∀ {α : Type}, ∀ [inst : DecidableEq α], ∀ (a : α), ∀ (b : α), ∀ (h : a = b), b = a"
    assert read_binders("no type here") is None


def test_fresh_names_count_on() -> None:
    assert fresh_name("h", {"x"}) == "h"
    assert fresh_name("h", {"h", "h1"}) == "h2"
    assert fresh_name("h1", {"h1"}) == "h2"
