"""Suggestions for one site: an anytime stream of rounds that only gets better.

The first round says what the goals are. Candidates are run in growing batches, best first; after each batch comes a
round, and one more as soon as the first suggestion is there. Those of models are asked for at the
same time and join by their scores when they come; they are waited for only where nothing else closes the goal. What is
shown was run once more alone, as the user would have it: a batch orders and filters, and some tactics do one thing
there and another in the file. A candidate that fails alone is taken out, and what it leaves alone is what is shown.

Where none closes the goal, a round says so, and a short search for a whole proof follows (`cursor_search.py`).
"""

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from attrs import Factory, define, evolve, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.api import OPENING_S, SourceTally, SuggestionRound
from lean_sidekick.engine.cursor_search import CursorSearch
from lean_sidekick.engine.head_start import HeadStart
from lean_sidekick.engine.late_candidates import LateCandidates
from lean_sidekick.engine.models import NO_MODELS, ModelSources
from lean_sidekick.engine.premises import ProjectPremises, no_premises
from lean_sidekick.engine.proposals import proposals_before_lean
from lean_sidekick.engine.ranking import rank
from lean_sidekick.search.api import Generate, LateSource
from lean_sidekick.search.options import SearchOptions
from lean_sidekick.tactics.api import TacticGenerator
from lean_sidekick.verify.api import Session, SiteState

FIRST_BATCH = 8
GROWTH = 3
BATCH = 32
"""Few candidates at first, so that the first suggestion is there soon; more later, because each batch costs an edit."""
CONFIRMED_LIMIT = 3
"""How many candidates that close the goal are confirmed and shown as such."""
EARLY_PROGRESS = 2
"""How many candidates that leave goals are run alone before a round that is not the last."""


@frozen(kw_only=True)
class Sources:
    """Where candidates come from, at once and late, the tactic texts to learn a toolchain by, and the project's
    premises.

    `unlearned` is the generator without anything that was learned (priors, tallies, neighbours), for measurements.
    """

    generator: TacticGenerator
    probes: tuple[str, ...]
    premises: ProjectPremises = field(factory=no_premises)
    models: ModelSources = NO_MODELS
    unlearned: TacticGenerator = field(default=Factory(lambda self: self.generator, takes_self=True))


async def suggest(
    site: ProofSite,
    session: Session,
    sources: Sources,
    budget: Budget,
    limit: int,
    ahead: HeadStart | None = None,
    search: SearchOptions | None = None,
) -> AsyncGenerator[SuggestionRound, None]:
    """The rounds for a site; see `Engine.suggest`. What `ahead` has begun is its maker's to close. `search` is how
    to search where no candidate closes the goal, None for not at all.

    The budget counts from when Lean has read the file and said what it can: opening a file may take longer than that.
    """
    opening = Budget(seconds=OPENING_S, checks=budget.checks, clock=budget.clock)
    found = await session.site_state(opening)
    if not found.state.goals:
        raise InputError("There is no goal left here.")
    run = SiteRun(site=site, found=found, budget=budget, limit=limit)
    yield run.round(is_complete=False, trouble="")
    early = (
        proposals_before_lean(site, sources.generator, library=sources.premises) if ahead is None else ahead.proposals
    )
    proposals = await early.with_goals(found.state.goals).with_tactics(session, sources.probes, opening)
    budget.restart()
    late = ahead.late if ahead is not None and await ahead.settle(run.main_goal) else None
    async with aclosing(_Queue(run.main_goal, late or sources.models.for_cursor(proposals.request))) as queue:
        queue.add(await proposals.candidates(run.main_goal))
        while not budget.is_spent and len(run.confirmed) < CONFIRMED_LIMIT:
            batch = await queue.next(0.0 if run.confirmed else budget.seconds_left)
            if not batch:
                break
            async for item in session.check((), batch, budget):
                run.add(item)
            if await run.has_first(session):
                yield run.round(is_complete=False, trouble=queue.late.trouble)
            await run.confirm(session, CONFIRMED_LIMIT)
            await run.run_alone(session, EARLY_PROGRESS)
            yield run.round(is_complete=False, trouble=queue.late.trouble)
        await run.run_alone(session, limit)
        if search is not None and run.may_search:
            yield run.round(is_complete=False, trouble=queue.late.trouble, is_searching=True)
            await run.search(session, proposals.candidates, queue.late, search)
        yield run.round(is_complete=True, trouble=queue.late.trouble)


@define
class _Queue:
    """What is still to be run at one goal, best first."""

    goal: Goal
    late: LateCandidates
    _waiting: list[Candidate] = field(factory=list, init=False)
    _known: set[str] = field(factory=set, init=False)
    _size: int = field(default=FIRST_BATCH, init=False)
    _is_late_due: bool = field(default=True, init=False)

    def __attrs_post_init__(self) -> None:
        self.late.ask([self.goal])

    def add(self, candidates: Sequence[Candidate]) -> None:
        """Takes candidates in that are not known yet."""
        new = [candidate for candidate in candidates if candidate.text not in self._known]
        self._known.update(candidate.text for candidate in new)
        self._waiting = sorted([*self._waiting, *new], key=lambda candidate: -candidate.score)

    async def next(self, patience_s: float) -> Sequence[Candidate]:
        """The next batch; where nothing else is left, late candidates are waited for so long. Empty at the end."""
        if self._is_late_due and (not self._waiting or self.late.is_ready(self.goal)):
            self._is_late_due = False
            self.add(await self.late.candidates(self.goal, patience_s))
        batch, self._waiting = self._waiting[: self._size], self._waiting[self._size :]
        self._size = min(BATCH, GROWTH * self._size)
        return batch

    async def aclose(self) -> None:
        """Ends what is under way."""
        await self.late.close()


