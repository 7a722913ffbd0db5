"""Holes: which are found, and how a tactic block stands in each of them, as a person would have typed it."""

import pytest
from hypothesis import given

from lean_sidekick.core.holes import find_holes
from lean_sidekick.core.positions import apply_edits
from lean_sidekick.core.render import site_edit
from lean_sidekick.core.sites import Hole, ProofSite
from support.lean_text import LEAN_LIKE, lean
from support.proofs import PROOFS, Proof

URI = "file:///p/A.lean"


def only_hole(text: str) -> ProofSite:
    (site,) = find_holes(text, URI, 7)
    return site


def filled(text: str, block: str) -> str:
    return apply_edits(text, [site_edit(only_hole(text), block)])


def check(text: str, with_one: str, with_two: str) -> None:
    """What stands in the file when the tactic `t`, and the tactics `a` and `b`, are put into the only hole."""
    text = lean(text)
    assert filled(text, "t") == lean(with_one)
    assert filled(text, "a\nb") == lean(with_two)


def kinds(text: str) -> list[Hole]:
    return [site.hole for site in find_holes(lean(text), URI, 7)]


def test_a_site_knows_its_document_and_declaration() -> None:
    site = only_hole("namespace A\ntheorem b : p := sorry\nend A\n")
    assert (site.uri, site.version, site.declaration.full_name) == (URI, 7, "A.b")
    assert site.text[site.start : site.end] == "sorry"


def test_sorry_after_by() -> None:
    check(
        """
        theorem a (x : Nat)
            (h : p) :
            q := by sorry
        """,
        """
        theorem a (x : Nat)
            (h : p) :
            q := by t
        """,
        """
        theorem a (x : Nat)
            (h : p) :
            q := by
          a
          b
        """,
    )


def test_sorry_on_its_own_line() -> None:
    check(
        """
        theorem a : p := by
            intro x
            sorry -- later
        """,
        """
        theorem a : p := by
            intro x
            t -- later
        """,
        """
        theorem a : p := by
            intro x
            a
            b -- later
        """,
    )


def test_sorry_after_a_bullet() -> None:
    check(
        """
        theorem a : p := by
          constructor
          · sorry
          . rfl
        """,
        """
        theorem a : p := by
          constructor
          · t
          . rfl
        """,
        """
        theorem a : p := by
          constructor
          · a
            b
          . rfl
        """,
    )


def test_sorry_in_parentheses() -> None:
    check(
        """
        theorem a : p := by
          (sorry)
        """,
        """
        theorem a : p := by
          (t)
        """,
        """
        theorem a : p := by
          (a
           b)
        """,
    )


def test_sorry_in_braces() -> None:
    """The Lean of 2021 reads `{ intro h` and `exact h }` on two lines as one tactic."""
    check(
        """
        theorem a : p := by
          { sorry }
        """,
        """
        theorem a : p := by
          { t }
        """,
        """
        theorem a : p := by
          { (a
             b) }
        """,
    )


@pytest.mark.parametrize(
    "line", ["  | succ n ih => sorry", "  case succ n ih => sorry", "  next n ih => sorry", "  all_goals sorry"]
)
def test_sorry_after_an_arrow_or_a_tactic_that_takes_tactics(line: str) -> None:
    head = "theorem a : p := by\n  induction n with\n  | zero => rfl\n" + line.removesuffix(" sorry")
    assert filled(f"{head} sorry\n", "t") == f"{head} t\n"
    assert filled(f"{head} sorry\n", "a\nb") == f"{head}\n    a\n    b\n"


def test_admit_is_a_hole_as_a_tactic_only() -> None:
    assert kinds("""
        def a := admit
        theorem b : p := by
          exact admit
          admit
        """) == [Hole.TACTIC_SORRY]


def test_sorry_as_an_operand() -> None:
    """After `<;>` or `;` several tactics need parentheses, or the second would run on other goals."""
    check(
        """
        theorem a : p := by
          constructor <;> sorry
        """,
        """
        theorem a : p := by
          constructor <;> t
        """,
        """
        theorem a : p := by
          constructor <;> (a
                           b)
        """,
    )
    assert filled("theorem a : p := by\n  constructor <;> sorry\n", "x <;> y") == (
        "theorem a : p := by\n  constructor <;> (x <;> y)\n"
    )


def test_sorry_with_more_on_its_line() -> None:
    assert filled("theorem a : p := by cases h with | inl h => sorry | inr h => rfl\n", "a; b") == (
        "theorem a : p := by cases h with | inl h => (a; b) | inr h => rfl\n"
    )


def test_exact_sorry_is_a_tactic() -> None:
    """Leans without a `sorry` tactic write it so; nobody would write `exact by simp`."""
    check(
        """
        theorem a : p := by
          have h : q := by exact sorry
          exact h
        """,
        """
        theorem a : p := by
          have h : q := by t
          exact h
        """,
        """
        theorem a : p := by
          have h : q := by
            a
            b
          exact h
        """,
    )


