"""Outcomes: what Lean said of a candidate at a site.

A time-out, a crash and a failure are different outcomes, and none of them is ever a success.
"""

from enum import Enum

from attrs import frozen

from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.goals import Goal


class OutcomeKind(Enum):
    """The closed set of outcomes of a check."""

    CLOSED = "closed"
    PROGRESS = "progress"
    NO_CHANGE = "no change"
    FAILED = "failed"
    PARSE_ERROR = "parse error"
    TIMED_OUT = "timed out"
    CRASHED = "crashed"
    REFUSED = "refused"

    @property
    def is_good(self) -> bool:
        """Whether a candidate with this outcome may be shown."""
        return self in (OutcomeKind.CLOSED, OutcomeKind.PROGRESS)


@frozen(kw_only=True)
class Outcome:
    """What one check said.

    `goals` are the goals that the main goal turned into (none if closed, empty if unknown);
    `message` is Lean's, or ours for refusals, cut to a few hundred characters.
    """

    kind: OutcomeKind
    goals: tuple[Goal, ...] = ()
    message: str = ""


@frozen(kw_only=True)
class CheckedCandidate:
    """A candidate with its outcome at one site."""

    candidate: Candidate
    outcome: Outcome
