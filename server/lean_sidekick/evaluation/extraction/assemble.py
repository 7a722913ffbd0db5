"""From Lean's answer about a file to its theorems, steps and premises. Pure.

Bytes become lines and columns; steps and names are given to the declarations they stand in. Lean says what ran and what
names meant; where a declaration begins, ends and has its proof comes from its syntax, and its name from Lean, or from
the text where Lean refused the declaration.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from attrs import define, evolve, field

from lean_sidekick.core.declarations import Outline
from lean_sidekick.core.premises import CorpusFile
from lean_sidekick.evaluation.extraction.lean_rows import (
    ConstantRow,
    MentionRow,
    MessageRow,
    NamedRow,
    ProofRow,
    StepRow,
    TraceAnswer,
)
from lean_sidekick.evaluation.extraction.targets import Target
from lean_sidekick.evaluation.extraction.traced import SourcePoint, TracedFile, TracedStep, TracedTheorem, UsedPremise
from lean_sidekick.lean.diagnostics import at_top, is_sorry_warning
from lean_sidekick.premises.environment import corpus_file
from lean_sidekick.premises.environment_lean import ModuleRow
from lean_sidekick.premises.source_scan import written_attributes

NO_GOALS = "no goals"
EXAMPLE = "_example"
"""The name of what has none, as Lean calls it inside."""

PathOf = Callable[[str], str | None]
"""The path that the corpus has for a module, None if its source is not there."""

_THEOREMS = frozenset({"theorem", "lemma"})


def assemble(target: Target, answer: TraceAnswer, path_of: PathOf) -> TracedFile:
    """The file as Lean saw it; `path_of` is asked about other modules than the file's own."""
    return _Assembly(target, answer, path_of).file()


def failed_file(target: Target, reason: str) -> TracedFile:
    """A file that could not be traced, with the reason in one sentence."""
    return TracedFile(premises=CorpusFile(path=target.path, module=target.module), theorems=(), error=reason)


@define
class _Assembly:
    target: Target
    answer: TraceAnswer
    path_of: PathOf
    _lines: "_Lines" = field(init=False)
    _mentions: list[MentionRow] = field(init=False)
    _mention_starts: list[int] = field(init=False)
    _outline: Outline | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._lines = _Lines(self.target.text)
        self._mentions = _innermost(self.answer.mentions)
        self._mention_starts = [row.start for row in self._mentions]

    def file(self) -> TracedFile:
        target, answer = self.target, self.answer
        corpus = corpus_file(ModuleRow(name=target.module, imports=answer.imports), answer.premises)
        attributes = written_attributes(target.text)
        premises = tuple(
            evolve(one, attributes=tuple(dict.fromkeys((*one.attributes, *attributes[one.full_name]))))
            if one.full_name in attributes
            else one
            for one in corpus.premises
        )
        return TracedFile(
            premises=evolve(corpus, path=target.path, premises=premises),
            theorems=tuple(self._theorems()),
            error=None,
        )

    def _theorems(self) -> Iterator[TracedTheorem]:
        uses = {row.name: row.uses or () for row in self.answer.premises}
        steps = sorted(self.answer.steps, key=lambda row: (row.start, -row.end))
        starts = [row.start for row in steps]
        for proof in sorted(self.answer.proofs, key=lambda row: row.start):
            first, last = bisect_left(starts, proof.proof), bisect_right(starts, proof.end)
            own = _did_something([row for row in steps[first:last] if row.end <= proof.end])
            named = self._name(proof)
            keyword, written = (None, None) if named else self._written(proof)
            if not (own or (named.is_theorem if named else keyword in _THEOREMS)):
                continue
            name = named.name if named else written or EXAMPLE
            yield TracedTheorem(
                full_name=name,
                path=self.target.path,
                start=self._lines.point(proof.start),
                end=self._lines.point(proof.end),
                statement=self._lines.text(proof.start, proof.proof).rstrip(),
                steps=tuple(map(self._step, own)),
                uses=uses.get(name, ()),
                is_complete=self._is_complete(proof, own, is_known=named is not None or keyword == "example"),
            )

    def _step(self, row: StepRow) -> TracedStep:
        first = bisect_left(self._mention_starts, row.start)
        last = bisect_left(self._mention_starts, row.end)
        return TracedStep(
            tactic=self._lines.text(row.start, row.end),
            start=self._lines.point(row.start),
            end=self._lines.point(row.end),
            state_before="\n\n".join(row.before) or NO_GOALS,
            state_after="\n\n".join(row.after) or NO_GOALS,
            premises=tuple(self._premise(mention) for mention in self._mentions[first:last] if mention.end <= row.end),
        )

    def _premise(self, mention: MentionRow) -> UsedPremise:
        constant = self.answer.constants[mention.constant]
        path = self._path(constant)
        start = end = None
        if path is not None and constant.place is not None:
            line, column, end_line, end_column = constant.place
            start, end = SourcePoint(line, column + 1), SourcePoint(end_line, end_column + 1)
        return UsedPremise(
            full_name=constant.name,
            start=self._lines.point(mention.start),
            end=self._lines.point(mention.end),
            defined_in=None if start is None else path,
            defined_at=start,
            defined_end=end,
        )

    def _path(self, constant: ConstantRow) -> str | None:
        return self.target.path if constant.module is None else self.path_of(constant.module)

    def _name(self, proof: ProofRow) -> NamedRow | None:
        """What Lean calls the declaration: the first name that it placed in the statement, the shortest of equals."""
        start, end = self._lines.point(proof.start), self._lines.point(proof.proof)
        inside = [row for row in self.answer.named if start <= SourcePoint(row.line, row.column + 1) < end]
        return min(inside, key=lambda row: (row.line, row.column, len(row.name), row.name), default=None)

    def _written(self, proof: ProofRow) -> tuple[str | None, str | None]:
        """Keyword and name of a declaration that Lean has no name for, as its text says."""
        if self._outline is None:
            self._outline = Outline(self.target.text)
        found = self._outline.declaration_at(len(self._lines.text(0, proof.proof)) - 1)
        return (None, None) if found is None else (found.keyword, found.full_name)

    def _is_complete(self, proof: ProofRow, steps: Sequence[StepRow], *, is_known: bool) -> bool:
        start, end = self._lines.point(proof.start), self._lines.point(proof.end)
        # Inside a step that ran, a tactic without one was tried and undone, or never reached.
        missing = ((a, b) for a, b in self.answer.missing if proof.proof <= a and b <= proof.end)
        if not is_known or not all(any(row.start <= a and b <= row.end for row in steps) for a, b in missing):
            return False
        inside = (row for row in self.answer.messages if start <= SourcePoint(row.line, row.column + 1) <= end)
        return not any(row.is_error or _is_sorry(row) for row in inside)


