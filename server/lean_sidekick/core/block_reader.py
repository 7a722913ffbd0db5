"""Reads the tactic blocks in the body of a declaration from its tokens and their columns.

Lean's layout rules are followed as far as they decide where a block begins and ends: the first tactic gives the column
of its block, a line further left ends it, brackets suspend the rule, and `|` belongs to the innermost group of
alternatives that does not begin to the right of it. Terms are not parsed. Any text is accepted; where it is unfinished,
the result is what the columns suggest. One pass, whose time is linear as long as nothing nests hundreds deep.
"""

from collections.abc import Callable
from enum import Enum

from attrs import define, field

from lean_sidekick.core.blocks import BlockTree, Opener, Sorry, Tactic, TacticBlock
from lean_sidekick.core.layout import PlacedToken, first_on_line, place_tokens
from lean_sidekick.core.scanner import Scan, Token, TokenKind, words
from lean_sidekick.core.sites import Declaration


def read_blocks(scan: Scan, declaration: Declaration) -> BlockTree:
    """The tactic blocks in the body of a declaration; none if it has no body."""
    if declaration.body_start is None:
        return BlockTree(tokens=(), blocks=(), sorries=())
    placed = place_tokens(scan, declaration.body_start, declaration.end)
    is_where = scan.code.endswith("where", declaration.keyword_start, declaration.body_start)
    return _Reader(scan.code, placed, first_on_line(scan.code, declaration.keyword_start), is_where).read()


_COMBINATORS = frozenset(
    words(
        "all_goals any_goals allGoals anyGoals try repeat repeat' repeat1 repeat1' focus iterate show_term "
        "fail_if_success success_if_fail"
    )
)
_CHOICES = frozenset({"first", "solve"})
_BEGINS_WITH_PATTERN = frozenset({"obtain", "case", "case'"})
_TAKES_ALTERNATIVES = frozenset({"induction", "cases", "match", "intro"})
_STARTER_KEYWORDS = frozenset(
    words("have let show match if calc suffices open set_option try for nomatch sorry exists unless return")
)
_BINDERS = frozenset(words("∀ ∃ Σ Π ∑ ∏ ⋃ ⋂ ⨆ ⨅ ∫ ⨁ forall exists"))
_TAILS = frozenset({"where", "termination_by", "decreasing_by", "deriving"})
_NO_FLOOR = -1


class _Kind(Enum):
    ROOT = "the body"
    BRACKET = "inside brackets"
    BLOCK = "tactic block"
    ALTERNATIVES = "alternatives"
    LINES = "fields of a structure or items of a do block"


@define(kw_only=True, eq=False)
class _Frame:
    """Something that is open; `column` is None until its first token is seen, and always for brackets.

    The numbers count words since the start of the current item whose partner (`=>`, `else`, `;`, `with`, `,`) is
    still to come. `inner_bracket` and `inner_block` are the nearest frames of these kinds from here outwards, this one
    included. `awaits_arrow` says that the pattern of an alternative is being read, `reads_pattern` that a tactic's own
    pattern is, in which `|` separates no alternatives.
    """

    kind: _Kind
    inner_bracket: "_Frame | None" = None
    inner_block: "_Frame | None" = None
    column: int | None = None
    item_start: int = 0
    block: int = -1
    head: str = ""
    has_arrows: bool = False
    takes_tactics: bool = False
    awaits_arrow: bool = False
    is_separated: bool = False
    is_quotation: bool = False
    reads_pattern: bool = False
    funs: int = 0
    ifs: int = 0
    lets: int = 0
    matches: int = 0
    binders: int = 0

    def begin_item(self, start: int, head: str) -> None:
        """Forgets what the last tactic, alternative or line still waited for."""
        self.item_start, self.head, self.is_separated = start, head, False
        self.reads_pattern = head in _BEGINS_WITH_PATTERN
        self.funs = self.ifs = self.lets = self.matches = self.binders = 0


@define(kw_only=True)
class _OpenBlock:
    opener: Opener
    token: Token
    floor: int
    anchor: int
    column: int | None = None
    tactics: list[Tactic] = field(factory=list)
    tactic_start: int | None = None

    def end_tactic(self, end: int) -> None:
        if self.tactic_start is not None:
            self.tactics.append(Tactic(start=self.tactic_start, end=end))
            self.tactic_start = None

    def close(self) -> TacticBlock:
        return TacticBlock(
            opener=self.opener,
            opener_start=self.token.start,
            opener_end=self.token.end,
            column=self.column,
            tactics=tuple(self.tactics),
            floor=self.floor,
            anchor=self.anchor,
        )


