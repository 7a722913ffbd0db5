"""A scanner for Lean 4 source text: where code, comments and strings are, and the tokens of the code.

It promises to accept any text, in linear time: what Lean itself could not read (a comment or string that is never
closed) becomes a token of its own kind, and scanning goes on where a person would go on reading. It knows Lean's
fixed lexical rules only: notations that a project declares come out as several symbols. `/-! … -/` counts as a
comment like any other. It does not parse.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from enum import Enum
from itertools import islice

from attrs import field, frozen


class TokenKind(Enum):
    """The closed set of tokens."""

    IDENTIFIER = "identifier"
    KEYWORD = "keyword"
    NUMBER = "number"
    STRING = "string"
    CHARACTER = "character"
    OPEN = "opening bracket"
    CLOSE = "closing bracket"
    SYMBOL = "symbol"
    COMMENT = "comment"
    DOC_COMMENT = "doc comment"
    UNTERMINATED = "comment or string that is never closed"


COMMENTS = frozenset({TokenKind.COMMENT, TokenKind.DOC_COMMENT})


def words(text: str) -> list[str]:
    """The words of a text; keeps tables of words readable."""
    return text.split()


# Words that core Lean reserves: none of them can be an identifier without guillemets.
KEYWORDS = frozenset(
    words("""
    theorem def example abbrev instance structure class inductive axiom opaque constant mutual namespace section end
    open export variable universe attribute set_option import prelude macro macro_rules syntax notation infix infixl
    infixr prefix postfix elab elab_rules deriving extends private protected noncomputable unsafe partial local scoped
    by do fun λ match nomatch with if then else let have show from suffices where in calc return for unless try catch
    finally mut at termination_by decreasing_by forall exists sorry Sort Type Prop
    """)
)

# Brackets that come in pairs in Lean and in the notations of its libraries.
BRACKET_PAIRS = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "⟪": "⟫", "⟦": "⟧", "⦃": "⦄", "‹": "›", "⌊": "⌋", "⌈": "⌉"}
_OPENERS = "".join(re.escape(c) for c in BRACKET_PAIRS)
_CLOSERS = "".join(re.escape(c) for c in BRACKET_PAIRS.values())

# Superscripts are letters to Unicode, but not to Lean: `x²` is two tokens.
_FIRST = r"[^\W\dλ¹²³⁰⁴-⁹]"
_REST = r"(?:[^\W¹²³⁰⁴-⁹]|['!?])"
_PART = rf"(?:{_FIRST}{_REST}*+|«[^«»\n]*»)"
IDENTIFIER = rf"{_PART}(?:\.{_PART})*+"
"""A regular expression for an identifier, dots included."""

NOT_IN_WORD = r"(?<![\w'!?.«])"
"""A regular expression that holds where a word may begin."""

WORD_END = r"(?![\w'!?])"
"""A regular expression that holds where a word ends."""

_TOKEN = re.compile(
    rf"""
    (?P<identifier>{IDENTIFIER}|λ)
    |(?P<number>0[xXbBoO][0-9a-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<open>[{_OPENERS}])
    |(?P<close>[{_CLOSERS}])
    |(?P<symbol>\#{_FIRST}[\w!?]*|<;>|<\|\|?>|<\||\|>\.?|\|\|\|?|:=|::|=>|<-|->|\.\.\.?|;;|''|⁻¹'|[^\s])
    """,
    re.VERBOSE,
)
_KIND_OF_GROUP = {
    "identifier": TokenKind.IDENTIFIER,
    "number": TokenKind.NUMBER,
    "open": TokenKind.OPEN,
    "close": TokenKind.CLOSE,
    "symbol": TokenKind.SYMBOL,
}

# Where something other than code may begin. A prime after a letter belongs to an identifier; `''` is an operator.
_NOT_CODE = re.compile(
    r"--|/-|(?<![\w'!?.])r\#*\"|\""
    r"|(?<![\w'!?])'(?:[^\\'\n]|\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^\n]))'"
    r"|«[^«»\n]*»"
)
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_STRING_ON_LINE = re.compile(r'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"')
_COMMENT_MARK = re.compile(r"/-|-/")
_IN_STRING = re.compile(r'\\.|["{]', re.DOTALL)
_IN_INTERPOLATION = re.compile(r"[{}]|" + _NOT_CODE.pattern)
_VISIBLE = re.compile(r"[^\n]")
_PLAIN, _INTERPOLATED = -2, -1


@frozen(kw_only=True)
class Token:
    """A piece of text from offset `start` up to `end`."""

    kind: TokenKind
    start: int
    end: int
    text: str


@frozen(kw_only=True)
class Region:
    """A comment, string or character literal."""

    kind: TokenKind
    start: int
    end: int


@frozen
class Scan:
    """A text with everything in it that is not code.

    `code` is the text with each comment blanked by spaces and each character of a string or character literal
    replaced by `"`; newlines stay, so that offsets and lines are those of the text.
    """

    text: str
    regions: tuple[Region, ...] = field(init=False, repr=False, eq=False)
    code: str = field(init=False, repr=False, eq=False)
    _starts: tuple[int, ...] = field(init=False, repr=False, eq=False)

    @regions.default
    def _find_regions(self) -> tuple[Region, ...]:
        return tuple(_RegionFinder(self.text).find())

    @code.default
    def _blank_regions(self) -> str:
        return _masked(self.text, self.regions, literal_fill='"')

    @_starts.default
    def _list_starts(self) -> tuple[int, ...]:
        return tuple(region.start for region in self.regions)

    def regions_between(self, start: int, end: int) -> tuple[Region, ...]:
        """The regions that begin between two offsets, in order."""
        return self.regions[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def region_at(self, offset: int) -> Region | None:
        """The region that a cursor at an offset stands in; its edges do not count, but the end of a line comment does.

        Typing at the end of a line comment, or of what is never closed, goes on with it.
        """
        index = bisect_right(self._starts, offset - 1) - 1
        if index < 0:
            return None
        region = self.regions[index]
        is_open_ended = region.kind is TokenKind.UNTERMINATED or self.text.startswith("--", region.start)
        return region if offset < region.end or (is_open_ended and offset == region.end) else None

    def tokens(self, start: int, end: int) -> Iterator[Token]:
        """The tokens between two offsets, comments included; no token may reach over either offset."""
        index = bisect_right(self._starts, start - 1)
        while start < end:
            region = self.regions[index] if index < len(self.regions) else None
            code_end = end if region is None else min(region.start, end)
            for match in _TOKEN.finditer(self.text, start, code_end):
                yield _token(match)
            if region is None or region.start >= end:
                return
            yield Token(kind=region.kind, start=region.start, end=region.end, text=self.text[region.start : region.end])
            start, index = region.end, index + 1

    def without_comments(self, start: int, end: int) -> str:
        """The text between two offsets with comments blanked by spaces."""
        pieces: list[str] = []
        for region in islice(self.regions, bisect_right(self._starts, start - 1), None):
            if region.start >= end:
                break
            if region.kind in COMMENTS:
                pieces += [self.text[start : region.start], self.code[region.start : region.end]]
                start = region.end
        return "".join([*pieces, self.text[start:end]])

    def code_tokens(self, start: int, end: int) -> list[Token]:
        """The tokens between two offsets without comments."""
        return [token for token in self.tokens(start, end) if token.kind not in COMMENTS]


def tokens(text: str) -> Iterator[Token]:
    """All tokens of a text in order, comments included; only white space lies between them."""
    return Scan(text).tokens(0, len(text))


def mask_non_code(text: str) -> str:
    """The text with every comment, string and character literal blanked by spaces, newlines kept."""
    return _masked(text, Scan(text).regions, literal_fill=" ")


def is_code(text: str, offset: int) -> bool:
    """Whether the character at an offset belongs to no comment, string or character literal."""
    return not any(region.start <= offset < region.end for region in Scan(text).regions)


def balance_problem(snippet: str) -> str | None:
    """Why a snippet cannot stand inside other text as it is, None if it can.

    It cannot if a bracket in it has no partner, or a comment or string in it is never closed.
    """
    open_brackets: list[str] = []
    for token in tokens(snippet):
        if token.kind is TokenKind.UNTERMINATED:
            mark = "/-" if token.text.startswith("/-") else '"'
            return f"`{mark}` is never closed"
        if token.kind is TokenKind.OPEN:
            open_brackets.append(token.text)
        elif token.kind is TokenKind.CLOSE and (not open_brackets or BRACKET_PAIRS[open_brackets.pop()] != token.text):
            return f"`{token.text}` closes nothing"
    return f"`{open_brackets[-1]}` is never closed" if open_brackets else None


def _token(match: re.Match[str]) -> Token:
    text = match.group()
    kind = TokenKind.KEYWORD if text in KEYWORDS else _KIND_OF_GROUP[match.lastgroup or "symbol"]
    return Token(kind=kind, start=match.start(), end=match.end(), text=text)


def _masked(text: str, regions: tuple[Region, ...], literal_fill: str) -> str:
    pieces: list[str] = []
    done = 0
    for region in regions:
        is_literal = region.kind in (TokenKind.STRING, TokenKind.CHARACTER)
        fill = literal_fill if is_literal else " "
        pieces += [text[done : region.start], _VISIBLE.sub(fill, text[region.start : region.end])]
        done = region.end
    return "".join([*pieces, text[done:]])


class _RegionFinder:
    """One pass over a text.

    What is never closed would be searched for to the end of the text at every new quote; the flags remember such a
    failure, so that later quotes are closed on their own line or not at all, and the pass stays linear.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._has_open_string = False
        self._has_open_interpolation = False
        self._open_raw_hashes: int | None = None

    def find(self) -> Iterator[Region]:
        position = 0
        while match := _NOT_CODE.search(self._text, position):
            kind, end = self._read(match)
            if kind is not None:
                yield Region(kind=kind, start=match.start(), end=end)
            position = end

    def _read(self, match: re.Match[str]) -> tuple[TokenKind | None, int]:
        start, mark = match.start(), match.group()
        if mark[0] == "«":
            return None, match.end()
        if mark[0] == "'":
            return TokenKind.CHARACTER, match.end()
        if mark == "--":
            return TokenKind.COMMENT, self._line_end(start)
        if mark == "/-":
            return self._read_block_comment(start)
        if mark[0] == "r":
            end = self._raw_string_end(match)
        else:
            is_interpolated = self._is_interpolation_mark(start)
            end = self._interpolated_string_end(start) if is_interpolated else self._string_end(start)
        return (TokenKind.STRING, end) if end is not None else (TokenKind.UNTERMINATED, self._line_end(start))

    def _line_end(self, start: int) -> int:
        end = self._text.find("\n", start)
        if end < 0:
            return len(self._text)
        return end - 1 if end > start and self._text[end - 1] == "\r" else end

    def _read_block_comment(self, start: int) -> tuple[TokenKind, int]:
        depth, position = 1, start + 2
        while depth:
            mark = _COMMENT_MARK.search(self._text, position)
            if mark is None:
                return TokenKind.UNTERMINATED, len(self._text)
            depth += 1 if mark.group() == "/-" else -1
            position = mark.end()
        is_doc = position - start > 4 and self._text[start + 2] == "-"
        return (TokenKind.DOC_COMMENT if is_doc else TokenKind.COMMENT), position

    def _string_end(self, start: int) -> int | None:
        pattern = _STRING_ON_LINE if self._has_open_string else _STRING
        match = pattern.match(self._text, start)
        if match is None:
            self._has_open_string = True
        return match.end() if match else None

    def _raw_string_end(self, match: re.Match[str]) -> int | None:
        hashes = len(match.group()) - 2
        if self._open_raw_hashes is not None and hashes >= self._open_raw_hashes:
            return None
        close = '"' + "#" * hashes
        found = self._text.find(close, match.end())
        if found < 0:
            self._open_raw_hashes = hashes
            return None
        return found + len(close)

    def _interpolated_string_end(self, start: int) -> int | None:
        """Reads `s!"… {term} …"`, where the term may hold strings, comments and braces of its own."""
        if self._has_open_interpolation:
            return self._string_end(start)
        # What is open, outermost first: a string, or a term with that many open braces.
        levels, position = [_INTERPOLATED], start + 1
        while levels:
            is_string = levels[-1] < 0
            match = (_IN_STRING if is_string else _IN_INTERPOLATION).search(self._text, position)
            if match is None:
                self._has_open_interpolation = True
                return self._string_end(start)
            mark, position = match.group(), match.end()
            if is_string and mark == '"':
                levels.pop()
            elif is_string:
                if mark == "{" and levels[-1] == _INTERPOLATED:
                    levels.append(0)
            elif mark.endswith('"'):
                levels.append(_INTERPOLATED if self._is_interpolation_mark(match.start()) else _PLAIN)
            elif mark == "{":
                levels[-1] += 1
            elif mark == "}":
                levels[-1] -= 1
                if levels[-1] < 0:
                    levels.pop()
            elif mark in ("--", "/-"):
                position = self._line_end(match.start()) if mark == "--" else self._read_block_comment(match.start())[1]
        return position

    def _is_interpolation_mark(self, quote: int) -> bool:
        """Whether a quote follows `s!`, `m!`, `throw!` or the like."""
        before = self._text[max(0, quote - 2) : quote]
        return len(before) == 2 and before[1] == "!" and (before[0].isalnum() or before[0] in "_'?")
