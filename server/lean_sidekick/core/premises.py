"""Premises: declarations that a proof may use, and those that the open file offers above a place."""

from attrs import frozen

from lean_sidekick.core.declarations import Outline, statement_text
from lean_sidekick.core.positions import TextMap


@frozen(kw_only=True)
class Premise:
    """A declaration with its statement, as far as text can tell.

    `statement` is the text from the binders up to the body, e.g. `(a b : Nat) : a + b = b + a`;
    `line` is the zero-based line of its name, None if it is not in the open file.
    """

    full_name: str
    kind: str
    statement: str
    module: str | None = None
    line: int | None = None


def premises_above(text: str, offset: int) -> tuple[Premise, ...]:
    """The named declarations of a text that end at or before an offset, in order.

    Statements come without comments and on one line. Private ones are among them: the file itself may use them.
    """
    outline = Outline(text)
    text_map = TextMap(text)
    return tuple(
        Premise(
            full_name=declaration.full_name,
            kind=declaration.keyword,
            statement=statement_text(outline.scan, declaration),
            line=text_map.line_of(declaration.keyword_start),
        )
        for declaration in outline.declarations()
        if declaration.full_name is not None and declaration.end <= offset
    )
