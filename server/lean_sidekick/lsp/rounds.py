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
from lean_sidekick.engine.api import OPENING_S
from lean_sidekick.lsp.features.status import Status
from lean_sidekick.lsp.lessons import Lessons
from lean_sidekick.lsp.model_watch import ModelWatch
from lean_sidekick.lsp.projects import Projects
from lean_sidekick.lsp.round import Round
from lean_sidekick.lsp.snapshot import Snapshot, TextStore
from lean_sidekick.lsp.tasks import Tasks

# The time limit is what ends a round; this only keeps a runaway one finite.
_MAX_CHECKS = 100_000
# An engine that is still at work so long after its budget ended is given up.
_OVERRUN_S = 5.0
# So long the word to the editor waits for a suggestion that closes the goal, once another could be shown
# (docs/decisions/0020-one-refresh-a-pause.md).
HOLD_S = 1.2
# A round that was ended gives its shadow document back before the next one begins, but not for ever.
_ENDING_LIMIT_S = 5.0
_ABBREVIATION = re.compile(r"\\\S*$")

_logger = logging.getLogger(__name__)


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

    `on_news` is called at most once for a round, with its document, when the editor should fetch its hint: when the
    best suggestion closes the goal, or, if there are others, when the round is complete or has had them for `HOLD_S`;
    never before the pause after an edit, and not for what the editor was given already. `on_changed` is called whenever
    more is known of a round, and at its end, however it came.
    """

    def __init__(
        self,
        *,
        texts: TextStore,
        projects: Projects,
        status: Status,
        tasks: Tasks,
        lessons: Lessons,
        models: ModelWatch,
        on_news: Callable[[str], None],
        on_changed: Callable[[Round], None],
        editors_goals: Callable[[Snapshot, Position], Awaitable[Sequence[str]]],
    ) -> None:
        self._texts = texts
        self._projects = projects
        self._status = status
        self._tasks = tasks
        self._lessons = lessons
        self._models = models
        self._on_news = on_news
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
            return
        desk.paused.set()
        if desk.current is not None:
            self._announce(desk, desk.current)

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

    def shown(self, snapshot: Snapshot) -> Round | None:
        """The same once the pause after the last edit has come: what is shown by itself does not disturb typing."""
        desk = self._desks.get(snapshot.uri)
        return self.current(snapshot) if desk is not None and desk.timer is None else None

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
        if model_trouble and not self._models.is_loading:  # while it is loaded it was only asked too early
            self._status.lose_model(model_trouble)
        else:
            self._status.settle()

    async def _follow(self, desk: _Desk, running: Round) -> None:
        """Reads the engine's stream to its end."""
        running.began = monotonic()
        engine = await self._projects.engine(running.snapshot.uri)
        budget = Budget(seconds=self._projects.settings(running.snapshot.uri).suggest_timeout_s, checks=_MAX_CHECKS)
        limit_s = OPENING_S + budget.seconds + _OVERRUN_S
        self._models.look(engine)
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
        """Has what is known shown, now or after a short wait for something better; nothing while the user types."""
        best = running.suggestions(1)
        if not best or desk.timer is not None:
            return
        if running.is_complete or best[0].outcome.kind is OutcomeKind.CLOSED:
            self._tell(desk, running)
        else:
            running.hold(HOLD_S, partial(self._tell, desk, running))

    def _tell(self, desk: _Desk, running: Round) -> None:
        if desk.current is not running:
            return
        running.settle()
        if running.is_better_than_given and not running.is_told:
            running.is_told = True
            self._on_news(running.snapshot.uri)

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
