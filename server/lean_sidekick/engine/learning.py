"""What an engine learns while it is used, without a model: steps taken, and what became of candidates.

Steps come from finished proofs above the place that the user works at, read from our own Lean's memory in idle
moments, from accepted suggestions, and, one a theorem, from the texts of imported files; tallies from searches and from
accepted suggestions. All but the texts of files is kept in the user's cache folder, or for the life of the engine
alone. Promises: nobody waits for learning; what cannot be read or written is not learned, and nothing else goes
wrong. `forget` takes back all of it.
"""

import asyncio
import logging
import math
from collections.abc import Sequence

from attrs import define, field

from lean_sidekick.core.candidates import Source
from lean_sidekick.core.finished_proofs import FinishedProof, finished_proofs
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.steps import StepOrigin, TakenStep
from lean_sidekick.engine.api import DocumentText, Suggestion, SuggestionRound
from lean_sidekick.engine.search_lessons import Lesson, SearchLessons
from lean_sidekick.engine.source_steps import SourceSteps
from lean_sidekick.search.trace import Trace
from lean_sidekick.storage.learned import LearnedStore
from lean_sidekick.tactics.api import TacticGenerator
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.merge import default_generator
from lean_sidekick.tactics.neighbours import Neighbours, StepIndex
from lean_sidekick.tactics.priors import Table, corrected, family, situation
from lean_sidekick.tactics.scripts import with_script
from lean_sidekick.verify.api import Verifier

logger = logging.getLogger(__name__)

LOADING_S = 1.0
"""Seconds that the first question waits for what was learned before; what comes later counts from then on."""
_AT_ONCE = 50
TallyKey = tuple[str, str]


@define(kw_only=True)
class Learner:
    """The memory of one engine. `store` is closed with it; without one nothing outlives the engine."""

    project: str
    store: LearnedStore | None
    sources: SourceSteps | None = None
    index: StepIndex = field(factory=StepIndex, init=False)
    tallies: Table = field(factory=Table, init=False)
    _loading: asyncio.Task[None] | None = field(default=None, init=False)
    _read: dict[str, str] = field(factory=dict, init=False)
    """The fingerprint of each finished proof whose steps are known, by declaration."""

    def generator(self) -> TacticGenerator:
        """All sources that need no model, those among them that use what is learned here."""
        return default_generator(Neighbours(self.index), counts=self.tallies)

    async def ready(self) -> None:
        """Loads what was learned before, once; waits for it only a moment."""
        if self.store is None:
            return
        if self._loading is None:
            self._loading = asyncio.create_task(self._load(self.store))
        await asyncio.wait({self._loading}, timeout=LOADING_S)

    async def read(self, document: DocumentText, verifier: Verifier) -> int:
        """Learns the steps of finished proofs that Lean can tell without work, then the first steps of proofs in the
        files that the document imports; gives their number."""
        count = await self._read_proofs(document, verifier)
        return count + await self._read_sources(document)

    async def _read_proofs(self, document: DocumentText, verifier: Verifier) -> int:
        count = 0
        for proof in await asyncio.to_thread(finished_proofs, document.text, len(document.text)):
            name = f"{document.uri}#{proof.declaration.label}"
            if self._read.get(name) == proof.fingerprint:
                continue
            goals = await verifier.goals_before_steps(document.uri, document.text, proof)
            if goals is None:
                continue
            self._read[name] = proof.fingerprint
            steps = _steps(proof, goals, name)
            count += len(steps)
            self.index.replace(name, steps)
            if self.store is not None:
                self.store.replace(self.project, name, steps)
        return count

    async def _read_sources(self, document: DocumentText) -> int:
        """These steps are not kept: reading them again costs nobody anything."""
        if self.sources is None:
            return 0
        count = 0
        for file in await asyncio.to_thread(self.sources.unread, document.text):
            steps = await asyncio.to_thread(self.sources.steps, file)
            for start in range(0, len(steps), _AT_ONCE):
                self.index.add(steps[start : start + _AT_ONCE])
                await asyncio.sleep(0)
            count += len(steps)
        return count

    def accepted(self, shown: SuggestionRound, taken: Suggestion) -> None:
        """Learns from a suggestion that the user put into the text, among those that were shown with it."""
        goal = shown.state.goals[0]
        if goal.is_conv:
            return
        name = f"{shown.site.uri}#{shown.site.declaration.label}"
        step = TakenStep(goal=goal, tactic=taken.candidate.text, declaration=name, origin=StepOrigin.ACCEPTED)
        self.index.add([step])
        if self.store is not None:
            self.store.add(self.project, [step])
        if taken.candidate.source is Source.SEARCH:
            return  # a proof of several steps: no likelihood was said of it, and those beside it may be its beginning
        tactics = [one for one in shown.suggestions if one.candidate.source is not Source.SEARCH]
        self.count(goal, [(one.candidate.text, one.candidate.score, one is taken) for one in tactics])

    def watching(self, trace: Trace) -> Trace:
        """A trace that learns from each search that is written to it, and passes everything on."""
        return SearchLessons(inner=trace, teach=self.count)

    def count(self, goal: Goal, lessons: Sequence[Lesson]) -> None:
        """Adds candidates at a goal to the tallies: what their scores promised, and which was the step of the proof."""
        shape = read_goal(goal)
        here = situation(shape)
        added: dict[TallyKey, tuple[float, float]] = {}
        for text, score, is_taken in lessons:
            key = here, family(text, shape)
            promised, taken = added.get(key, (0.0, 0.0))
            # What the score was before these tallies corrected it.
            own = corrected(score, -self.tallies.correction(key))
            added[key] = promised + math.exp(own), taken + is_taken
        for key, (promised, taken) in added.items():
            self.tallies.add(key, promised, taken)
        if self.store is not None:
            self.store.count(added)

    async def forget(self) -> bool:
        """Takes back everything that was learned, in every project; says whether the file is empty now."""
        self.index.clear()
        self.tallies.clear()
        self._read.clear()
        if self.sources is not None:
            self.sources.forget()
        return self.store is None or await self.store.forget(None)

    async def close(self) -> None:
        """Writes what is waiting."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.wait({self._loading})
        if self.store is not None:
            await self.store.close()

    async def _load(self, store: LearnedStore) -> None:
        known = await store.load(self.project)
        for (shape, kind), (promised, taken) in known.tallies.items():
            self.tallies.add((shape, kind), promised, taken)
        for start in range(0, len(known.steps), _AT_ONCE):
            self.index.add(known.steps[start : start + _AT_ONCE])
            await asyncio.sleep(0)
        logger.debug("%d steps were learned before", len(known.steps))


def _steps(proof: FinishedProof, goals: Sequence[Goal | None], name: str) -> list[TakenStep]:
    """The steps whose goals are known; with the proof as a whole where they all are."""
    steps = [
        TakenStep(goal=goal, tactic=step.text, declaration=name, origin=StepOrigin.PROOF)
        for step, goal in zip(proof.steps, goals, strict=True)
        if goal is not None and not goal.is_conv
    ]
    return with_script(steps) if len(steps) == len(proof.steps) else steps
