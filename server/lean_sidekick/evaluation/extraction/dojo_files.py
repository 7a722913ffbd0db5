"""What lean-dojo saw of a file, as `dojo_runner.py` prints it, as a traced file. Pure.

Texts and places are lean-dojo's. The source of a tactic is its annotated text without the marks, and the places of the
marks are those of the premises. A theorem counts as complete if its proof says no `sorry` or `admit`, and has steps
where it is a proof by tactics.
"""

from collections.abc import Iterator, Mapping

from attrs import frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.scanner import tokens
from lean_sidekick.evaluation.extraction.traced import SourcePoint, TracedFile, TracedStep, TracedTheorem, UsedPremise
from lean_sidekick.premises.corpus import corpus_file
from lean_sidekick.storage.json_lines import Record

_MARK, _END_MARK = "<a>", "</a>"
_UNFINISHED = frozenset({"sorry", "admit"})


@frozen(kw_only=True)
class DojoOrigin:
    """The first line that the runner prints: lean-dojo's version, and the repository it traced."""

    version: str
    url: str
    commit: str
    lean: str


def read_origin_line(record: Record) -> DojoOrigin:
    """The origin in the first line. Raises InputError."""
    return DojoOrigin(
        version=record.text("lean_dojo"),
        url=record.text("url"),
        commit=record.text("commit"),
        lean=record.text("lean"),
    )


def read_dojo_file(record: Record) -> TracedFile:
    """The file in a line. Raises InputError."""
    path = record.text("path")
    premises = corpus_file(record.fields, record.place)
    theorems = tuple(_theorem(one, path) for one in _objects(record, "theorems"))
    error = record.optional_text("error") or None
    return TracedFile(premises=premises, theorems=theorems, error=error)


def _theorem(record: Record, path: str) -> TracedTheorem:
    steps = tuple(_step(one) for one in _objects(record, "steps"))
    is_finished = not any(token.text in _UNFINISHED for token in tokens(record.text("source")))
    full_name = record.text("full_name")
    names = dict.fromkeys(str(name) for name in record.items("names"))
    return TracedTheorem(
        full_name=full_name,
        path=path,
        start=_point(record, "start"),
        end=_point(record, "end"),
        statement=record.text("statement").rstrip().removesuffix(":=").rstrip(),
        steps=steps,
        uses=tuple(name for name in names if name != full_name),
        is_complete=is_finished and (bool(steps) or not record.fields.get("has_tactic_proof")),
    )


def _step(record: Record) -> TracedStep:
    annotated = record.items("annotated")
    if len(annotated) != 2 or not isinstance(annotated[0], str) or not isinstance(annotated[1], list):
        raise InputError(f"{record.place}: `annotated` is not a text and a list of premises.")
    start = _point(record, "start")
    marked = _objects(Record(fields={"premises": annotated[1]}, place=record.place), "premises")
    return TracedStep(
        tactic=annotated[0].replace(_MARK, "").replace(_END_MARK, ""),
        start=start,
        end=_point(record, "end"),
        state_before=record.text("state_before"),
        state_after=record.text("state_after"),
        premises=tuple(_premises(annotated[0], start, marked)),
    )


def _premises(annotated: str, start: SourcePoint, marked: Iterator[Record]) -> Iterator[UsedPremise]:
    """The premises in the order of their marks."""
    pieces = annotated.split(_MARK)
    before = pieces[0]
    for piece, premise in zip(pieces[1:], marked, strict=False):
        name, _, rest = piece.partition(_END_MARK)
        first = _moved(start, before)
        yield UsedPremise(
            full_name=premise.text("full_name"),
            start=first,
            end=_moved(first, name),
            defined_in=premise.optional_text("def_path") or None,
            defined_at=_point(premise, "def_pos"),
            defined_end=_point(premise, "def_end_pos"),
        )
        before += name + rest


def _moved(point: SourcePoint, text: str) -> SourcePoint:
    """The place behind a text that begins at a place."""
    lines = text.split("\n")
    column = len(lines[-1]) + (point.column if len(lines) == 1 else 1)
    return SourcePoint(point.line + len(lines) - 1, column)


def _point(record: Record, name: str) -> SourcePoint:
    pair = record.items(name)
    if len(pair) != 2 or not all(type(number) is int for number in pair):
        raise InputError(f"{record.place}: `{name}` is no line and column.")
    line, column = pair
    return SourcePoint(int(str(line)), int(str(column)))


def _objects(record: Record, name: str) -> Iterator[Record]:
    for number, fields in enumerate(record.items(name), start=1):
        place = f"{record.place}, {name} {number}"
        if not isinstance(fields, Mapping):
            raise InputError(f"{place}: an object was expected.")
        yield Record(fields=fields, place=place)
