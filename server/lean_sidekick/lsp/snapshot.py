"""The editor's texts: one mutable store, and immutable snapshots of one version for work in the background.

Lines end at LF only, as in Lean and in the protocol, so incremental changes are applied here and not by pygls,
whose lines end at more characters. Changes cost what they change, not the length of the text. No I/O.
"""

import asyncio
from collections.abc import Sequence
from functools import cached_property

from attrs import define, field, frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.positions import Position, Range, TextMap, utf16_length
from lean_sidekick.engine.api import DocumentText


@frozen(kw_only=True)
class Snapshot:
    """One version of one document."""

    uri: str
    version: int
    text: str

    @cached_property
    def text_map(self) -> TextMap:
        """Offsets and positions of the text."""
        return TextMap(self.text)

    @property
    def document(self) -> DocumentText:
        """The snapshot as the engine wants it."""
        return DocumentText(uri=self.uri, version=self.version, text=self.text)


@frozen(kw_only=True)
class Change:
    """New text for a range, or for the whole document if `range` is None."""

    range: Range | None
    text: str


@define(kw_only=True)
class _OpenText:
    version: int
    lines: list[str]
    snapshot: Snapshot | None = field(default=None)
    moved_on: asyncio.Event = field(factory=asyncio.Event)
    """Set once there is another version, or none; the next version has an event of its own."""


class TextStore:
    """The open documents by URI."""

    def __init__(self) -> None:
        self._open: dict[str, _OpenText] = {}

    def open(self, uri: str, version: int, text: str) -> None:
        """Takes a document up, in place of what was open under its URI."""
        self.close(uri)
        self._open[uri] = _OpenText(version=version, lines=_clean(text).split("\n"))

    def change(self, uri: str, version: int, changes: Sequence[Change]) -> Position | None:
        """Applies changes one after the other and gives the place just after the last of them.

        None means that the text is as it was. Raises InputError if the document is not open.
        """
        document = self._find(uri)
        edited = None
        for change in changes:
            place = _apply(document.lines, change)
            edited = edited if place is None else place
        document.version = version
        document.snapshot = None
        document.moved_on.set()
        document.moved_on = asyncio.Event()
        return edited

    def close(self, uri: str) -> None:
        """Forgets a document."""
        if (document := self._open.pop(uri, None)) is not None:
            document.moved_on.set()

    async def moved_on(self, snapshot: Snapshot) -> None:
        """Waits until a snapshot is no longer the newest version of its document."""
        document = self._open.get(snapshot.uri)
        if document is not None and document.version == snapshot.version:
            await document.moved_on.wait()

    def version(self, uri: str) -> int | None:
        """The newest version of a document, None if it is not open."""
        document = self._open.get(uri)
        return None if document is None else document.version

    def snapshot(self, uri: str) -> Snapshot:
        """The newest version of a document. Raises InputError if it is not open."""
        document = self._find(uri)
        if document.snapshot is None:
            document.snapshot = Snapshot(uri=uri, version=document.version, text="\n".join(document.lines))
        return document.snapshot

    def _find(self, uri: str) -> _OpenText:
        document = self._open.get(uri)
        if document is None:
            raise InputError(f"The document {uri} is not open: open it in the editor first.")
        return document


def _apply(lines: list[str], change: Change) -> Position | None:
    """Changes the lines in place; gives the place just after the change, None if nothing changed."""
    text = _clean(change.text)
    if change.range is None:
        new_lines = text.split("\n")
        place = _last_difference(lines, new_lines)
        lines[:] = new_lines
        return place
    # Tuples: in a flood of changes the order of attrs classes would be most of the work.
    (first, start), (last, end) = sorted(_find_place(lines, p) for p in (change.range.start, change.range.end))
    before, after = lines[first][:start], lines[last][end:]
    replacement = (before + text + after).split("\n")
    lines[first : last + 1] = replacement
    typed_end = len(replacement[-1]) - len(after)
    return Position(first + len(replacement) - 1, _column(replacement[-1], typed_end))


def _find_place(lines: list[str], position: Position) -> tuple[int, int]:
    """The line and the code point of a position; places outside the text are moved to the nearest one in it."""
    if position.line >= len(lines):
        return len(lines) - 1, len(lines[-1])
    line = lines[position.line]
    if line.isascii():  # known without a look at its characters
        return position.line, min(position.character, len(line))
    return position.line, TextMap(line).offset(Position(0, position.character))


def _column(line: str, offset: int) -> int:
    return offset if line.isascii() else utf16_length(line[:offset])


def _last_difference(old: list[str], new: list[str]) -> Position | None:
    """The place in the new text after which everything is as it was."""
    if old == new:
        return None
    same = _common_tail(old, new)
    if same == len(new):
        return Position(0, 0)
    line = len(new) - 1 - same
    old_line = old[len(old) - 1 - same] if same < len(old) else ""
    end = len(new[line]) - _common_tail(old_line, new[line])
    return Position(line, _column(new[line], end))


def _common_tail(first: Sequence[str], second: Sequence[str]) -> int:
    count = 0
    for a, b in zip(reversed(first), reversed(second), strict=False):
        if a != b:
            break
        count += 1
    return count


def _clean(text: str) -> str:
    """The text with lone halves of surrogate pairs replaced: JSON can hold them, UTF-8 and Lean cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
