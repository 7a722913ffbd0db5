"""The search at the end of a round, on a made-up logic: when it begins, what it brings, that it disturbs nothing."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import cast

import pytest
from attrs import define, evolve, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.errors import NotRecorded
from lean_sidekick.core.goals import ProofState, parse_goal
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.core.positions import apply_edits
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.api import SourceTally, SuggestionRound
from lean_sidekick.engine.cursor_search import SEARCH_S
from lean_sidekick.engine.suggest import Sources, suggest
from lean_sidekick.search.options import SearchKind, SearchOptions
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.verify.api import Session, SiteState
from support.made_up_logic import LogicSession, Rules, proves
from support.scripted_stream import Fixed
from support.sites import sorry_site

TEXT = "theorem t : start := by\n  sorry\n"
SITE = sorry_site(TEXT)
TWO_STEPS: Rules = {"start": {"a": ("x",)}, "x": {"b": ()}}
ENDLESS: Rules = {
    "start": {"a": ("1",)},
    **{str(n): {"a": (str(2 * n),), "b": (str(2 * n + 1),)} for n in range(1, 5000)},
}
PRODUCT = SearchOptions()


@define
class SiteSession(LogicSession):
    """A session of the made-up logic at a site; blocks alone are run on the first goal."""

    roots: tuple[str, ...] = ("start",)
    prefix_error: str = ""
    unproved: frozenset[str] = frozenset()
    broken: bool = False
    now: float = 0.0
    is_asked: asyncio.Event = field(factory=asyncio.Event)
    is_below: asyncio.Event = field(factory=asyncio.Event)

    async def site_state(self, budget: Budget) -> SiteState:
        goals = tuple(parse_goal(f"⊢ {root}") for root in self.roots)
        return SiteState(state=ProofState(goals=goals), prefix_error=self.prefix_error)

    async def known_tactics(self, texts: Sequence[str], budget: Budget) -> frozenset[str]:
        return frozenset(texts)

    async def check(
        self, steps: Sequence[str], candidates: Sequence[Candidate], budget: Budget
    ) -> AsyncGenerator[CheckedCandidate, None]:
        self.is_asked.set()
        if steps:
            self.is_below.set()
            if self.broken:
                raise NotRecorded("No real Lean was asked about this.")
        async for checked in super().check(steps, candidates, budget):
            self.now += 0.01
            yield checked

    async def confirm(self, block: str, budget: Budget) -> Outcome:
        if block in self.unproved or not proves(self.rules, self.roots[:1], block):
            return Outcome(kind=OutcomeKind.FAILED)
        others = tuple(parse_goal(f"⊢ {root}") for root in self.roots[1:])
        return Outcome(kind=OutcomeKind.PROGRESS if others else OutcomeKind.CLOSED, goals=others)


@frozen
class Tracked:
    """A generator that says which goals it was asked about."""

    asked: list[str]

    async def generate(self, request: TacticRequest) -> list[Candidate]:
        self.asked.append(request.goal.target)
        return list(await Fixed(("a", "b")).generate(request))


def rounds(
    session: SiteSession,
    site: ProofSite = SITE,
    options: SearchOptions | None = PRODUCT,
    seconds: float = 60.0,
    asked: list[str] | None = None,
) -> AsyncGenerator[SuggestionRound, None]:
    budget = Budget(seconds=seconds, checks=10_000, clock=lambda: session.now)
    sources = Sources(generator=Tracked([] if asked is None else asked), probes=())
    return suggest(site, cast(Session, session), sources, budget, 8, search=options)


def shown(found: SuggestionRound) -> list[str]:
    return [suggestion.candidate.text for suggestion in found.suggestions]


@pytest.mark.parametrize("kind", SearchKind)
async def test_a_proof_of_two_steps_comes_last_and_stands_first(kind: SearchKind) -> None:
    session, asked = SiteSession(TWO_STEPS), list[str]()
    *_, before, last = [found async for found in rounds(session, options=SearchOptions(kind=kind), asked=asked)]
    assert (shown(before), before.is_searching, before.is_complete) == (["a"], True, False)
    assert (shown(last), last.is_searching, last.is_complete) == (["a\nb", "a"], False, True)
    found = last.suggestions[0]
    assert (found.candidate.source, found.effect, found.goals_left) == (Source.SEARCH, "closes the goal", ())
    assert found.is_confirmed
    assert apply_edits(TEXT, [found.edit]) == "theorem t : start := by\n  a\n  b\n"
    assert last.tallies[-1] == SourceTally(source=Source.SEARCH, run=1, good=1)
    assert session.asked.count(("start", "b")) == 1, "what failed at the goal is not run there again"
    assert asked == ["start", "x"], "and what is tried there is not made again"


async def test_nothing_is_searched_for_where_a_tactic_closes_the_goal() -> None:
    session = SiteSession({"start": {"a": ("x",), "b": ()}, "x": {"b": ()}})
    found = [found async for found in rounds(session)]
    assert not any(round_.is_searching for round_ in found)
    assert shown(found[-1]) == ["b", "a"]
    assert not session.is_below.is_set()


@pytest.mark.parametrize(
    ("session", "site", "options", "seconds"),
    [
        (SiteSession(TWO_STEPS), SITE, None, 60.0),
        (SiteSession(TWO_STEPS), evolve(SITE, is_conv=True), PRODUCT, 60.0),
        (SiteSession(TWO_STEPS, prefix_error="unknown identifier"), SITE, PRODUCT, 60.0),
        (SiteSession({"sorry": {"a": ("x",)}, "x": {"b": ()}}, roots=("sorry",)), SITE, PRODUCT, 60.0),
        (SiteSession({"start": {}}), SITE, PRODUCT, 60.0),
        (SiteSession(TWO_STEPS), SITE, PRODUCT, 0.015),
    ],
    ids=["not wanted", "conv", "error above", "sorry in the goal", "nothing leads on", "no time left"],
)
async def test_it_does_not_begin(
    session: SiteSession, site: ProofSite, options: SearchOptions | None, seconds: float
) -> None:
    found = [found async for found in rounds(session, site, options, seconds)]
    assert found[-1].is_complete and not any(round_.is_searching for round_ in found)
    assert not session.is_below.is_set()


async def test_the_goals_of_other_cases_are_left_alone() -> None:
    last = [found async for found in rounds(SiteSession(TWO_STEPS, roots=("start", "other")))][-1]
    assert shown(last) == ["a\nb", "a"]
    assert last.suggestions[0].effect == "closes this goal, 1 goal left: ⊢ other"


async def test_a_proof_that_fails_alone_in_its_place_is_not_shown() -> None:
    session = SiteSession(TWO_STEPS, unproved=frozenset({"a\nb"}))
    last = [found async for found in rounds(session)][-1]
    assert session.is_below.is_set()
    assert (shown(last), last.is_complete) == (["a"], True)


async def test_a_recording_that_ends_in_the_search_is_no_error() -> None:
    session = SiteSession(TWO_STEPS, broken=True)
    last = [found async for found in rounds(session)][-1]
    assert session.is_below.is_set()
    assert (shown(last), last.is_complete) == (["a"], True)


async def test_a_file_for_the_value_that_cannot_be_read_stops_nothing() -> None:
    last = [found async for found in rounds(SiteSession(TWO_STEPS), options=SearchOptions(value_file="/nowhere"))][-1]
    assert shown(last) == ["a\nb", "a"]


async def test_it_has_a_limit_of_its_own_and_keeps_that_of_the_round() -> None:
    for seconds, limit in ((60.0, SEARCH_S), (1.0, 1.0)):
        session = SiteSession(ENDLESS)
        last = [found async for found in rounds(session, seconds=seconds)][-1]
        assert (shown(last), last.is_complete) == (["a"], True)
        assert limit <= last.seconds < limit + 0.1


async def test_the_next_edit_ends_it_at_once() -> None:
    """Whoever reads the stream is cancelled; nothing is run after that."""
    session = SiteSession(ENDLESS)
    stream = rounds(session)
    async for found in stream:
        if found.is_searching:
            break
    session.pause = asyncio.Event()
    session.is_asked.clear()
    reading = asyncio.create_task(anext(stream))
    async with asyncio.timeout(5):
        await session.is_asked.wait()
        reading.cancel()
        await asyncio.wait({reading})
    assert reading.cancelled()
    count = len(session.asked)
    session.pause.set()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert len(session.asked) == count
