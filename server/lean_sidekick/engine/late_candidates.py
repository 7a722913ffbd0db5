"""Candidates that take a while, for the goals of one round or one search: asked for ahead, taken when they are there.

Each goal is asked about once; goals that wait at the same time are one batch for the model. A model that cannot be
asked is left alone for the rest of the round or search: `trouble` says why, and everything else goes on without it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from attrs import define, field

from lean_sidekick.core.candidates import Candidate, deduplicate
from lean_sidekick.core.errors import InputError, SidekickError
from lean_sidekick.core.goals import Goal
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.models import ModelGenerator

MOST_PENDING = 16
"""Goals that may wait for a model at the same time; what else is asked ahead is left until somebody needs it."""

_logger = logging.getLogger(__name__)


@define
class LateCandidates:
    """What some models say about the goals of one site; see `search.api.LateSource`. To be closed."""

    generators: Sequence[ModelGenerator]
    request: Callable[[Goal], Awaitable[TacticRequest]]
    trouble: str = ""
    _answers: dict[str, "asyncio.Task[Sequence[Candidate]]"] = field(factory=dict, init=False)
    _left_alone: set[int] = field(factory=set, init=False)

    def ask(self, goals: Sequence[Goal]) -> None:
        """See `LateSource.ask`."""
        for goal in goals:
            pending = sum(not task.done() for task in self._answers.values())
            if goal.text not in self._answers and pending < MOST_PENDING:
                self._start(goal)

    def is_ready(self, goal: Goal) -> bool:
        """See `LateSource.is_ready`."""
        task = self._answers.get(goal.text)
        return task is not None and task.done()

    async def candidates(self, goal: Goal, timeout_s: float) -> Sequence[Candidate]:
        """See `LateSource.candidates`."""
        task = self._answers.get(goal.text) or self._start(goal)
        await asyncio.wait({task}, timeout=timeout_s)
        return task.result() if task.done() else ()

    async def close(self) -> None:
        """Ends what is under way."""
        for task in self._answers.values():
            task.cancel()
        if self._answers:
            await asyncio.wait(self._answers.values())

    def _start(self, goal: Goal) -> "asyncio.Task[Sequence[Candidate]]":
        task = asyncio.create_task(self._ask_all(goal))
        self._answers[goal.text] = task
        return task

    async def _ask_all(self, goal: Goal) -> Sequence[Candidate]:
        if "⊢" not in goal.text:
            return ()  # a term to rewrite, as `conv` shows it: no model was trained on those
        request = await self.request(goal)
        parts = await asyncio.gather(*(self._ask(place, request) for place in range(len(self.generators))))
        found = deduplicate([candidate for part in parts for candidate in part])
        return sorted(found, key=lambda candidate: -candidate.score)

    async def _ask(self, place: int, request: TacticRequest) -> Sequence[Candidate]:
        if place in self._left_alone:
            return ()
        try:
            return await self.generators[place].generate(request)
        except SidekickError as error:
            _logger.info("%s", error)
            self.trouble = str(error)
            if not isinstance(error, InputError):  # which is true of one goal alone
                self._left_alone.add(place)
            return ()
