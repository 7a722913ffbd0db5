"""Proof sites: the places in a declaration where a tactic can stand.

A site carries the whole text that it was found in, so that a shadow document and an edit can be made
from it alone. No I/O, no Lean: whether goals are left at a site is for Lean to say.
"""

from enum import Enum

from attrs import frozen

from lean_sidekick.core.positions import Position, TextMap


class Hole(Enum):
    """What stands at a site."""

    UNFINISHED_BLOCK = "unfinished block"
    EMPTY_BY = "empty by"
    TACTIC_SORRY = "sorry tactic"
    TERM_SORRY = "sorry term"


@frozen(kw_only=True)
class Declaration:
    """A declaration of a file, by offsets into its text.

    `start` is where the command begins (doc comment, attributes, modifiers, `open … in`), `keyword_start`
    the `theorem`/`def`/…, `end` just after its last token. `name` is as written; `full_name` has the
    namespaces before it; both are None for `example` and anonymous instances.
    `body_start` is the offset just after its `:=` (or `where`, or before the first `|`), None if it has none.
    """

    keyword: str
    name: str | None
    full_name: str | None
    start: int
    keyword_start: int
    body_start: int | None
    end: int
    is_private: bool
    is_mutual: bool

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.full_name or f"{self.keyword} (no name)"


@frozen(kw_only=True)
class ProofSite:
    """A place where tactics go.

    A suggestion replaces the offsets `start` to `end` of `text` (and the blanks before them, where it moves to a new
    line); both may lie behind the end of the declaration, after comments or on a blank line. `indentation` is the
    blank text before each tactic line that starts a line of its own.

    `is_inline` says that the hole follows `by`, `=>` or the like on its line, so that several lines must begin on a
    new one. `is_bullet` says that it is the first thing after a bullet or opening bracket, or that the tactics below
    align with it, so that further lines do too. `needs_parentheses` says that several tactics have to be put in
    parentheses (after `<;>` or `;`, before more code on the line, in braces), or a `by` in the place of a term.
    `is_conv` says that it stands in a `conv` block, whose tactics are others.
    """

    uri: str
    version: int
    text: str
    declaration: Declaration
    hole: Hole
    start: int
    end: int
    indentation: str
    is_inline: bool = False
    is_bullet: bool = False
    needs_parentheses: bool = False
    is_conv: bool = False

    @property
    def position(self) -> Position:
        """Where the hole begins, in protocol units."""
        return TextMap(self.text).position(self.start)