@define(kw_only=True)
class SiteRun:
    """What is known of the candidates at one site; those that close the goal count once they were confirmed alone."""

    site: ProofSite
    found: SiteState
    budget: Budget
    limit: int
    checked: list[CheckedCandidate] = field(factory=list)
    confirmed: dict[str, tuple[Goal, ...]] = field(factory=dict)
    alone: set[str] = field(factory=set)
    _run: Counter[Source] = field(factory=Counter, init=False)

    @property
    def main_goal(self) -> Goal:
        """The goal that candidates are run on."""
        return self.found.state.goals[0]

    @property
    def others(self) -> tuple[Goal, ...]:
        """The other goals at the site."""
        return self.found.state.goals[1:]

    def add(self, item: CheckedCandidate) -> None:
        """Takes in what Lean said of a candidate."""
        self.checked.append(item)
        self._run[item.candidate.source] += 1

    async def has_first(self, session: Session) -> bool:
        """Runs one candidate alone that is good, if nothing can be shown yet; says whether something can be by that."""
        if self.confirmed or self.alone:
            return False
        await self.confirm(session, 1)
        if not self.confirmed:
            await self.run_alone(session, 1)
        return bool(self.confirmed or self.alone)

    async def confirm(self, session: Session, count: int) -> None:
        """Runs the best candidates that closed the goal once more, alone; what fails that is not kept."""
        closing = [c for c in self.checked if c.outcome.kind is OutcomeKind.CLOSED]
        for item in sorted(closing, key=lambda c: -c.candidate.score):
            text = item.candidate.text
            if text in self.confirmed or len(self.confirmed) >= count:
                continue
            left = await self._left_alone(session, text)
            if left is None:
                self.checked.remove(item)
            else:
                self.confirmed[text] = left

    async def run_alone(self, session: Session, count: int) -> None:
        """Runs those of the best `count` suggestions that leave goals once more alone; what fails that is not kept."""
        while not self.budget.is_spent:
            best = rank(self.site, self.checked, self.others, self.confirmed, count)
            open_texts = [
                s.candidate.text
                for s in best
                if s.outcome.kind is OutcomeKind.PROGRESS and s.candidate.text not in self.alone
            ]
            if not open_texts:
                return
            index = next(i for i, c in enumerate(self.checked) if c.candidate.text == open_texts[0])
            outcome = await session.run_steps(open_texts[:1], self.budget)
            if outcome.kind is not OutcomeKind.PROGRESS:
                del self.checked[index]
                continue
            own = len(outcome.goals) - len(self.others)
            goals = outcome.goals[: max(1, own)]
            self.alone.add(open_texts[0])
            self.checked[index] = evolve(self.checked[index], outcome=evolve(outcome, goals=goals))

    @property
    def may_search(self) -> bool:
        """Whether a search for a proof of the main goal may be begun: nothing closes it, something leads on, and a
        proof would be one."""
        return not (
            self.budget.is_spent or self.confirmed or self.site.is_conv or self._warning() or not self._leading_on()
        )

    async def search(self, session: Session, generate: Generate, late: LateSource, options: SearchOptions) -> None:
        """Takes in a proof of the main goal if a search finds one; it was run alone like all that closes a goal."""
        left_after: dict[str, tuple[Goal, ...]] = {}

        async def accept(block: str) -> str | None:
            left = await self._left_alone(session, block)
            if left is None:
                return "it does not close the goal in its place"
            left_after[block] = left
            return None

        found = await CursorSearch(
            site=self.site,
            session=session,
            goal=self.main_goal,
            outside=len(self.others),
            leading_on=self._leading_on(),
            generate=generate,
            late=late,
            options=options,
        ).find(accept, self.budget)
        if found is not None:
            self.add(CheckedCandidate(candidate=found, outcome=Outcome(kind=OutcomeKind.CLOSED)))
            self.confirmed[found.text] = left_after[found.text]

    def _leading_on(self) -> list[Candidate]:
        found = [item.candidate for item in self.checked if item.outcome.kind is OutcomeKind.PROGRESS]
        return sorted(found, key=lambda candidate: -candidate.score)

    async def _left_alone(self, session: Session, text: str) -> tuple[Goal, ...] | None:
        """All goals left after a candidate alone in its place; None if the main goal is among them."""
        outcome = await session.confirm(text, self.budget)
        if outcome.kind is OutcomeKind.CLOSED:
            return ()
        # The other goals of an unfinished block may still be there; the main one must not be.
        if outcome.kind is OutcomeKind.PROGRESS and outcome.goals == self.others:
            return outcome.goals
        return None

    def round(self, *, is_complete: bool, trouble: str, is_searching: bool = False) -> SuggestionRound:
        """What is known now, of what was run alone."""
        shown = [c for c in self.checked if c.candidate.text in self.confirmed or c.candidate.text in self.alone]
        return SuggestionRound(
            site=self.site,
            state=self.found.state,
            suggestions=rank(self.site, shown, self.others, self.confirmed, self.limit),
            is_complete=is_complete,
            checks=self.budget.checks_spent,
            seconds=self.budget.seconds_spent,
            warning=self._warning(),
            model_trouble=trouble,
            tallies=self._tallies(),
            is_searching=is_searching,
        )

    def _tallies(self) -> tuple[SourceTally, ...]:
        good = Counter(item.candidate.source for item in self.checked if item.outcome.kind.is_good)
        return tuple(SourceTally(source=source, run=count, good=good[source]) for source, count in self._run.items())

    def _warning(self) -> str:
        if self.found.prefix_error:
            return f"There is an error above this place: {self.found.prefix_error.splitlines()[0]}"
        if any("sorry" in goal.text for goal in self.found.state.goals):
            return "A goal here contains `sorry`, so nothing that is found is a proof."
        return ""
