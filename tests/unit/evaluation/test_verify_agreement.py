"""The comparison of verdicts: what counts as a contradiction, and what does not."""

import pytest

from lean_sidekick.core.goals import parse_goals
from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.evaluation.verify_agreement import is_contradicted

CLOSED = Outcome(kind=OutcomeKind.CLOSED)
FAILED = Outcome(kind=OutcomeKind.FAILED, message="no")


def progress(*goals: str) -> Outcome:
    return Outcome(kind=OutcomeKind.PROGRESS, goals=parse_goals(goals))


@pytest.mark.parametrize(
    ("said", "alone"),
    [
        (CLOSED, CLOSED),
        (FAILED, Outcome(kind=OutcomeKind.FAILED, message="for another reason")),
        (Outcome(kind=OutcomeKind.PARSE_ERROR), FAILED),
        (progress("case left\n⊢ p"), progress("case l\n⊢ p")),
        (Outcome(kind=OutcomeKind.TIMED_OUT), CLOSED),
        (CLOSED, Outcome(kind=OutcomeKind.CRASHED)),
    ],
)
def test_no_contradiction(said: Outcome, alone: Outcome) -> None:
    assert not is_contradicted(said, alone)


@pytest.mark.parametrize(
    ("said", "alone"),
    [
        (CLOSED, FAILED),
        (FAILED, CLOSED),
        (CLOSED, progress("⊢ p")),
        (progress("⊢ p"), progress("⊢ q")),
        (progress("⊢ p", "⊢ q"), progress("⊢ p")),
        (Outcome(kind=OutcomeKind.NO_CHANGE, goals=parse_goals(["⊢ p"])), progress("⊢ p")),
    ],
)
def test_a_contradiction(said: Outcome, alone: Outcome) -> None:
    assert is_contradicted(said, alone)
