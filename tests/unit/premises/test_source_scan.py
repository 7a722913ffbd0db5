"""Premises from source text: names, variables, opened namespaces, attributes, parts of structures."""

import pytest
from hypothesis import given

from lean_sidekick.core.premises import Premise
from lean_sidekick.premises.source_names import additive_name
from lean_sidekick.premises.source_scan import KnownNames, declarations_above, read_source, written_attributes
from support.lean_text import LEAN_LIKE, lean


def scan(text: str, known: KnownNames | None = None) -> dict[str, Premise]:
    return {premise.full_name: premise for premise in read_source(lean(text), "A.lean", "A", known).premises}


def check_statements(text: str, expected: dict[str, str]) -> None:
    found = scan(text)
    assert {name: found[name].statement for name in expected if name in found} == expected


def test_names_docs_kinds_and_places() -> None:
    file = read_source(
        lean(
            """
            import B.C
            /-- Says it.
            Well. -/
            theorem one : 1 = 1 := rfl
            namespace N
              private def hidden : Nat := 0
              instance : Foo := ⟨⟩
              instance named : Foo := ⟨⟩
              section
                lemma two : 2 = 2 := rfl
              end
              namespace M.L
                def three := 3
              end M.L
              theorem _root_.four : True := trivial
            end N
            example : True := trivial
            axiom five (p : Prop) : p
            """
        ),
        "x/A.lean",
        "A",
    )
    assert (file.path, file.module, file.imports) == ("x/A.lean", "A", ("B.C",))
    assert [(p.full_name, p.kind) for p in file.premises] == [
        ("one", "theorem"),
        ("N.named", "instance"),
        ("N.two", "lemma"),
        ("N.M.L.three", "def"),
        ("four", "theorem"),
        ("five", "axiom"),
    ]
    one = file.premises[0]
    assert one.doc == "Says it.\nWell." and one.module == "A" and one.constants is None
    assert one.start is not None and one.start.line == 1 and one.end is not None and one.end.line == 3


def test_variables_come_in_where_they_are_mentioned() -> None:
    check_statements(
        """
        variable {α : Type u} [Mul α] {β : Type v}
        variable (a b : α) (hab : a = b)
        theorem uses_a : a * a = a := h
        theorem uses_nothing : True := h
        theorem uses_h (h : hab = hab) : True := h
        theorem has_its_own (a : Nat) : a = a := rfl
        section
        variable {a}
        theorem implicit : a = a := rfl
        variable (α : Sort w)
        theorem hides (x : α) : x = x := rfl
        end
        theorem explicit : a = a := rfl
        include hab
        theorem included : True := h
        omit hab
        theorem omitted : True := h
        """,
        {
            "uses_a": "{α : Type u} [Mul α] (a : α) : a * a = a",
            "uses_nothing": ": True",
            "uses_h": "{α : Type u} [Mul α] (a b : α) (hab : a = b) (h : hab = hab) : True",
            "has_its_own": "(a : Nat) : a = a",
            "implicit": "{α : Type u} [Mul α] {a : α} : a = a",
            "hides": "(α : Sort w) (x : α) : x = x",
            "included": "{α : Type u} [Mul α] (a b : α) (hab : a = b) : True",
            "omitted": ": True",
        },
    )


def test_attributes_and_deprecation() -> None:
    found = scan(
        """
        @[simp, ext 1100, to_additive (attr := simp) "a, b"]
        theorem one : 1 = 1 := rfl
        @[local simp, deprecated one (since := "2024-01-01")] theorem two : 2 = 2 := rfl
        @[deprecated "use one, not this"] theorem three : 3 = 3 := rfl
        @[deprecated] theorem four : 4 = 4 := rfl
        namespace N
        theorem five : 5 = 5 := rfl
        attribute [simp, norm_cast] five one
        attribute [-simp] one
        end N
        """
    )
    assert found["one"].attributes == ("simp", "ext", "to_additive", "norm_cast")
    assert (found["two"].attributes, found["two"].deprecated) == (("deprecated",), "one")
    assert found["three"].deprecated == "use one, not this" and found["four"].deprecated == ""
    assert found["N.five"].attributes == ("simp", "norm_cast") and found["N.five"].deprecated is None


