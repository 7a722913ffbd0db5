"""The border of the package: what a search is given, and the `Search` that both kinds are.

A search proves nothing by itself: a finished proof counts only after `accept` took it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from attrs import frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.goals import Goal
from lean_sidekick.search.result import SearchResult
from lean_sidekick.search.trace import Trace
from lean_sidekick.search.value import ValueFunction
from lean_sidekick.verify.api import Session

Generate = Callable[[Goal], Awaitable[Sequence[Candidate]]]
Accept = Callable[[str], Awaitable[str | None]]
"""Takes a finished block; None means accepted, otherwise the reason why not."""


@frozen(kw_only=True)
class SearchLimits:
    """Sizes: candidates of the first and of each further batch of a goal, and of each batch at goals that share
    metavariables (which are run one by one); tactics on a path, goals one tactic may leave, characters of a goal."""

    first_batch: int = 24
    batch: int = 32
    shared_batch: int = 8
    depth: int = 16
    goals_left: int = 6
    goal_length: int = 6_000


@frozen(kw_only=True)
class Progress:
    """A sign of life: checks so far, the goals open and proved in the best state so far, the goal worked on."""

    checks: int
    goals_open: int
    goals_proved: int
    goal: Goal


@frozen(kw_only=True)
class SearchTask:
    """What a search is given. Without `merges_states` equal states are searched apart each time they are met."""

    session: Session
    generate: Generate
    accept: Accept
    budget: Budget
    on_progress: Callable[[Progress], None]
    value: ValueFunction
    trace: Trace
    merges_states: bool = True
    limits: SearchLimits = SearchLimits()


class Search(Protocol):
    """One search at one site; `run` is called once.

    Anytime: it ends with the budget, and being cancelled ends it at its next wait. Equal outcomes and an equal seed
    give equal searches.
    """

    async def run(self, goals: tuple[Goal, ...], outside: int) -> SearchResult:
        """Searches until a proof is accepted, the budget is spent, or nothing is left to try.

        `outside` is how many more goals stand at the site behind those given.
        """
