"""Best-first search on a made-up logic: order, budget, refusals, dead ends. No Lean."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import cast

from attrs import define, field

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.goals import Goal, parse_goal
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.search.best_first import BestFirst, Progress
from lean_sidekick.search.result import SearchResult, SearchStatus
from lean_sidekick.verify.api import Session

# goal -> tactic -> goals left, or an outcome that is none
Rules = Mapping[str, Mapping[str, tuple[str, ...] | OutcomeKind]]


@define
class LogicSession:
    """A session whose verdicts are rules; it checks that the replayed steps lead to the goal that is asked about."""

    rules: Rules
    root: str
    asked: list[tuple[str, str]] = field(factory=list)

    def goal_after(self, steps: Sequence[str]) -> str:
        goals = [self.root]
        for line in steps:
            if line == "· admit":
                goals = goals[1:]
            elif line != "skip":
                left = self.rules[goals[0]][line]
                assert isinstance(left, tuple)
                goals = [*left, *goals[1:]]
        return goals[0]

    async def check(
        self, steps: Sequence[str], candidates: Sequence[Candidate], budget: Budget
    ) -> AsyncGenerator[CheckedCandidate, None]:
        goal = self.goal_after(steps)
        for candidate in candidates:
            budget.spend_checks(1)
            self.asked.append((goal, candidate.text))
            verdict = self.rules.get(goal, {}).get(candidate.text, OutcomeKind.FAILED)
            if isinstance(verdict, OutcomeKind):
                outcome = Outcome(kind=verdict)
            elif verdict:
                outcome = Outcome(kind=OutcomeKind.PROGRESS, goals=tuple(parse_goal(f"⊢ {g}") for g in verdict))
            else:
                outcome = Outcome(kind=OutcomeKind.CLOSED)
            yield CheckedCandidate(candidate=candidate, outcome=outcome)


async def search(
    rules: Rules,
    scores: Mapping[str, float],
    *,
    checks: int = 1000,
    refused: Mapping[str, str] | None = None,
) -> tuple[SearchResult, LogicSession]:
    session = LogicSession(rules, "start")

    async def generate(goal: Goal) -> list[Candidate]:
        ranked = sorted(scores.items(), key=lambda item: -item[1])
        return [Candidate(text=text, source=Source.PORTFOLIO, score=score) for text, score in ranked]

    async def accept(block: str) -> str | None:
        return (refused or {}).get(block)

    progress: list[Progress] = []
    run = BestFirst(
        session=cast(Session, session),  # of which a search asks `check` alone
        generate=generate,
        accept=accept,
        budget=Budget(seconds=1e9, checks=checks, clock=lambda: 0.0),
        on_progress=progress.append,
    )
    result = await run.run((parse_goal("⊢ start"),))
    assert progress, "a search says what it does"
    return result, session


async def test_a_proof_of_several_steps_is_found() -> None:
    rules: Rules = {"start": {"split": ("left", "right")}, "left": {"a": ()}, "right": {"b": ("c",)}, "c": {"a": ()}}
    result, _ = await search(rules, {"a": -1.0, "b": -1.0, "split": -1.0})
    assert result.status is SearchStatus.PROVED
    assert result.block == "split\n· a\n· b\n  a"


async def test_the_likelier_branch_is_expanded_first() -> None:
    rules: Rules = {"start": {"good": ("near",), "bad": ("far",)}, "near": {"a": ()}, "far": {"a": ()}}
    _, session = await search(rules, {"bad": -5.0, "good": -0.1, "a": -3.0})
    expanded = list(dict.fromkeys(goal for goal, _ in session.asked))
    assert expanded == ["start", "near"]


async def test_what_cannot_be_proved_is_exhausted_and_not_proved() -> None:
    result, _ = await search({"start": {"a": ("start",), "b": ("x",)}, "x": {"a": ("start",)}}, {"a": -1.0, "b": -1.0})
    assert result.status is SearchStatus.EXHAUSTED
    assert result.block is None


async def test_a_timed_out_tactic_is_never_a_step_and_is_not_tried_below() -> None:
    rules: Rules = {"start": {"loop": OutcomeKind.TIMED_OUT, "a": ("x",)}, "x": {"loop": ()}}
    result, session = await search(rules, {"loop": -1.0, "a": -2.0})
    assert result.block is None
    assert ("x", "loop") not in session.asked


async def test_crashed_and_unchanged_candidates_are_no_steps() -> None:
    rules: Rules = {"start": {"crash": OutcomeKind.CRASHED, "same": OutcomeKind.NO_CHANGE}}
    result, _ = await search(rules, {"crash": -1.0, "same": -1.0})
    assert result.status is SearchStatus.EXHAUSTED


async def test_the_budget_of_checks_ends_the_search() -> None:
    rules: Rules = {f"{'s' * i}tart": {"a": (f"{'s' * (i + 1)}tart",)} for i in range(1, 50)}
    result, session = await search(rules, {"a": -1.0}, checks=5)
    assert result.status is SearchStatus.BUDGET_SPENT
    assert len(session.asked) == 5


async def test_a_proof_that_the_final_check_refuses_is_not_a_proof_and_another_is_looked_for() -> None:
    rules: Rules = {"start": {"cheat": (), "honest": ("x",)}, "x": {"a": ()}}
    scores = {"cheat": -1.0, "honest": -2.0, "a": -1.0}
    result, _ = await search(rules, scores, refused={"cheat": "it uses sorry"})
    assert result.block == "honest\na"
    assert result.refused == 1
    only_cheat: Rules = {"start": {"cheat": ()}}
    result, _ = await search(only_cheat, {"cheat": -1.0}, refused={"cheat": "it uses sorry"})
    assert result.block is None
    assert result.last_refusal == "it uses sorry"


async def test_goals_with_metavariables_are_left_alone() -> None:
    result, session = await search({"start": {"apply": ("?x = 1",)}}, {"apply": -1.0})
    assert result.block is None
    assert {goal for goal, _ in session.asked} == {"start"}
