"""Monte Carlo tree search over AND/OR trees of goals.

A descent chooses at a goal one tactic by PUCT (Silver et al., 2017; over goals as in HyperTree Proof Search, Lample et
al., 2022) and at a tactic the open goal that looks hardest, since all of them have to be proved. It ends where more
candidates are due by progressive widening: a goal gets its next batch when its visits have grown by a power. What it
finds, as the value of the best tactic there, goes up the path. A round makes several descents; each leaves a virtual
loss on its path until its result is there, so that they end at different goals and one edit in Lean serves them all.
"""

import math
import random

from attrs import define, evolve, field, frozen

from lean_sidekick.core.goals import Goal
from lean_sidekick.search.api import SearchTask
from lean_sidekick.search.expansion import Expansion
from lean_sidekick.search.result import SearchResult, SearchStatus
from lean_sidekick.search.tree import Edge, GoalNode


@frozen(kw_only=True)
class MctsOptions:
    """`exploration` weighs what is untried in PUCT. A goal's first batch has `first_batch` candidates; one with `n`
    visits is due `widening * n ** widening_power` more batches. `leaves` is how many descents a round makes;
    `temperature` flattens the tactics' scores."""

    exploration: float = 1.0
    widening: float = 0.5
    widening_power: float = 0.5
    leaves: int = 4
    first_batch: int = 12
    temperature: float = 1.5


@frozen
class Descent:
    """A path from a root: the goals met, the tactics taken between them, and the goal where it ended."""

    nodes: tuple[GoalNode, ...]
    edges: tuple[Edge, ...]

    @property
    def leaf(self) -> GoalNode:
        """The goal to expand."""
        return self.nodes[-1]


@define
class Mcts:
    """See `search.api.Search`; ties are broken by `seed`."""

    task: SearchTask
    seed: int = 0
    options: MctsOptions = MctsOptions()
    _expansion: Expansion = field(init=False)
    _random: random.Random = field(init=False)
    _batches: dict[int, int] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        limits = evolve(self.task.limits, first_batch=self.options.first_batch)
        self._expansion = Expansion(evolve(self.task, limits=limits))
        self._random = random.Random(self.seed)

    async def run(self, goals: tuple[Goal, ...], outside: int) -> SearchResult:
        """See `search.api.Search`."""
        expansion = self._expansion
        expansion.begin(goals, outside)
        while True:
            if self.task.budget.is_spent:
                return expansion.result(SearchStatus.BUDGET_SPENT, None)
            descents = self._descents()
            if not descents:
                return expansion.result(SearchStatus.EXHAUSTED, None)
            leaves = [descent.leaf for descent in descents]
            expansion.look_ahead(leaves)
            for leaf in leaves:
                self._batches[leaf.number] = self._batches.get(leaf.number, 0) + 1
            await expansion.expand_together(leaves)
            for descent in descents:
                self._back_up(descent)
            if expansion.tree.is_proved and (block := await expansion.accepted()) is not None:
                return expansion.result(SearchStatus.PROVED, block)

    def _descents(self) -> list[Descent]:
        """The descents of one round, to different goals, each with its virtual loss."""
        tree = self._expansion.tree
        viable = tree.viable()
        needed = tree.needed(viable)
        found: list[Descent] = []
        taken: set[GoalNode] = set()
        for _ in range(self.options.leaves):
            descent = self._descend(viable, needed, taken)
            if descent is None:
                break
            for node in descent.nodes:
                node.visits += 1
            for edge in descent.edges:
                edge.visits += 1  # without a result yet: as if it had brought nothing
            taken.add(descent.leaf)
            found.append(descent)
        return found

    def _descend(self, viable: set[GoalNode], needed: set[GoalNode], taken: set[GoalNode]) -> Descent | None:
        roots = [root for root in self._expansion.tree.roots if root in needed]
        if not roots:
            return None
        nodes, edges = [self._hardest(roots)], list[Edge]()
        while True:
            node = nodes[-1]
            if node.has_untried and node not in taken and self._is_due(node):
                return Descent(tuple(nodes), tuple(edges))
            edge = self._best_edge(node, viable, set(nodes) | taken)
            if edge is None:
                break
            edges.append(edge)
            nodes.append(self._hardest([c for c in edge.children if c.proof is None]))
        # A dead end on this path: wherever candidates are left, the path's own goals before others.
        for index in reversed(range(len(nodes))):
            if nodes[index].has_untried and nodes[index] not in taken:
                return Descent(tuple(nodes[: index + 1]), tuple(edges[:index]))
        rest = [
            node for node in self._expansion.tree.nodes if node in needed and node.has_untried and node not in taken
        ]
        return Descent((rest[0],), ()) if rest else None

    def _is_due(self, node: GoalNode) -> bool:
        done = self._batches.get(node.number, 0)
        return done == 0 or done - 1 < self.options.widening * node.visits**self.options.widening_power

    def _best_edge(self, node: GoalNode, viable: set[GoalNode], passed: set[GoalNode]) -> Edge | None:
        """The tactic that PUCT chooses among those whose goals can all still be proved."""
        edges = [
            edge
            for edge in node.edges
            if not edge.is_banned
            and all(c in viable and (c.proof is not None or c not in passed) for c in edge.children)
        ]
        if not edges:
            return None
        weights = [math.exp(-edge.cost / self.options.temperature) for edge in edges]
        total = sum(weights)
        root_of_visits = math.sqrt(1 + sum(edge.visits for edge in edges))
        scored = []
        for edge, weight in zip(edges, weights, strict=True):
            mean = _chance(edge) if edge.visits == 0 else edge.total / edge.visits
            explore = self.options.exploration * weight / total * root_of_visits / (1 + edge.visits)
            scored.append((mean + explore, self._random.random(), edge))
        return max(scored, key=lambda row: row[:2])[2]

    def _hardest(self, nodes: list[GoalNode]) -> GoalNode:
        return min(nodes, key=lambda node: (node.value, node.number))

    def _back_up(self, descent: Descent) -> None:
        """Takes what is now known of the leaf up its path."""
        leaf = descent.leaf
        leaf.value = _value_of(leaf)
        for edge, node in zip(reversed(descent.edges), reversed(descent.nodes[:-1]), strict=True):
            edge.total += _chance(edge)
            node.value = _value_of(node)


def _chance(edge: Edge) -> float:
    """That all goals of a tactic are proved, as far as their values say."""
    return math.prod(1.0 if child.proof is not None else child.value for child in edge.children)


def _value_of(node: GoalNode) -> float:
    """A goal is worth what its best tactic is; one that nothing has been found for yet keeps part of its estimate."""
    if node.proof is not None:
        return 1.0
    known = [edge.total / edge.visits if edge.visits else _chance(edge) for edge in node.edges if not edge.is_banned]
    if not known:
        return node.estimate * (0.5 if node.has_untried else 0.0)
    return max(known)
