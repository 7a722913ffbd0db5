"""Best-first search over checked tactics.

The open goal with the lowest cost is expanded next: its candidates are run in batches, each batch one edit. The cost
of a goal is the sum over its path of minus the log-likelihood of the tactics, as in GPT-f (Polu and Sutskever, 2020),
with a charge for every goal left beside it and for goals that grow. A goal whose first batch brought nothing waits
its turn with a higher cost before its next batch. Deterministic for equal outcomes. It proves nothing by itself: a
finished proof counts only after `accept` took it.
"""

import heapq
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing

from attrs import define, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.outcomes import CheckedCandidate, OutcomeKind
from lean_sidekick.search.proof_text import proof_block
from lean_sidekick.search.result import SearchResult, SearchStatus
from lean_sidekick.search.tree import GoalNode, ProofTree, closing_edges, replay
from lean_sidekick.verify.api import Session

Generate = Callable[[Goal], Awaitable[Sequence[Candidate]]]
Accept = Callable[[str], Awaitable[str | None]]
"""Takes a finished block; None means accepted, otherwise the reason why not."""


@frozen(kw_only=True)
class SearchLimits:
    """Sizes: candidates of the first and of each further batch of a goal, tactics on a path, goals one tactic may
    leave."""

    first_batch: int = 24
    batch: int = 32
    depth: int = 16
    goals_left: int = 6
    goal_length: int = 6_000


@frozen(kw_only=True)
class Progress:
    """A sign of life: checks so far, the fewest goals open on the way to a proof, the goal that is worked on."""

    checks: int
    goals_open: int
    goal: Goal


@define
class BestFirst:
    """One search at one site; `run` is called once."""

    session: Session
    generate: Generate
    accept: Accept
    budget: Budget
    on_progress: Callable[[Progress], None]
    limits: SearchLimits = field(factory=SearchLimits)
    _tree: ProofTree = field(factory=ProofTree, init=False)
    _queue: list[tuple[float, int, GoalNode]] = field(factory=list, init=False)
    _candidates: dict[str, list[Candidate]] = field(factory=dict, init=False)
    _hung: set[str] = field(factory=set, init=False)
    _counter: int = field(default=0, init=False)
    _expanded: int = field(default=0, init=False)
    _refused: int = field(default=0, init=False)
    _last_refusal: str = field(default="", init=False)

    async def run(self, goals: tuple[Goal, ...]) -> SearchResult:
        """Searches until a proof is accepted, the budget is spent, or nothing is left to try."""
        self._tree.add_roots(goals)
        for root in self._tree.roots:
            self._push(root, root.cost)
        while self._queue:
            if self.budget.is_spent:
                return self._result(SearchStatus.BUDGET_SPENT, None)
            cost, _, node = heapq.heappop(self._queue)
            if node.proof is not None or not self._tree.is_needed(node):
                continue
            self.on_progress(Progress(checks=self.budget.checks_spent, goals_open=self._open_roots(), goal=node.goal))
            await self._expand(node, cost)
            while self._tree.is_proved:
                block = proof_block(self._tree.roots)
                reason = await self.accept(block)
                if reason is None:
                    return self._result(SearchStatus.PROVED, block)
                self._refused += 1
                self._last_refusal = reason
                self._tree.ban(closing_edges(self._tree.roots)[-1])
                self._reopen()
        return self._result(SearchStatus.EXHAUSTED, None)

    async def _expand(self, node: GoalNode, cost: float) -> None:
        """Runs the next batch of a goal's candidates."""
        waiting = self._candidates.get(node.key)
        size = self.limits.batch
        if waiting is None:
            waiting = [c for c in await self.generate(node.goal) if c.text not in self._hung]
            self._candidates[node.key] = waiting
            size = self.limits.first_batch
            self._expanded += 1
        batch = waiting[:size]
        if not batch:
            return
        progress: list[CheckedCandidate] = []
        seen: set[str] = set()
        async with aclosing(self.session.check(replay(node), batch, self.budget)) as outcomes:
            async for checked in outcomes:
                seen.add(checked.candidate.text)
                kind = checked.outcome.kind
                if kind is OutcomeKind.PROGRESS:
                    progress.append(checked)
                elif kind is OutcomeKind.TIMED_OUT:
                    self._hung.add(checked.candidate.text)
                elif kind is OutcomeKind.CLOSED:
                    self._tree.add_edge(node, checked.candidate, (), 0.0)
                    break
        self._candidates[node.key] = [c for c in waiting if c.text not in seen]
        for checked in progress:
            self._add(node, checked)
        if node.proof is None and self._candidates[node.key]:
            self._push(node, cost + 2.0)

    def _add(self, node: GoalNode, checked: CheckedCandidate) -> None:
        goals = checked.outcome.goals
        limits = self.limits
        if node.depth >= limits.depth or len(goals) > limits.goals_left:
            return
        if any(goal.has_metavariable or len(goal.text) > limits.goal_length for goal in goals):
            return
        growth = max(0, max(len(g.target) for g in goals) - len(node.goal.target)) / 40
        cost = -checked.candidate.score + 0.7 * (len(goals) - 1) + min(growth, 3.0)
        for child in self._tree.add_edge(node, checked.candidate, goals, cost) or ():
            self._push(child, child.cost)

    def _push(self, node: GoalNode, cost: float) -> None:
        self._counter += 1
        heapq.heappush(self._queue, (cost, self._counter, node))

    def _reopen(self) -> None:
        """After a ban, goals that counted as proved, or as not needed, may be open again."""
        queued = {id(node) for _, _, node in self._queue}
        for node in self._tree.nodes:
            if node.proof is None and id(node) not in queued and self._candidates.get(node.key, True):
                self._push(node, node.cost)

    def _open_roots(self) -> int:
        return sum(1 for root in self._tree.roots if root.proof is None)

    def _result(self, status: SearchStatus, block: str | None) -> SearchResult:
        return SearchResult(
            status=status,
            block=block,
            expanded=self._expanded,
            refused=self._refused,
            last_refusal=self._last_refusal,
        )
