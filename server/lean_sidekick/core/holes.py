"""The holes of a file: every place where `sorry`, `admit` or an empty `by` waits for a proof.

A body that is `_` or `?_` as a whole is one too, and so is a `by` with nothing but `_`, `?_` or empty braces: Lean
takes none of them for a proof. A `_` further inside is left alone, since Lean may find what it stands for. Found in
the text alone, so only what stands there is found: whether Lean agrees that a goal is left is for Lean to say. Holes in
statements, comments, strings and quotations do not count.
"""

import re
from bisect import bisect_left

from attrs import field, frozen

from lean_sidekick.core.block_reader import read_blocks
from lean_sidekick.core.blocks import BlockTree, Opener, Sorry, Tactic, TacticBlock
from lean_sidekick.core.declarations import Outline
from lean_sidekick.core.scanner import Scan, Token, TokenKind
from lean_sidekick.core.sites import Declaration, Hole, ProofSite

_INDENT = "  "
# Blanks up to the end of the line, and the lines below that hold blanks and nothing else.
_BLANK_LINES = re.compile(r"[ \t]*(?:\r?\n(?P<blank>[ \t]+)(?=\r?\n|\Z))*")
# `tactic =>` leads out of a `conv` block again.
_CONV = re.compile(r"(?P<conv>conv(?:_lhs|_rhs|')?)(?![\w.'])|tactic'?(?![\w.'])")

_BLANKS = (("_",), ("?", "_"))
_NO_TACTICS = (*_BLANKS, ("{", "}"))

_VALUES = (TokenKind.IDENTIFIER, TokenKind.NUMBER, TokenKind.STRING, TokenKind.CHARACTER, TokenKind.CLOSE)


@frozen(kw_only=True)
class LocatedHole:
    """A hole with the offsets of what a person sees of it: the `sorry`, or the `by` that nothing follows."""

    start: int
    end: int
    site: ProofSite


