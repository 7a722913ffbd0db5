"""The search tree: goals as OR nodes, tactics as AND edges. Pure.

A node is one goal; goals that print alike (`Goal.normal_form`) are one node. An edge is a tactic that Lean ran at its
parent's goal, with the goals that it left as children; it is proved when all of them are. A node keeps the path on
which it was first met, so that its goal can be brought back by replaying tactics.
"""

from collections.abc import Iterator

from attrs import define, field, frozen

from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.goals import Goal


@frozen(kw_only=True)
class PathStep:
    """One tactic on the way to a goal, and how many of the goals it leaves stand before the one meant."""

    text: str
    skipped: int


@define(eq=False, kw_only=True)
class GoalNode:
    """A goal that has to be proved. `cost` is the sum of the costs of the edges on its path."""

    goal: Goal
    key: str
    path: tuple[PathStep, ...]
    ancestors: frozenset[str]
    cost: float
    edges: list["Edge"] = field(factory=list)
    parents: list["Edge"] = field(factory=list)
    proof: "Edge | None" = None

    @property
    def depth(self) -> int:
        """The number of tactics before this goal."""
        return len(self.path)


@define(eq=False, kw_only=True)
class Edge:
    """A checked tactic at a goal; without children it closes the goal."""

    candidate: Candidate
    parent: GoalNode
    children: tuple[GoalNode, ...]
    is_banned: bool = False

    @property
    def is_proved(self) -> bool:
        """Whether every goal that it leaves is proved."""
        return not self.is_banned and all(child.proof is not None for child in self.children)


@define
class ProofTree:
    """All goals of one search. The roots are the goals at the site, all of which have to be proved."""

    roots: tuple[GoalNode, ...] = ()
    _nodes: dict[str, GoalNode] = field(factory=dict, init=False)

    @property
    def is_proved(self) -> bool:
        """Whether every root is proved."""
        return bool(self.roots) and all(root.proof is not None for root in self.roots)

    @property
    def nodes(self) -> Iterator[GoalNode]:
        """All nodes, oldest first."""
        return iter(self._nodes.values())

    def add_roots(self, goals: tuple[Goal, ...]) -> None:
        """Makes the roots; a goal that stands behind others is reached by skipping those."""
        roots = []
        for index, goal in enumerate(goals):
            path = (PathStep(text="skip", skipped=index),) if index else ()
            roots.append(self._node(goal, path, frozenset(), 0.0))
        self.roots = tuple(roots)

    def add_edge(
        self, parent: GoalNode, candidate: Candidate, goals: tuple[Goal, ...], cost: float
    ) -> tuple[GoalNode, ...] | None:
        """Adds a checked tactic and returns the children that are new.

        None, and no edge, if it leads in a circle or to the same goals as an edge that is there.
        """
        keys = [goal.normal_form() for goal in goals]
        lineage = parent.ancestors | {parent.key}
        if lineage.intersection(keys):
            return None
        wanted = frozenset(keys)
        if any(
            frozenset(child.key for child in edge.children) == wanted for edge in parent.edges if not edge.is_banned
        ):
            return None
        new: list[GoalNode] = []
        children: list[GoalNode] = []
        for index, (goal, key) in enumerate(zip(goals, keys, strict=True)):
            node = self._nodes.get(key)
            if node is None:
                step = PathStep(text=candidate.text, skipped=index)
                node = self._node(goal, (*parent.path, step), lineage, parent.cost + cost)
                new.append(node)
            children.append(node)
        edge = Edge(candidate=candidate, parent=parent, children=tuple(children))
        parent.edges.append(edge)
        for child in children:
            child.parents.append(edge)
        self._propagate(edge)
        return tuple(new)

    def is_needed(self, node: GoalNode) -> bool:
        """Whether a proof of the node could still prove a root: some way up from it has no proof yet."""
        seen: set[str] = set()
        waiting = [node]
        while waiting:
            current = waiting.pop()
            if current.proof is not None or current.key in seen:
                continue
            if any(current is root for root in self.roots):
                return True
            seen.add(current.key)
            waiting += [edge.parent for edge in current.parents if not edge.is_banned]
        return False

    def ban(self, edge: Edge) -> None:
        """Takes an edge out, because the proof that it was part of did not hold, and forgets what rested on it."""
        edge.is_banned = True
        for node in self._nodes.values():
            node.proof = None
        changed = True
        while changed:
            changed = False
            for node in self._nodes.values():
                proved = next((e for e in node.edges if e.is_proved), None)
                if node.proof is None and proved is not None:
                    node.proof, changed = proved, True

    def _node(self, goal: Goal, path: tuple[PathStep, ...], ancestors: frozenset[str], cost: float) -> GoalNode:
        key = goal.normal_form()
        return self._nodes.setdefault(key, GoalNode(goal=goal, key=key, path=path, ancestors=ancestors, cost=cost))

    def _propagate(self, edge: Edge) -> None:
        waiting = [edge]
        while waiting:
            current = waiting.pop()
            if current.parent.proof is None and current.is_proved:
                current.parent.proof = current
                waiting += current.parent.parents


def replay(node: GoalNode) -> list[str]:
    """The tactic lines after which the node's goal is the main goal."""
    lines: list[str] = []
    for step in node.path:
        lines += [step.text, *["· admit"] * step.skipped]
    return lines


def closing_edges(roots: tuple[GoalNode, ...]) -> list[Edge]:
    """The edges of the found proof that close a goal, in the order in which they stand in it."""
    found: list[Edge] = []

    def visit(node: GoalNode) -> None:
        if node.proof is None:
            return
        if not node.proof.children:
            found.append(node.proof)
        for child in node.proof.children:
            visit(child)

    for root in roots:
        visit(root)
    return found
