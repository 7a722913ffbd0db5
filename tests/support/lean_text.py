"""The fixture language for Lean snippets: one string, `$0` where the cursor is."""

from lean_sidekick.core.positions import Position, TextMap

CURSOR = "$0"


def at_cursor(marked: str) -> tuple[str, Position]:
    """The text without its one `$0`, and the position where that stood."""
    before, mark, after = marked.partition(CURSOR)
    assert mark and CURSOR not in after, "a snippet has exactly one $0"
    text = before + after
    return text, TextMap(text).position(len(before))
