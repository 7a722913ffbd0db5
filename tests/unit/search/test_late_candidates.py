"""Searches with candidates that come late: they are used when they come, and waited for only when nothing is left."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from attrs import define, field

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.search.options import SearchKind
from lean_sidekick.search.result import SearchStatus
from support.made_up_logic import Attempt, Rules

KINDS = pytest.mark.parametrize("kind", SearchKind)


@define
class Scripted:
    """Late candidates by goal; those of the goals in `held` come when `release` is set."""

    answers: Mapping[str, Sequence[str]]
    held: frozenset[str] = frozenset()
    asked: list[tuple[str, ...]] = field(factory=list)
    waited_for: list[str] = field(factory=list)
    release: asyncio.Event = field(factory=asyncio.Event)

    def ask(self, goals: Sequence[Goal]) -> None:
        self.asked.append(tuple(goal.target for goal in goals))

    def is_ready(self, goal: Goal) -> bool:
        return goal.target not in self.held or self.release.is_set()

    async def candidates(self, goal: Goal, timeout_s: float) -> Sequence[Candidate]:
        if not self.is_ready(goal):
            self.waited_for.append(goal.target)
            async with asyncio.timeout(5):
                await self.release.wait()
        texts = self.answers.get(goal.target, ())
        return [Candidate(text=text, source=Source.REMOTE, score=-1.0) for text in texts]


def attempt(kind: SearchKind, rules: Rules, late: Scripted, **scores: float) -> Attempt:
    return Attempt(kind, rules, scores, late=late)


@KINDS
async def test_a_proof_that_only_late_candidates_have_is_found(kind: SearchKind) -> None:
    rules: Rules = {"start": {"quick": ("middle",)}, "middle": {"clever": ()}}
    result = await attempt(kind, rules, Scripted({"middle": ["clever"]}), quick=-1.0).run()
    assert (result.status, result.block) == (SearchStatus.PROVED, "quick\nclever")


@KINDS
async def test_a_search_without_anything_else_waits(kind: SearchKind) -> None:
    late = Scripted({"start": ["clever"]}, held=frozenset({"start"}))
    run = asyncio.create_task(attempt(kind, {"start": {"clever": ()}}, late).run())
    async with asyncio.timeout(5):
        while not late.waited_for:  # noqa: ASYNC110 (each turn lets the search go one step further)
            await asyncio.sleep(0)
        late.release.set()
        assert (await run).block == "clever"


async def test_best_first_goes_on_elsewhere_while_a_goal_waits() -> None:
    """The first goal has nothing left but what is to come; the second one is proved meanwhile."""
    rules: Rules = {"start": {"left": ("dead",), "right": ("alive",)}, "alive": {"end": ()}}
    late = Scripted({}, held=frozenset({"dead", "start"}))
    result = await attempt(SearchKind.BEST_FIRST, rules, late, left=-0.1, right=-9.0, end=-0.2).run()
    assert result.block == "right\nend"
    assert late.waited_for == []


@KINDS
async def test_nothing_is_run_twice(kind: SearchKind) -> None:
    tried = attempt(kind, {}, Scripted({"start": ["quick", "clever"]}), quick=-1.0)
    result = await tried.run()
    assert result.status is SearchStatus.EXHAUSTED
    assert sorted(tried.session.asked) == [("start", "clever"), ("start", "quick")]


@KINDS
async def test_goals_that_are_about_to_be_expanded_are_asked_about_together(kind: SearchKind) -> None:
    rules: Rules = {"start": {f"t{n}": (f"goal{n}",) for n in range(3)}}
    late = Scripted({})
    await attempt(kind, rules, late, t0=-1.0, t1=-1.5, t2=-2.0).run()
    assert max(len({goal for goal in goals if goal.startswith("goal")}) for goals in late.asked) == 3


@KINDS
async def test_what_is_refused_is_not_run_where_goals_share_a_metavariable(kind: SearchKind) -> None:
    """Such goals are run step by step, past the check that would refuse it."""
    roots = ("p ?x", "q ?x")
    rules: Rules = {"p ?x & q ?x": {"evil": (), "good": OutcomeKind.FAILED}}
    tried = Attempt(kind, rules, {"good": -1.0}, roots=roots, late=Scripted({"p ?x": ["evil"]}))
    tried.session.refused = frozenset({"evil"})
    assert (await tried.run()).status is SearchStatus.EXHAUSTED
    assert [text for _, text in tried.session.asked] == ["good"]
