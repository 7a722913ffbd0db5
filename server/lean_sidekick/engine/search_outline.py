"""What a search did, as a tree of bounded size: goals, the tactics that led on from them, and what became of both.

A trace that keeps the newest completion in memory, in a few words a candidate. The rows that are shown are the proof,
then the goals that the search held for the nearest; what stands below another goal already is named there only.
"""

import heapq
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import count, islice

from attrs import define, field, frozen

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.search.trace import BatchRun, Event, NodeEnded, NodeMet, SearchBegan

_TEXT_LENGTH = 400


class ItemKind(Enum):
    """What a row of the tree is."""

    GOAL = "goal"
    TACTIC = "tactic"


class ItemState(Enum):
    """What became of a goal, or of a tactic: a tactic is proved when all goals that it leaves are."""

    PROVED = "proved"
    OPEN = "open"
    STUCK = "stuck"
    UNTRIED = "untried"


@frozen(kw_only=True)
class OutlineItem:
    """One row; `parent` is the `id` of the row that it stands under, None at the root."""

    id: int
    parent: int | None
    kind: ItemKind
    state: ItemState
    text: str
    detail: str


@frozen(kw_only=True)
class Outline:
    """The tree, each row after the one that it stands under; `left_out` counts goals that were met and not shown.

    The detail of a goal is how many candidates were run at it, that of a tactic is its source.
    """

    declaration: str
    items: tuple[OutlineItem, ...]
    left_out: int


@define(kw_only=True)
class _Edge:
    text: str
    source: str
    children: tuple[int, ...]


@define(kw_only=True)
class _Node:
    text: str
    cost: float
    is_root: bool
    run: int = 0
    waiting: int | None = None
    is_proved: bool = False
    edges: list[_Edge] = field(factory=list)
    timed_out: int = 0


@define
class _Search:
    nodes: dict[int, _Node] = field(factory=dict)

    def settle(self) -> None:
        """Proved is what the trace says, and what its edges show where it does not say so yet."""
        is_changing = True
        while is_changing:
            is_changing = False
            for node in self.nodes.values():
                if not node.is_proved and any(self.is_proved(edge) for edge in node.edges):
                    node.is_proved = is_changing = True

    def is_proved(self, edge: _Edge) -> bool:
        return all(child in self.nodes and self.nodes[child].is_proved for child in edge.children)


@define
class SearchOutline:
    """A trace (see `search.trace.Trace`) of one completion, which searches each hole of its declaration apart."""

    declaration: str = field(default="", init=False)
    _searches: list[_Search] = field(factory=list, init=False)

    def write(self, event: Event) -> None:
        """Takes one event."""
        if isinstance(event, SearchBegan):
            self.declaration = event.declaration
            self._searches.append(_Search())
            return
        if not self._searches:
            return
        nodes = self._searches[-1].nodes
        match event:
            case NodeMet():
                nodes[event.node] = _Node(text=_targets(event.goals), cost=event.cost, is_root=event.is_root)
            case BatchRun() if event.node in nodes:
                _take(nodes[event.node], event)
            case NodeEnded() if event.node in nodes:
                nodes[event.node].is_proved |= event.is_proved

    def outline(self, limit: int) -> Outline:
        """The tree in at most `limit` rows, all searches together."""
        items: list[OutlineItem] = []
        left_out = 0
        ids = count()
        for search in self._searches:
            search.settle()
            shown = _chosen(search, max(1, (limit - len(items)) // 2))
            items.extend(islice(_rows(search, shown, ids), limit - len(items)))
            left_out += len(search.nodes) - len(shown)
        return Outline(declaration=self.declaration, items=tuple(items), left_out=left_out)


def _take(node: _Node, batch: BatchRun) -> None:
    node.run += len(batch.candidates)
    node.waiting = batch.waiting
    node.timed_out += sum(one.outcome == OutcomeKind.TIMED_OUT.value for one in batch.candidates)
    node.edges.extend(
        _Edge(text=_cut(one.text), source=one.source, children=one.children)
        for one in batch.candidates
        if one.children is not None
    )


def _chosen(search: _Search, limit: int) -> set[int]:
    """The goals that are shown: from the roots on, proved ones first, then by what the search would have taken next."""
    chosen: set[int] = set()
    order = count()
    waiting: list[tuple[bool, float, int, int]] = []

    def offer(number: int) -> None:
        node = search.nodes.get(number)
        if node is not None and number not in chosen:
            heapq.heappush(waiting, (not node.is_proved, node.cost, next(order), number))

    for number, node in search.nodes.items():
        if node.is_root:
            offer(number)
    while waiting and len(chosen) < limit:
        number = heapq.heappop(waiting)[-1]
        if number in chosen:
            continue
        chosen.add(number)
        for edge in search.nodes[number].edges:
            for child in edge.children:
                offer(child)
    return chosen


def _rows(search: _Search, chosen: set[int], ids: Iterator[int]) -> Iterator[OutlineItem]:
    """The rows of one search, depth first; without recursion, since a proof may be hundreds of steps deep."""
    drawn: set[int] = set()
    roots = [number for number in chosen if search.nodes[number].is_root]
    stack: list[tuple[int | None, int | _Edge]] = [(None, number) for number in sorted(roots, reverse=True)]
    while stack:
        parent, what = stack.pop()
        row = next(ids)
        if isinstance(what, _Edge):
            yield OutlineItem(
                id=row,
                parent=parent,
                kind=ItemKind.TACTIC,
                state=ItemState.PROVED if search.is_proved(what) else ItemState.OPEN,
                text=what.text,
                detail=what.source,
            )
            stack.extend((row, child) for child in reversed(what.children) if child in chosen)
            continue
        node = search.nodes[what]
        is_again = what in drawn
        drawn.add(what)
        yield OutlineItem(
            id=row,
            parent=parent,
            kind=ItemKind.GOAL,
            state=_state(node),
            text=node.text,
            detail="the same as above" if is_again else _detail(node),
        )
        if not is_again:
            edges = [e for e in node.edges if not e.children or any(child in chosen for child in e.children)]
            edges.sort(key=lambda edge: not search.is_proved(edge))
            stack.extend((row, edge) for edge in reversed(edges))


def _state(node: _Node) -> ItemState:
    if node.is_proved:
        return ItemState.PROVED
    if not node.run:
        return ItemState.UNTRIED
    return ItemState.OPEN if node.edges or node.waiting else ItemState.STUCK


def _detail(node: _Node) -> str:
    if not node.run:
        return "never tried"
    late = f", {node.timed_out} timed out" if node.timed_out else ""
    return f"{node.run} run{late}" + ("" if node.is_proved or node.edges or node.waiting else ", nothing helped")


def _targets(goals: Sequence[str]) -> str:
    return _cut("   ".join(f"⊢ {parse_goal(goal).target}" for goal in goals))


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _TEXT_LENGTH else flat[: _TEXT_LENGTH - 1] + "…"
