"""Suggestion rounds: which sites are being worked on, for which version of which document.

A round begins after a pause in typing, at the place of the last edit, or when the editor asks for code actions. In one
document at most one round runs: a round for another site ends it, and a new version of the text ends it and
forgets its results, so that nothing known of one version is ever shown in another. Who asks for a site that was
worked on in this version gets that round again. No proving logic, and nothing about how suggestions are shown.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial
from itertools import count
from time import monotonic

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import InputError, SidekickError, TimedOut
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.core.positions import Position
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.api import OPENING_S, Suggestion, SuggestionRound
from lean_sidekick.lsp.features.status import Status
from lean_sidekick.lsp.lessons import Lessons
from lean_sidekick.lsp.projects import Projects
from lean_sidekick.lsp.snapshot import Snapshot, TextStore
from lean_sidekick.lsp.tasks import Tasks

# The time limit is what ends a round; this only keeps a runaway one finite.
_MAX_CHECKS = 100_000
# An engine that is still at work so long after its budget ended is given up.
_OVERRUN_S = 5.0
# So long the one word to the editor waits for a suggestion that closes the goal, once another could be shown
# (docs/decisions/0020-one-refresh-a-pause.md).
HOLD_S = 0.8
# A round that was ended gives its shadow document back before the next one begins, but not for ever.
_ENDING_LIMIT_S = 5.0
_ABBREVIATION = re.compile(r"\\\S*$")

_logger = logging.getLogger(__name__)


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
        self.is_settled = False
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

    def hold(self, seconds: float, then: Callable[[], None]) -> None:
        """Calls `then` so many seconds after the first such wish, unless the round is settled or ended before."""
        if self._held is None:
            self._held = asyncio.get_running_loop().call_later(seconds, then)

    def settle(self) -> None:
        """Says that no better suggestion is to be expected soon."""
        self._end_hold()
        self.is_settled = True
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


class _Desk:
    """What is known of one open document; everything but `ending` is of its newest version."""

    def __init__(self) -> None:
        self.edited: Position | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.paused = asyncio.Event()
        self.sites: dict[Position, ProofSite | None] = {}
        self.rounds: list[Round] = []
        self.current: Round | None = None
        self.ending: set[asyncio.Task[None]] = set()

    def end_current(self) -> None:
        if self.current is not None and (task := self.current.cancel()) is not None:
            self.ending.add(task)
            task.add_done_callback(self.ending.discard)
        self.current = None

    def end_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.timer = None


class Rounds:
    """The rounds of all open documents.

    `on_settled` is called at most once for a round, with its document: when its best suggestion closes the goal, or, if
    it has others, when the round is complete or has had them for `HOLD_S`. `on_changed` is called whenever more is
    known of a round, and at its end, however it came.
    """

    def __init__(
        self,
        *,
        texts: TextStore,
        projects: Projects,
        status: Status,
        tasks: Tasks,
        lessons: Lessons,
        on_settled: Callable[[str], None],
        on_changed: Callable[[Round], None],
        editors_goals: Callable[[Snapshot, Position], Awaitable[Sequence[str]]],
    ) -> None:
        self._texts = texts
        self._projects = projects
        self._status = status
        self._tasks = tasks
        self._lessons = lessons
        self._on_settled = on_settled
        self._on_changed = on_changed
        self._numbers = count(1)
        self._editors_goals = editors_goals
        self._desks: dict[str, _Desk] = {}

    def text_changed(self, uri: str, edited: Position | None) -> None:
        """Ends what runs for the old version; a round begins when no other change comes for a while."""
        desk = self._desk(uri)
        current = desk.current
        self._lessons.text_changed(
            uri,
            current.latest if current is not None else None,
            current.snapshot if current is not None else None,
        )
        self._clear(desk)
        desk.edited = edited or desk.edited
        if desk.edited is not None:
            delay_s = self._projects.settings(uri).suggest_delay_ms / 1000
            desk.paused = asyncio.Event()
            desk.timer = asyncio.get_running_loop().call_later(delay_s, self.pause, uri)

    def pause(self, uri: str) -> None:
        """Begins the round at the last edit, unless one has begun since."""
        desk = self._desks.get(uri)
        if desk is None:
            return
        desk.end_timer()
        if desk.edited is not None and not desk.rounds:
            snapshot = self._texts.snapshot(uri)
            begun = self._tasks.start(self._begin(snapshot, desk.edited), f"suggestions for {uri}")
            begun.add_done_callback(partial(_set, desk.paused))
        else:
            desk.paused.set()

    def closed(self, uri: str) -> None:
        """Ends everything for a document."""
        self._lessons.closed(uri)
        if (desk := self._desks.pop(uri, None)) is not None:
            self._clear(desk)

    def stop(self, uri: str) -> None:
        """Ends the running round of a document, for work that matters more."""
        if (desk := self._desks.get(uri)) is not None:
            desk.end_current()

    def stop_all(self) -> None:
        """Ends all rounds and forgets their results, as when Lean or the settings change."""
        for desk in self._desks.values():
            self._clear(desk)

    def current(self, snapshot: Snapshot) -> Round | None:
        """The round that was asked for last, if it is for this version."""
        desk = self._desks.get(snapshot.uri)
        current = desk.current if desk is not None else None
        return current if current is not None and current.snapshot.version == snapshot.version else None

    async def after_pause(self, snapshot: Snapshot) -> Round | None:
        """The round of this version, once the pause after the last edit has come; None if it began none."""
        desk = self._desk(snapshot.uri)
        if desk.edited is not None:
            await desk.paused.wait()
        return self.current(snapshot)

    async def at(self, snapshot: Snapshot, position: Position) -> Round | None:
        """The round for the site at a position, begun if need be; None where no tactic can stand."""
        if not self._projects.options.is_trusted:
            return None
        desk = self._desk(snapshot.uri)
        site = await self._find_site(desk, snapshot, position)
        if site is None or self._texts.version(snapshot.uri) != snapshot.version:
            return None
        hole = (site.start, site.end)
        for known in desk.rounds:
            if (known.site.start, known.site.end) == hole and known.is_usable:
                if known is not desk.current:
                    desk.end_current()
                    desk.current = known
                return known
        desk.end_current()
        new = desk.current = Round(next(self._numbers), snapshot, site, position)
        desk.rounds.append(new)
        task = self._tasks.start(self._run(desk, new), f"round for {snapshot.uri}")
        new.run_as(task)
        task.add_done_callback(lambda _: self._on_changed(new))
        return new

    async def _begin(self, snapshot: Snapshot, position: Position) -> None:
        end = snapshot.text_map.offset(position)
        if _ABBREVIATION.search(snapshot.text, snapshot.text_map.line_start(position.line), end):
            return  # `\alpha` is still being typed
        await self.at(snapshot, position)

    async def _find_site(self, desk: _Desk, snapshot: Snapshot, position: Position) -> ProofSite | None:
        if position not in desk.sites:
            site = None
            if position.line < snapshot.text_map.line_count:
                site = await self._projects.find_site(snapshot.document, position)
            if self._texts.version(snapshot.uri) != snapshot.version:
                return None
            desk.sites[position] = site
        return desk.sites[position]

    async def _run(self, desk: _Desk, running: Round) -> None:
        with self._status.working():
            try:
                if desk.ending:
                    await asyncio.wait(set(desk.ending), timeout=_ENDING_LIMIT_S)
                await self._follow(desk, running)
            except InputError as error:
                running.trouble = str(error)
                _logger.debug("no round: %s", error)
            except SidekickError as error:
                running.trouble = str(error)
                self._status.report(error)
                return
            running.is_complete = True
            if running.latest is not None:
                self._settle(running.latest.model_trouble)
        self._announce(desk, running)
        if desk.current is running:
            self._lessons.round_ended(running.snapshot)
        _logger.info("%s", running.describe())

    def _settle(self, model_trouble: str) -> None:
        """Says that all is well, but for a model that could not be asked: what needs none works on."""
        self._status.settle(message=model_trouble)
        if model_trouble:
            self._status.warn_once(model_trouble)

    async def _follow(self, desk: _Desk, running: Round) -> None:
        """Reads the engine's stream to its end."""
        running.began = monotonic()
        engine = await self._projects.engine(running.snapshot.uri)
        budget = Budget(seconds=self._projects.settings(running.snapshot.uri).suggest_timeout_s, checks=_MAX_CHECKS)
        limit_s = OPENING_S + budget.seconds + _OVERRUN_S
        editors_goals = partial(self._editors_goals, running.snapshot)
        stream = engine.suggest(running.snapshot.document, running.asked, budget, editors_goals)
        try:
            async with asyncio.timeout(limit_s), aclosing(stream):
                async for known in stream:
                    running.learn(known)
                    self._announce(desk, running)
                    self._on_changed(running)
        except TimeoutError:
            raise TimedOut(f"A round of suggestions did not end within {limit_s:g} s.") from None
        # Not before: the first suggestion is not to wait for it.
        engine.load_premises()

    def _announce(self, desk: _Desk, running: Round) -> None:
        """Has what is known shown, now or after a short wait for something better."""
        best = running.suggestions(1)
        if not best:
            return
        if running.is_complete or best[0].outcome.kind is OutcomeKind.CLOSED:
            self._show(desk, running)
        else:
            running.hold(HOLD_S, partial(self._show, desk, running))

    def _show(self, desk: _Desk, running: Round) -> None:
        if not running.is_settled and desk.current is running:
            running.settle()
            self._on_settled(running.snapshot.uri)

    def _clear(self, desk: _Desk) -> None:
        desk.end_timer()
        desk.paused.set()
        desk.end_current()
        desk.rounds.clear()
        desk.sites.clear()

    def _desk(self, uri: str) -> _Desk:
        return self._desks.setdefault(uri, _Desk())


def _set(event: asyncio.Event, _task: "asyncio.Task[None]") -> None:
    event.set()
