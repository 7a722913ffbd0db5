"""Tactic blocks: the values that a body is read into. `block_reader` reads them."""

from enum import Enum

from attrs import frozen

from lean_sidekick.core.scanner import Token


class Opener(Enum):
    """What a tactic block follows."""

    BY = "by"
    ARROW = "arrow of an alternative, a case or conv"
    BULLET = "bullet"
    BRACKET = "bracket"
    COMBINATOR = "tactic that takes tactics"


@frozen(kw_only=True)
class Tactic:
    """One item of a tactic block, nested blocks included."""

    start: int
    end: int


@frozen(kw_only=True)
class TacticBlock:
    """A tactic block; `column` is that of its first tactic, None as long as it is empty.

    Lines of the block must stand further right than the column `floor`, and are usually indented from the column of
    the offset `anchor`, where the tactic, alternative or declaration around the block begins.
    """

    opener: Opener
    opener_start: int
    opener_end: int
    column: int | None
    tactics: tuple[Tactic, ...]
    floor: int
    anchor: int

    @property
    def end(self) -> int:
        """The offset just after the last tactic, or after the opener."""
        return self.tactics[-1].end if self.tactics else self.opener_end


@frozen(kw_only=True)
class Sorry:
    """A `sorry` or `admit`: the index of its token, and of the block that it is a tactic of (None for a term).

    `floor` and `anchor` are those of the block that a `by` in its place would open.
    """

    token: int
    block: int | None
    floor: int
    anchor: int


@frozen(kw_only=True)
class BlockTree:
    """All that was found in one body; blocks are in the order of their openers, outer before inner ones."""

    tokens: tuple[Token, ...]
    blocks: tuple[TacticBlock, ...]
    sorries: tuple[Sorry, ...]

    def around(self, token: Token) -> list[TacticBlock]:
        """The blocks that a token belongs to, outermost first; an empty block belongs to its opener."""
        return [
            block
            for block in self.blocks
            if (block.tactics and block.tactics[0].start <= token.start < block.end)
            or (not block.tactics and block.opener_start == token.start)
        ]
