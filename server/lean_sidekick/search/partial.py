"""The best unfinished state of a search. Pure.

Every goal has a price: nothing if it is proved, else the lower of what it is estimated at and of what the best tactic
there leaves, so that the state chosen is the one whose open goals look easiest. A tactic some of whose goals are proved
costs less: half a proof is worth more than a goal that looks easier.
"""

import math

from attrs import frozen

from lean_sidekick.search.proof_text import Step, chosen_steps
from lean_sidekick.search.tree import Edge, GoalNode, ProofTree

_STEP = 0.05
_LEAST = 0.1
_WITH_PROVED = 0.6
_PASSES = 30


@frozen(kw_only=True)
class BestState:
    """The tactic chosen at each node that has one, the goals it leaves open, and how many goals were proved."""

    choices: dict[int, Edge]
    open_goals: tuple[GoalNode, ...]
    goals_proved: int

    def steps(self, roots: tuple[GoalNode, ...]) -> tuple[Step, ...]:
        """The tactics, with placeholders."""
        return chosen_steps(roots, lambda node: node.proof or self.choices.get(node.number))


def best_state(tree: ProofTree) -> BestState:
    """The unfinished state with the lowest price."""
    choices = _choices(list(tree.nodes))
    open_goals: list[GoalNode] = []
    proved = 0

    def visit(node: GoalNode, above: frozenset[int]) -> None:
        nonlocal proved
        edge = choices.get(node.number)
        if node.proof is not None:
            proved += 1
        elif edge is None or any(child.number in above for child in edge.children):
            choices.pop(node.number, None)  # it would lead in a circle
            open_goals.append(node)
        else:
            for child in edge.children:
                visit(child, above | {node.number, child.number})

    for root in tree.roots:
        visit(root, frozenset([root.number]))
    return BestState(choices=choices, open_goals=tuple(open_goals), goals_proved=proved)


def _choices(nodes: list[GoalNode]) -> dict[int, Edge]:
    """The tactic at each unproved goal that makes its price lowest, if one makes it lower than the goal's own."""
    price = {n.number: max(_LEAST, -math.log(n.estimate)) * len(n.goals) for n in nodes}
    price.update({n.number: 0.0 for n in nodes if n.proof is not None})
    choices: dict[int, Edge] = {}
    for _ in range(_PASSES):
        changed = False
        for node in reversed(nodes):
            for edge in node.edges if node.proof is None else ():
                cost = sum(price[child.number] for child in edge.children)
                if any(child.proof is not None for child in edge.children):
                    cost *= _WITH_PROVED
                if not edge.is_banned and cost + _STEP < price[node.number] - 1e-6:
                    price[node.number], choices[node.number], changed = cost + _STEP, edge, True
        if not changed:
            break
    return choices
