"""What models are asked by the engine: the premises that retrieval found stand in the prompt, and the goals of a search
are asked about together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import pytest
from attrs import define, evolve, field, frozen
from test_prove import OneSession, SlowSession

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.decoding import Decoding
from lean_sidekick.core.goals import ProofState, parse_goal
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.engine.api import ProofStatus
from lean_sidekick.engine.models import ModelSources, NamedModel
from lean_sidekick.engine.premises import Library, ProjectPremises
from lean_sidekick.engine.prove import Prover
from lean_sidekick.engine.suggest import Sources, suggest
from lean_sidekick.model_worker.api import ModelClient
from lean_sidekick.model_worker.messages import Candidates, Device, Generated, ModelSpec, Urgency
from lean_sidekick.premises.retriever import LocalRetriever
from lean_sidekick.search.options import SearchOptions
from lean_sidekick.search.trace import NoTrace
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.card_files import cards_folders, find_card
from lean_sidekick.tactics.transformer import LocalModel, spec_of
from lean_sidekick.verify.api import Session, SiteState, Verifier
from support.made_up_logic import Rules
from support.scripted_stream import ScriptedModel, ScriptedSession, sources
from support.sites import sorry_site

SUM = parse_goal("a b : Nat\n⊢ a + b = b + a")
TEXT = (
    "import Lib.A\n\ntheorem near (a b : Nat) : b + a = a + b := add_comm_a b a\n\n"
    "theorem t (a b : Nat) : a + b = b + a := by\n  sorry\n"
)


def theorem(name: str, statement: str, module: str) -> Premise:
    return Premise(full_name=name, kind="theorem", statement=statement, module=module)


def module(name: str, imports: tuple[str, ...], **statements: str) -> CorpusFile:
    premises = tuple(theorem(key, statement, name) for key, statement in statements.items())
    return CorpusFile(path=f"{name}.lean", module=name, imports=imports, premises=premises)


FILES = (
    module("Init", (), far_away="(l : List Nat) : l ++ [] = l"),
    module("Lib.A", ("Init",), add_comm_a="(a b : Nat) : a + b = b + a"),
    module("Lib.C", ("Init",), not_imported="(a b : Nat) : a + b = b + a"),
)


async def load(report: Callable[[str], None], builds: bool) -> Library:
    retriever = LocalRetriever.from_files(FILES)

    async def close() -> None:
        retriever.close()

    async def models_ready(for_words: bool) -> None:
        return None

    return Library(
        retriever=retriever,
        in_search=retriever,
        imports={one.module: one.imports for one in FILES},
        list_names=lambda: [],
        find_source=lambda _: None,
        models_ready=models_ready,
        say_trouble=lambda: "",
        close=close,
    )


@pytest.fixture
async def premises() -> AsyncIterator[ProjectPremises]:
    found = ProjectPremises(root=Path("/p"), load=load)
    await found.ready()
    yield found
    await found.close()


@define
class AtSum(ScriptedSession):
    """A session whose goal is that of `TEXT`."""

    async def site_state(self, budget: Budget) -> SiteState:
        return SiteState(state=ProofState(goals=(SUM,)), prefix_error="")


async def prompt_of(card: str, premises: ProjectPremises) -> str:
    """What a model is asked at the site of `TEXT`."""
    model = ScriptedModel()
    model.release.set()
    given = evolve(sources(model, "rfl", card=card), premises=premises)
    budget = Budget(seconds=60.0, checks=100)
    async for _ in suggest(sorry_site(TEXT), cast(Session, AtSum(frozenset())), given, budget, 8):
        pass
    (prompt,) = model.prompts
    return prompt


async def test_premises_stand_in_the_prompt_of_a_model_that_reads_them(premises: ProjectPremises) -> None:
    """Those of imported modules and of the file above, marked, the best of all next to the state."""
    prompt = await prompt_of("reprover-premises", premises)
    *before, state = prompt.split("\n\n")
    assert state == SUM.text
    assert before[-1] == "theorem <a>add_comm_a</a> (a b : Nat) : a + b = b + a"
    assert "theorem <a>near</a> (a b : Nat) : b + a = a + b" in before
    assert "not_imported" not in prompt


async def test_a_model_that_was_trained_without_premises_reads_the_state_alone(premises: ProjectPremises) -> None:
    assert await prompt_of("reprover", premises) == SUM.text


@frozen
class Splitting:
    """The only symbolic source: what it says ends no goal."""

    async def generate(self, request: TacticRequest) -> list[Candidate]:
        return [Candidate(text="split", source=Source.PORTFOLIO, score=-0.5)]


@define
class TwoAtOnce:
    """A model process that answers for `left` and `right` only when both wait."""

    waiting: set[str] = field(factory=set)
    both: asyncio.Event = field(factory=asyncio.Event)

    async def generate(
        self,
        model: ModelSpec,
        prompt: str,
        decoding: Decoding,
        *,
        urgency: Urgency,
        timeout_s: float,
        stop: tuple[str, ...] = (),
        min_new_tokens: int = 0,
    ) -> Candidates:
        if prompt != "⊢ start":
            self.waiting.add(prompt)
            if self.waiting >= {"⊢ left", "⊢ right"}:
                self.both.set()
            async with asyncio.timeout(5):
                await self.both.wait()
        ends = (Generated(text="end", log_probability=-0.1, tokens=1, is_finished=True),)
        found = () if prompt == "⊢ start" else ends
        return Candidates(id=1, candidates=found, prompt_tokens=3, seconds=0.0, batch_rows=2)


async def test_the_goals_of_a_search_are_asked_about_together() -> None:
    """From the search to the border of the model process, which makes one batch of what waits there."""
    client, card = TwoAtOnce(), find_card("reprover", cards_folders())
    model = LocalModel(
        client=cast(ModelClient, client),
        spec=spec_of(card, Device.CPU, None),
        urgency=Urgency.BACKGROUND,
        timeout_s=10.0,
    )
    named = NamedModel(card=card, source=Source.TRANSFORMER, at_cursor=model, in_search=model)
    rules: Rules = {"start": {"split": ("left", "right")}, "left": {"end": ()}, "right": {"end": ()}}
    prover = Prover(
        verifier=cast(Verifier, OneSession(SlowSession(rules, ("start",)))),
        sources=Sources(generator=Splitting(), probes=(), models=ModelSources(models=(named,))),
        on_progress=lambda _: None,
        options=SearchOptions(),
        trace=NoTrace(),
    )
    result = await prover.prove(sorry_site("theorem t : start := by\n  sorry\n"), Budget(seconds=30.0, checks=100))
    assert (result.status, client.waiting) == (ProofStatus.PROVED, {"⊢ left", "⊢ right"})
    assert result.proof == "split\n· end\n· end"
