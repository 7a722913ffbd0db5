"""Suggestions with a model: symbolic candidates first, the model's when they come, and no harm when it fails."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import cast

import pytest

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Source
from lean_sidekick.core.errors import ModelUnavailable
from lean_sidekick.engine.api import SourceTally, SuggestionRound
from lean_sidekick.engine.models import ModelSources, open_models
from lean_sidekick.engine.suggest import FIRST_BATCH, Sources, suggest
from lean_sidekick.model_worker.client import WorkerClient
from lean_sidekick.model_worker.messages import Device, Precision, Urgency
from lean_sidekick.settings.settings import Settings
from lean_sidekick.tactics.transformer import LocalModel
from lean_sidekick.verify.api import Session, SiteState
from support.scripted_stream import ScriptedModel, ScriptedSession, sources
from support.sites import sorry_site

SITE = sorry_site("theorem t (p : Prop) (h : p) : p := by\n  sorry\n")
DOWN = "The model server does not answer."


def rounds(session: ScriptedSession, given: Sources, seconds: float = 60.0) -> AsyncGenerator[SuggestionRound, None]:
    budget = Budget(seconds=seconds, checks=1_000)
    return suggest(SITE, cast(Session, session), given, budget, 8)


def shown(found: SuggestionRound) -> list[str]:
    return [suggestion.candidate.text for suggestion in found.suggestions]


async def test_the_goals_are_said_before_anything_is_run() -> None:
    session = ScriptedSession(frozenset({"simp"}))
    stream = rounds(session, sources(ScriptedModel(), "simp"))
    first = await anext(stream)
    assert (session.asked, shown(first), first.tallies, first.state.goals[0].target) == ([], [], (), "p")
    last = [found async for found in stream][-1]
    assert last.tallies == (SourceTally(source=Source.PORTFOLIO, run=1, good=1),)


async def test_symbolic_candidates_are_shown_before_the_model_has_answered() -> None:
    session, model = ScriptedSession(frozenset({"clever"})), ScriptedModel()
    stream = rounds(session, sources(model, "simp", "rfl"))
    await anext(stream)
    first = await anext(stream)
    assert (session.asked, shown(first), first.is_complete) == ([["simp", "rfl"]], [], False)
    assert model.prompts == ["p : Prop\nh : p\n⊢ p:::"]
    model.release.set()
    last = [found async for found in stream][-1]
    assert session.asked == [["simp", "rfl"], ["clever"]]
    assert (shown(last), last.is_complete, last.suggestions[0].candidate.source) == (["clever"], True, Source.REMOTE)


async def test_what_the_model_says_joins_by_its_score() -> None:
    """It goes before symbolic candidates that are unlikelier, behind the first batch."""
    session, model = ScriptedSession(frozenset()), ScriptedModel()
    model.release.set()
    texts = [f"t{n}" for n in range(40)]
    _ = [found async for found in rounds(session, sources(model, *texts))]
    first = texts[:FIRST_BATCH]
    assert session.asked[0] == first
    assert session.asked[1][:4] == ["t8", "t9", "t10", "clever"]


async def test_a_text_that_was_run_is_not_run_again() -> None:
    session, model = ScriptedSession(frozenset()), ScriptedModel(text="simp")
    model.release.set()
    _ = [found async for found in rounds(session, sources(model, "simp"))]
    assert session.asked == [["simp"]]


async def test_a_goal_that_is_closed_does_not_wait_for_the_model() -> None:
    session, model = ScriptedSession(frozenset({"simp"})), ScriptedModel()
    last = [found async for found in rounds(session, sources(model, "simp"))][-1]
    assert (shown(last), last.is_complete) == (["simp"], True)
    assert model.was_cancelled


async def test_a_model_that_fails_costs_a_sentence_and_nothing_else() -> None:
    session, model = ScriptedSession(frozenset({"simp"})), ScriptedModel(error=ModelUnavailable(DOWN))
    model.release.set()
    last = [found async for found in rounds(session, sources(model, "rfl"))][-1]
    assert (last.is_complete, last.model_trouble) == (True, DOWN)
    assert session.asked == [["rfl"]]


async def test_a_model_that_is_slow_is_given_up_with_the_budget() -> None:
    session, model = ScriptedSession(frozenset()), ScriptedModel()
    last = [found async for found in rounds(session, sources(model, "rfl"), seconds=0.1)][-1]
    assert last.is_complete and last.model_trouble == ""
    assert model.was_cancelled


async def test_opening_a_file_does_not_count_against_the_time() -> None:
    """A worker that imports a large library takes longer than a round may: the first round would show nothing."""
    now = [0.0]

    class SlowSession(ScriptedSession):
        async def site_state(self, budget: Budget) -> SiteState:
            now[0] += 60
            assert not budget.is_spent
            return await super().site_state(budget)

    session = SlowSession(frozenset({"simp"}))
    budget = Budget(seconds=5, checks=100, clock=lambda: now[0])
    stream = suggest(SITE, cast(Session, session), sources(ScriptedModel(), "simp"), budget, 8)
    last = [found async for found in stream][-1]
    assert shown(last) == ["simp"]


async def test_leaving_the_stream_cancels_the_model() -> None:
    model = ScriptedModel()
    stream = rounds(ScriptedSession(frozenset()), sources(model, "rfl"))
    await anext(stream)
    await anext(stream)
    await stream.aclose()
    assert model.was_cancelled


async def test_models_that_write_whole_proofs_are_not_asked_at_the_cursor() -> None:
    model = ScriptedModel()
    _ = [found async for found in rounds(ScriptedSession(frozenset()), sources(model, "rfl", card="kimina-prover-8b"))]
    assert model.prompts == []


def test_without_configuration_there_is_no_model() -> None:
    assert open_models(Settings(), {"LEAN_SIDEKICK_API_KEY": "x"}) == ModelSources()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(models_remote_endpoints=("http://localhost:1/v1",)), "models.remote.card does not say which"),
        (
            Settings(models_remote_endpoints=("http://gpu:1/v1",), models_remote_card="reprover"),
            "would send your goals over the network unprotected",
        ),
        (
            Settings(models_remote_endpoints=("http://localhost:1/v1",), models_remote_card="nothing-like-it"),
            "There is no model card nothing-like-it",
        ),
        (
            Settings(models_remote_endpoints=("http://localhost:1/v1",), models_remote_card="reprover-retriever"),
            "writes no texts and cannot suggest tactics",
        ),
    ],
)
def test_a_configuration_that_cannot_work_is_one_sentence(settings: Settings, said: str) -> None:
    models = open_models(settings, {})
    assert models.models == ()
    assert said in models.problem


def test_a_users_own_card_and_key_are_used(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'adapter = "ntp"\narchitecture = "decoder"\nhub = "me/mine"\nlicence = "MIT"\nprecision = "bf16"\n'
    )
    settings = Settings(
        models_remote_endpoints=("http://localhost:1/v1",),
        models_remote_card="mine",
        models_cards=str(tmp_path),
        models_remote_key_variable="MY_KEY",
    )
    (named,) = open_models(settings, {"MY_KEY": "secret\n"}).models
    assert named.card.hub == "me/mine"
    assert "secret" not in repr(named)


async def test_a_local_model_is_asked_for_the_cursor_first_and_starts_nothing_by_itself() -> None:
    models = open_models(Settings(models_local="reprover", models_device="cpu", models_precision="int8"), {})
    (named,) = models.models
    assert isinstance(named.at_cursor, LocalModel) and isinstance(named.in_search, LocalModel)
    assert (named.at_cursor.urgency, named.in_search.urgency) == (Urgency.CURSOR, Urgency.BACKGROUND)
    assert (named.at_cursor.spec.device, named.at_cursor.spec.precision) == (Device.CPU, Precision.INT8)
    assert isinstance(models.worker, WorkerClient) and models.worker.pid is None
    await models.close()


def test_a_local_model_without_a_card_is_one_sentence() -> None:
    models = open_models(Settings(models_local="nothing-like-it"), {})
    assert models.models == () and "There is no model card nothing-like-it" in models.problem
