"""The search at the end of a round of suggestions: a short one, where no candidate closes the goal.

It goes on from what the round knows: at the goal itself it tries only what led on there, below it what the round's own
sources say. What it finds is a candidate like any other, as long as it may be, and counts once Lean took it alone in
its place. It has a limit of its own within the round's budget. It decides nothing about what is shown, and learns
nothing: nobody has asked for this proof.
"""

from collections.abc import Sequence

from attrs import frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.errors import InputError, NotRecorded
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.search.api import WIDTH, Accept, Generate, LateSource, Progress, SearchTask
from lean_sidekick.search.kinds import make_search
from lean_sidekick.search.options import SearchOptions
from lean_sidekick.search.polish import PolishOptions
from lean_sidekick.search.trace import NoTrace
from lean_sidekick.search.value import HandMadeValue, ValueFunction, value_function
from lean_sidekick.verify.api import Session

SEARCH_S = 3.0
"""Seconds that the search may take, if the round has so many left."""
SCORE = -100.0
"""Below what any source says of a tactic: one tactic that closes the goal stands before several."""


@frozen(kw_only=True)
class CursorSearch:
    """A search for a proof of one goal at a site, behind which `outside` more goals stand.

    `leading_on` are the candidates that leave goals at `goal`, all others having been run there; `generate` and `late`
    have those of the goals below.
    """

    site: ProofSite
    session: Session
    goal: Goal
    outside: int
    leading_on: Sequence[Candidate]
    generate: Generate
    late: LateSource
    options: SearchOptions

    async def find(self, accept: Accept, budget: Budget) -> Candidate | None:
        """A block that closes the goal and that `accept` took, if one is found in the time; what it costs is the
        round's."""
        own = Budget(seconds=min(SEARCH_S, budget.seconds_left), checks=budget.checks_left, clock=budget.clock)
        task = SearchTask(
            session=self.session,
            generate=self._candidates,
            late=self.late,
            accept=accept,
            budget=own,
            on_progress=_pass_over,
            value=await self._value(),
            trace=NoTrace(),
            width=WIDTH - len(self.site.indentation),
            polish=PolishOptions(narrows_simp=self.options.narrows_simp),
        )
        try:
            result = await make_search(self.options.kind, task, self.options.seed).run((self.goal,), self.outside)
        except NotRecorded:
            return None  # a recording that ends here takes nothing back of what was found before
        finally:
            budget.spend_checks(own.checks_spent)
        return None if result.block is None else Candidate(text=result.block, source=Source.SEARCH, score=SCORE)

    async def _value(self) -> ValueFunction:
        try:
            return await value_function(self.options.value_file)
        except InputError:
            return HandMadeValue()  # who asks to complete the proof is told what is wrong with the file

    async def _candidates(self, goal: Goal) -> Sequence[Candidate]:
        return self.leading_on if goal.text == self.goal.text else await self.generate(goal)


def _pass_over(_progress: Progress) -> None:
    """Nobody watches this search."""
