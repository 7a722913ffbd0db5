"""The arguments of a statement: what stands before the colon, and what its type goes on to take."""

import pytest

from lean_sidekick.core.arguments import read_arguments
from lean_sidekick.core.premises import Premise


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("(a b : Nat) (h : a = b) : b = a", ["(a : Nat)", "(b : Nat)", "(h : a = b)"]),
        (
            "{α : Type u} [Inhabited α] [inst : Mul α] ⦃x : α⦄ (f : α → β := id) : x = f x",
            ["{α : Type u}", "[ : Inhabited α]", "[inst : Mul α]", "⦃x : α⦄", "(f : α → β)"],
        ),
        (": (∀ (n : Nat), p n) → q → r", ["( : ∀ (n : Nat), p n)", "( : q)"]),
        ("∀ {p q : Prop}, (p → q) → ¬p", ["{p : Prop}", "{q : Prop}", "( : p → q)"]),
        ("{α : Sort u} → {a : α} → p a → q", ["{α : Sort u}", "{a : α}", "( : p a)"]),
        ("∀ x ∈ s, 0 < x", ["(x : )", "( : x ∈ s)"]),
        ("(A : Type u) extends Semigroup A, Inhabited A", ["(A : Type u)"]),
        ("(as bs : List α)", ["(as : List α)", "(bs : List α)"]),
        ("(n : Nat) : @%& ) not Lean", ["(n : Nat)"]),
        ("a ↔ b → c", []),
        ("", []),
    ],
)
def test_arguments_in_order(statement: str, expected: list[str]) -> None:
    premise = Premise(full_name="foo", kind="theorem", statement=statement)
    shown = [f"{a.kind.value[0]}{a.name} : {a.type}{a.kind.value[1]}" for a in premise.arguments]
    assert shown == expected


def test_brackets_that_never_close_are_no_arguments() -> None:
    assert read_arguments("(a : Nat (b : Nat") == ()
