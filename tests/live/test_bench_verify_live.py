"""`bench verify` on a real Lean: every way is measured, and nothing fast says what one-by-one checking contradicts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lean_sidekick.engine.session import start_verifier
from lean_sidekick.evaluation.items import Item
from lean_sidekick.evaluation.verify_agreement import Agreement
from lean_sidekick.evaluation.verify_run import Cell, VerifyBench
from lean_sidekick.settings.settings import Settings
from lean_sidekick.verify.runner import RunnerVerifier

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

TACTICS = ("exact hp", "constructor", "simp", "rw [hab]", "nonsense", "exact nonsense", "intro x", "skip")


@pytest.fixture
async def verifier(real_lean: Path, tmp_path: Path) -> AsyncIterator[RunnerVerifier]:
    verifier = RunnerVerifier(await start_verifier(tmp_path, Settings(lean_path=str(real_lean))))
    yield verifier
    await verifier.close()


async def test_every_way_is_measured(verifier: RunnerVerifier, tmp_path: Path) -> None:
    cells: list[Cell] = []
    bench = VerifyBench(
        verifier=verifier, tactics=TACTICS, rounds=2, on_cell=cells.append, prefixes=(0, 5), counts=(1, 8)
    )
    figures = await bench.run(tmp_path.as_uri())
    assert figures.contradicted == 0
    ways = {"single", "blocks", "runner", "copies"}
    assert {(c.way, c.prefix, c.count) for c in cells} == {
        *((way, p, n) for way in ways for p in (0, 5) for n in (1, 8)),
        *(("bare", p, 0) for p in (-1, 0, 5)),
    }
    assert figures.memory_mb["runner"] > figures.memory_mb["blocks"] > 10


async def test_the_fast_ways_agree_with_one_by_one_checking(verifier: RunnerVerifier, tmp_path: Path) -> None:
    items = [
        Item(name="and_swap", text="theorem and_swap (p q : Prop) (h : p ∧ q) : q ∧ p := by\n"),
        Item(name="zero_add", text="theorem my_zero_add (n : Nat) : 0 + n = n := by\n"),
    ]
    agreement = Agreement(verifier=verifier, tactics=TACTICS, checks=1_000, on_item=lambda item, done: None)
    figures = await agreement.run(items, tmp_path.as_uri())
    assert agreement.contradictions == []
    checks, one_by_one = figures["checks"], figures["checks_one_by_one"]
    assert isinstance(checks, int) and isinstance(one_by_one, int)
    assert figures["statements"] == 2 and checks == 2 * one_by_one
