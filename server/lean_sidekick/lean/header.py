"""A Lean file's header: the comments, `module`, `prelude` and imports at its top. Pure.

A change there makes Lean load all imports again, so a shadow document keeps it byte for byte.
"""

import re

from attrs import frozen

_BLANK = re.compile(r"\s+|--[^\n]*")
_NAME = r"(?:«[^»\n]*»|[^\s.«»()\[\]{}:,;\"'`@#/-][^\s.«»()\[\]{}:,;\"`@#]*)"
_ENTRY = re.compile(
    rf"(?:module|prelude)\b|(?:(?:public|private|meta)\s+)*import\s+(?:(?:all|runtime)\s+)?({_NAME}(?:\.{_NAME})*)"
)


@frozen(kw_only=True)
class Header:
    """Where the header ends (the offset just after its last token, 0 if it is empty) and what it imports."""

    end: int
    imports: tuple[str, ...]


def find_header(text: str) -> Header:
    """The header of a file; what does not look like one ends it."""
    end = offset = 0
    imports: list[str] = []
    while match := _ENTRY.match(text, offset := _skip_blanks(text, offset)):
        if match[1]:
            imports.append(match[1])
        end = offset = match.end()
    return Header(end=end, imports=tuple(imports))


def _skip_blanks(text: str, offset: int) -> int:
    """Skips white space and comments, but not doc comments, which belong to commands."""
    while True:
        if match := _BLANK.match(text, offset):
            offset = match.end()
        elif text.startswith("/-", offset) and not text.startswith(("/--", "/-!"), offset):
            offset = _block_comment_end(text, offset)
        else:
            return offset


def _block_comment_end(text: str, offset: int) -> int:
    depth = 0
    for match in re.compile(r"/-|-/").finditer(text, offset):
        depth += 1 if match[0] == "/-" else -1
        if depth == 0:
            return match.end()
    return len(text)
