"""The border of the package: what a search is given, and the `Search` that both kinds are.

A search proves nothing by itself: a finished proof counts only after `accept` took it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from attrs import frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.goals import Goal
from lean_sidekick.search.polish import PolishOptions
from lean_sidekick.search.result import SearchResult
from lean_sidekick.search.trace import Trace
from lean_sidekick.search.value import ValueFunction
from lean_sidekick.verify.api import Session

Generate = Callable[[Goal], Awaitable[Sequence[Candidate]]]
WIDTH = 100
"""The columns that a line of Lean should have, as its libraries have it."""
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


class LateSource(Protocol):
    """Candidates that take a while to come, such as a model's."""

    def ask(self, goals: Sequence[Goal]) -> None:
        """Begins to look for candidates of these goals, together, as far as that is not under way or done."""

    def is_ready(self, goal: Goal) -> bool:
        """Whether asking for a goal's candidates would not wait."""

    async def candidates(self, goal: Goal, timeout_s: float) -> Sequence[Candidate]:
        """The candidates of a goal, best first; none if they do not come in time. Raises nothing."""


@frozen(kw_only=True)
class SearchTask:
    """What a search is given.

    `late` has more candidates for each goal, which join those of `generate` when they come; searches with it are not
    repeatable to the letter. `width` is the columns that a line of the proof may have. Without `merges_states` equal
    states are searched apart each time they are met.
    """

    session: Session
    generate: Generate
    accept: Accept
    budget: Budget
    on_progress: Callable[[Progress], None]
    value: ValueFunction
    trace: Trace
    width: int = WIDTH
    polish: PolishOptions | None = None
    merges_states: bool = True
    late: LateSource | None = None
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
