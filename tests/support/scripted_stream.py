"""A stream of suggestions with scripted ends: a session in the place of Lean, a symbolic source, a model."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from attrs import define, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.decoding import Decoding
from lean_sidekick.core.errors import ModelUnavailable
from lean_sidekick.core.goals import ProofState, parse_goal
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.engine.models import ModelSources, NamedModel
from lean_sidekick.engine.suggest import Sources
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.card_files import cards_folders, find_card
from lean_sidekick.tactics.models import Answer
from lean_sidekick.tactics.prompts.api import Prompt
from lean_sidekick.verify.api import SiteState

GOAL = parse_goal("p : Prop\nh : p\n⊢ p")


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@define
class ScriptedSession:
    """Closes the goal with what is in `closing`; everything else fails. `asked` has the batches.

    The goal is there when `is_ready` is set.
    """

    closing: frozenset[str]
    asked: list[list[str]] = field(factory=list)
    is_ready: asyncio.Event = field(factory=_set_event)

    async def site_state(self, budget: Budget) -> SiteState:
        await self.is_ready.wait()
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

    async def close(self) -> None:
        pass

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
    _news: asyncio.Condition = field(factory=asyncio.Condition, init=False)

    async def was_asked(self, prompt: str) -> None:
        """Returns when it was asked this."""
        async with asyncio.timeout(5), self._news:
            await self._news.wait_for(lambda: prompt in self.prompts)

    async def answers(self, prompts: Sequence[Prompt], decoding: Decoding) -> Sequence[Sequence[Answer]]:
        self.prompts += [prompt.text for prompt in prompts]
        async with self._news:
            self._news.notify_all()
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
