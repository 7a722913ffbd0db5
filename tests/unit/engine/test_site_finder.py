"""From a cursor to a proof site: which block it goes on with, where the text goes, and where none can go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.positions import Position, TextMap, apply_edits
from lean_sidekick.core.render import site_edit
from lean_sidekick.core.sites import Hole, ProofSite
from lean_sidekick.engine.site_finder import find_declaration_sites, find_site
from support.lean_text import LEAN_LIKE, at_cursor, lean
from support.proofs import PROOFS, Proof

URI = "file:///p/A.lean"


def site_at(marked: str) -> tuple[str, ProofSite]:
    text, position = at_cursor(lean(marked))
    return text, find_site(text, URI, 3, position)


def check(marked: str, hole: Hole, expected: str) -> None:
    """What stands in the file when the tactics `a` and `b` go to the cursor."""
    text, site = site_at(marked)
    assert site.hole is hole
    assert apply_edits(text, [site_edit(site, "a\nb")]) == lean(expected)


def check_one(marked: str, expected: str) -> None:
    """The same with the tactic `t` alone."""
    text, site = site_at(marked)
    assert apply_edits(text, [site_edit(site, "t")]) == lean(expected)


def refusal(marked: str) -> str:
    with pytest.raises(InputError) as error:
        site_at(marked)
    return str(error.value)


PROOF = """
    theorem before : p := h

    theorem a : p ∧ q := by
      constructor{0}
      · intro x{1}
        simp{2}
    {3}    {4}
      · rfl{5}
    {6}  {7}

    theorem after : p := h
    """


def marked_proof(number: int) -> str:
    return PROOF.format(*["$0" if i == number else "" for i in range(8)])


@pytest.mark.parametrize(
    ("number", "after", "indentation"),
    [
        (0, "constructor", "  "),
        (1, "intro x", "    "),
        (2, "simp", "    "),
        (5, "rfl", "    "),
    ],
)
def test_on_a_tactic_the_site_is_after_it_in_its_block(number: int, after: str, indentation: str) -> None:
    text, site = site_at(marked_proof(number))
    assert site.hole is Hole.UNFINISHED_BLOCK
    assert (site.start, site.end) == (text.index(after) + len(after),) * 2
    assert site.indentation == indentation
    assert site.declaration.full_name == "a"


@pytest.mark.parametrize(
    ("number", "line_above", "indentation"),
    [
        (3, "simp", "  "),  # column 0 names no block: the outermost that can go on there
        (4, "simp", "    "),
        (6, "rfl", "  "),
        (7, "rfl", "  "),
    ],
)
def test_on_a_blank_line_the_column_names_the_block(number: int, line_above: str, indentation: str) -> None:
    text, site = site_at(marked_proof(number))
    assert site.hole is Hole.UNFINISHED_BLOCK and site.indentation == indentation
    assert site.start == text.index(line_above) + len(line_above)
    assert site.end == text.index("\n", site.start + 1)


def test_a_blank_line_is_used() -> None:
    check(
        """
        theorem a : p := by
          intro x

            $0

        theorem b : p := h
        """,
        Hole.UNFINISHED_BLOCK,
        """
        theorem a : p := by
          intro x

          a
          b

        theorem b : p := h
        """,
    )


def test_a_comment_above_the_blank_line_stays_above() -> None:
    check(
        """
        theorem a : p := by
          intro x -- one
          -- two
          $0
          exact h
        """,
        Hole.UNFINISHED_BLOCK,
        """
        theorem a : p := by
          intro x -- one
          -- two
          a
          b
          exact h
        """,
    )


def test_a_comment_behind_the_tactic_stays_behind_it() -> None:
    check(
        """
        theorem a : p := by
          in$0tro x -- one
          exact h
        """,
        Hole.UNFINISHED_BLOCK,
        """
        theorem a : p := by
          intro x -- one
          a
          b
          exact h
        """,
    )


def test_a_semicolon_at_the_end_of_the_line_stays_there() -> None:
    check_one("theorem a : p := by\n  intro x;$0\n  simp\n", "theorem a : p := by\n  intro x;\n  t\n  simp\n")


def test_a_tactic_of_several_lines_is_not_torn() -> None:
    check(
        """
        theorem a : p := by
          rw [one,$0
            two]
          exact h
        """,
        Hole.UNFINISHED_BLOCK,
        """
        theorem a : p := by
          rw [one,
            two]
          a
          b
          exact h
        """,
    )


def test_a_blank_line_inside_a_tactic() -> None:
    """The block outside cannot go on before its tactic is at its end, whatever the column says."""
    check(
        """
        theorem a : p := by
          induction n with
          | zero => simp
          $0
          | succ n ih => simp
        """,
        Hole.UNFINISHED_BLOCK,
        """
        theorem a : p := by
          induction n with
          | zero => simp
                    a
                    b
          | succ n ih => simp
        """,
    )


@pytest.mark.parametrize(
    "opener", ["| succ n ih =>", "case succ n ih =>", "next n ih =>", "conv =>", "all_goals", "have h : q := by"]
)
def test_after_an_opener_with_nothing_in_it(opener: str) -> None:
    head = "theorem a : p := by\n  induction n with\n  | zero => rfl\n"
    expected = f"{head}  {opener}\n    a\n    b\n"
    for marked in (f"{head}  {opener}$0\n", f"{head}  {opener}\n    $0\n"):
        text, site = site_at(marked)
        assert apply_edits(text, [site_edit(site, "a\nb")]) == expected


def test_one_tactic_goes_on_the_line_of_an_arrow_or_bullet() -> None:
    check_one(
        """
        theorem a : p := by
          cases h with
          | inl h => $0
          | inr h => rfl
        """,
        """
        theorem a : p := by
          cases h with
          | inl h => t
          | inr h => rfl
        """,
    )
    check(
        """
        theorem a : p := by
          constructor
          ·$0
        """,
        Hole.UNFINISHED_BLOCK,
        """
        theorem a : p := by
          constructor
          · a
            b
        """,
    )


def test_a_hole_on_the_line_is_the_site() -> None:
    for marked in ("$0  · sorry", "  · sorry$0", "  · so$0rry", "  · sorry -- not$0e"):
        _, site = site_at(f"theorem a : p := by\n  constructor\n{marked}\n")
        assert site.hole is Hole.TACTIC_SORRY
    _, site = site_at("theorem a (x$0 : Nat) : p := by\n")
    assert site.hole is Hole.EMPTY_BY
    _, site = site_at("theorem a : p := sorry$0\n")
    assert site.hole is Hole.TERM_SORRY


def test_the_nearest_of_several_holes() -> None:
    for marked, index in (("⟨so$0rry, sorry⟩", 0), ("⟨sorry, sorry⟩$0", 1), ("⟨sorry, $0sorry⟩", 1)):
        text, site = site_at(f"theorem a : p := {marked}\n")
        assert site.start == [text.index("sorry"), text.rindex("sorry")][index]


def test_the_blank_line_under_an_empty_by() -> None:
    check(
        """
        theorem a : p := by
          have h : q := by
          $0
          exact h
        """,
        Hole.EMPTY_BY,
        """
        theorem a : p := by
          have h : q := by
            a
            b
          exact h
        """,
    )
    check("theorem a : p := by\n$0", Hole.EMPTY_BY, "theorem a : p := by\n  a\n  b")
    check("theorem a : p := by\n    $0\n", Hole.EMPTY_BY, "theorem a : p := by\n    a\n    b\n")


def test_blocks_inside_terms() -> None:
    check(
        """
        theorem a : p := by
          exact f (by
            simp
            $0
          ) x
        """,
        Hole.UNFINISHED_BLOCK,
        """
        theorem a : p := by
          exact f (by
            simp
            a
            b
          ) x
        """,
    )
    check(
        """
        theorem a : p :=
          f fun x => by
            simp$0
        """,
        Hole.UNFINISHED_BLOCK,
        """
        theorem a : p :=
          f fun x => by
            simp
            a
            b
        """,
    )


def test_fields_and_where_blocks() -> None:
    check(
        """
        instance : Foo where
          x := by
            simp$0
          y := 1
        """,
        Hole.UNFINISHED_BLOCK,
        """
        instance : Foo where
          x := by
            simp
            a
            b
          y := 1
        """,
    )


def test_calc_steps() -> None:
    check(
        """
        theorem a : p := by
          calc x = y := by
                $0
            _ = z := by simp
        """,
        Hole.EMPTY_BY,
        """
        theorem a : p := by
          calc x = y := by
                a
                b
            _ = z := by simp
        """,
    )


def test_inside_conv() -> None:
    check(
        """
        theorem a : p := by
          conv =>
            lhs$0
          simp
        """,
        Hole.UNFINISHED_BLOCK,
        """
        theorem a : p := by
          conv =>
            lhs
            a
            b
          simp
        """,
    )


def test_inside_grind() -> None:
    """Its steps are no tactics, so nothing that we know could be put there."""
    sentence = "Steps inside `grind =>` are not supported; put the cursor before or after it."
    assert refusal("theorem a : p := by\n  grind =>\n    instantiate$0\n") == sentence
    assert refusal("theorem a : p := by\n  grind =>\n    sorry$0\n  rfl\n") == sentence
    _, site = site_at("theorem a : p := by\n  grind =>\n    instantiate\n  rfl$0\n")
    assert site.indentation == "  "


def test_on_the_by_of_a_proof_the_site_is_before_its_first_tactic() -> None:
    check(
        """
        theorem a : p := by$0
          simp
        """,
        Hole.UNFINISHED_BLOCK,
        """
        theorem a : p := by
          a
          b
          simp
        """,
    )


def test_a_proof_on_one_line_goes_on_below_its_first_tactic() -> None:
    check(
        "theorem a : p := by simp$0\n",
        Hole.UNFINISHED_BLOCK,
        "theorem a : p := by simp\n" + "\n".join(" " * 20 + tactic for tactic in ("a", "b")) + "\n",
    )


def test_characters_outside_the_basic_plane() -> None:
    """LSP columns count two units for them."""
    text = "theorem a : 𝔸 := by\n  exact ⟨𝔸𝔸, sorry⟩ -- 𝔸\n"
    site = find_site(text, URI, 1, Position(1, 20))
    assert site.text[site.start : site.end] == "sorry" and site.position == Position(1, 15)


def test_where_no_tactic_can_stand() -> None:
    outside = "The cursor is outside any declaration; put it into a proof."
    comment = "The cursor is in a comment; put it where a tactic can stand."
    statement = "The cursor is in the statement of a; put it into the proof."
    term = "No tactic can stand here: a has a term at the cursor; write `sorry` or `by` instead."
    assert refusal("open Foo$0\n") == outside
    assert refusal("$0") == outside
    assert refusal("theorem a : p := h\n\n\n$0\n") == outside
    assert refusal("theorem a : p := by\n  simp\n\n\n$0") == outside
    assert refusal("theorem a : p := by\n  simp\nend A$0\n") == outside
    assert refusal("import A$0\ntheorem a : p := by\n  simp\n") == outside
    assert refusal("theorem a : p := by\n  simp -- no$0te\n") == comment
    assert refusal("theorem a : p := by\n  simp\n  $0-- note\n  rfl\n") == comment
    assert refusal("/-- Do$0c. -/\ntheorem a : p := by\n  simp\n") == comment
    assert refusal("theorem a : p := by\n  simp\n/- c\n\n$0\n-/\n") == comment
    assert refusal('theorem a : p := by\n  exact f "by$0"\n') == (
        "The cursor is in a string; put it where a tactic can stand."
    )
    assert refusal("theorem a (x$0 : p) : q := by\n  simp\n") == statement
    assert refusal("theorem a (x : p) :\n    $0\n    q := by\n  simp\n") == statement
    assert refusal("axiom a : p$0\n") == statement
    assert refusal("example : p$0 := by\n  simp\n") == (
        "The cursor is in the statement of example (no name); put it into the proof."
    )
    assert refusal("theorem a : p :=\n  f$0 x\n") == term
    assert refusal("theorem a : p :=\n  f x\n  $0\n") == term


@pytest.mark.parametrize("line", [2, 99, -1])
def test_a_line_that_is_not_there(line: int) -> None:
    with pytest.raises(InputError, match=f"There is no line {line + 1}: the file has 2"):
        find_site("theorem a : p := by\n", URI, 1, Position(line, 0))


SEVERAL = lean("""
    namespace A
    theorem one : p := by
      constructor
      · sorry
      · exact sorry
    theorem two : p := h
    end A
    example : p := by
    def two : Nat := sorry
    theorem B.one : p := sorry
    """)


def test_all_declarations_with_holes() -> None:
    found = find_declaration_sites(SEVERAL, URI, 5, None)
    assert [(d.label, len(sites)) for d, sites in found] == [
        ("A.one", 2),
        ("example (no name)", 1),
        ("two", 1),
        ("B.one", 1),
    ]
    assert all(site.version == 5 and site.uri == URI and site.declaration == d for d, sites in found for site in sites)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("A.one", ["A.one"]),
        ("one", ["A.one", "B.one"]),
        ("_root_.two", ["two"]),
        ("two", ["two"]),
        ("A.two", []),  # it is there, and nothing is left to prove
    ],
)
def test_declarations_by_name(name: str, labels: list[str]) -> None:
    assert [d.label for d, _ in find_declaration_sites(SEVERAL, URI, 1, frozenset({name}))] == labels


def test_unknown_names() -> None:
    with pytest.raises(InputError) as error:
        find_declaration_sites(SEVERAL, URI, 1, frozenset({"one", "wo"}))
    assert str(error.value) == "There is no declaration `wo`; the file has A.one, A.two, two, B.one."
    with pytest.raises(InputError, match="and 2 more"):
        find_declaration_sites("".join(f"def x{i} := 1\n" for i in range(10)), URI, 1, frozenset({"y"}))
    with pytest.raises(InputError, match="nothing that has a name"):
        find_declaration_sites("example : p := h", URI, 1, frozenset({"y"}))


@given(LEAN_LIKE | PROOFS.map(lambda proof: proof.text("theorem a : p")), st.data())
def test_any_cursor_in_any_text_gets_a_site_or_a_sentence(text: str, data: st.DataObject) -> None:
    text_map = TextMap(text)
    position = text_map.position(data.draw(st.integers(0, len(text))))
    try:
        site = find_site(text, URI, 1, position)
    except InputError as error:
        assert str(error).endswith(".") and "\n" not in str(error)
        return
    assert 0 <= site.start <= site.end <= len(text) and not site.indentation.strip()
    edited = apply_edits(text, [site_edit(site, "a\nb")])
    assert edited.startswith(text[: site.start].rstrip()) and edited.endswith(text[site.end :])


@given(PROOFS, st.data())
def test_after_a_tactic_another_can_always_stand(proof: Proof, data: st.DataObject) -> None:
    """What is put after a tactic is a tactic of the same block: a `sorry` there is a hole, and the others stay."""
    text = proof.text("theorem a : p")
    text_map = TextMap(text)
    line = data.draw(st.integers(3, 2 + len(proof.lines)))
    try:
        site = find_site(text, URI, 1, text_map.position(text_map.line_end(line)))
    except InputError:
        return
    if site.hole is Hole.UNFINISHED_BLOCK:
        edited = apply_edits(text, [site_edit(site, "skip\nsorry")])
        ((_, holes),) = find_declaration_sites(edited, URI, 1, None)
        assert len(holes) == len(proof.holes) + 1
        assert Hole.TACTIC_SORRY in {hole.hole for hole in holes}


def test_a_site_below_the_last_tactic_lies_in_its_declaration() -> None:
    """Whoever cuts the text after the declaration must not cut the site off."""
    text = "theorem t : True := by\n  skip -- a comment\n  \n\n#check t\n"
    site = find_site(text, "file:///A.lean", 1, Position(2, 2))
    assert site.declaration.start <= site.start <= site.end <= site.declaration.end
