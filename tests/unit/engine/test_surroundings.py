"""What models are told of the file around a site."""

import pytest

from lean_sidekick.engine.surroundings import is_whole_proof, surroundings_of
from lean_sidekick.tactics.api import Surroundings
from support.sites import sorry_site

ABOVE = "import A\n\nnamespace N\n\n"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_whole_of_it(line_end: str) -> None:
    text = (
        ABOVE
        + "/-- What it\n  says. -/\ntheorem t (p : Prop) (h : p) :\n    p := by\n  have x := 1\n  · skip\n  sorry\n"
    )
    site = sorry_site(text.replace("\n", line_end))
    assert surroundings_of(site) == Surroundings(
        text_above=ABOVE,
        statement="theorem t (p : Prop) (h : p) :\n    p",
        declaration="N.t",
        doc="What it says.",
        steps=("have x := 1\n· skip",),
    )
    assert not is_whole_proof(site)


@pytest.mark.parametrize(
    "text",
    ["example : p := by\n  sorry", "theorem t : p := by sorry", "theorem t : p :=\n  sorry", "lemma t : p := sorry"],
)
def test_a_hole_that_is_the_whole_proof(text: str) -> None:
    site = sorry_site(text)
    assert is_whole_proof(site)
    assert surroundings_of(site).steps == ()


def test_a_term_above_a_hole_is_no_tactic() -> None:
    site = sorry_site("theorem t : p := foo (by simp) <|\n  sorry")
    assert not is_whole_proof(site)
    assert surroundings_of(site).steps == ()