class _Reader:
    """One pass over the tokens of a body with a stack of what is open."""

    def __init__(self, code: str, placed: list[PlacedToken], declaration_start: int, is_where: bool) -> None:
        self._code = code
        self._placed = placed
        self._stack = [_Frame(kind=_Kind.ROOT, item_start=declaration_start)]
        self._blocks: list[_OpenBlock] = []
        self._sorries: list[Sorry] = []
        self._quotations = 0
        self._index = 0
        if is_where:
            self._push(_Frame(kind=_Kind.LINES))

    def read(self) -> BlockTree:
        for index, placed in enumerate(self._placed):
            self._index = index
            if placed.is_first:
                self._close_by_layout(placed.token)
            self._begin_pending(placed.token)
            self._read(placed.token)
        self._index = len(self._placed)
        self._pop_to(self._stack[0])
        return BlockTree(
            tokens=tuple(placed.token for placed in self._placed),
            blocks=tuple(block.close() for block in self._blocks),
            sorries=tuple(self._sorries),
        )

    # What is known of a token's place.

    @property
    def _here(self) -> PlacedToken:
        return self._placed[self._index]

    def _previous(self) -> str:
        return self._placed[self._index - 1].token.text if self._index else ":="

    def _can_start_tactic(self, token: Token) -> bool:
        text = token.text
        if token.kind is TokenKind.IDENTIFIER:
            return text != "_"
        if token.kind is TokenKind.KEYWORD:
            return text in _STARTER_KEYWORDS
        if text == ".":
            return not self._code[token.end : token.end + 1].strip()
        return text in ("·", "(", "{") or (text[0] == "#" and len(text) > 1)

    def _floor(self) -> int:
        for frame in reversed(self._stack):
            if frame.kind in (_Kind.ROOT, _Kind.BRACKET):
                break
            if frame.column is not None:
                return frame.column
        return _NO_FLOOR

    def _anchor(self) -> int:
        """What the lines of a block that opens at the current token are indented from."""
        line_first = self._here.line_first
        if self._here.is_first:
            return line_first
        if self._stack[-1].kind is not _Kind.BRACKET and self._previous() in (":=", "=>", "↦", "from"):
            return self._stack[-1].item_start
        block = self._stack[-1].inner_block
        return max(line_first, block.item_start if block else 0)

    # The stack.

    def _push(self, frame: _Frame) -> None:
        top = self._stack[-1]
        frame.inner_bracket = frame if frame.kind is _Kind.BRACKET else top.inner_bracket
        frame.inner_block = frame if frame.kind is _Kind.BLOCK else top.inner_block
        self._quotations += frame.is_quotation
        self._stack.append(frame)

    def _push_block(self, opener: Opener, token: Token, floor: int, anchor: int) -> None:
        self._blocks.append(_OpenBlock(opener=opener, token=token, floor=floor, anchor=anchor))
        self._push(_Frame(kind=_Kind.BLOCK, block=len(self._blocks) - 1))

    def _pop(self) -> None:
        frame = self._stack.pop()
        self._quotations -= frame.is_quotation
        if frame.kind is _Kind.BLOCK:
            self._end_tactic(frame)

    def _pop_to(self, frame: _Frame) -> None:
        while self._stack[-1] is not frame:
            self._pop()

    def _end_tactic(self, frame: _Frame) -> None:
        last = self._index - 1
        if frame.is_separated and last > 0:
            last -= 1
        self._blocks[frame.block].end_tactic(self._placed[last].token.end)

    def _nearest(self, is_wanted: Callable[[_Frame], bool]) -> _Frame | None:
        """The innermost frame of a sort; brackets hide what is outside them, but may be wanted themselves."""
        for frame in reversed(self._stack):
            if is_wanted(frame):
                return frame
            if frame.kind is _Kind.BRACKET:
                break
        return None

    def _is_pending(self) -> bool:
        return self._stack[-1].kind is _Kind.BLOCK and self._stack[-1].column is None

    # Layout.

    def _close_by_layout(self, token: Token) -> None:
        column = self._here.column
        if token.text == "|":
            if self._previous() in ("with", "fun", "λ", "intro") or self._previous() in _CHOICES:
                return
            group = self._nearest(
                lambda f: f.kind is _Kind.ALTERNATIVES and f.column is not None and f.column <= column
            )
            if group is not None:
                self._pop_to(group)
                return
        if token.text in _TAILS:
            outer = self._nearest(lambda f: f.kind is _Kind.LINES and (f.column or 0) < column)
            if outer or not self._stack[-1].inner_bracket:
                self._pop_to(outer or self._stack[0])
            return
        while self._ends_here(self._stack[-1], token, column):
            self._pop()

    def _ends_here(self, frame: _Frame, token: Token, column: int) -> bool:
        if frame.kind in (_Kind.ROOT, _Kind.BRACKET):
            return False
        if frame.column is None:
            is_block = frame.kind is _Kind.BLOCK
            return is_block and not (self._can_start_tactic(token) and column > self._blocks[frame.block].floor)
        if frame.kind is _Kind.ALTERNATIVES:
            return column <= frame.column
        return column < frame.column

    def _begin_pending(self, token: Token) -> None:
        """Gives the current token to the block or list of lines that waits for its first."""
        while self._is_pending() and not self._can_start_tactic(token):
            if token.kind is TokenKind.NUMBER and self._previous() == "iterate":
                return
            self._pop()
        frame = self._stack[-1]
        if frame.kind is _Kind.BLOCK and frame.column is None:
            frame.column = self._blocks[frame.block].column = self._here.column
            frame.is_separated = True
        elif frame.kind is _Kind.LINES and frame.column is None and token.kind is not TokenKind.CLOSE:
            frame.column = self._here.column
            frame.begin_item(token.start, "")

    # Tokens.

    def _read(self, token: Token) -> None:
        frame = self._stack[-1]
        starts_line = self._here.is_first and self._here.column == frame.column
        if frame.kind is _Kind.BLOCK and self._can_start_tactic(token):
            if frame.is_separated or starts_line:
                self._end_tactic(frame)
                self._blocks[frame.block].tactic_start = token.start
                frame.begin_item(token.start, token.text)
                self._read_tactic(token)
                return
            if self._previous() == "<;>":
                frame.begin_item(frame.item_start, token.text)
                self._read_tactic(token)
                return
        elif frame.kind is _Kind.LINES and starts_line:
            frame.begin_item(token.start, "")
        self._read_term(token)

    def _read_tactic(self, token: Token) -> None:
        """Reads the first token of a tactic, or of an operand of `<;>`."""
        frame = self._stack[-1]
        text = token.text
        column = frame.column if frame.column is not None else _NO_FLOOR
        if text in ("·", "."):
            self._push_block(Opener.BULLET, token, column, token.start)
        elif token.kind is TokenKind.OPEN:
            self._push(_Frame(kind=_Kind.BRACKET))
            self._push_block(Opener.BRACKET, token, _NO_FLOOR, token.start)
        elif text in _COMBINATORS:
            self._push_block(Opener.COMBINATOR, token, column, frame.item_start)
        elif text in ("sorry", "admit"):
            self._add_sorry(frame.block)

    def _read_term(self, token: Token) -> None:
        frame = self._stack[-1]
        text = token.text
        if token.kind is TokenKind.OPEN:
            is_quotation = self._code[token.start - 1 : token.start] == "`"
            self._push(_Frame(kind=_Kind.BRACKET, is_quotation=is_quotation))
            if text == "{":
                self._push(_Frame(kind=_Kind.LINES))
        elif token.kind is TokenKind.CLOSE:
            bracket = self._stack[-1].inner_bracket
            if bracket is not None:
                self._pop_to(bracket)
                self._pop()
        elif text in ("by", "sorry") and self._quotations:
            return  # syntax that a program writes, not a proof
        elif text == "by":
            self._push_block(Opener.BY, token, self._floor(), self._anchor())
        elif text == "sorry":
            self._add_sorry(None)
        elif text == "|":
            self._read_alternative(token)
        elif text in ("=>", "↦"):
            self._read_arrow(token)
        elif text == ",":
            self._read_comma()
        elif text in (";", "<;>"):
            self._read_separator(text)
        elif text in ("then", "else"):
            self._read_branch(token)
        elif text == "decreasing_by":
            self._push_block(Opener.BY, token, self._floor(), self._here.line_first)
        elif text in ("do", "where"):
            self._push(_Frame(kind=_Kind.LINES))
        elif text in ("fun", "λ"):
            frame.funs += 1
        elif text == "if":
            frame.ifs += 1
        elif text in ("let", "have"):
            frame.lets += 1
        elif text == "match":
            frame.matches += 1
        elif text == "with" and frame.head == "rcases":
            frame.reads_pattern = True
        elif text == ":=":
            frame.reads_pattern = False
        elif text in _BINDERS:
            frame.binders += 1

    def _add_sorry(self, block: int | None) -> None:
        anchor = self._anchor()
        self._sorries.append(Sorry(token=self._index, block=block, floor=self._floor(), anchor=anchor))

    def _read_comma(self) -> None:
        frame = self._stack[-1]
        if frame.binders:
            frame.binders -= 1
            return
        bracket = self._stack[-1].inner_bracket
        if bracket is not None:
            while self._stack[-1] is not bracket and not (
                self._stack[-1].kind is _Kind.LINES and self._stack[-2] is bracket
            ):
                self._pop()
            self._stack[-1].begin_item(self._stack[-1].item_start, "")

    def _read_separator(self, text: str) -> None:
        if text == ";" and self._stack[-1].lets:
            self._stack[-1].lets -= 1
            return
        while self._stack[-1].kind is _Kind.ALTERNATIVES:
            self._pop()
        if text == ";":
            self._stack[-1].is_separated = True

    def _read_arrow(self, token: Token) -> None:
        frame = self._stack[-1]
        if frame.funs:
            frame.funs -= 1
        elif token.text == "=>" and frame.kind is _Kind.ALTERNATIVES and frame.awaits_arrow:
            frame.awaits_arrow = False
            if frame.takes_tactics and frame.column is not None:
                # The block of an alternative may stand below its `|`.
                self._push_block(Opener.ARROW, token, frame.column - 1, frame.item_start)
        elif token.text == "=>" and frame.kind is _Kind.BLOCK and frame.column is not None:
            frame.reads_pattern = False
            self._push_block(Opener.ARROW, token, frame.column, frame.item_start)

    def _read_branch(self, token: Token) -> None:
        """Reads the `then` or `else` of a term or tactic."""
        frame = self._nearest(lambda f: f.ifs > 0 or (f.kind is _Kind.BLOCK and f.head == "if"))
        if frame is None:
            return
        self._pop_to(frame)
        if frame.ifs:
            frame.ifs -= token.text == "else"
            return
        if token.text == "else":
            frame.head = ""
        self._push_block(Opener.COMBINATOR, token, self._floor(), frame.item_start)

    def _read_alternative(self, token: Token) -> None:
        frame, column, previous = self._stack[-1], self._here.column, self._previous()
        if frame.reads_pattern and not self._here.is_first:
            return
        takes_tactics = frame.kind is _Kind.BLOCK and frame.head in _TAKES_ALTERNATIVES and not frame.matches
        leads_to_arrow = self._here.leads_to_arrow
        if previous in ("fun", "λ"):
            frame.funs -= 1
            self._push_alternatives(token, takes_tactics=False)
        elif frame.kind is _Kind.BLOCK and previous in _CHOICES:
            self._push(_Frame(kind=_Kind.ALTERNATIVES, column=column))
            self._push_block(Opener.COMBINATOR, token, column, token.start)
        elif previous == "with" and (takes_tactics or frame.matches):
            frame.matches = max(0, frame.matches - 1)
            self._push_alternatives(token, takes_tactics=takes_tactics)
        elif group := self._group_of_alternative(leads_to_arrow):
            self._pop_to(group)
            if group.has_arrows:
                group.begin_item(group.item_start if group.awaits_arrow else token.start, "")
                group.awaits_arrow = True
            else:
                self._push_block(Opener.COMBINATOR, token, column, token.start)
        elif leads_to_arrow:
            self._push_alternatives(token, takes_tactics=takes_tactics)

    def _group_of_alternative(self, leads_to_arrow: bool) -> _Frame | None:
        """The open alternatives that a `|` goes on with: by its column if it begins a line, else by what follows."""
        if self._here.is_first:
            return self._stack[-1] if self._stack[-1].kind is _Kind.ALTERNATIVES else None
        return self._nearest(lambda f: f.kind is _Kind.ALTERNATIVES and f.has_arrows == leads_to_arrow)

    def _push_alternatives(self, token: Token, takes_tactics: bool) -> None:
        self._push(
            _Frame(
                kind=_Kind.ALTERNATIVES,
                column=self._here.column,
                item_start=token.start,
                has_arrows=True,
                takes_tactics=takes_tactics,
                awaits_arrow=True,
            )
        )
