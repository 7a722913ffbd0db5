"""The editor's goal as a head start: work begins before our Lean is ready, and only our Lean's goal counts."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import cast

import pytest
from attrs import define, field

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.positions import Position
from lean_sidekick.core.premises import Premise
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.api import AskGoals, DocumentText, SuggestionRound
from lean_sidekick.engine.engine import ProjectEngine
from lean_sidekick.engine.head_start import place_of_goal
from lean_sidekick.engine.premises import ProjectPremises
from lean_sidekick.engine.session import engine_on
from lean_sidekick.engine.site_finder import find_site
from lean_sidekick.engine.suggest import Sources
from lean_sidekick.settings import Settings
from lean_sidekick.verify.api import Priority, Verifier
from support.scripted_stream import GOAL, ScriptedModel, ScriptedSession, sources

TEXT = "theorem t (p : Prop) (h : p) : p := by\n  sorry\n"
DOCUMENT = DocumentText(uri="file:///p/A.lean", version=3, text=TEXT)
CURSOR = Position(1, 5)
OURS = "p : Prop\nh : p\n⊢ p"
ANOTHER = "q : Prop\n⊢ q"
PROMPT, OTHER_PROMPT = "p : Prop\nh : p\n⊢ p:::", "q : Prop\n⊢ q:::"


@define
class ScriptedVerifier:
    """Opens one session; Lean has started when `has_started` is set."""

    session: ScriptedSession
    has_started: asyncio.Event = field(factory=asyncio.Event)

    async def open(self, site: ProofSite, priority: Priority = Priority.CURSOR) -> ScriptedSession:
        await self.has_started.wait()
        return self.session

    async def close(self) -> None:
        pass


@define
class Editor:
    """The editor's end: what it says of the goals, and where it was asked."""

    goals: Sequence[str] | None
    asked: list[Position] = field(factory=list)
    was_asked: asyncio.Event = field(factory=asyncio.Event)
    was_cancelled: bool = False

    async def goals_at(self, position: Position) -> Sequence[str]:
        self.asked.append(position)
        self.was_asked.set()
        try:
            if self.goals is None:
                await asyncio.Event().wait()
            return self.goals or ()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise


@define
class CountedPremises:
    """No premises, and the goals that some were looked up for."""

    goals: list[str] = field(factory=list)

    async def of_imports(self, document: DocumentText, goal: Goal, k: int) -> Sequence[Premise]:
        self.goals.append(goal.text)
        return ()


class World:
    """An engine whose Lean is scripted."""

    def __init__(self, closing: str) -> None:
        self.session = ScriptedSession(frozenset({closing}))
        self.verifier = ScriptedVerifier(self.session)
        self.model = ScriptedModel()
        self.premises = CountedPremises()

    def engine(self) -> ProjectEngine:
        async def start() -> Verifier:
            return cast(Verifier, self.verifier)

        given = sources(self.model, "rfl")
        made = engine_on(start, Settings())
        made.sources = Sources(
            generator=given.generator,
            probes=(),
            models=given.models,
            premises=cast(ProjectPremises, self.premises),
        )
        return made

    def rounds(self, ask: AskGoals | None) -> AsyncGenerator[SuggestionRound, None]:
        return self.engine().suggest(DOCUMENT, CURSOR, Budget(seconds=60, checks=1_000), ask)


def shown(found: SuggestionRound) -> list[str]:
    return [suggestion.candidate.text for suggestion in found.suggestions]


async def test_a_model_is_asked_before_lean_has_started_and_lean_decides() -> None:
    world, editor = World("clever"), Editor([OURS, "⊢ r"])
    stream = world.rounds(editor.goals_at)
    first = asyncio.ensure_future(anext(stream))
    await world.model.was_asked(PROMPT)
    assert world.session.asked == [] and not first.done()
    world.model.release.set()
    world.verifier.has_started.set()
    last = [await first, *[found async for found in stream]][-1]
    assert shown(last) == ["clever"] and last.is_complete
    assert world.model.prompts == [PROMPT], "the model was asked once"
    assert world.premises.goals == [GOAL.text], "and premises looked up once"
    assert editor.asked == [Position(1, 2)], "on a sorry, Lean shows the goal at its first letter"


async def test_what_was_begun_for_another_goal_is_dropped() -> None:
    world, editor = World("clever"), Editor([ANOTHER])
    stream = world.rounds(editor.goals_at)
    first = asyncio.ensure_future(anext(stream))
    await world.model.was_asked(OTHER_PROMPT)
    world.verifier.has_started.set()
    await first
    await anext(stream)
    assert world.model.was_cancelled, "nobody waits for the answer to the wrong question"
    world.model.release.set()
    _ = [found async for found in stream]
    assert world.model.prompts == [OTHER_PROMPT, PROMPT]
    assert world.premises.goals[-1] == GOAL.text
    assert world.session.asked == [["rfl"], ["clever"]]


@pytest.mark.parametrize("goals", [None, [], ["no goals"]], ids=["no answer", "no goals", "nothing that is a goal"])
async def test_without_the_editors_goal_everything_works(goals: list[str] | None) -> None:
    world, editor = World("clever"), Editor(goals)
    world.model.release.set()
    stream = world.rounds(editor.goals_at)
    first = asyncio.ensure_future(anext(stream))
    await editor.was_asked.wait()
    world.verifier.has_started.set()
    last = [await first, *[found async for found in stream]][-1]
    assert shown(last) == ["clever"]
    assert world.model.prompts == [PROMPT]
    assert editor.was_cancelled == (goals is None), "an editor that does not answer is told that nobody waits"


async def test_leaving_the_stream_before_lean_has_started_ends_the_work() -> None:
    world, editor = World("clever"), Editor([OURS])
    stream = world.rounds(editor.goals_at)
    first = asyncio.ensure_future(anext(stream))
    await world.model.was_asked(PROMPT)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert world.model.was_cancelled


def test_where_lean_shows_the_goal() -> None:
    def place(text: str) -> Position | None:
        before, _, after = text.partition("$0")
        line = before.count("\n")
        cursor = Position(line, len(before.rpartition("\n")[2]))
        return place_of_goal(find_site(before + after, "file:///A.lean", 1, cursor), cursor)

    assert place("theorem t : True := by\n  so$0rry\n") == Position(1, 2)
    assert place("theorem t : True := by\n  skip\n  $0\n") == Position(2, 2)
    assert place("theorem t : True := so$0rry\n") is None, "a term has no tactic state"
