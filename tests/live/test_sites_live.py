"""From a cursor to an edit that lands: each kind of place is found, checked there, and filled as a person would.

The Lean of 2021 has neither `calc` nor `conv`: their places are in `unit/core` and `unit/engine`, scripted in `unit/verify`.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from attrs import frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.core.positions import TextMap, apply_edits
from lean_sidekick.core.render import site_edit
from lean_sidekick.engine.session import start_verifier
from lean_sidekick.engine.site_finder import find_site
from lean_sidekick.settings.settings import Settings
from lean_sidekick.verify.api import FinalStatus
from lean_sidekick.verify.shadow import ShadowVerifier

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@frozen(kw_only=True)
class Kind:
    """A file with a cursor at `$0`; `block` fills the place, `filled` is the text then; `wrong` does not fit there."""

    text: str
    block: str
    filled: str
    wrong: str = "exact nonsense"


AND = "theorem a (p q : Prop) (hp : p) (hq : q) : p ∧ q := "
KINDS = {
    "several goals": Kind(
        text=AND + "by\n  apply And.intro\n  exact hp$0\n",
        block="exact hq",
        filled=AND + "by\n  apply And.intro\n  exact hp\n  exact hq\n",
        wrong="exact hp",
    ),
    "a bullet": Kind(
        text=AND + "by\n  constructor\n  · $0admit\n  · exact hq\n",
        block="skip\nexact hp",
        filled=AND + "by\n  constructor\n  · skip\n    exact hp\n  · exact hq\n",
        wrong="exact hq",
    ),
    "braces": Kind(
        text=AND + "by\n  constructor\n  { $0admit }\n  { exact hq }\n",
        block="exact hp",
        filled=AND + "by\n  constructor\n  { exact hp }\n  { exact hq }\n",
        wrong="exact hq",
    ),
    "a case": Kind(
        text=AND + "by\n  constructor\n  case left =>\n    $0admit\n  case right => exact hq\n",
        block="skip\nexact hp",
        filled=AND + "by\n  constructor\n  case left =>\n    skip\n    exact hp\n  case right => exact hq\n",
        wrong="exact hq",
    ),
    "an alternative of an induction": Kind(
        text="theorem a (n : Nat) : 0 + n = n := by\n  induction n with\n  | zero => rfl\n  | succ n ih => $0admit\n",
        block="rw [Nat.add_succ]\nrw [ih]",
        filled=(
            "theorem a (n : Nat) : 0 + n = n := by\n  induction n with\n  | zero => rfl\n"
            "  | succ n ih =>\n    rw [Nat.add_succ]\n    rw [ih]\n"
        ),
        wrong="exact ih",
    ),
    "a have": Kind(
        text="theorem a (p : Prop) (hp : p) : p := by\n  have h : p := by\n    $0admit\n  exact h\n",
        block="exact hp",
        filled="theorem a (p : Prop) (hp : p) : p := by\n  have h : p := by\n    exact hp\n  exact h\n",
        wrong="exact h",
    ),
    "a have with nothing after it": Kind(
        text="theorem a (p : Prop) (hp : p) : p := by\n  have h : p := by$0\n  exact h\n",
        block="exact hp",
        filled="theorem a (p : Prop) (hp : p) : p := by\n  have h : p := by\n    exact hp\n  exact h\n",
        wrong="exact h",
    ),
    "a tactic block inside a term": Kind(
        text=AND + "\n  ⟨by $0admit, hq⟩\n",
        block="exact hp",
        filled=AND + "\n  ⟨by exact hp, hq⟩\n",
        wrong="exact hq",
    ),
    "goals that share a metavariable": Kind(
        text="theorem a (n : Nat) (h : n = 2) : ∃ x : Nat, x = n := by\n  apply Exists.intro$0\n",
        block="exact rfl",
        filled="theorem a (n : Nat) (h : n = 2) : ∃ x : Nat, x = n := by\n  apply Exists.intro\n  exact rfl\n",
        wrong="exact h",
    ),
}


@pytest.fixture
async def verifier(real_lean: Path, tmp_path: Path) -> AsyncIterator[ShadowVerifier]:
    verifier = await start_verifier(tmp_path, Settings(lean_path=str(real_lean)))
    yield verifier
    await verifier.close()


@pytest.mark.parametrize("name", KINDS)
async def test_a_place_is_found_checked_and_filled(verifier: ShadowVerifier, tmp_path: Path, name: str) -> None:
    kind = KINDS[name]
    offset = kind.text.index("$0")
    text = kind.text.replace("$0", "")
    site = find_site(text, (tmp_path / "A.lean").as_uri(), 1, TextMap(text).position(offset))
    assert apply_edits(text, [site_edit(site, kind.block)]) == kind.filled

    session = await verifier.open(site)
    budget = Budget(seconds=120, checks=100)
    *steps, last = kind.block.split("\n")
    wanted = [Candidate(text=t, source=Source.PORTFOLIO, score=0.0) for t in (last, kind.wrong, "skip")]
    found = {c.candidate.text: c.outcome.kind async for c in session.check(steps, wanted, budget)}
    assert found == {
        last: OutcomeKind.CLOSED,
        kind.wrong: OutcomeKind.FAILED,
        "skip": OutcomeKind.NO_CHANGE,
    }
    assert (await session.confirm(kind.block, budget)).kind is OutcomeKind.CLOSED
    assert (await session.confirm(kind.wrong, budget)).kind is not OutcomeKind.CLOSED
    assert (await session.final_check(kind.block, budget)).status is FinalStatus.ACCEPTED
    assert (await session.final_check(kind.wrong, budget)).status is FinalStatus.REFUSED
