"""What one edit of the shadow verifier settled, and what has to run again. Pure.

Every candidate of a batch goes into exactly one of the two: it has an outcome, or it is in a batch to be run.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import frozen

from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.verify.packing import Lines, Packed, SlotVerdict, errors_in

LEAVES_RAW_GOAL = re.compile(r"\b(?:have|let|show|suffices|refine|exact)\b")
"""Tactics after which an early Lean's goal is not quite its copy."""


def with_simp_all(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those candidates that use `simp_all`."""
    return [candidate for candidate in candidates if "simp_all" in candidate.text]


@frozen(kw_only=True)
class PrintedState:
    """All goals after some steps, or the outcome that says why there are none to see."""

    goals: tuple[Goal, ...] = ()
    failure: Outcome | None = None


@frozen(kw_only=True)
class BatchResult:
    """What one edit settled, and the batches that have to run for the rest."""

    known: list[CheckedCandidate]
    again: list[list[Candidate]]


def open_batch(batch: list[Candidate], alone: Outcome) -> BatchResult:
    """Nothing is known of the batch: halves are run again; a candidate alone gets the outcome."""
    if len(batch) == 1:
        return BatchResult(known=[CheckedCandidate(candidate=batch[0], outcome=alone)], again=[])
    half = (len(batch) + 1) // 2
    return BatchResult(known=[], again=[batch[:half], batch[half:]])


def sort_out(batch: list[Candidate], parse_errors: dict[str, str]) -> BatchResult:
    """A parse error may have swallowed what follows it, so that the rest has to run again without it."""
    known = [
        CheckedCandidate(candidate=c, outcome=Outcome(kind=OutcomeKind.PARSE_ERROR, message=error))
        for c in batch
        if (error := parse_errors.get(c.text))
    ]
    rest = [c for c in batch if not parse_errors.get(c.text)]
    return BatchResult(known=known, again=[rest] if rest else [])


def collect(batch: list[Candidate], verdicts: Iterable[Outcome | SlotVerdict]) -> BatchResult:
    """What the verdicts of an edit settle: those that met the heartbeats behind others run again, alone."""
    known: list[CheckedCandidate] = []
    timed_out: list[Candidate] = []
    not_run: list[Candidate] = []
    for candidate, verdict in zip(batch, verdicts, strict=True):
        if isinstance(verdict, SlotVerdict):
            not_run.append(candidate)
        elif verdict.kind is OutcomeKind.TIMED_OUT and known and not verdict.message.startswith("simp"):
            # Those before it in the edit may have used the heartbeats up: it gets an edit of its own.
            timed_out.append(candidate)
        else:
            known.append(CheckedCandidate(candidate=candidate, outcome=verdict))
    if not_run and not known and not timed_out:
        outcome = Outcome(kind=OutcomeKind.CRASHED, message="Lean gave no verdict")
        return open_batch(batch, outcome)
    again = [not_run] if not_run else []
    return BatchResult(known=known, again=[*again, *([c] for c in timed_out)])


def new_errors(
    known: tuple[Packed, Sequence[Diagnostic]], packed: Packed, diagnostics: Sequence[Diagnostic], height: int
) -> list[Diagnostic]:
    """The errors of the declaration that it did not have with its goals admitted.

    An error on the lines of the block is always new; elsewhere each known message excuses one error.
    """
    untouched, old_diagnostics = known
    excused = Counter(e.message for e in errors_in(untouched.declaration_lines, old_diagnostics))
    own = Lines(packed.hole_line, packed.hole_line + height - 1)
    new: list[Diagnostic] = []
    for error in errors_in(packed.declaration_lines, diagnostics):
        if not own.holds(error) and excused[error.message] > 0:
            excused[error.message] -= 1
        else:
            new.append(error)
    return new
