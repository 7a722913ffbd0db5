"""One round of suggestions: what is known of one site of one version by now, and whether more is to come.

Knows nothing of pauses, documents or engines: `rounds.py` begins it, feeds it and ends it.
"""

import asyncio
from collections.abc import Callable
from time import monotonic

from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.core.positions import Position
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.api import Suggestion, SuggestionRound
from lean_sidekick.lsp.snapshot import Snapshot


class Round:
    """One anytime stream of suggestions for one site of one version."""

    def __init__(self, number: int, snapshot: Snapshot, site: ProofSite, asked: Position) -> None:
        self.number = number
        self.snapshot = snapshot
        self.site = site
        self.asked = asked
        self.latest: SuggestionRound | None = None
        self.trouble = ""
        self.is_complete = False
        self.given = ""
        """The tactic that the editor was last given as a hint."""
        self.is_told = False
        """Whether the editor was told to fetch the hint."""
        self._settled = asyncio.Event()
        self._all_run = asyncio.Event()
        self.began = monotonic()
        self.seconds = 0.0
        self.first_s: float | None = None
        self._task: asyncio.Task[None] | None = None
        self._held: asyncio.TimerHandle | None = None

    def suggestions(self, limit: int) -> tuple[Suggestion, ...]:
        """What may be shown by now, best first. A closed goal counts only when it was confirmed alone."""
        known = self.latest.suggestions if self.latest is not None else ()
        return tuple(s for s in known if s.is_confirmed or s.outcome.kind is not OutcomeKind.CLOSED)[:limit]

    @property
    def warning(self) -> str:
        """One sentence if something above the site is wrong."""
        return self.latest.warning if self.latest is not None else ""

    @property
    def is_running(self) -> bool:
        """Whether something may still be found."""
        return self._task is not None and not self._task.done()

    @property
    def is_usable(self) -> bool:
        """Whether the round runs or has run to its end."""
        return self.is_complete or self.is_running

    def learn(self, known: SuggestionRound) -> None:
        """Takes over what the engine knows by now."""
        self.latest = known
        if known.is_searching:
            self._all_run.set()
        self.seconds = monotonic() - self.began
        if self.first_s is None and self.suggestions(1):
            self.first_s = self.seconds

    def describe(self) -> str:
        """The round in one line, without anything of the text."""
        shown = self.latest.suggestions if self.latest is not None else ()
        checks = self.latest.checks if self.latest is not None else 0
        first = f", the first after {self.first_s:.2f} s" if self.first_s is not None else ""
        sources = ", ".join(sorted({suggestion.candidate.source.value for suggestion in shown})) or "none"
        return (
            f"round for {self.snapshot.uri}, version {self.snapshot.version}: {len(shown)} suggestions{first}; "
            f"{checks} checks in {monotonic() - self.began:.2f} s; sources: {sources}"
        )

    def run_as(self, task: asyncio.Task[None]) -> None:
        """Names the task that does the work."""
        self._task = task

    @property
    def is_better_than_given(self) -> bool:
        """Whether the best suggestion is another one than the editor was given."""
        return any(best.candidate.text != self.given for best in self.suggestions(1))

    def hold(self, seconds: float, then: Callable[[], None]) -> None:
        """Calls `then` so many seconds after the first such wish, unless the round is settled or cancelled before."""
        if self._held is None:
            self._held = asyncio.get_running_loop().call_later(seconds, then)

    def settle(self) -> None:
        """Says that no better suggestion is to be expected soon."""
        self._end_hold()
        self._settled.set()

    async def settled(self) -> None:
        """Waits until no better suggestion is to be expected soon, or the round has ended, however it did."""
        await self._end_or(self._settled, None)

    async def wait(self, seconds: float) -> None:
        """Waits until all candidates were run, at most for some seconds; the round goes on."""
        await self._end_or(self._all_run, seconds)

    async def _end_or(self, event: asyncio.Event, timeout_s: float | None) -> None:
        """Waits for the end of the round or an event before it."""
        if self._task is None:
            return
        happened = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait({happened, self._task}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            happened.cancel()

    def cancel(self) -> asyncio.Task[None] | None:
        """Ends the round; gives the task if it still has something to clean up."""
        self._end_hold()
        if self._task is None or self._task.done():
            return None
        self._task.cancel()
        return self._task

    def _end_hold(self) -> None:
        if self._held is not None:
            self._held.cancel()
