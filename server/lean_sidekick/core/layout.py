"""The tokens of a body with what layout depends on: their columns, and which of them begin a line."""

from attrs import frozen

from lean_sidekick.core.scanner import Scan, Token, TokenKind

# Tokens that stand in no pattern: between a `|` and its `=>` there is none of them.
_NO_PATTERN = frozenset({":=", ";", "<;>", "by", "fun", "λ", "with", "where", "do", "exact"})


@frozen(kw_only=True)
class PlacedToken:
    """A token of code at its place.

    `column` counts code points; `line_first` is the offset of the first code on its line; `leads_to_arrow` says that
    `=>` follows on the line, at the same bracket depth, with only a pattern between.
    """

    token: Token
    column: int
    line_first: int
    leads_to_arrow: bool

    @property
    def is_first(self) -> bool:
        """Whether it is the first code on its line."""
        return self.line_first == self.token.start


def place_tokens(scan: Scan, start: int, end: int) -> list[PlacedToken]:
    """The code tokens between two offsets at their places."""
    tokens = scan.code_tokens(start, end)
    columns, line_firsts = _measure(scan.code, tokens, start)
    patterns = _find_patterns(tokens, line_firsts)
    return [
        PlacedToken(token=token, column=column, line_first=line_first, leads_to_arrow=pattern)
        for token, column, line_first, pattern in zip(tokens, columns, line_firsts, patterns, strict=True)
    ]


def first_on_line(code: str, offset: int) -> int:
    """The offset of the first character that is not blank on the line of an offset, at most the offset itself."""
    start = code.rfind("\n", 0, offset) + 1
    while start < offset and code[start].isspace():
        start += 1
    return start


def _measure(code: str, tokens: list[Token], start: int) -> tuple[list[int], list[int]]:
    columns: list[int] = []
    line_firsts: list[int] = []
    line_start, line_first = code.rfind("\n", 0, start) + 1, first_on_line(code, start)
    previous_start = previous_end = start
    for token in tokens:
        newline = code.rfind("\n", previous_start, token.start)
        if newline >= 0:
            line_start = newline + 1
        # A newline inside the previous token, a string, begins no line of code.
        if newline >= previous_end or token.start == line_first:
            line_first = token.start
        columns.append(token.start - line_start)
        line_firsts.append(line_first)
        previous_start, previous_end = token.start, token.end
    return columns, line_firsts


def _find_patterns(tokens: list[Token], line_firsts: list[int]) -> list[bool]:
    result = [False] * len(tokens)
    depths = [False]
    for index in range(len(tokens) - 1, -1, -1):
        token = tokens[index]
        if index + 1 < len(tokens) and line_firsts[index] != line_firsts[index + 1]:
            depths[-1] = False
        if token.kind is TokenKind.CLOSE:
            depths.append(False)
        elif token.kind is TokenKind.OPEN and len(depths) > 1:
            depths.pop()
        elif token.text == "=>":
            depths[-1] = True
        elif token.text in _NO_PATTERN:
            depths[-1] = False
        result[index] = depths[-1]
    return result
