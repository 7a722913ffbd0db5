"""From a proved tree to the tactic block that a person would write. Pure.

One goal left: the next tactic follows on its own line. Several: one bullet each, or, where the tactic writes its
alternatives out with holes (`| zero => ?_`), each proof stands under its alternative. Goals that share metavariables
follow one another without bullets, since a tactic at one may change the next.
"""

import re
from collections.abc import Callable

from attrs import frozen

from lean_sidekick.core.render import indent
from lean_sidekick.search.tree import Edge, GoalNode

PLACEHOLDER = "sorry"
_HOLE = re.compile(r"=> \?\w+$", re.MULTILINE)
_ONE_LINE = re.compile(r" (?=\| [^|\n]* => \?\w+(?= \||$))", re.MULTILINE)


@frozen(kw_only=True)
class Part:
    """The block for one node; it can stand under a bullet if the node is one goal."""

    block: str
    can_be_bulleted: bool


def proof_block(roots: tuple[GoalNode, ...]) -> str:
    """The block that proves all roots, in order; every one of them has to be proved."""
    if any(root.proof is None for root in roots):
        raise ValueError("a goal of the tree has no proof")
    return chosen_block(roots, lambda node: node.proof)


def chosen_block(roots: tuple[GoalNode, ...], choice: Callable[[GoalNode], Edge | None]) -> str:
    """The block with the chosen tactic at each node, and a placeholder for each goal where none is chosen."""

    def part(node: GoalNode) -> Part:
        edge = choice(node)
        if edge is None:
            block = "\n".join([PLACEHOLDER] * len(node.goals))
        else:
            block = join(edge.candidate.text, [part(child) for child in edge.children])
        return Part(block=block, can_be_bulleted=len(node.goals) == 1)

    return "\n".join(_apart([part(root) for root in roots]))


def join(tactic: str, parts: list[Part]) -> str:
    """A tactic with the proofs of what it leaves."""
    spread = _ONE_LINE.sub("\n", tactic)
    is_apart = all(part.can_be_bulleted for part in parts)
    if parts and is_apart and len(_HOLE.findall(spread)) == len(parts):
        rest = iter(parts)
        return _HOLE.sub(lambda _: _alternative(next(rest).block), spread)
    return "\n".join([tactic, *_apart(parts)])


def _apart(parts: list[Part]) -> list[str]:
    if len(parts) == 1:
        return [parts[0].block]
    return [_bullet(part.block) if part.can_be_bulleted else part.block for part in parts]


def _bullet(block: str) -> str:
    return "· " + indent(block, "  ")[2:]


def _alternative(block: str) -> str:
    if "\n" not in block:
        return f"=> {block}"
    return "=>\n" + indent(block, "  ")
