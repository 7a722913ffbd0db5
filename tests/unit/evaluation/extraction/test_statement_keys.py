"""Statements that say the same have one key, others have not."""

import pytest

from lean_sidekick.evaluation.extraction.statement_keys import header_key, statement_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(a b : Nat) : a + b = b + a", "(x y : Nat) : x + y = y + x"),
        ("(a b : Nat) : a + b = b + a", "{a : Nat} (b : Nat) : a + b = b + a"),
        ("(a b : Nat) : a + b = b + a", "∀ (n m : Nat), n + m = m + n"),
        ("(p q : Prop) (h : p) : q", "(p q : Prop) : p → q"),
        ("(p : Nat → Prop) : ∃ x, p x", "(q : Nat → Prop) : ∃ y, q y"),
        ("(xs : List Nat) : xs.length = 0", "(ys : List Nat) :\n    ys.length = 0 -- says the same"),
        ("(s : Finset ℕ) : ∑ i in s, f i = 0", "(t : Finset ℕ) : ∑ j in t, f j = 0"),
        ("(n : Nat) : (match n with | 0 => 1 | _ => 2) = 1", "(m : Nat) : (match m with | 0 => 1 | _ => 2) = 1"),
    ],
)
def test_names_of_variables_brackets_and_comments_do_not_count(one: str, other: str) -> None:
    assert statement_key(one) == statement_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(a b : Nat) : a + b = b + a", "(a b : Int) : a + b = b + a"),
        ("(a b : Nat) : a + b = b + a", "(a b : Nat) : a + b = a + b"),
        ("(a b : Nat) : a + b = b + a", "(a b : Nat) : a * b = b * a"),
        ("(p q : Prop) : p → q", "(p q : Prop) : q → p → q"),
        (": foo = 1", ": bar = 1"),
        ("(s : Finset ℕ) : ∑ i in s, f i = 0", "(s : Finset ℕ) : ∏ i in s, f i = 0"),
        ("(n : Nat) : (match n with | 0 => 1 | _ => 2) = 1", "(n : Int) : (match n with | 0 => 1 | _ => 2) = 1"),
    ],
)
def test_what_differs_in_more_has_another_key(one: str, other: str) -> None:
    assert statement_key(one) != statement_key(other)


def test_a_header_has_the_key_of_its_statement() -> None:
    header = "@[simp] protected theorem Foo.bar.{u} {α : Type u} /- of -/ (a : α) : a = a"
    assert header_key(header) == statement_key("{β : Type u} (b : β) : b = b") == header_key(f"{header} :=")
    assert header_key("lemma bar (a : Nat) : a = a") == statement_key("(b : Nat) : b = b")


def test_no_statement_has_no_key() -> None:
    assert statement_key("") == statement_key(" -- nothing") == header_key("") == header_key("not a header") == ""


def test_any_text_has_a_key() -> None:
    for text in ("(", "(a : ", "∀", "⊢ ?", "(" * 500, "x" * 10_000, "∀ x, " * 200 + "p"):
        statement_key(text)
        header_key(f"theorem t {text}")
