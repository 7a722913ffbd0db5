"""The search tree: goals as OR nodes, tactics as AND edges. Pure.

A node is one goal, or several that share metavariables and so have to be proved together. Nodes that print alike are
one node. An edge is a tactic that Lean ran at its parent, with what it left as children; it is proved when all of them
are. A node keeps the path on which it was first met, so that its goals can be brought back by replaying tactics.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import define, field, frozen

from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.goals import METAVARIABLE, Goal

_TRAIL = re.compile(r"\.?\brefine(?:_\d+)?\b")


@frozen(kw_only=True)
class PathStep:
    """One tactic on the way to a node, and how many of the goals it leaves stand before those meant."""

    text: str
    skipped: int


@define(eq=False, kw_only=True)
class GoalNode:
    """What has to be proved: one goal, or goals that share metavariables.

    `outside` is how many goals of the whole proof stand behind them once the path was replayed. `form` is equal for
    equal states, `key` names the node. `cost` is the least sum of the costs of the edges on a way to it.
    `has_untried` says that candidates are left to be tried. `estimate` is what a value function says, `visits` and
    `value` what MCTS notes.
    """

    number: int
    goals: tuple[Goal, ...]
    outside: int
    form: str
    key: str
    path: tuple[PathStep, ...]
    ancestors: frozenset[str]
    cost: float
    edges: list["Edge"] = field(factory=list)
    parents: list["Edge"] = field(factory=list)
    proof: "Edge | None" = None
    has_untried: bool = True
    estimate: float = 0.5
    visits: int = 0
    value: float = 0.5

    @property
    def goal(self) -> Goal:
        """The goal that tactics are run at."""
        return self.goals[0]

    @property
    def depth(self) -> int:
        """The number of tactics before this node."""
        return len(self.path)

    @property
    def is_shared(self) -> bool:
        """Whether a tactic here may assign a metavariable."""
        return len(self.goals) > 1 or self.goal.has_metavariable


@define(eq=False, kw_only=True)
class Edge:
    """A checked tactic at a node; without children it closes all of it. `cost` is on the scale of minus a score."""

    candidate: Candidate
    parent: GoalNode
    children: tuple[GoalNode, ...]
    cost: float
    is_banned: bool = False
    visits: int = 0
    total: float = 0.0

    @property
    def is_proved(self) -> bool:
        """Whether everything that it leaves is proved."""
        return not self.is_banned and all(child.proof is not None for child in self.children)


@define
class ProofTree:
    """All goals of one search. The roots are what is open at the site, all of which has to be proved.

    Without `merges_states` a state that is met again is a node of its own.
    """

    merges_states: bool = True
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

    def add_roots(self, goals: tuple[Goal, ...], outside: int) -> None:
        """Makes the roots; `outside` goals of the site stand behind them and are somebody else's."""
        roots = []
        for start, end in together(goals):
            path = (PathStep(text="skip", skipped=start),) if start else ()
            behind = outside + len(goals) - end
            roots.append(self._node(goals[start:end], behind, path, frozenset(), 0.0))
        self.roots = tuple(roots)

    def add_edge(
        self, parent: GoalNode, candidate: Candidate, goals: tuple[Goal, ...], cost: float
    ) -> tuple[GoalNode, ...] | None:
        """Adds a checked tactic and returns the children that are new; `goals` is what it left of the parent's.

        None, and no edge, if it leads in a circle or to the same goals as an edge that is there.
        """
        parts = together(goals)
        forms = [normal_form(goals[start:end]) for start, end in parts]
        lineage = parent.ancestors | {parent.form}
        if lineage.intersection(forms):
            return None
        wanted = frozenset(forms)
        if any(
            frozenset(child.form for child in edge.children) == wanted for edge in parent.edges if not edge.is_banned
        ):
            return None
        known = len(self._nodes)
        children: list[GoalNode] = []
        for start, end in parts:
            step = PathStep(text=candidate.text, skipped=start)
            behind = parent.outside + len(goals) - end
            children.append(self._node(goals[start:end], behind, (*parent.path, step), lineage, parent.cost + cost))
        new = tuple(child for child in dict.fromkeys(children) if child.number >= known)
        edge = Edge(candidate=candidate, parent=parent, children=tuple(children), cost=cost)
        parent.edges.append(edge)
        for child in children:
            child.parents.append(edge)
        self._propagate(edge)
        return new

    def viable(self) -> set[GoalNode]:
        """The nodes that are proved, or may still be: with candidates to try, or a tactic whose goals all are."""
        found = {node for node in self.nodes if node.proof is not None or node.has_untried}
        waiting = list(found)
        while waiting:
            for edge in waiting.pop().parents:
                if not edge.is_banned and edge.parent not in found and all(c in found for c in edge.children):
                    found.add(edge.parent)
                    waiting.append(edge.parent)
        return found

    def needed(self, viable: set[GoalNode]) -> set[GoalNode]:
        """The unproved nodes whose proof may still be part of one of the whole."""
        if any(root not in viable for root in self.roots):
            return set()
        waiting = [root for root in self.roots if root.proof is None]
        found = set(waiting)
        while waiting:
            for edge in waiting.pop().edges:
                if edge.is_banned or any(child not in viable for child in edge.children):
                    continue
                for child in edge.children:
                    if child.proof is None and child not in found:
                        found.add(child)
                        waiting.append(child)
        return found

    def replace_proof(self, node: GoalNode, candidate: Candidate) -> None:
        """Gives a proved node one tactic as its proof."""
        edge = Edge(candidate=candidate, parent=node, children=(), cost=-candidate.score)
        node.edges.append(edge)
        node.proof = edge

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

    def _node(
        self, goals: tuple[Goal, ...], outside: int, path: tuple[PathStep, ...], ancestors: frozenset[str], cost: float
    ) -> GoalNode:
        form = normal_form(goals)
        number = len(self._nodes)
        key = form if self.merges_states else f"{number}\n{form}"
        if key not in self._nodes:
            self._nodes[key] = GoalNode(
                number=number,
                goals=goals,
                outside=outside,
                form=form,
                key=key,
                path=path,
                ancestors=ancestors,
                cost=cost,
            )
        node = self._nodes[key]
        node.cost = min(node.cost, cost)
        return node

    def _propagate(self, edge: Edge) -> None:
        waiting = [edge]
        while waiting:
            current = waiting.pop()
            if current.parent.proof is None and current.is_proved:
                current.parent.proof = current
                waiting += current.parent.parents


