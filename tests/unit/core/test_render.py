"""Reading a finished proof back, and the layouts of edits that the tests of holes do not show."""

import re

import pytest
from hypothesis import given

from lean_sidekick.core.declarations import find_declarations
from lean_sidekick.core.holes import find_holes
from lean_sidekick.core.positions import apply_edits
from lean_sidekick.core.render import declaration_proof, indent, site_edit
from support.lean_text import lean
from support.proofs import PROOFS, Proof


def proof_of(text: str) -> str | None:
    return declaration_proof(text, find_declarations(text)[0])


def test_indent_leaves_blank_lines_blank() -> None:
    assert indent("a\n\n  b", "  ") == "  a\n\n    b"


@pytest.mark.parametrize(
    ("text", "proof"),
    [
        ("theorem a : p := by simp\n", "simp"),
        ("theorem a : p := by simp\n                    rfl\n", "simp\nrfl"),
        ("theorem a : p := by\n    intro x\n\n    · simp\n      rfl\n", "intro x\n\n· simp\n  rfl"),
        ("theorem a : p := by -- why\n  -- first\n  simp\n  -- last\n", "-- first\nsimp"),
        ("theorem a : p :=\n  by\n    simp\n", "simp"),
        ("theorem a : p := by\r\n  a\r\n  b\r\n", "a\nb"),
        ("theorem a : p := f (by\n  simp) x\n", "f (by\n  simp) x"),
        ("theorem a : p :=\n  f\n    x\n", "f\n  x"),
        ("theorem a : ∀ n, p n\n  | 0 => h\n  | n + 1 => g\n", "| 0 => h\n| n + 1 => g"),
        ("theorem a : p := by\nsimp\nrfl\n", "simp\nrfl"),
        ("theorem a : p := by\n", None),
        ("theorem a : p :=\n", None),
        ("axiom a : p\n", None),
    ],
)
def test_a_proof_is_read_back(text: str, proof: str | None) -> None:
    assert proof_of(text) == proof


@given(PROOFS)
def test_what_was_put_into_an_empty_by_is_read_back(proof: Proof) -> None:
    """`prove --json` gives the block as it stands under the header, less a comment at its very end."""
    block = "\n".join(proof.lines)
    text = "theorem a : p := by\n"
    (site,) = find_holes(text, "file:///A.lean", 1)
    filled = apply_edits(text, [site_edit(site, block)])
    assert filled == text + indent(block, "  ") + "\n"
    assert proof_of(filled) == re.sub(r" (--[^\n]*|/- by -/)\Z", "", block)


def test_one_hole_after_the_other() -> None:
    """Filling the first hole moves the second one, which is found again."""
    text = lean("""
        theorem a : p ∧ q := by
          constructor
          · sorry
          · exact sorry
        """)
    for block in ("intro x\nsimp", "rfl"):
        text = apply_edits(text, [site_edit(find_holes(text, "file:///A.lean", 1)[0], block)])
    assert text == lean("""
        theorem a : p ∧ q := by
          constructor
          · intro x
            simp
          · rfl
        """)
