"""The tactics of finished proofs in a text: where each stands, and its text by itself.

A proof counts as finished here if it has tactics and no `sorry` or empty block; whether Lean accepts it is for Lean to
say. Pure.
"""

import hashlib

from attrs import frozen

from lean_sidekick.core.block_reader import read_blocks
from lean_sidekick.core.declarations import Outline
from lean_sidekick.core.scanner import Scan
from lean_sidekick.core.sites import Declaration


@frozen(kw_only=True)
class WrittenStep:
    """A tactic as it stands in a text from `offset` on; `text` begins at column 0 and has no comments."""

    offset: int
    text: str


@frozen(kw_only=True)
class FinishedProof:
    """The tactics of one declaration in the order of the text, outer before inner ones; `fingerprint` is that of its
    text."""

    declaration: Declaration
    steps: tuple[WrittenStep, ...]
    fingerprint: str


def finished_proofs(text: str, end: int) -> tuple[FinishedProof, ...]:
    """The finished proofs of the declarations that end at or before an offset, in order."""
    outline = Outline(text)
    found = []
    for declaration in outline.declarations():
        if declaration.end > end:
            break
        tree = read_blocks(outline.scan, declaration)
        if tree.sorries or any(not block.tactics for block in tree.blocks):
            continue
        steps = {
            tactic.start: WrittenStep(offset=tactic.start, text=_own_text(outline.scan, tactic.start, tactic.end))
            for block in tree.blocks
            for tactic in block.tactics
        }
        if steps:
            found.append(
                FinishedProof(
                    declaration=declaration,
                    steps=tuple(steps[start] for start in sorted(steps)),
                    fingerprint=hashlib.sha256(text[declaration.start : declaration.end].encode()).hexdigest(),
                )
            )
    return tuple(found)


def _own_text(scan: Scan, start: int, end: int) -> str:
    """A tactic without comments; its further lines are moved left by the column that it begins at."""
    column = start - (scan.text.rfind("\n", 0, start) + 1)
    lines = [line.rstrip() for line in scan.without_comments(start, end).split("\n")]
    rest = [line[min(column, len(line) - len(line.lstrip())) :] for line in lines[1:] if line]
    return "\n".join([lines[0], *rest])
