"""What Lean answers about a file that is traced, row by row, and how the one message that says it is read. Pure.

The other half is `lean_text.py`, the Lean text that asks. Positions are in bytes of the text but for those of
declarations and messages, which Lean has by line and column.
"""

from collections.abc import Iterable, Sequence

from attrs import frozen

from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.premises.environment_lean import PremiseRow, answer_of, read_premise_row, typed_name


@frozen(kw_only=True)
class ProofRow:
    """A declaration with a proof, in bytes: where it begins, where `:=` stands or the proof begins, where it ends."""

    start: int
    proof: int
    end: int


@frozen(kw_only=True)
class StepRow:
    """A tactic that ran, in bytes, with the goals before and after it as Lean prints them."""

    start: int
    end: int
    before: tuple[str, ...]
    after: tuple[str, ...]


@frozen(kw_only=True)
class MentionRow:
    """A name in the text that stood for a constant; `constant` is its index among the constants."""

    constant: int
    start: int
    end: int


@frozen(kw_only=True)
class ConstantRow:
    """A constant that is named in a proof: its full name (without the mark of a private one) and where it is declared.

    `module` is None for one of the file itself. `place` is the range of its name: two pairs of line, from 1, and column
    in code points, from 0; None where Lean keeps none.
    """

    name: str
    module: str | None
    place: tuple[int, int, int, int] | None


@frozen(kw_only=True)
class NamedRow:
    """A declaration of the file that has a place: its name without the mark of a private one, and where that stands."""

    name: str
    is_theorem: bool
    line: int
    column: int


@frozen(kw_only=True)
class MessageRow:
    """An error or a warning at a line, from 1, and a column in code points, from 0."""

    is_error: bool
    line: int
    column: int
    text: str


@frozen(kw_only=True)
class TraceAnswer:
    """All that Lean says of a file.

    `failure` is why its header could not be loaded, "" if it was; where it is not, all else is empty. `imports` are the
    modules of its header. `missing` are tactics, in bytes, that no step is there for: not run, or undone.
    """

    failure: str
    imports: tuple[str, ...]
    proofs: tuple[ProofRow, ...]
    steps: tuple[StepRow, ...]
    missing: tuple[tuple[int, int], ...]
    mentions: tuple[MentionRow, ...]
    constants: tuple[ConstantRow, ...]
    named: tuple[NamedRow, ...]
    premises: tuple[PremiseRow, ...]
    messages: tuple[MessageRow, ...]


def read_trace(nonce: str, diagnostics: Iterable[Diagnostic]) -> TraceAnswer | None:
    """The answer to `trace_command`; None if there is not exactly one with this nonce, or it cannot be read."""
    try:
        _, failure, imports, proofs, steps, missing, mentions, constants, named, premises, messages = answer_of(
            nonce, diagnostics
        )
        return TraceAnswer(
            failure=str(failure),
            imports=tuple(map(str, imports)),
            proofs=tuple(ProofRow(start=int(a), proof=int(b), end=int(c)) for a, b, c in proofs),
            steps=tuple(
                StepRow(start=int(a), end=int(b), before=tuple(map(str, before)), after=tuple(map(str, after)))
                for a, b, before, after in steps
            ),
            missing=tuple((int(a), int(b)) for a, b in missing),
            mentions=tuple(MentionRow(constant=int(c), start=int(a), end=int(b)) for c, a, b in mentions),
            constants=tuple(_constant(*row) for row in constants),
            named=tuple(
                NamedRow(name=typed_name(str(name)), is_theorem=bool(is_theorem), line=int(line), column=int(column))
                for name, is_theorem, line, column in named
            ),
            premises=tuple(read_premise_row(*row) for row in premises),
            messages=tuple(
                MessageRow(is_error=bool(is_error), line=int(line), column=int(column), text=str(text))
                for is_error, line, column, text in messages
            ),
        )
    except (ValueError, TypeError):
        return None


def _constant(name: str, module: str | None, place: Sequence[int] | None) -> ConstantRow:
    found = None
    if place is not None:
        line, column, end_line, end_column = map(int, place)
        found = (line, column, end_line, end_column)
    return ConstantRow(name=typed_name(str(name)), module=None if module is None else str(module), place=found)
