"""Lean snippets for tests: the fixture language (`$0` is the cursor), and random texts that look like Lean."""

import textwrap

from hypothesis import strategies as st

from lean_sidekick.core.positions import Position, TextMap

CURSOR = "$0"


def lean(text: str) -> str:
    """A snippet as it would stand in a file: dedented, without the newline that opens the string."""
    return textwrap.dedent(text).removeprefix("\n")


def at_cursor(marked: str) -> tuple[str, Position]:
    """The text without its one `$0`, and the position where that stood."""
    before, mark, after = marked.partition(CURSOR)
    assert mark and CURSOR not in after, "a snippet has exactly one $0"
    text = before + after
    return text, TextMap(text).position(len(before))


# Pieces that matter to Lean's lexer, so that random texts hit its corners.
_LEXICAL = (
    *(
        "--",
        "/-",
        "-/",
        "/--",
        "/-!",
        '"',
        "\\",
        "'",
        "r#",
        's!"',
        "{",
        "}",
        "«",
        "»",
        "\n",
        "\r\n",
        " ",
        "a",
        "h'",
        "𝔸",
    ),
    *("(", ")", "⟨", "⟩", "|", ":=", "by", "theorem", "sorry", "·", "@[", "]", "#eval", "in", "end", "1.5", ",", ";"),
)
LEAN_LIKE = st.one_of(st.lists(st.sampled_from(_LEXICAL), max_size=60).map("".join), st.text(max_size=200))
"""Texts for what must hold for any text."""