@frozen(kw_only=True)
class OpenDeclaration:
    """A declaration of one version of a document with the tactic blocks in it."""

    uri: str
    version: int
    scan: Scan
    declaration: Declaration
    tree: BlockTree = field(init=False, repr=False, eq=False)
    _tactics: dict[int, tuple[TacticBlock, Tactic]] = field(init=False, repr=False, eq=False)

    @tree.default
    def _read_tree(self) -> BlockTree:
        return read_blocks(self.scan, self.declaration)

    @_tactics.default
    def _list_tactics(self) -> dict[int, tuple[TacticBlock, Tactic]]:
        return {tactic.start: (block, tactic) for block in self.tree.blocks for tactic in block.tactics}

    @property
    def text(self) -> str:
        """The whole text of the document."""
        return self.scan.text

    def holes(self) -> tuple[LocatedHole, ...]:
        """Its holes in the order of the text."""
        found = [self._sorry_hole(sorry) for sorry in self.tree.sorries]
        for block in self.tree.blocks:
            if block.opener is not Opener.BY:
                continue
            if blank := self._blank_after(block):
                site = self._filled_by_site(block, blank)
                found.append(LocatedHole(start=block.opener_start, end=site.end, site=site))
            elif not block.tactics:
                site = self.empty_by_site(block)
                found.append(LocatedHole(start=block.opener_start, end=block.opener_end, site=site))
        if tuple(token.text for token in self.tree.tokens) in _BLANKS:
            found.append(self._blank_body())
        return tuple(sorted(found, key=lambda hole: hole.start))

    def site(
        self,
        hole: Hole,
        start: int,
        end: int,
        indentation: str,
        *,
        is_inline: bool = False,
        is_bullet: bool = False,
        needs_parentheses: bool = False,
        block: TacticBlock | None = None,
    ) -> ProofSite:
        """A site in this declaration; `block` is the one that it goes on with, None for a term."""
        return ProofSite(
            uri=self.uri,
            version=self.version,
            text=self.text,
            declaration=self.declaration,
            hole=hole,
            start=start,
            end=end,
            indentation=indentation,
            is_inline=is_inline,
            is_bullet=is_bullet,
            needs_parentheses=needs_parentheses,
            is_conv=block is not None and self._is_conv(block),
        )

    def _is_conv(self, block: TacticBlock) -> bool:
        """Whether a block's tactics are those of `conv`, as the nearest `conv … =>`, `tactic =>` or `by` says."""
        around = [b for b in self.tree.blocks if b.opener_end <= block.opener_start and block.end <= b.end]
        for outer in reversed([*around, block]):
            if outer.opener is Opener.BY:
                return False
            if outer.opener is Opener.ARROW and (head := _CONV.match(self.text, outer.anchor)):
                return head["conv"] is not None
        return False

    def indentation(self, block: TacticBlock) -> str:
        """The blank text before a line of a block that begins with a tactic."""
        if block.tactics:
            return self._blank_up_to(block.tactics[0].start)
        return self._indentation_from(block.anchor, block.floor)

    def after_comments(self, offset: int, column: int) -> int:
        """The offset after the comments that follow: on the same line, or on lines of their own right of a column."""
        done = offset
        line_end = _line_end(self.text, offset)
        for token in self.scan.tokens(offset, len(self.text)):
            line_start = _line_start(self.text, token.start)
            is_deeper = token.start - line_start > column and not self.text[line_start : token.start].strip()
            if token.kind is not TokenKind.COMMENT or not (token.start < line_end or is_deeper):
                break
            done = token.end
        return done

    def next_on_line(self, offset: int) -> Token | None:
        """The next code token, if it stands on the same line."""
        index = bisect_left(self.tree.tokens, offset, key=lambda token: token.start)
        if index == len(self.tree.tokens) or self.tree.tokens[index].start >= _line_end(self.text, offset):
            return None
        return self.tree.tokens[index]

    def empty_by_site(self, block: TacticBlock) -> ProofSite:
        """The hole behind a `by` with nothing in it."""
        indentation = self.indentation(block)
        following = self.next_on_line(block.opener_end)
        if following is not None:
            end = following.start if following.kind is TokenKind.CLOSE else block.opener_end
            return self.site(Hole.EMPTY_BY, block.opener_end, end, indentation, is_inline=True, block=block)
        start = self.after_comments(block.opener_end, len(self._blank_up_to(block.anchor)))
        swallowed = _BLANK_LINES.match(self.text, start)
        assert swallowed is not None
        blank = swallowed["blank"] or ""
        if len(blank) > len(indentation):
            indentation = blank
        return self.site(Hole.EMPTY_BY, start, swallowed.end(), indentation, block=block)

    def _blank_after(self, block: TacticBlock) -> tuple[Token, ...]:
        """The `_`, `?_` or `{ }` that stands in the place of all tactics of a `by`; none if anything else does."""
        tokens = self.tree.tokens
        index = bisect_left(tokens, block.opener_end, key=lambda token: token.start)
        for texts in _NO_TACTICS:
            end = index + len(texts)
            if tuple(token.text for token in tokens[index:end]) != texts:
                continue
            following = self.next_on_line(tokens[end - 1].end)
            if following is None or following.kind is TokenKind.CLOSE:
                return tokens[index:end]
        return ()

    def _filled_by_site(self, block: TacticBlock, blank: tuple[Token, ...]) -> ProofSite:
        """The hole behind a `by` that takes the place of what is no tactic."""
        indentation = self._indentation_from(block.anchor, block.floor)
        return self.site(Hole.EMPTY_BY, block.opener_end, blank[-1].end, indentation, is_inline=True, block=block)

    def _blank_body(self) -> LocatedHole:
        """The hole in the place of a body that is `_` or `?_`."""
        start, end = self.tree.tokens[0].start, self.tree.tokens[-1].end
        starts_line = not self.text[_line_start(self.text, start) : start].strip()
        indentation = self._indentation_from(start if starts_line else self.declaration.start, 0)
        site = self.site(Hole.TERM_SORRY, start, end, indentation)
        return LocatedHole(start=start, end=end, site=site)

    def _sorry_hole(self, sorry: Sorry) -> LocatedHole:
        site = self._sorry_site(sorry)
        return LocatedHole(start=site.start, end=site.end, site=site)

    def _sorry_site(self, sorry: Sorry) -> ProofSite:
        token = self.tree.tokens[sorry.token]
        if sorry.block is not None:
            return self._tactic_site(self.tree.blocks[sorry.block], sorry.token, token.end)
        if sorry.token and self.tree.tokens[sorry.token - 1].text == "exact":
            # `exact sorry` is how Leans without a `sorry` tactic write it.
            block, tactic = self._tactics.get(self.tree.tokens[sorry.token - 1].start, (None, None))
            if block is not None and tactic is not None and tactic.end == token.end:
                return self._tactic_site(block, sorry.token - 1, token.end)
        return self.site(
            Hole.TERM_SORRY,
            token.start,
            token.end,
            self._indentation_from(sorry.anchor, sorry.floor),
            needs_parentheses=self._is_operand(sorry),
        )

    def _tactic_site(self, block: TacticBlock, token_index: int, end: int) -> ProofSite:
        start = self.tree.tokens[token_index].start
        previous = self.tree.tokens[token_index - 1].text if token_index else ":="
        following = self.next_on_line(end)
        is_followed = following is not None and following.kind is not TokenKind.CLOSE and following.text != ","
        # Old Leans do not separate the lines inside braces.
        is_in_braces = self.text[block.opener_start] == "{"
        needs_parentheses = previous in ("<;>", ";") or is_followed or is_in_braces
        starts_line = not self.text[_line_start(self.text, start) : start].strip()
        is_first = not starts_line and block.tactics[0].start == start
        # What already stands below in the block keeps its column, so further lines go there too.
        is_bullet = is_first and (block.opener in (Opener.BULLET, Opener.BRACKET) or len(block.tactics) > 1)
        is_inline = is_first and not is_bullet
        if is_inline and not needs_parentheses:
            indentation = self._indentation_from(block.anchor, block.floor)
        else:
            indentation = self._blank_up_to(start)
        return self.site(
            Hole.TACTIC_SORRY,
            start,
            end,
            indentation,
            is_inline=is_inline,
            is_bullet=is_bullet,
            needs_parentheses=needs_parentheses,
            block=block,
        )

    def _is_operand(self, sorry: Sorry) -> bool:
        """Whether a `by` in the place of a `sorry` term needs parentheses around it."""
        tokens = self.tree.tokens
        if sorry.token:
            previous = tokens[sorry.token - 1]
            is_value = previous.kind in _VALUES or previous.text == "sorry"
            if is_value and previous.start not in self._tactics:
                return True
        if sorry.token + 1 == len(tokens):
            return False
        following = tokens[sorry.token + 1]
        if (
            following.kind is TokenKind.CLOSE
            or following.text in (",", "else", "|")
            or following.start in self._tactics
        ):
            return False
        is_on_line = self.next_on_line(tokens[sorry.token].end) is not None
        return is_on_line or following.start - _line_start(self.text, following.start) > sorry.floor

    def _indentation_from(self, anchor: int, floor: int) -> str:
        indentation = self._blank_up_to(anchor) + _INDENT
        return indentation + " " * max(0, floor + len(_INDENT) - len(indentation))

    def _blank_up_to(self, offset: int) -> str:
        """As much blank text as stands before an offset on its line, tabs kept."""
        return re.sub(r"[^\t]", " ", self.text[_line_start(self.text, offset) : offset])


def find_holes(text: str, uri: str, version: int) -> tuple[ProofSite, ...]:
    """All holes of a text in order."""
    outline = Outline(text)
    return tuple(
        hole.site
        for declaration in outline.declarations()
        for hole in OpenDeclaration(uri=uri, version=version, scan=outline.scan, declaration=declaration).holes()
    )


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end
