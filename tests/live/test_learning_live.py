"""Learning from a real Lean: the steps of finished proofs above the cursor are read, offered, kept and forgotten."""

from pathlib import Path

import pytest

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Source
from lean_sidekick.core.positions import TextMap
from lean_sidekick.engine.api import DocumentText, SuggestionRound
from lean_sidekick.engine.engine import ProjectEngine
from lean_sidekick.engine.session import open_engine
from lean_sidekick.settings import paths
from lean_sidekick.settings.settings import Settings

pytestmark = pytest.mark.live

# A character outside the Basic Multilingual Plane, and a command that is blanked in our copy of the text.
TEXT = """\
/- 𝔸 -/ #eval "𝔸 runs"
theorem drop_map (α : Type) (n : Nat) (f : α → α) (xs : List α) : (xs.map f).drop n = (xs.drop n).map f := by
  induction xs generalizing n with
  | nil =>
    cases n with
    | zero => rfl
    | succ n => rfl
  | cons a as ih =>
    cases n with
    | zero => rfl
    | succ n => exact ih n

theorem wrong (p : Prop) : p := by
  assumption

theorem map_drop (β : Type) (k : Nat) (g : β → β) (l : List β) : (l.drop k).map g = (l.map g).drop k := by
  sorry
"""
PROOF = """\
induction l generalizing k with
  | nil =>
    cases k with
    | zero => rfl
    | succ k => rfl
  | cons a as ih =>
    cases k with
    | zero => rfl
    | succ k => exact ih k"""


async def last_round(engine: ProjectEngine, document: DocumentText) -> SuggestionRound:
    place = TextMap(document.text).position(document.text.index("sorry"))
    rounds = [r async for r in engine.suggest(document, place, Budget(seconds=60, checks=10_000))]
    return rounds[-1]


def of_neighbours(shown: SuggestionRound) -> dict[str, str]:
    return {s.candidate.text: s.effect for s in shown.suggestions if s.candidate.source is Source.NEIGHBOUR}


async def test_a_proof_above_the_cursor_helps_below_it_and_in_the_next_program(
    real_lean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr("lean_sidekick.engine.session.cache_folder", paths.cache_folder)
    settings = Settings(lean_path=str(real_lean), suggest_max_items=50)
    document = DocumentText(uri=(tmp_path / "A.lean").as_uri(), version=1, text=TEXT)
    engine = open_engine(tmp_path, settings)
    try:
        assert await engine.learn(document) == 0, "Lean is not started for it"
        assert of_neighbours(await last_round(engine, document)) == {}
        assert await engine.learn(document) == 7, "what has an error teaches nothing"
        assert await engine.learn(document) == 0
        assert of_neighbours(await last_round(engine, document))[PROOF] == "closes the goal"
    finally:
        await engine.close()
    engine = open_engine(tmp_path, settings)
    try:
        assert PROOF in of_neighbours(await last_round(engine, document))
        assert await engine.forget_learned()
        assert of_neighbours(await last_round(engine, document)) == {}
    finally:
        await engine.close()
