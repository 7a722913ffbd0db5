"""Premises of the open file: which are above a place, and how their statements read."""

from lean_sidekick.core.premises import premises_above
from support.lean_text import lean

TEXT = lean("""
    namespace A
    /-- Says it. -/
    theorem one.{u} {α : Type u} -- a type
        (x : α /- any -/) :
        x = x := rfl
    private lemma two : p where
    example : p := h
    instance : Foo := ⟨0⟩
    def f : Nat → Nat
      | 0 => 1
      | n + 1 => n
    structure S (α : Type) extends T where
      x : α
    axiom ax (h : p := by simp) : "a  b" = q
    theorem here : p := by
      simp
    theorem below : p := h
    end A
    """)


def test_premises_stand_above_in_order() -> None:
    found = premises_above(TEXT, TEXT.index("theorem here"))
    shown = [
        (premise.full_name, premise.kind, premise.statement, premise.start and premise.start.line) for premise in found
    ]
    assert shown == [
        ("A.one", "theorem", "{α : Type u} (x : α ) : x = x", 2),
        ("A.two", "lemma", ": p", 5),
        ("A.f", "def", ": Nat → Nat", 8),
        ("A.S", "structure", "(α : Type) extends T", 11),
        ("A.ax", "axiom", '(h : p := by simp) : "a b" = q', 13),
    ]


def test_nothing_stands_above_the_first_line() -> None:
    assert premises_above(TEXT, 0) == ()
    assert premises_above("", 0) == ()


def test_a_declaration_is_no_premise_of_itself() -> None:
    inside = premises_above(TEXT, TEXT.index("  simp"))
    assert [premise.full_name for premise in inside][-1] == "A.ax"
