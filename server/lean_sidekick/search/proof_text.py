"""From a proved tree to the tactic block that a person would write. Pure.

One goal left: the next tactic follows on its own line. Several: one bullet each, or, where the tactic writes its
alternatives out with holes (`| zero => ?_`), each proof stands under its alternative.
"""

import re

from lean_sidekick.core.render import indent
from lean_sidekick.search.tree import GoalNode

_HOLE = re.compile(r"=> \?\w+$", re.MULTILINE)
_ONE_LINE = re.compile(r" (?=\| [^|\n]* => \?\w+(?= \||$))", re.MULTILINE)


def proof_block(roots: tuple[GoalNode, ...]) -> str:
    """The block that proves all roots, in order; every one of them has to be proved."""
    blocks = [_block(root) for root in roots]
    return blocks[0] if len(blocks) == 1 else "\n".join(_bullet(block) for block in blocks)


def _block(node: GoalNode) -> str:
    if node.proof is None:
        raise ValueError("a goal of the tree has no proof")
    return join(node.proof.candidate.text, [_block(child) for child in node.proof.children])


def join(tactic: str, blocks: list[str]) -> str:
    """A tactic with the proofs of the goals that it leaves."""
    spread = _ONE_LINE.sub("\n", tactic)
    if blocks and len(_HOLE.findall(spread)) == len(blocks):
        rest = iter(blocks)
        return _HOLE.sub(lambda _: _alternative(next(rest)), spread)
    if len(blocks) == 1:
        return f"{tactic}\n{blocks[0]}"
    return "\n".join([tactic, *(_bullet(block) for block in blocks)])


def _bullet(block: str) -> str:
    return "· " + indent(block, "  ")[2:]


def _alternative(block: str) -> str:
    if "\n" not in block:
        return f"=> {block}"
    return "=>\n" + indent(block, "  ")
