"""The outcome cache before a real Lean: a second run shows the same and asks Lean only to confirm."""

from pathlib import Path

import pytest

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.positions import Position
from lean_sidekick.engine.api import DocumentText, SuggestionRound
from lean_sidekick.engine.session import OUTCOMES_FILE, open_engine
from lean_sidekick.settings import paths
from lean_sidekick.settings.settings import Settings

pytestmark = pytest.mark.live

ABOVE = "theorem a (p : Prop) (h : p) : p := h\n"
TEXT = ABOVE + "theorem b (p q : Prop) (hp : p) (hq : q) : p ∧ q := by\n  sorry\n"


async def last_round(lean: Path, folder: Path, text: str, settings: Settings) -> SuggestionRound:
    """What one run of the program shows at the `sorry` in the end."""
    engine = open_engine(folder, settings)
    document = DocumentText(uri=(folder / "A.lean").as_uri(), version=1, text=text)
    line = text.split("\n").index("  sorry")
    try:
        rounds = [r async for r in engine.suggest(document, Position(line, 2), Budget(seconds=60, checks=10_000))]
    finally:
        await engine.close()
    return rounds[-1]


async def test_a_second_run_shows_the_same_and_asks_little(
    real_lean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr("lean_sidekick.engine.session.cache_folder", paths.cache_folder)
    settings = Settings(lean_path=str(real_lean))

    first = await last_round(real_lean, tmp_path, TEXT, settings)
    closing = [s for s in first.suggestions if s.is_confirmed]
    assert closing
    second = await last_round(real_lean, tmp_path, TEXT + "-- an edit below\n", settings)
    assert [(s.candidate.text, s.outcome, s.is_confirmed) for s in second.suggestions] == [
        (s.candidate.text, s.outcome, s.is_confirmed) for s in first.suggestions
    ]
    assert 1 <= second.checks <= len(second.suggestions) + 1 < first.checks, "only what is shown is run again"

    above = await last_round(real_lean, tmp_path, ABOVE + TEXT.replace("theorem a", "theorem c"), settings)
    assert above.checks == first.checks
    (tmp_path / "cache" / OUTCOMES_FILE).unlink()
    forgotten = await last_round(real_lean, tmp_path, TEXT, settings)
    assert forgotten.checks == first.checks


async def test_without_the_setting_nothing_is_kept(
    real_lean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lean_sidekick.engine.session.cache_folder", lambda: tmp_path / "cache")
    settings = Settings(lean_path=str(real_lean), cache_outcomes=False, learn=False)
    await last_round(real_lean, tmp_path, TEXT, settings)
    assert not (tmp_path / "cache").exists()