def test_constructors_and_fields() -> None:
    check_statements(
        """
        namespace N
        inductive Tree (α : Type) where
          | leaf
          | node (l r : Tree α) : Tree α
          deriving Repr
        structure Point (α : Type u) where
          x : α
          y z : α := default
          /-- Doc. -/
          isBig (n : Nat) : Bool
          isSmall : isBig = isBig := by
            simp [isBig]
            repeat (skip)
        class Top where
          top : Nat
        class Le (α : Type u) where le : α → α → Prop
        structure Both (a b : Prop) : Prop where intro :: (left : a) (right : b)
        structure Longer (α : Type u) extends Point α where
          z : α
        end N
        """,
        {
            "N.Tree": "(α : Type)",
            "N.Tree.leaf": "{α : Type} : Tree α",
            "N.Tree.node": "{α : Type} (l r : Tree α) : Tree α",
            "N.Point.x": "{α : Type u} (self : Point α) : α",
            "N.Point.y": "{α : Type u} (self : Point α) : α",
            "N.Point.z": "{α : Type u} (self : Point α) : α",
            "N.Point.isBig": "{α : Type u} (self : Point α) (n : Nat) : Bool",
            "N.Point.isSmall": "{α : Type u} (self : Point α) : isBig = isBig",
            "N.Point.mk": "{α : Type u} (x : α) (y : α) (z : α) (isBig : ∀ (n : Nat), Bool) "
            "(isSmall : isBig = isBig) : Point α",
            "N.Top.top": "[self : Top] : Nat",
            "N.Le.le": "{α : Type u} [self : Le α] : α → α → Prop",
            "N.Both.left": "{a b : Prop} (self : Both a b) : a",
            "N.Both.intro": "{a b : Prop} (left : a) (right : b) : Both a b",
            "N.Longer.z": "{α : Type u} (self : Longer α) : α",
        },
    )


def test_lines_of_a_default_proof_are_no_fields() -> None:
    found = scan(
        """
        class Lawful (α : Type) extends Mul α where
          /-- It commutes. -/
          comm (a b : α) : a * b = b * a := by
            simp [foo]
            rw (config := {}) [bar]
          one : α
        """
    )
    assert set(found) == {"Lawful", "Lawful.comm", "Lawful.one"}
    assert found["Lawful.comm"].doc == "It commutes."


def test_a_doc_string_may_stand_behind_open_in() -> None:
    found = scan(
        "open Nat in\n/-- Says it. -/\ntheorem foo : True := trivial\n-- no doc\ntheorem bar : True := trivial"
    )
    assert (found["foo"].doc, found["bar"].doc) == ("Says it.", "")


PROOFS = """
    theorem base (p : Prop) : p = p := rfl
    def number : Nat := 1
    namespace A
    theorem one (h : Prop) : h = h := base h
    theorem two (base : Prop) : base = base := by
      have := one base
      -- not this one: three
      exact one number
    theorem three : True := by simp [one, A.two, Not.Here]
    theorem four : True
    end A
    """


def test_what_proofs_use_is_read_where_names_are_known() -> None:
    """Theorems alone, as Lean says it: not definitions, not variables, not what stands in comments."""
    found = scan(PROOFS, KnownNames())
    assert found["A.one"].uses == ("base",)
    assert found["A.two"].uses == ("A.one",)
    assert found["A.three"].uses == ("A.one", "A.two")
    assert found["number"].uses is None and found["A.four"].uses is None


def test_what_proofs_may_use_is_said_where_names_are_not_known() -> None:
    found = scan(PROOFS)["A.three"].uses
    assert found is not None and {"A.one", "one", "A.two", "A.A.two"} <= set(found)


def test_a_proof_of_any_length_uses_a_bounded_number() -> None:
    long = "theorem long : True := by\n  simp [" + ", ".join(f"name{n}" for n in range(5000)) + "]"
    found = scan(long)["long"].uses
    assert found is not None and len(found) < 300


def test_unsafe_declarations_are_no_premises() -> None:
    assert set(scan("unsafe def foo : Nat := 1\ndef bar : Nat := 1")) == {"bar"}


def test_aliases_say_what_their_targets_say() -> None:
    check_statements(
        """
        namespace A
        theorem one (n : Nat) : n = n := rfl
        theorem both (p q : Prop) : p ∧ q ↔ q ∧ p := sorry
        @[deprecated one] alias uno := one
        alias ⟨there, back⟩ := both
        alias ⟨_, only_back⟩ := A.both
        alias far := Not.Here
        alias _root_.rooted := one
        alias both ↔ early_there early_back
        end A
        """,
        {
            "A.uno": "(n : Nat) : n = n",
            "A.there": "(p q : Prop) : p ∧ q → q ∧ p",
            "A.back": "(p q : Prop) : q ∧ p → p ∧ q",
            "A.only_back": "(p q : Prop) : q ∧ p → p ∧ q",
            "A.far": "",
            "rooted": "(n : Nat) : n = n",
            "A.early_there": "(p q : Prop) : p ∧ q → q ∧ p",
            "A.early_back": "(p q : Prop) : q ∧ p → p ∧ q",
        },
    )


