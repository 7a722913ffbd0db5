"""Best-first search over checked tactics.

The open goal with the lowest priority number is expanded next: the sum over its path of what its tactics cost (minus
their log-likelihoods, as in GPT-f (Polu and Sutskever, 2020), with charges of `expansion.py`), divided by a power of
the path's length, so that a long way of likely steps is not given up for a short one of unlikely steps. A goal whose
batch brought nothing waits its turn with a higher number before its next batch. A goal that has nothing left but
candidates still to come is put aside until they are there, or until nothing else is left to do.
"""

import heapq
import math

from attrs import define, field

from lean_sidekick.core.goals import Goal
from lean_sidekick.search.api import SearchTask
from lean_sidekick.search.expansion import Expansion
from lean_sidekick.search.result import SearchResult, SearchStatus
from lean_sidekick.search.tree import GoalNode

NEXT_BATCH = 2.0
LENGTH_POWER = 0.5
LOOK_AHEAD = 4
"""Goals whose late candidates are looked for together: the one that is next and those behind it."""


@define
class BestFirst:
    """See `search.api.Search`."""

    task: SearchTask
    length_power: float = LENGTH_POWER
    _expansion: Expansion = field(init=False)
    _queue: list[tuple[float, int, GoalNode]] = field(factory=list, init=False)
    _aside: list[tuple[float, GoalNode]] = field(factory=list, init=False)
    _queued: dict[int, float] = field(factory=dict, init=False)
    _expanded: set[int] = field(factory=set, init=False)
    _counter: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self._expansion = Expansion(self.task)

    async def run(self, goals: tuple[Goal, ...], outside: int) -> SearchResult:
        """See `search.api.Search`."""
        expansion = self._expansion
        expansion.begin(goals, outside)
        for root in expansion.tree.roots:
            self._push(root, 0.0)
        while self._queue or self._aside or self._reopen():
            if self.task.budget.is_spent:
                return expansion.result(SearchStatus.BUDGET_SPENT, None)
            priority, node, may_wait = self._next()
            if priority != self._queued[node.number]:
                continue  # it was queued again since
            if node not in expansion.tree.needed(expansion.tree.viable()):
                continue
            if expansion.must_wait(node) and not may_wait:
                self._aside.append((priority, node))
                continue
            expansion.look_ahead([node, *(other for _, _, other in heapq.nsmallest(LOOK_AHEAD - 1, self._queue))])
            self._expanded.add(node.number)
            await expansion.expand(node)
            self._push_children(node)
            if node.proof is None and node.has_untried:
                self._push(node, priority + NEXT_BATCH)
            if expansion.tree.is_proved:
                block = await expansion.accepted()
                if block is not None:
                    return expansion.result(SearchStatus.PROVED, block)
        return expansion.result(SearchStatus.EXHAUSTED, None)

    def _next(self) -> tuple[float, GoalNode, bool]:
        """The goal that is next with its number, and whether there is nothing else to do than to wait for it."""
        for item in [item for item in self._aside if not self._expansion.must_wait(item[1])]:
            self._aside.remove(item)
            self._push(item[1], item[0])
        if not self._queue:
            return *self._aside.pop(0), True
        priority, _, node = heapq.heappop(self._queue)
        return priority, node, False

    def _push(self, node: GoalNode, priority: float) -> None:
        self._counter += 1
        self._queued[node.number] = priority
        heapq.heappush(self._queue, (priority, self._counter, node))

    def _push_children(self, node: GoalNode) -> None:
        """Queues the goals that a node's tactics left: those that are new, and those met before by a dearer way that
        still wait for their turn."""
        for edge in node.edges:
            priority = (node.cost + edge.cost) / (node.depth + 1) ** self.length_power
            for child in edge.children:
                if child.number not in self._expanded and priority < self._queued.get(child.number, math.inf):
                    self._push(child, priority)

    def _reopen(self) -> bool:
        """Queues goals that were passed over as proved or not needed and are needed now: another tactic leads to
        them, or a proof was refused."""
        tree = self._expansion.tree
        needed = tree.needed(tree.viable())
        for node in tree.nodes:
            if node in needed and node.has_untried:
                self._push(node, node.cost)
        return bool(self._queue)
