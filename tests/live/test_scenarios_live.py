"""The replayed scenarios, asked of a real Lean: nothing that cannot be proved may be proved, whatever its version."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lean_sidekick.engine.engine import ProjectEngine
from lean_sidekick.engine.session import open_engine
from lean_sidekick.settings.settings import Settings
from support.scenarios import SCENARIOS, Scenario, ask

pytestmark = pytest.mark.live

PROVED = [s for s in SCENARIOS if s.wish == "prove"]


@pytest.fixture
async def engine(real_lean: Path, tmp_path: Path) -> AsyncIterator[ProjectEngine]:
    engine = open_engine(tmp_path, Settings(lean_path=str(real_lean)))
    yield engine
    await engine.close()


@pytest.mark.parametrize("scenario", PROVED, ids=lambda s: s.name)
async def test_what_can_be_proved_is_proved(scenario: Scenario, engine: ProjectEngine) -> None:
    expected = "proved_with_sorry" if "sorry of somebody else" in scenario.name else "proved"
    assert (await ask(scenario, engine)).partition("\n")[0] == expected


async def test_what_cannot_be_proved_is_not(engine: ProjectEngine) -> None:
    scenario = next(s for s in SCENARIOS if s.name == "nothing can be proved")
    assert "closes" not in await ask(scenario, engine)
