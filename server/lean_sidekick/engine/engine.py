"""The engine of one project: a verifier, started on the first question, and the tactic sources, behind
`engine.api.Engine`.

The verifier (and the Lean behind it) is closed after some idle time and started again by the next question. Questions
about the same file take turns in the verifier, batch by batch; a question that nobody waits for any more is the
asker's to cancel.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager

from attrs import define, field

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import ImportsOutOfDate, InputError, LeanUnavailable, NotRecorded, SidekickError
from lean_sidekick.core.positions import Position
from lean_sidekick.core.sites import Declaration, ProofSite
from lean_sidekick.engine.api import (
    AskGoals,
    DocumentText,
    ModelLoading,
    PremiseAnswer,
    ProofResult,
    ProofStatus,
    ProveProgress,
    Suggestion,
    SuggestionRound,
)
from lean_sidekick.engine.find_premises import premises_for_goal, premises_for_words, uses_of_premise
from lean_sidekick.engine.head_start import HeadStart, place_of_goal
from lean_sidekick.engine.learning import Learner
from lean_sidekick.engine.proposals import proposals_before_lean, proposals_for
from lean_sidekick.engine.prove import Prover
from lean_sidekick.engine.site_finder import find_declaration_sites, find_site
from lean_sidekick.engine.suggest import Sources, suggest
from lean_sidekick.search.options import SearchOptions
from lean_sidekick.search.trace import NoTrace, Trace
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.verify.api import Priority, Session, Verifier

StartVerifier = Callable[[], Awaitable[Verifier]]


@define(kw_only=True)
class ProjectEngine:
    """See `engine.api.Engine`. `start_verifier` raises LeanUnavailable where there is no Lean."""

    start_verifier: StartVerifier
    sources: Sources
    learner: Learner | None = None
    suggestion_limit: int
    search_options: SearchOptions
    idle_close_s: float
    _verifier: Verifier | None = field(default=None, init=False)
    _starting: asyncio.Lock = field(factory=asyncio.Lock, init=False)
    _questions: int = field(default=0, init=False)
    _idle: asyncio.TimerHandle | None = field(default=None, init=False)
    _closing: set[asyncio.Task[None]] = field(factory=set, init=False)

    async def suggest(
        self, document: DocumentText, position: Position, budget: Budget, editors_goals: AskGoals | None = None
    ) -> AsyncGenerator[SuggestionRound, None]:
        """See `Engine.suggest`."""
        site = find_site(document.text, document.uri, document.version, position)
        async with aclosing(self._head_start(site, position, editors_goals)) as ahead, self._open(site) as session:
            limit, options = self.suggestion_limit, self.search_options
            stream = suggest(site, session, self.sources, budget, limit, ahead, options)
            async with aclosing(stream) as rounds:
                async for round_ in rounds:
                    yield round_

    async def model_request(self, document: DocumentText, position: Position, budget: Budget) -> TacticRequest:
        """What models would be asked for the goal at a position; asks none. Raises what `suggest` does."""
        async with self._session(document, position) as session:
            goals = (await session.site_state(budget)).state.goals
            if not goals:
                raise InputError("There is no goal left here.")
            sources = self.sources
            proposals = await proposals_for(
                session.site, goals, session, sources.generator, sources.probes, budget, library=sources.premises
            )
            return await proposals.request(goals[0])

    async def prove_at(
        self,
        document: DocumentText,
        position: Position,
        budget: Budget,
        on_progress: Callable[[ProveProgress], None],
        trace: Trace | None = None,
    ) -> ProofResult:
        """See `Engine.prove_at`."""
        site = find_site(document.text, document.uri, document.version, position)
        return await self._prove(site, budget, on_progress, self.search_options, trace or NoTrace())

    async def prove_all(
        self,
        document: DocumentText,
        names: frozenset[str] | None,
        budget_each: Callable[[], Budget],
        on_progress: Callable[[ProveProgress], None],
        options: SearchOptions | None = None,
        trace: Trace | None = None,
    ) -> AsyncGenerator[ProofResult, None]:
        """See `Engine.prove_all`."""
        options, trace = options or self.search_options, trace or NoTrace()
        for declaration, sites in find_declaration_sites(document.text, document.uri, document.version, names):
            budget = budget_each()
            try:
                yield await self._prove(sites[0], budget, on_progress, options, trace)
            except (LeanUnavailable, ImportsOutOfDate, NotRecorded):
                raise  # true of the whole file, so trying the next declaration helps nobody
            except SidekickError as error:
                yield _error(declaration, budget, str(error))

    async def find_premises(self, document: DocumentText, position: Position, budget: Budget, k: int) -> PremiseAnswer:
        """See `Engine.find_premises`."""
        async with self._session(document, position) as session:
            return await premises_for_goal(self.sources.premises, session.site, session, budget, k)

    async def find_lemmas(
        self, words: str, document: DocumentText | None, position: Position | None, k: int
    ) -> PremiseAnswer:
        """See `Engine.find_lemmas`."""
        return await premises_for_words(self.sources.premises, words, document, position, k)

    async def premise_uses(
        self, document: DocumentText, position: Position, name: str, budget: Budget
    ) -> SuggestionRound:
        """See `Engine.premise_uses`."""
        async with self._session(document, position) as session:
            return await uses_of_premise(
                self.sources.premises, session.site, session, name, budget, self.suggestion_limit
            )

    def load_premises(self) -> None:
        """See `Engine.load_premises`."""
        self.sources.premises.start()

    async def open_premises(self) -> None:
        """See `Engine.open_premises`."""
        await self.sources.premises.open()

    async def prepare(self, *, for_words: bool = False) -> None:
        """See `Engine.prepare`."""
        await self.sources.premises.ready(for_words=for_words)

    def model_loading(self) -> ModelLoading | None:
        """See `Engine.model_loading`."""
        worker = self.sources.models.worker
        loading = None if worker is None else worker.loading
        return None if loading is None else ModelLoading(name=loading.source, percent=loading.percent)

    def accepted(self, shown: SuggestionRound, taken: Suggestion) -> None:
        """See `Engine.accepted`."""
        if self.learner is not None:
            self.learner.accepted(shown, taken)

    async def learn(self, document: DocumentText) -> int:
        """See `Engine.learn`."""
        if self.learner is None or self._verifier is None:
            return 0
        with self._question():
            return await self.learner.read(document, self._verifier)

    async def forget_learned(self) -> bool:
        """See `Engine.forget_learned`."""
        return self.learner is None or await self.learner.forget()

    async def close(self) -> None:
        """See `Engine.close`."""
        await self.sources.premises.close()
        if self._idle is not None:
            self._idle.cancel()
        async with self._starting:
            verifier, self._verifier = self._verifier, None
            if verifier is not None:
                await verifier.close()
        await self.sources.models.close()
        if self._closing:
            await asyncio.wait(self._closing)
        if self.learner is not None:
            await self.learner.close()

    async def _prove(
        self,
        site: ProofSite,
        budget: Budget,
        on_progress: Callable[[ProveProgress], None],
        options: SearchOptions,
        trace: Trace,
    ) -> ProofResult:
        with self._question():
            verifier = await self._ready()
            if self.learner is not None:
                await self.learner.ready()
                trace = self.learner.watching(trace)
            prover = Prover(
                verifier=verifier, sources=self.sources, on_progress=on_progress, options=options, trace=trace
            )
            return await prover.prove(site, budget)

    def _head_start(self, site: ProofSite, position: Position, editors_goals: AskGoals | None) -> HeadStart:
        proposals = proposals_before_lean(site, self.sources.generator, library=self.sources.premises)
        ahead = HeadStart(proposals=proposals, models=self.sources.models)
        place = place_of_goal(site, position)
        if editors_goals is not None and place is not None:
            ahead.begin(editors_goals, place)
        return ahead

    async def _ready(self) -> Verifier:
        async with self._starting:
            if self._verifier is None:
                self._verifier = await self.start_verifier()
            return self._verifier

    @asynccontextmanager
    async def _session(self, document: DocumentText, position: Position) -> AsyncIterator[Session]:
        """The site at a position, open for whoever waits at the cursor. Raises InputError where there is none."""
        async with self._open(find_site(document.text, document.uri, document.version, position)) as session:
            yield session

    @asynccontextmanager
    async def _open(self, site: ProofSite) -> AsyncIterator[Session]:
        with self._question():
            verifier = await self._ready()
            if self.learner is not None:
                await self.learner.ready()
            session = await verifier.open(site, Priority.CURSOR)
            try:
                yield session
            finally:
                await session.close()

    @contextmanager
    def _question(self) -> Iterator[None]:
        """Keeps the verifier from being closed as idle while a question is open."""
        self._questions += 1
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        try:
            yield
        finally:
            self._questions -= 1
            if self._questions == 0:
                self._idle = asyncio.get_running_loop().call_later(self.idle_close_s, self._close_idle)

    def _close_idle(self) -> None:
        if self._questions == 0:
            task = asyncio.ensure_future(self._close_verifier())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _close_verifier(self) -> None:
        async with self._starting:
            if self._questions == 0 and self._verifier is not None:
                verifier, self._verifier = self._verifier, None
                await verifier.close()


def _error(declaration: Declaration, budget: Budget, message: str) -> ProofResult:
    return ProofResult(
        declaration=declaration.label,
        status=ProofStatus.ERROR,
        proof=None,
        edits=(),
        axioms=(),
        seconds=budget.seconds_spent,
        checks=budget.checks_spent,
        message=message,
    )