def _innermost(mentions: Iterable[MentionRow]) -> list[MentionRow]:
    """Every mention once, in order; of `h.symm` that stands for `Eq.symm`, as its part `symm` does, the part alone."""
    ordered = sorted(set(mentions), key=lambda row: (row.start, -row.end, row.constant))
    return [row for number, row in enumerate(ordered) if not _has_part(row, islice(ordered, number + 1, None))]


def _has_part(row: MentionRow, following: Iterable[MentionRow]) -> bool:
    for other in following:
        if other.start >= row.end:
            return False
        if other.constant == row.constant and other.end <= row.end:
            return True
    return False


def _did_something(steps: Sequence[StepRow]) -> list[StepRow]:
    """The steps but for those inside another one that changed no goal: they failed and were undone, or are `skip`."""
    found: list[StepRow] = []
    end = -1
    for row in steps:
        if row.start >= end or row.before != row.after:
            found.append(row)
            end = max(end, row.end)
    return found


def first_error(answer: TraceAnswer) -> tuple[int, MessageRow | None]:
    """How many errors Lean reported in a file, and the first of them."""
    errors = [row for row in answer.messages if row.is_error]
    return len(errors), min(errors, key=lambda row: (row.line, row.column), default=None)


def _is_sorry(row: MessageRow) -> bool:
    return is_sorry_warning(at_top(row.text))


class _Lines:
    """Offsets in bytes as lines and columns."""

    def __init__(self, text: str) -> None:
        self._bytes = text.encode("utf-8", errors="surrogatepass")
        self._starts = [0]
        start = self._bytes.find(b"\n")
        while start >= 0:
            self._starts.append(start + 1)
            start = self._bytes.find(b"\n", start + 1)

    def point(self, offset: int) -> SourcePoint:
        line = bisect_right(self._starts, offset) - 1
        return SourcePoint(line + 1, len(self.text(self._starts[line], offset)) + 1)

    def text(self, start: int, end: int) -> str:
        return self._bytes[start:end].decode("utf-8", errors="replace")
