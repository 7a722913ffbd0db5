"""A logic made up for tests of searches: rules say what each tactic does at each goal. No Lean.

A goal is a text; goals that name a metavariable (`?x`) share it. The session replays the steps of every question from
the root, so a search that loses its place is found out.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import cast

from attrs import define, field

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.goals import Goal, parse_goal
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.search.api import LateSource, Progress, SearchTask
from lean_sidekick.search.kinds import make_search
from lean_sidekick.search.options import SearchKind
from lean_sidekick.search.polish import PolishOptions
from lean_sidekick.search.result import SearchResult
from lean_sidekick.search.trace import Event, NoTrace
from lean_sidekick.search.value import HandMadeValue
from lean_sidekick.verify.api import Place, Session

Rules = Mapping[str, Mapping[str, tuple[str, ...] | OutcomeKind]]
"""Goal to tactic to the goals left, or an outcome that leaves none to go on with.

The rules of a goal with a metavariable stand under the texts of all goals that share it, joined by " & ".
"""

CANDIDATES = 40


@define
class LogicSession:
    """Answers by rules; `asked` holds every (goal, tactic) that it was asked about."""

    rules: Rules
    roots: tuple[str, ...]
    asked: list[tuple[str, str]] = field(factory=list)
    together: list[int] = field(factory=list)
    pause: asyncio.Event | None = None
    refused: frozenset[str] = frozenset()

    def after(self, steps: Sequence[str]) -> list[str] | OutcomeKind:
        """The goals after the steps, or how one of them failed."""
        goals = list(self.roots)
        for line in steps:
            if line == "· admit":
                goals = goals[1:]
            elif line != "skip":
                left, count = self._rule(goals, line)
                if isinstance(left, OutcomeKind):
                    return left
                goals = [*left, *goals[count:]]
        return goals

    async def check(
        self, steps: Sequence[str], candidates: Sequence[Candidate], budget: Budget
    ) -> AsyncGenerator[CheckedCandidate, None]:
        goals = self.after(steps)
        assert isinstance(goals, list) and "?" not in goals[0]
        for candidate in candidates:
            if self.pause is not None:
                await self.pause.wait()
            if budget.is_spent:
                outcome = Outcome(kind=OutcomeKind.TIMED_OUT, message="not run: the budget was spent")
            else:
                budget.spend_checks(1)
                self.asked.append((goals[0], candidate.text))
                outcome = _outcome(self._rule(goals, candidate.text)[0])
            yield CheckedCandidate(candidate=candidate, outcome=outcome)

    def refuses(self, candidate: Candidate) -> Outcome | None:
        return Outcome(kind=OutcomeKind.REFUSED) if candidate.text in self.refused else None

    async def check_together(self, places: Sequence[Place], budget: Budget) -> list[dict[str, Outcome]]:
        """Settles every other candidate, as a real edit may leave some open."""
        self.together.append(len(places))
        found: list[dict[str, Outcome]] = []
        for place in places:
            goals = self.after(place.steps)
            assert isinstance(goals, list) and "?" not in goals[0]
            outcomes = {}
            for candidate in place.candidates[::2]:
                if not budget.is_spent:
                    budget.spend_checks(1)
                    self.asked.append((goals[0], candidate.text))
                    outcomes[candidate.text] = _outcome(self._rule(goals, candidate.text)[0])
            found.append(outcomes)
        return found

    async def confirm(self, block: str, budget: Budget) -> Outcome:
        budget.spend_checks(1)
        is_proof = proves(self.rules, self.roots, block)
        return Outcome(kind=OutcomeKind.CLOSED if is_proof else OutcomeKind.FAILED)

    async def run_steps(self, steps: Sequence[str], budget: Budget) -> Outcome:
        budget.spend_checks(1)
        before = self.after(steps[:-1])
        assert isinstance(before, list)
        self.asked.append((" & ".join(before), steps[-1]))
        after = self.after(steps)
        return Outcome(kind=after) if isinstance(after, OutcomeKind) else _outcome(tuple(after))

    def _rule(self, goals: list[str], tactic: str) -> tuple[tuple[str, ...] | OutcomeKind, int]:
        """What a tactic does to the first goals, and to how many of them."""
        count = 1
        while "?" in goals[0] and count < len(goals) and "?" in goals[count]:
            count += 1
        key = " & ".join(goals[:count])
        return self.rules.get(key, {}).get(tactic, OutcomeKind.FAILED), count


@define
class Traced:
    """Keeps the events of a search."""

    events: list[Event] = field(factory=list)

    def write(self, event: Event) -> None:
        self.events.append(event)


@define
class Attempt:
    """A search of the made-up logic with what it said on its way."""

    kind: SearchKind
    rules: Rules
    scores: Mapping[str, float]
    roots: tuple[str, ...] = ("start",)
    checks: int = 1000
    refused: Mapping[str, str] = field(factory=dict)
    seed: int = 0
    merges_states: bool = True
    late: LateSource | None = None
    polish: PolishOptions | None = None
    session: LogicSession = field(init=False)
    progress: list[Progress] = field(factory=list, init=False)
    trace: Traced = field(factory=Traced, init=False)
    budget: Budget = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.session = LogicSession(self.rules, self.roots)
        self.budget = Budget(seconds=1e9, checks=self.checks, clock=lambda: 0.0)

    async def generate(self, goal: Goal) -> list[Candidate]:
        ranked = sorted(self.scores.items(), key=lambda item: -item[1])
        return [Candidate(text=text, source=Source.PORTFOLIO, score=score) for text, score in ranked]

    async def accept(self, block: str) -> str | None:
        return self.refused.get(block)

    async def run(self) -> SearchResult:
        task = SearchTask(
            session=cast(Session, self.session),  # only what a search asks of one
            generate=self.generate,
            accept=self.accept,
            budget=self.budget,
            on_progress=self.progress.append,
            value=HandMadeValue(),
            trace=self.trace if self.trace is not None else NoTrace(),
            merges_states=self.merges_states,
            late=self.late,
            polish=self.polish,
        )
        goals = tuple(parse_goal(f"⊢ {root}") for root in self.roots)
        return await make_search(self.kind, task, self.seed).run(goals, 0)


def proves(rules: Rules, roots: tuple[str, ...], block: str) -> bool:
    """Whether a block, with bullets or without, closes all roots by the rules; written without the search's code."""

    def run(goals: list[str], lines: list[str]) -> list[str] | None:
        while lines:
            line, *lines = lines
            if not goals:
                return None
            if line.startswith("· "):
                own = [line[2:]]
                while lines and lines[0].startswith("  "):
                    own.append(lines.pop(0)[2:])
                if run(goals[:1], own) != []:
                    return None
                goals = goals[1:]
            else:
                left, count = session._rule(goals, line)
                if isinstance(left, OutcomeKind):
                    return None
                goals = [*left, *goals[count:]]
        return goals

    session = LogicSession(rules, roots)
    return run(list(roots), block.split("\n")) == []


def _outcome(left: tuple[str, ...] | OutcomeKind) -> Outcome:
    if isinstance(left, OutcomeKind):
        return Outcome(kind=left)
    if not left:
        return Outcome(kind=OutcomeKind.CLOSED)
    return Outcome(kind=OutcomeKind.PROGRESS, goals=tuple(parse_goal(f"⊢ {goal}") for goal in left))
