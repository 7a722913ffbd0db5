"""What a search ended with."""

from enum import Enum

from attrs import frozen


class SearchStatus(Enum):
    """How a search ended."""

    PROVED = "proved"
    EXHAUSTED = "nothing left to try"
    BUDGET_SPENT = "budget spent"


@frozen(kw_only=True)
class SearchResult:
    """`block` is the tactic block of an accepted proof, None without one; `refused` counts finished proofs that the
    final check did not take; `last_refusal` is its reason for the newest of them."""

    status: SearchStatus
    block: str | None
    expanded: int
    refused: int
    last_refusal: str