def test_additive_twins() -> None:
    """Named as given or as Mathlib would; said only where every sign has one additive form."""
    text = """
        namespace Submonoid
        @[to_additive (attr := simp) "Says it."] theorem one_mul [CommMonoid M] (a : M) : 1 * a = a := sorry
        @[to_additive add_foo] theorem mul_foo [Group G] (a b : G) : a * a⁻¹ = 1 := sorry
        @[to_additive Other.name] lemma mul_bar [Group G] (a : G) : a / a = 1 := sorry
        @[to_additive (attr := aesop safe 90% apply (rule_sets := [SetLike]), simp)]
        theorem mul_mem (h : x ∈ s) : x * x ∈ s := sorry
        @[to_additive existing sum_there] theorem prod_there : 1 = 1 := sorry
        @[to_additive] theorem prod_pow (s : Finset ι) : ∏ i ∈ s, f i ^ 2 = 1 := sorry
        end Submonoid
        """
    check_statements(
        text,
        {
            "AddSubmonoid.zero_add": "[AddCommMonoid M] (a : M) : 0 + a = a",
            "AddSubmonoid.add_foo": "",
            "Other.name": "[AddGroup G] (a : G) : a - a = 0",
            "AddSubmonoid.add_mem": "(h : x ∈ s) : x + x ∈ s",
            "AddSubmonoid.sum_nsmul": "",
        },
    )
    found = scan(text)
    assert found["AddSubmonoid.zero_add"].attributes == ("simp",)
    assert found["Submonoid.one_mul"].attributes == ("to_additive", "simp")
    assert "AddSubmonoid.sum_there" not in found
    assert found["AddSubmonoid.add_mem"].attributes == ("aesop", "simp")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Finset.prod_mul_distrib", "Finset.sum_add_distrib"),
        ("CommMonoid.mul_one", "AddCommMonoid.add_zero"),
        ("Submonoid.one_mem", "AddSubmonoid.zero_mem"),
        ("MonoidHom.map_inv", "AddMonoidHom.map_neg"),
        ("mul_le_of_le_one", "add_le_of_nonpos"),
        ("mulSupport_one", "support_zero"),
        ("Submonoid.LocalizationMap.map_div", "AddSubmonoid.LocalizationMap.map_sub"),
        ("Nat.gcd_comm", "Nat.gcd_comm"),
    ],
)
def test_additive_names_are_made_as_mathlib_makes_them(name: str, expected: str) -> None:
    assert additive_name(name, "to_additive") == expected


def test_names_in_statements_are_resolved() -> None:
    known = KnownNames()
    library = """
        inductive Nat where | zero | succ (n : Nat)
        namespace Nat
        def double (n : Nat) : Nat := n
        protected def pred (n : Nat) : Nat := n
        namespace Extra
        def triple (n : Nat) : Nat := n
        end Extra
        end Nat
        def pred (n : Nat) : Nat := n
        def List.size (n : Nat) : Nat := n
        """
    scan(library, known)
    found = scan(
        """
        theorem a (n : Nat) : Nat.double n = n := h
        theorem b (n : Nat) : double n = n := h
        open Nat in
        theorem c (n : Nat) : double n = pred n := h
        namespace Nat
        theorem d (n : Nat) : double n = Extra.triple n := h
        theorem e (double : Nat) : double = _root_.pred double := h
        open Extra
        theorem f : ∀ pred, triple pred = x.size := h
        end Nat
        open Nat hiding zero
        theorem g : succ.injEq = Nat.pred := h
        open scoped List
        theorem h : size = size := h
        """,
        known,
    )
    assert {name: premise.constants for name, premise in found.items()} == {
        "a": ("Nat", "Nat.double"),
        "b": ("Nat",),
        "c": ("Nat", "Nat.double", "pred"),
        "Nat.d": ("Nat", "Nat.double", "Nat.Extra.triple"),
        "Nat.e": ("Nat", "pred"),
        "Nat.f": ("Nat.Extra.triple",),
        "g": ("Nat.succ", "Nat.pred"),
        "h": (),
    }


def test_attributes_by_name() -> None:
    assert written_attributes("@[ext] theorem a : p := h\ntheorem b : p := h\n") == {"a": ("ext",)}


@given(LEAN_LIKE)
def test_any_text_is_read(text: str) -> None:
    read_source(text, "A.lean", "A", KnownNames())


def test_what_stands_above_a_place_is_whole_private_or_not() -> None:
    """Doc strings, attributes, deprecation, `variable`s and fields of structures, in order; nothing from below."""
    text = lean(
        """
        variable (n : Nat)
        /-- Says it. -/
        @[simp, deprecated newer] theorem one : n = n := rfl
        private theorem hidden : True := trivial
        structure Pair where
          left : Nat
        theorem here : True := by
          sorry
        theorem below : True := trivial
        """
    )
    found = declarations_above(text, text.index("theorem here"))
    assert [premise.full_name for premise in found] == ["one", "hidden", "Pair", "Pair.mk", "Pair.left"]
    one = found[0]
    assert (one.doc, one.attributes, one.deprecated) == ("Says it.", ("simp", "deprecated"), "newer")
    assert one.statement == "(n : Nat) : n = n" and one.module is None
    assert declarations_above(text, text.index("sorry")) == found