def test_sorry_as_the_whole_proof() -> None:
    check("theorem a : p := sorry\n", "theorem a : p := by t\n", "theorem a : p := by\n  a\n  b\n")


def test_a_term_goes_in_as_a_term() -> None:
    assert filled("theorem a : p := sorry\n", "exact h.trans g") == "theorem a : p := h.trans g\n"
    assert filled("theorem a : p := f sorry x\n", "exact h.trans g") == "theorem a : p := f (h.trans g) x\n"
    assert filled("theorem a : p := f sorry x\n", "exact ⟨h, g⟩") == "theorem a : p := f ⟨h, g⟩ x\n"
    assert filled("theorem a : p := sorry\n", "exact h <;> simp") == "theorem a : p := by exact h <;> simp\n"


def test_sorry_on_a_line_below() -> None:
    check(
        """
        theorem a : p :=
          sorry
        """,
        """
        theorem a : p :=
          by t
        """,
        """
        theorem a : p :=
          by
            a
            b
        """,
    )


def test_sorry_in_a_term_inside_a_tactic() -> None:
    check(
        """
        theorem a : p := by
          have h : q := sorry
          exact h
        """,
        """
        theorem a : p := by
          have h : q := by t
          exact h
        """,
        """
        theorem a : p := by
          have h : q := by
            a
            b
          exact h
        """,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("⟨x, sorry⟩", "⟨x, by t⟩"),
        ("⟨sorry, x⟩", "⟨by t, x⟩"),
        ("f sorry", "f (by t)"),
        ("f 1 sorry", "f 1 (by t)"),
        ("f (sorry)", "f (by t)"),
        ("f <| sorry", "f <| by t"),
        ("fun x => sorry", "fun x => by t"),
        ("(sorry : p)", "((by t) : p)"),
        ("sorry ▸ h", "(by t) ▸ h"),
        ("if c then x else sorry", "if c then x else by t"),
        ("if c then sorry else x", "if c then by t else x"),
        ("f (x := sorry)", "f (x := by t)"),
        ("let y := sorry; f y", "let y := (by t); f y"),
    ],
)
def test_sorry_inside_a_term(before: str, after: str) -> None:
    assert filled(f"theorem a : p := {before}\n", "t") == f"theorem a : p := {after}\n"
    assert filled(f"theorem a : p := by\n  exact {before}\n  rfl\n", "t") == (
        f"theorem a : p := by\n  exact {after}\n  rfl\n"
    )


def test_term_alternatives_and_fields() -> None:
    check(
        """
        theorem a : ∀ n, p n
          | 0 => h
          | n + 1 => sorry
        """,
        """
        theorem a : ∀ n, p n
          | 0 => h
          | n + 1 => by t
        """,
        """
        theorem a : ∀ n, p n
          | 0 => h
          | n + 1 => by
            a
            b
        """,
    )
    check(
        """
        instance : Foo where
          x := 1
          y := sorry
          z := 3
        """,
        """
        instance : Foo where
          x := 1
          y := by t
          z := 3
        """,
        """
        instance : Foo where
          x := 1
          y := by
            a
            b
          z := 3
        """,
    )


@pytest.mark.parametrize(
    "below", ["", "\n", "\n\n\n", "\n\ntheorem b : p := h\n", "\n-- note\nend A\n", "\n/-! c -/\n"]
)
def test_a_by_that_nothing_follows(below: str) -> None:
    """The form of the benchmark's statements; what stands below keeps its distance."""
    text = "theorem a (x : Nat) :\n    p := by"
    assert only_hole(text + below).hole is Hole.EMPTY_BY
    assert filled(text + below, "t") == f"{text}\n  t{below}"
    assert filled(text + below, "a\nb") == f"{text}\n  a\n  b{below}"


def test_blanks_below_an_empty_by_are_used_up() -> None:
    text = "theorem a : p := by   \n    \n\ntheorem b : p := h\n"
    assert filled(text, "t") == "theorem a : p := by\n    t\n\ntheorem b : p := h\n"


def test_comments_in_an_empty_by_stay_above_the_proof() -> None:
    text = "theorem a : p := by -- todo\n  -- use h\n  /- or\n     g -/\n\n-- about b\ntheorem b : p := h\n"
    assert filled(text, "t") == text.replace("g -/\n", "g -/\n  t\n")


def test_an_empty_by_inside_a_block() -> None:
    check(
        """
        theorem a : p := by
          have h : q := by
          · have g : q := by rfl
          exact h
        """,
        """
        theorem a : p := by
          have h : q := by
            t
          · have g : q := by rfl
          exact h
        """,
        """
        theorem a : p := by
          have h : q := by
            a
            b
          · have g : q := by rfl
          exact h
        """,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f (by) x", "f (by t) x"),
        ("f (by ) x", "f (by t) x"),
        ("⟨by, x⟩", "⟨by t, x⟩"),
        ("if c then by else x", "if c then by t else x"),
    ],
)
def test_an_empty_by_with_more_on_its_line(before: str, after: str) -> None:
    assert filled(f"theorem a : p := {before}\n", "t") == f"theorem a : p := {after}\n"


