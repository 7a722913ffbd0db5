"""What one edit with many candidates settled, and what has to be run again. Pure.

A candidate is settled once; what is left open goes into smaller edits, and in the end into one of its own.
"""

from collections.abc import Iterable

from attrs import frozen

from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.verify.packing import SlotVerdict


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
