"""Suggestions with a model: symbolic candidates first, the model's when they come, and no harm when it fails."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import cast

import pytest
from attrs import define, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.decoding import Decoding
from lean_sidekick.core.errors import ModelUnavailable
from lean_sidekick.core.goals import ProofState, parse_goal
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.engine.api import SourceTally, SuggestionRound
from lean_sidekick.engine.models import ModelSources, NamedModel, open_models
from lean_sidekick.engine.suggest import Sources, suggest
from lean_sidekick.model_worker.client import WorkerClient
from lean_sidekick.model_worker.messages import Device, Precision, Urgency
from lean_sidekick.settings.settings import Settings
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.card_files import cards_folders, find_card
from lean_sidekick.tactics.models import Answer
from lean_sidekick.tactics.prompts.api import Prompt
from lean_sidekick.tactics.transformer import LocalModel
from lean_sidekick.verify.api import Session, SiteState
from support.sites import sorry_site

SITE = sorry_site("theorem t (p : Prop) (h : p) : p := by\n  sorry\n")
GOAL = parse_goal("p : Prop\nh : p\n⊢ p")
DOWN = "The model server does not answer."


@define
class ScriptedSession:
    """Closes the goal with what is in `closing`; everything else fails. `asked` has the batches."""

    closing: frozenset[str]
    asked: list[list[str]] = field(factory=list)

    async def site_state(self, budget: Budget) -> SiteState:
        return SiteState(state=ProofState(goals=(GOAL,)), prefix_error="")

    async def known_tactics(self, texts: Sequence[str], budget: Budget) -> frozenset[str]:
        return frozenset()

    async def check(
        self, steps: Sequence[str], candidates: Sequence[Candidate], budget: Budget
    ) -> AsyncGenerator[CheckedCandidate, None]:
        self.asked.append([candidate.text for candidate in candidates])
        for _ in range(5):  # as a real one, which waits for Lean here
            await asyncio.sleep(0)
        for candidate in candidates:
            yield CheckedCandidate(candidate=candidate, outcome=self._outcome(candidate.text))

    async def confirm(self, block: str, budget: Budget) -> Outcome:
        return self._outcome(block)

    def _outcome(self, text: str) -> Outcome:
        return Outcome(kind=OutcomeKind.CLOSED if text in self.closing else OutcomeKind.FAILED)


@frozen
class Fixed:
    """A symbolic source."""

    texts: tuple[str, ...]

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        return [
            Candidate(text=text, source=Source.PORTFOLIO, score=-0.1 * place) for place, text in enumerate(self.texts)
        ]


@define
class ScriptedModel:
    """Says `text` when `release` is set; fails instead where `error` is set."""

    text: str = "clever"
    error: ModelUnavailable | None = None
    release: asyncio.Event = field(factory=asyncio.Event)
    prompts: list[str] = field(factory=list)
    was_cancelled: bool = False

    async def answers(self, prompts: Sequence[Prompt], decoding: Decoding) -> Sequence[Sequence[Answer]]:
        self.prompts += [prompt.text for prompt in prompts]
        try:
            async with asyncio.timeout(5):
                await self.release.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        if self.error is not None:
            raise self.error
        return [[Answer(text=self.text, log_probability=-1.0, token_count=1)] for _ in prompts]

    async def close(self) -> None:
        pass


def sources(model: ScriptedModel, *texts: str, card: str = "bfs-prover-v2-7b") -> Sources:
    found = find_card(card, cards_folders())
    named = NamedModel(card=found, source=Source.REMOTE, at_cursor=model, in_search=model)
    return Sources(generator=Fixed(texts), probes=(), models=ModelSources(models=(named,)))


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
    assert session.asked[0] == texts[:16]
    assert session.asked[1] == ["clever", *texts[16:]]


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
            "makes vectors and cannot suggest tactics",
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
