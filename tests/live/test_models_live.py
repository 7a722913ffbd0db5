"""A model behind a server, and a real Lean that says what its answers are worth."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from lean_sidekick.engine.engine import ProjectEngine
from lean_sidekick.engine.session import open_engine
from lean_sidekick.settings.settings import Settings
from support.model_server import MODEL, ModelServer
from support.scenarios import Scenario, ask

pytestmark = pytest.mark.live

WITNESS = "theorem a : ∃ n : Nat, n * n = 1764 := by\n  $0sorry\n"
WRONG = "theorem a : ∃ n : Nat, n * n = 1763 := by\n  $0sorry\n"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    server = ModelServer()
    yield server
    server.close()


@pytest.fixture
async def engine(
    server: ModelServer, real_lean: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[ProjectEngine]:
    settings = Settings(
        lean_path=str(real_lean),
        models_remote_endpoints=(server.address,),
        models_remote_card=getattr(request, "param", "bfs-prover-v2-7b"),
        models_remote_model=MODEL,
        models_remote_samples=2,
        cache_outcomes=False,
    )
    engine = open_engine(tmp_path, settings)
    yield engine
    await engine.close()


async def test_a_models_step_is_shown_when_lean_took_it(server: ModelServer, engine: ProjectEngine) -> None:
    server.set("ok", answers=["exact ⟨41, rfl⟩", "exact ⟨42, rfl⟩"])
    assert "exact ⟨42, rfl⟩  -- closes the goal" in await ask(Scenario(name="", wish="suggest", text=WITNESS), engine)


@pytest.mark.parametrize("engine", ["goedel-prover-v2-8b"], indirect=True)
async def test_a_whole_proof_is_found_by_a_search(server: ModelServer, engine: ProjectEngine) -> None:
    answer = "By hand.\n```lean4\ntheorem a : ∃ n : Nat, n * n = 1764 := by\n  exact ⟨42, rfl⟩\n```"
    server.set("ok", answers=[answer])
    found = await ask(Scenario(name="", wish="prove", text=WITNESS), engine)
    assert found.startswith("proved\n") and "⟨42, rfl⟩" in found


@pytest.mark.parametrize("wish", ["suggest", "prove"])
async def test_what_a_model_claims_is_not_believed(server: ModelServer, engine: ProjectEngine, wish: str) -> None:
    lies = [
        "exact ⟨42, rfl⟩",
        "sorry",
        "exact sorryAx _ true",
        "native_decide",
        "omega",
        "run_tac evil",
        "exact lcProof",
    ]
    server.set("ok", answers=lies)
    found = await ask(Scenario(name="", wish=wish, text=WRONG), engine)
    assert "closes" not in found and not found.startswith("proved")


async def test_a_server_that_is_down_leaves_the_rest_as_it_is(server: ModelServer, engine: ProjectEngine) -> None:
    server.set("500")
    text = "theorem a (p q : Prop) (h : p ∧ q) : q := by\n  $0sorry\n"
    assert "closes the goal" in await ask(Scenario(name="", wish="suggest", text=text), engine)
