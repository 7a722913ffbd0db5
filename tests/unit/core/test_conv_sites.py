"""Sites in `conv` blocks: which places are inside one, and where an edit lands."""

import pytest

from lean_sidekick.core.positions import TextMap, apply_edits
from lean_sidekick.core.render import site_edit
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.site_finder import find_site

HEAD = "theorem a (x y : Nat) (h : x = y) : x + 0 = y + 0 := by\n"
INSIDE = {
    "after a step": "  conv =>\n    lhs$0\n  simp\n",
    "an empty block": "  conv =>$0\n  simp\n",
    "on one line": "  conv => lhs$0\n",
    "at a hypothesis": "  conv at h =>\n    lhs$0\n",
    "at a pattern": "  conv in x + _ =>\n    rw [h]$0\n",
    "on the left": "  conv_lhs =>\n    rw [h]$0\n",
    "a bullet inside": "  conv =>\n    congr\n    · rw [h]$0\n    · skip\n",
    "a conv inside": "  conv =>\n    conv =>\n      lhs$0\n",
    "a case inside": "  conv =>\n    congr\n    case a => rw [h]$0\n",
    "below a bullet": "  · conv =>\n      lhs$0\n",
}
OUTSIDE = {
    "after it": "  conv =>\n    lhs\n  simp$0\n",
    "before it": "  skip$0\n  conv =>\n    lhs\n",
    "a tactic block inside": "  conv =>\n    tactic =>\n      rw [h]$0\n",
    "a proof inside": "  conv =>\n    rw [foo (by sk$0ip)]\n",
    "a case": "  case conv => skip$0\n",
    "a name that begins alike": "  convert h using 1\n  next => skip$0\n",
}


def site_at(body: str) -> ProofSite:
    text = HEAD + body
    offset = text.index("$0")
    text = text.replace("$0", "")
    return find_site(text, "file:///p/A.lean", 1, TextMap(text).position(offset))


@pytest.mark.parametrize("name", INSIDE)
def test_inside(name: str) -> None:
    assert site_at(INSIDE[name]).is_conv


@pytest.mark.parametrize("name", OUTSIDE)
def test_outside(name: str) -> None:
    assert not site_at(OUTSIDE[name]).is_conv


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("after a step", "  conv =>\n    lhs\n    rw [h]\n  simp\n"),
        ("an empty block", "  conv => rw [h]\n  simp\n"),
        ("on one line", "  conv => lhs\n          rw [h]\n"),
        ("a bullet inside", "  conv =>\n    congr\n    · rw [h]\n      rw [h]\n    · skip\n"),
        ("below a bullet", "  · conv =>\n      lhs\n      rw [h]\n"),
    ],
)
def test_an_edit_lands_with_the_blocks_indentation(name: str, expected: str) -> None:
    site = site_at(INSIDE[name])
    assert apply_edits(site.text, [site_edit(site, "rw [h]")]) == HEAD + expected
