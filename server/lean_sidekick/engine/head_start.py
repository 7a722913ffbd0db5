"""A head start: the goal that the editor's own Lean shows, worked on while our Lean is not ready yet.

Premises are looked up and models are asked for that goal. It decides nothing: candidates are run by our Lean alone, and
once our Lean has said its goal, what was begun for another text is ended and forgotten. A goal that comes late, or not
at all, keeps nobody waiting.
"""

import asyncio
import logging

from attrs import define, field

from lean_sidekick.core.errors import SidekickError
from lean_sidekick.core.goals import Goal, parse_goals
from lean_sidekick.core.positions import Position
from lean_sidekick.core.sites import Hole, ProofSite
from lean_sidekick.engine.api import AskGoals
from lean_sidekick.engine.late_candidates import LateCandidates
from lean_sidekick.engine.models import ModelSources
from lean_sidekick.engine.proposals import Proposals
from lean_sidekick.tactics.api import TacticRequest

_logger = logging.getLogger(__name__)


@define(kw_only=True)
class HeadStart:
    """What is begun for the goal that the editor names.

    `proposals` are those of the site as far as they need no Lean, `late` is what `models` are asked with them.
    """

    proposals: Proposals
    models: ModelSources
    late: LateCandidates = field(init=False)
    _goal: Goal | None = field(default=None, init=False)
    _work: "asyncio.Task[None] | None" = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.late = self.models.for_cursor(self._request)

    def begin(self, ask: AskGoals, position: Position) -> None:
        """Asks for the goals at a position and begins to work on the first of them."""
        self._work = asyncio.create_task(self._begin(ask, position))

    async def settle(self, goal: Goal) -> bool:
        """Takes in which goal our Lean has, and says whether it is the one that was worked on.

        Then its premises are looked up; else all work on the other is ended.
        """
        if self._work is None:
            return False
        if self._goal == goal:
            await asyncio.wait({self._work})
            if not self._work.cancelled() and self._work.exception() is None:
                return True
        if self._goal is not None:
            _logger.debug("the editor's Lean has another goal here than ours: its head start is dropped")
        await self.aclose()
        return False

    async def aclose(self) -> None:
        """Ends what is under way."""
        work, self._work = self._work, None
        if work is not None:
            work.cancel()
            await asyncio.wait({work})
            if not work.cancelled() and (error := work.exception()) is not None:
                # Whatever it is, suggestions come without a head start.
                _logger.log(logging.INFO if isinstance(error, SidekickError) else logging.ERROR, "%s", error)
        await self.late.close()

    async def _begin(self, ask: AskGoals, position: Position) -> None:
        goals = parse_goals(await ask(position))
        if goals and goals[0].target:
            self._goal = goals[0]
            self.proposals = self.proposals.with_goals(goals)
            await self.proposals.look_up(self._goal)
            self.late.ask([self._goal])

    async def _request(self, goal: Goal) -> TacticRequest:
        return await self.proposals.request(goal)


def place_of_goal(site: ProofSite, asked: Position) -> Position | None:
    """Where Lean shows the goal of a site: before a `sorry`, else where the cursor is; None where it shows none."""
    if site.hole is Hole.TERM_SORRY:
        return None
    return site.position if site.hole is Hole.TACTIC_SORRY else asked
