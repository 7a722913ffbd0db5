"""`bench effort`: how much of a proof a person still types when the program helps.

The measure of the Lean Copilot paper (Song, Yang, Anandkumar, arXiv 2404.12534): a scripted user goes through a
reference proof. At every step the program is asked; if it has what the user needs, the user takes it, otherwise the
user types the step of the reference proof. What the user needs is decided by states alone: a suggestion is taken if it
is the reference step, or if the goals that it leaves are, as printed, those after this or a later step of the same
block (a suggestion that closes the goal is the case where nothing is left). All steps that it stands for are automated.
So a suggestion that leads to the goal in another way, or with other names, is not taken: the figure is a lower bound.

Asked is either for suggestions, of which the user sees those that an editor shows, or for the whole proof, which is
taken if it completes the declaration. Reference proofs are read on the user's side only: the program sees the document
as an editor has it before the step is typed.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from enum import Enum
from pathlib import Path

from attrs import define, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import InputError, LeanCrashed, TimedOut
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.core.positions import Position
from lean_sidekick.engine.api import DocumentText, Engine, ProofStatus, Suggestion
from lean_sidekick.engine.session import open_engine, start_verifier
from lean_sidekick.engine.site_finder import find_site
from lean_sidekick.evaluation.reference import Block, Place, ReferencedItem, ReferenceProof, read_reference
from lean_sidekick.settings.settings import Settings

STATE_S = 60.0
"""Seconds for Lean to say the goals at a place of the reference proof; it is not part of what is measured."""


class Asked(Enum):
    """What the scripted user asks for; the values are those of the command line."""

    SUGGESTIONS = "suggest"
    PROOF = "prove"


class Done(Enum):
    """How a step, or several at once, came about."""

    TYPED = "typed"
    RIGHT_STEP = "right step taken"
    CLOSED = "closing suggestion taken"
    COMPLETED = "whole proof taken"


@frozen(kw_only=True)
class Moment:
    """One place where the user asked: the reference step there, what was done instead or as well, and what it took.

    `steps` are the reference steps that it stands for.
    """

    step: str
    done: Done
    text: str
    steps: int
    seconds: float


@frozen(kw_only=True)
class TheoremEffort:
    """A theorem's reference steps, and what the user did; `message` says why it could not be measured, if so."""

    name: str
    steps: int
    moments: tuple[Moment, ...]
    message: str = ""

    @property
    def typed(self) -> int:
        """Steps that the user typed."""
        return sum(moment.done is Done.TYPED for moment in self.moments)


@frozen(kw_only=True)
class EffortTask:
    """A theorem for a scripted user, with its number in the data."""

    index: int
    referenced: ReferencedItem


StateAt = Callable[[DocumentText, Position], Awaitable[tuple[Goal, ...]]]
"""The goals at a position of a document. Raises SidekickError where there is no tactic state."""


