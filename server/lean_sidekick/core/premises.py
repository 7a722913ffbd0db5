"""Premises: declarations that a proof may use, and those that the open file offers above a place."""

from attrs import frozen

from lean_sidekick.core.arguments import PremiseArgument, read_arguments
from lean_sidekick.core.declarations import Outline, statement_text
from lean_sidekick.core.positions import Position, TextMap


@frozen(kw_only=True)
class Premise:
    """A declaration with its statement, as far as its source can tell.

    `statement` is the text from the binders up to the body, e.g. `(a b : Nat) : a + b = b + a`, or what Lean
    prints after the name. `start` and `end` are where the declaration stands in its file, None if that is not known.
    `attributes` are names (`simp`); `deprecated` is None or what Lean says about it (a newer name, "" if nothing);
    `constants` are the constants its statement uses, `uses` the theorems and axioms that its own proof uses, as Lean
    says or, less surely, its source; None where neither could tell.
    """

    full_name: str
    kind: str
    statement: str
    module: str | None = None
    doc: str = ""
    start: Position | None = None
    end: Position | None = None
    attributes: tuple[str, ...] = ()
    deprecated: str | None = None
    constants: tuple[str, ...] | None = None
    uses: tuple[str, ...] | None = None

    @property
    def arguments(self) -> tuple[PremiseArgument, ...]:
        """What it takes, in order; read from the statement each time, which Lean prints with all its binders."""
        return read_arguments(self.statement)


@frozen(kw_only=True)
class CorpusFile:
    """All premises of one file, in the order in which they stand there; `imports` are modules named in its header."""

    path: str
    module: str
    imports: tuple[str, ...] = ()
    premises: tuple[Premise, ...] = ()


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
            start=text_map.position(declaration.keyword_start),
            end=text_map.position(declaration.end),
        )
        for declaration in outline.declarations()
        if declaration.full_name is not None and declaration.end <= offset
    )
