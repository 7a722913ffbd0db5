"""Places in a text: protocol positions (UTF-16) and offsets (code points), and edits.

Lines end at LF only, as in Lean and the Language Server Protocol (a CR before it belongs to the
line). Offsets count Unicode code points, `Position.character` counts UTF-16 code units. No I/O.
"""

from bisect import bisect_right
from collections.abc import Iterable

from attrs import field, frozen


@frozen(order=True)
class Position:
    """A zero-based line and a column in UTF-16 code units (LSP 3.17, `Position`)."""

    line: int
    character: int


@frozen
class Range:
    """A half-open range of positions."""

    start: Position
    end: Position

    def contains(self, other: Position) -> bool:
        """Whether `other` lies in the range, its end included."""
        return self.start <= other <= self.end

    def meets(self, other: "Range") -> bool:
        """Whether the two ranges share a point; touching ends count."""
        return self.start <= other.end and other.start <= self.end


@frozen(kw_only=True)
class TextEdit:
    """Replaces the code points from offset `start` up to `end` by `new_text`."""

    start: int
    end: int
    new_text: str


def utf16_length(text: str) -> int:
    """The number of UTF-16 code units of a text."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


@frozen
class TextMap:
    """Converts between offsets and positions of one text."""

    text: str
    _line_starts: tuple[int, ...] = field(init=False, repr=False, eq=False)

    @_line_starts.default
    def _find_line_starts(self) -> tuple[int, ...]:
        return (0, *(i + 1 for i, character in enumerate(self.text) if character == "\n"))

    @property
    def line_count(self) -> int:
        """The number of lines, one more than the number of LF."""
        return len(self._line_starts)

    def line_of(self, offset: int) -> int:
        """The zero-based line that holds an offset."""
        return bisect_right(self._line_starts, max(0, offset)) - 1

    def line_start(self, line: int) -> int:
        """The offset at which a line begins; past the last line, the end of the text."""
        return self._line_starts[line] if line < len(self._line_starts) else len(self.text)

    def line_end(self, line: int) -> int:
        """The offset of a line's LF, or of the end of the text."""
        if line + 1 < len(self._line_starts):
            return self._line_starts[line + 1] - 1
        return len(self.text)

    def line_text(self, line: int) -> str:
        """A line without its LF."""
        return self.text[self.line_start(line) : self.line_end(line)]

    def position(self, offset: int) -> Position:
        """The position of an offset; offsets outside the text are moved to its nearest end."""
        offset = min(max(0, offset), len(self.text))
        line = self.line_of(offset)
        return Position(line, utf16_length(self.text[self._line_starts[line] : offset]))

    def offset(self, position: Position) -> int:
        """The offset of a position; a column past the end of its line means the line's end."""
        if position.line >= self.line_count:
            return len(self.text)
        start, end = self.line_start(position.line), self.line_end(position.line)
        units = 0
        for offset in range(start, end):
            if units >= position.character:
                return offset
            units += 2 if ord(self.text[offset]) > 0xFFFF else 1
        return end

    def range(self, start: int, end: int) -> Range:
        """The range between two offsets."""
        return Range(self.position(start), self.position(end))


def apply_edits(text: str, edits: Iterable[TextEdit]) -> str:
    """The text after all edits, whose offsets all refer to the given text.

    Raises:
        ValueError: two edits overlap.
    """
    pieces: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if edit.start < done:
            raise ValueError(f"overlapping edits at offset {edit.start}")
        pieces += [text[done : edit.start], edit.new_text]
        done = edit.end
    return "".join([*pieces, text[done:]])