def together(goals: Sequence[Goal]) -> list[tuple[int, int]]:
    """The parts that can be proved apart, as (start, end) in order; what stands between goals that share a
    metavariable goes with them."""
    parts: list[tuple[int, int, frozenset[str]]] = []
    shown = [frozenset(_untrailed(name) for name in goal.metavariables) for goal in goals]
    # A goal's own name counts only where it shows: `case cons` twice is no tie.
    tied = frozenset().union(*shown)
    for index, goal in enumerate(goals):
        start, names = index, shown[index] | (tied & {_own_name(goal)})
        while parts and any(part[2] & names for part in parts):
            last = parts.pop()
            start, names = last[0], names | last[2]
        parts.append((start, index + 1, names))
    return [(start, end) for start, end, _ in parts]


def lost_goals(before: Sequence[Goal], after: Sequence[Goal]) -> bool:
    """Whether a tactic at the first goal took others away that it cannot have proved.

    Only a goal that others show is settled by what is put in its place. Some tactics of early Leans (`trivial`) forget
    the goals behind the one that they close, and Lean says so at the end of the declaration alone.
    """
    shown = frozenset(_untrailed(name) for goal in before for name in goal.metavariables)
    stays = Counter(_own_name(goal) for goal in before[1:] if _own_name(goal) not in shown)
    return bool(stays - Counter(map(_own_name, after)))


def normal_form(goals: Sequence[Goal]) -> str:
    """A key that equal states share; what metavariables are called does not count."""
    numbers: dict[str, str] = {}
    text = "\n\n".join(goal.normal_form() for goal in goals)
    return METAVARIABLE.sub(lambda m: numbers.setdefault(m.group(), f"?{len(numbers)}"), text)


def replay(node: GoalNode) -> list[str]:
    """The tactic lines after which the node's first goal is the main goal."""
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


def _own_name(goal: Goal) -> str:
    """What other goals show where they mean this one: its case name, or something without a name."""
    return "?" if goal.case_name is None else _untrailed(f"?{goal.case_name}")


def _untrailed(name: str) -> str:
    """A metavariable's name without what copying goals put into it, "?" if it has none."""
    return "?" if name.startswith("?m.") else _TRAIL.sub("", name) or "?"
