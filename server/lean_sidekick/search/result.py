"""What a search ended with."""

from enum import Enum

from attrs import frozen


class SearchStatus(Enum):
    """How a search ended."""

    PROVED = "proved"
    EXHAUSTED = "nothing left to try"
    BUDGET_SPENT = "budget spent"


@frozen(kw_only=True)
class PartialProof:
    """The best that a search without a proof came to: `block` has `sorry` at each of the `goals_open` places."""

    block: str
    goals_open: int
    goals_proved: int


@frozen(kw_only=True)
class SearchResult:
    """`block` is the tactic block of an accepted proof, None without one; `partial` is what there is instead.

    `found_s` is when the proof was accepted first; what came after went into making it shorter. `expanded` counts goals
    that tactics were tried at, `refused` finished proofs that the final check did not take; `last_refusal` is its
    reason for the newest of them.
    """

    status: SearchStatus
    block: str | None
    partial: PartialProof | None
    found_s: float | None
    expanded: int
    refused: int
    last_refusal: str