@define(kw_only=True)
class ScriptedUser:
    """A user with an engine and `seconds` of patience at each place; see `pool.Worker`. `uri` is the document's."""

    engine: Engine
    state_at: StateAt
    asked: Asked
    seconds: float
    check_limit: int
    uri: str
    _version: int = field(default=0, init=False)
    _is_warm: bool = field(default=False, init=False)
    _states: dict[tuple[int, int], tuple[Goal, ...]] = field(factory=dict, init=False)

    async def run(self, task: EffortTask) -> TheoremEffort:
        """Goes through one reference proof."""
        name = task.referenced.item.name
        self._states.clear()
        moments: list[Moment] = []
        steps = 0
        try:
            reference = read_reference(task.referenced)
            steps = reference.root.step_count
            await self._warm_up(reference)
            await self._block(reference, reference.root, (), moments)
        except (InputError, TimedOut, LeanCrashed) as error:
            return TheoremEffort(name=name, steps=steps, moments=(), message=str(error))
        return TheoremEffort(name=name, steps=steps, moments=tuple(moments))

    async def _warm_up(self, reference: ReferenceProof) -> None:
        """Starts Lean and lets the program learn what it has, as it would have before a person comes to the proof."""
        if self._is_warm:
            return
        document, position = self._document(reference, Place(path=((reference.root, 0),)))
        async with aclosing(
            self.engine.suggest(document, position, Budget(seconds=STATE_S, checks=self.check_limit))
        ) as rounds:
            async for _ in rounds:
                break
        self._is_warm = True

    async def _block(
        self, reference: ReferenceProof, block: Block, around: tuple[tuple[Block, int], ...], moments: list[Moment]
    ) -> bool:
        """Goes through a block; whether the whole theorem is done."""
        number = 0
        while number < len(block.steps):
            place = Place(path=(*around, (block, number)))
            moment, following = await self._at(reference, place)
            moments.append(moment)
            if moment.done is Done.COMPLETED:
                return True
            if moment.done is Done.TYPED:
                for inner in block.steps[number].blocks:
                    if await self._block(reference, inner, place.path, moments):
                        return True
            number = following
        return False

    async def _at(self, reference: ReferenceProof, place: Place) -> tuple[Moment, int]:
        """What happens at one place, and the number of the step in the same block that comes next."""
        block, number = place.path[-1]
        budget = Budget(seconds=self.seconds, checks=self.check_limit)
        document, position = self._document(reference, place)
        if self.asked is Asked.PROOF:
            taken = await self._whole_proof(document, position, budget)
            if taken is not None:
                return self._moment(reference, place, Done.COMPLETED, taken, _steps_left(place), budget), number + 1
        else:
            goals_after = [await self._goals(reference, (*place.path[:-1], (block, n))) for n in _later(block, number)]
            budget.restart()  # what the user's own side took is not the program's
            found = await self._suggestion(reference, place, document, position, goals_after, budget)
            if found is not None:
                suggestion, following = found
                steps = Block(steps=block.steps[number:following]).step_count
                closed = suggestion.outcome.kind is OutcomeKind.CLOSED
                done = Done.CLOSED if closed else Done.RIGHT_STEP
                return self._moment(reference, place, done, suggestion.candidate.text, steps, budget), following
        return self._moment(reference, place, Done.TYPED, "", 1, budget), number + 1

    async def _suggestion(
        self,
        reference: ReferenceProof,
        place: Place,
        document: DocumentText,
        position: Position,
        goals_after: list[tuple[Goal, ...]],
        budget: Budget,
    ) -> tuple[Suggestion, int] | None:
        """The first suggestion shown that the user takes, and the number of the step that comes after it."""
        _, number = place.path[-1]
        wanted = _plain(reference.text_of(place.step))
        try:
            async with aclosing(self.engine.suggest(document, position, budget)) as rounds:
                async for round_ in rounds:
                    for suggestion in round_.suggestions:
                        following = _leads_to(suggestion, goals_after)
                        if following is None and _plain(suggestion.candidate.text) == wanted:
                            following = 0
                        if following is not None:
                            return suggestion, number + 1 + following
        except TimedOut:  # the user waited for nothing
            return None
        return None

    async def _whole_proof(self, document: DocumentText, position: Position, budget: Budget) -> str | None:
        try:
            result = await self.engine.prove_at(document, position, budget, lambda _progress: None)
        except TimedOut:  # the user waited for nothing
            return None
        return result.proof if result.status is ProofStatus.PROVED else None

    async def _goals(self, reference: ReferenceProof, path: tuple[tuple[Block, int], ...]) -> tuple[Goal, ...]:
        """The goals before a step of the reference proof, () behind the last one of its block."""
        block, number = path[-1]
        if number == len(block.steps):
            return ()
        key = block.start, number
        if key not in self._states:
            document, position = self._document(reference, Place(path=path))
            self._states[key] = await self.state_at(document, position)
        return self._states[key]

    def _document(self, reference: ReferenceProof, place: Place) -> tuple[DocumentText, Position]:
        self._version += 1
        text, position = reference.document_at(place)
        return DocumentText(uri=self.uri, version=self._version, text=text), position

    def _moment(
        self, reference: ReferenceProof, place: Place, done: Done, text: str, steps: int, budget: Budget
    ) -> Moment:
        return Moment(
            step=reference.text_of(place.step),
            done=done,
            text=text,
            steps=steps,
            seconds=round(budget.seconds_spent, 3),
        )


@frozen(kw_only=True)
class ScriptedUsers:
    """Makes users with an engine and a Lean of their own, in the project of `folder`; see `pool.Workers`."""

    folder: Path
    settings: Settings
    asked: Asked
    seconds: float
    check_limit: int

    @asynccontextmanager
    async def open(self, number: int) -> AsyncIterator[ScriptedUser]:
        """See `Workers.open`."""
        states = await start_verifier(self.folder, self.settings)  # the user's side has a Lean of its own

        async def state_at(document: DocumentText, position: Position) -> tuple[Goal, ...]:
            session = await states.open(find_site(document.text, document.uri, document.version, position))
            try:
                found = await session.site_state(Budget(seconds=STATE_S, checks=self.check_limit))
                return found.state.goals
            finally:
                await session.close()

        engine = open_engine(self.folder, self.settings)
        try:
            await engine.prepare()
            yield ScriptedUser(
                engine=engine,
                state_at=state_at,
                asked=self.asked,
                seconds=self.seconds,
                check_limit=self.check_limit,
                uri=(self.folder / f"LeanSidekickEffort{number}.lean").absolute().as_uri(),
            )
        finally:
            await engine.close()
            await states.close()


def _leads_to(suggestion: Suggestion, goals_after: list[tuple[Goal, ...]]) -> int | None:
    """Which of the coming states of the reference proof a suggestion leads to, the latest; None if to none of them."""
    if suggestion.outcome.kind is OutcomeKind.CLOSED and not suggestion.is_confirmed:
        return None
    return max((n for n, goals in enumerate(goals_after) if goals == suggestion.goals_left), default=None)


def _later(block: Block, number: int) -> range:
    """The numbers of the places behind a step in its block, the end of the block included."""
    return range(number + 1, len(block.steps) + 1)


def _steps_left(place: Place) -> int:
    """All steps from a place on to the end of the proof."""
    left = 0
    for depth, (block, number) in enumerate(reversed(place.path)):
        if depth == 0:
            left += Block(steps=block.steps[number:]).step_count
            continue
        inner = place.path[-depth][0]
        left += sum(other.step_count for other in block.steps[number].blocks if other.start > inner.start)
        if number + 1 < len(block.steps):
            left += Block(steps=block.steps[number + 1 :]).step_count
    return left


def _plain(text: str) -> str:
    """A tactic with its blanks made equal."""
    return " ".join(text.split())