def test_empty_by_in_calc_fields_and_decreasing_by() -> None:
    assert (
        kinds("""
        theorem a : p := by
          calc x = y := by
            _ = z := by simp
        instance : Foo where
          x := by
          y := by simp
        def f := g
        termination_by n
        decreasing_by
        """)
        == [Hole.EMPTY_BY] * 3
    )


@pytest.mark.parametrize(
    ("text", "with_one", "with_two"),
    [
        ("theorem a : p := _\n", "theorem a : p := by t\n", "theorem a : p := by\n  a\n  b\n"),
        ("theorem a : p :=\n  ?_\n", "theorem a : p :=\n  by t\n", "theorem a : p :=\n  by\n    a\n    b\n"),
        ("theorem a : p := by _\n", "theorem a : p := by t\n", "theorem a : p := by\n  a\n  b\n"),
        ("theorem a : p := by {}\n", "theorem a : p := by t\n", "theorem a : p := by\n  a\n  b\n"),
        ("theorem a : p := by {\n}\n", "theorem a : p := by t\n", "theorem a : p := by\n  a\n  b\n"),
        (
            "theorem a : p := by\n  have h : q := by _\n  exact r\n",
            "theorem a : p := by\n  have h : q := by t\n  exact r\n",
            "theorem a : p := by\n  have h : q := by\n    a\n    b\n  exact r\n",
        ),
    ],
)
def test_blanks_in_the_place_of_a_proof_are_holes(text: str, with_one: str, with_two: str) -> None:
    assert filled(text, "t") == with_one
    assert filled(text, "a\nb") == with_two


def test_a_blank_inside_a_term_is_for_lean_to_find() -> None:
    assert kinds("theorem a : p := f _") == []
    assert kinds("theorem a : p := fun _ => h") == []
    assert kinds("theorem a : p := by exact f _") == []
    assert kinds("theorem a : p := by { exact h }") == []


def test_what_is_no_hole() -> None:
    assert (
        kinds("""
        -- sorry
        /-- sorry -/
        theorem a (h : p := sorry) : sorry = "sorry" := by
          have sorry' := «sorry»
          exact h.sorry /- sorry -/ (notsorry) sorryAx
        macro "x" : tactic => `(tactic| sorry)
        def b := `(term| by sorry)
        #eval sorry
        axiom c : p
        """)
        == []
    )


def test_all_holes_come_in_order() -> None:
    text = lean("""
        theorem a : p := by
          constructor
          · sorry
          · exact ⟨sorry, by simp⟩
          · have h : q := by
            exact h
        def b := sorry
        """)
    holes = find_holes(text, URI, 1)
    assert [site.hole.value for site in holes] == ["sorry tactic", "sorry term", "empty by", "sorry term"]
    assert [site.start for site in holes] == sorted(site.start for site in holes)


def test_tabs_and_windows_line_ends_are_kept() -> None:
    text = "theorem a : p := by\r\n\thave h : q := sorry\r\n\texact h\r\n"
    assert filled(text, "a\nb") == ("theorem a : p := by\r\n\thave h : q := by\r\n\t  a\r\n\t  b\r\n\texact h\r\n")
    assert filled("theorem a : p := by\r\n\r\ntheorem b : p := h\r\n", "t") == (
        "theorem a : p := by\r\n  t\r\n\r\ntheorem b : p := h\r\n"
    )


@given(LEAN_LIKE | PROOFS.map(lambda proof: proof.text("theorem a : p")))
def test_any_hole_of_any_text_can_be_filled(text: str) -> None:
    """Nothing outside the hole and the blanks around it is lost."""
    for site in find_holes(text, URI, 1):
        assert 0 <= site.start <= site.end <= len(text)
        assert not site.indentation.strip()
        for block in ("t", "a\nb"):
            edit = site_edit(site, block)
            assert edit.end == site.end and not text[edit.start : site.start].strip()
            assert apply_edits(text, [edit]).endswith(text[site.end :])


@given(PROOFS)
def test_the_holes_of_a_proof_are_found(proof: Proof) -> None:
    assert [site.hole for site in find_holes(proof.text("theorem a (x : Nat) : p"), URI, 1)] == list(proof.holes)


@given(PROOFS)
def test_a_filled_hole_is_gone_and_the_others_stay(proof: Proof) -> None:
    text = proof.text("@[simp] theorem a :\n    p")
    holes = find_holes(text, URI, 1)
    for index, site in enumerate(holes):
        for block in ("t", "a\nb"):
            left = find_holes(apply_edits(text, [site_edit(site, block)]), URI, 1)
            assert [hole.hole for hole in left] == [*proof.holes[:index], *proof.holes[index + 1 :]]
