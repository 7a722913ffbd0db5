"""What a file's text says of the types that it declares."""

import pytest

from lean_sidekick.tactics.inductive_types import MAX_CONSTRUCTORS, Constructor, constructor_names, inductive_types


@pytest.mark.parametrize(
    ("text", "name", "constructors"),
    [
        (
            "inductive Term\n  | var (n : Nat)\n  | app (f a : Term)\n  | lam : Term → Term\n",
            "Term",
            [Constructor("var", ("n",)), Constructor("app", ("f", "a"), (0, 1)), Constructor("lam", ("t",), (0,))],
        ),
        (
            "inductive Tree (α : Type u) where\n| leaf\n\n| node : Tree α → α → Tree α → Tree α\n  deriving Repr\n",
            "Tree",
            [Constructor("leaf"), Constructor("node", ("l", "a", "r"), (0, 2))],
        ),
        ("inductive A.B where | a | b deriving DecidableEq\n", "B", [Constructor("a"), Constructor("b")]),
        # Implicit fields are not named by `cases … with`; a function to the type has an induction hypothesis.
        (
            "inductive W where\n  | mk {α : Type} (n : Nat) (f : Nat → W) : W\n",
            "W",
            [Constructor("mk", ("n", "f"), (1,))],
        ),
        # No plain induction goes through a list of the type.
        ("inductive Rose (α) where\n  | mk : α → List (Rose α) → Rose α\n", "Rose", [Constructor("mk", ("a", "l"))]),
        ("structure P where\n  x : Nat\n  y : Nat := 0\n  deriving Repr\n", "P", [Constructor("mk", ("x", "y"))]),
        (
            "structure P (α : Type) where\n  make ::\n  (a b : α) (n : Nat)\n  last : Nat\n\ndef x : Nat := 1\n",
            "P",
            [Constructor("make", ("a", "b", "n", "last"))],
        ),
        # A later type of the same name hides the earlier one.
        ("inductive T where | a\ninductive T where | b\n", "T", [Constructor("b")]),
    ],
)
def test_types_of_data(text: str, name: str, constructors: list[Constructor]) -> None:
    assert inductive_types(text) == {name: tuple(constructors)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "theorem t : inductive = structure := sorry\n",
        "-- inductive T where | a\n/-\nstructure S where\n  x : Nat\n-/\n",
        "inductive Vec (α : Type) : Nat → Type where\n  | nil : Vec α 0\n",
        "inductive Or2 (p q : Prop) : Prop where\n  | l : p → Or2 p q\n",
        "structure Good (n : Nat) : Prop where\n  h : n = n\n",
        "structure P3 extends P where\n  z : Nat\n",
        "structure Unit2 where\n\ntheorem t : True := trivial\n",
        "inductive Void\n\ndef f : Nat → Nat\n  | 0 => 1\n  | n => n\n",
        "inductive Big where" + "".join(f" | c{i}" for i in range(MAX_CONSTRUCTORS + 1)) + "\n",
        "inductive T where\n  | a : (((\n",
        "inductive T where | a\ninductive T : Nat → Type where | b : T 0\n",
    ],
)
def test_what_is_not_plain_is_left_out(text: str) -> None:
    assert inductive_types(text) == {}


def test_constructors_have_short_names_unless_a_function_has_them_too() -> None:
    text = "inductive E where\n  | num (n : Nat)\n  | add (a b : E)\ndef MyNat.add (a b : Nat) := a\n"
    assert constructor_names(text) == {"E.num", "num", "E.add"}
